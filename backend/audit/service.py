"""The trail of administrators' changes, and of what liaisons opened."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.audit.models import AdminEvent


async def record(session: AsyncSession, user: User, kind: str, subject_id: UUID, **detail: Any) -> None:
    """Note that `user` did this. `detail` holds names and codes, never a secret."""
    session.add(AdminEvent(user_id=user.id, kind=kind, subject_id=subject_id, detail=detail))
    await session.flush()


async def trail(session: AsyncSession, subject_id: UUID, *, limit: int = 20) -> Sequence[tuple[AdminEvent, str]]:
    """What was done to a thing, newest first, each with the name of who did it."""
    rows = await session.execute(
        select(AdminEvent, User.full_name)
        .join(User, User.id == AdminEvent.user_id)
        .where(AdminEvent.subject_id == subject_id)
        .order_by(AdminEvent.at.desc(), AdminEvent.id.desc())
        .limit(limit)
    )
    return [(event, name) for event, name in rows]
