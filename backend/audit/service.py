"""The trail: writing on it, and reading what was done to a thing.

A row is sealed by the database as its transaction commits, in the order of commits; nothing here needs a lock.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit.models import AdminEvent


async def record(session: AsyncSession, user: User | None, kind: str, subject_id: UUID, **detail: Any) -> None:
    """Note that `user` did this; None: nobody who had signed in. `detail` holds names and codes, never a secret."""
    session.add(AdminEvent(user_id=user.id if user else None, kind=kind, subject_id=subject_id, detail=detail))
    await session.flush()


async def trail(session: AsyncSession, subject_id: UUID, *, limit: int = 20) -> Sequence[tuple[AdminEvent, str]]:
    """What members of staff did to a thing, newest first, each with the name of who did it."""
    rows = await session.execute(
        select(AdminEvent, User.full_name)
        .join(User, User.id == AdminEvent.user_id)
        .where(AdminEvent.subject_id == subject_id)
        .order_by(AdminEvent.at.desc(), AdminEvent.id.desc())
        .limit(limit)
    )
    return [(event, name) for event, name in rows]


async def has_done(session: AsyncSession, user: User, kind: str, subject_id: UUID, *, within: timedelta) -> bool:
    """Whether `user` did this to a thing lately."""
    done = exists().where(
        AdminEvent.subject_id == subject_id,
        AdminEvent.at > clock.now() - within,
        AdminEvent.user_id == user.id,
        AdminEvent.kind == kind,
    )
    return bool(await session.scalar(select(done)))
