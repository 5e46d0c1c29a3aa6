"""The board's settings, and the keys of the screens that show it."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.board.models import BoardSettings, DisplayToken
from backend.errors import InvalidInput, NotFound

#: Every setting with its least and most.
LIMITS: Mapping[str, tuple[int, int]] = {
    "chat_target": (1, 100),
    "chat_seconds": (5, 86_400),
    "call_target": (1, 100),
    "call_seconds": (5, 86_400),
    "wait_seconds": (10, 86_400),
    "emergency_seconds": (5, 3_600),
    "bot_failures": (1, 1_000),
    "undelivered_notices": (1, 1_000),
}
_USED_NOTED_EVERY = timedelta(minutes=5)


async def settings(session: AsyncSession) -> BoardSettings:
    return await session.get_one(BoardSettings, 1)


async def set_settings(session: AsyncSession, user: User, new: Mapping[str, int]) -> None:
    """Raises InvalidInput, its `field` naming what is out of bounds."""
    for name, (least, most) in LIMITS.items():
        if not least <= new[name] <= most:
            raise InvalidInput(f"Escriba un número de {least:,} a {most:,}.", field=name)
    kept = await session.get_one(BoardSettings, 1, with_for_update=True)
    for name in LIMITS:
        setattr(kept, name, new[name])
    await audit.record(session, user, "board_settings_changed", user.id)


async def add_display(session: AsyncSession, user: User, name: str) -> str:
    """A screen's key, told once. Raises InvalidInput without a name for it."""
    told = " ".join(name.split())[:80]
    if not told:
        raise InvalidInput("Escriba dónde está la pantalla.", field="name")
    token = secrets.token_urlsafe(24)
    display = DisplayToken(name=told, token_hash=_digest(token), created_by=user.id)
    session.add(display)
    await session.flush()
    await audit.record(session, user, "display_added", display.id, name=told)
    return token


async def find_display(session: AsyncSession, token: str) -> DisplayToken | None:
    """The screen of a live key, its use noted now and then; None for any other."""
    display = await session.scalar(
        select(DisplayToken).where(DisplayToken.token_hash == _digest(token), DisplayToken.revoked_at.is_(None))
    )
    moment = clock.now()
    if display is not None and (display.last_used_at is None or moment - display.last_used_at > _USED_NOTED_EVERY):
        display.last_used_at = moment
    return display


async def displays(session: AsyncSession) -> Sequence[tuple[DisplayToken, str]]:
    """The screens whose keys are live, each with who gave it."""
    rows = await session.execute(
        select(DisplayToken, User.full_name)
        .join(User, User.id == DisplayToken.created_by)
        .where(DisplayToken.revoked_at.is_(None))
        .order_by(DisplayToken.created_at)
    )
    return [(display, name) for display, name in rows]


async def revoke_display(session: AsyncSession, user: User, display_id: UUID) -> None:
    """That key opens nothing any more. Raises NotFound."""
    display = await session.get(DisplayToken, display_id, with_for_update=True)
    if display is None or display.revoked_at is not None:
        raise NotFound("Esa pantalla ya no tiene acceso.")
    display.revoked_at, display.revoked_by = clock.now(), user.id
    await audit.record(session, user, "display_revoked", display.id, name=display.name)


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()
