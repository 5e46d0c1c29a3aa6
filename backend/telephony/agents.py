"""Which agents can be rung for a call now, and in what order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.agents.models import User
from backend.ledger.models import Direction
from backend.telephony.models import Call, CallRing, CallState
from channels.phones import normal_phone

#: Seconds for which an agent's telephone rings.
RING_SECONDS = 20
#: Who did not answer is left alone for so long.
REST = timedelta(seconds=60)
#: A ring or a talk of which no end was ever told keeps an agent no longer than this. Twilio ends a call after 4 hours.
_LONGEST_RING, _LONGEST_TALK = timedelta(seconds=RING_SECONDS + 40), timedelta(hours=4)
_NATIONAL_DIGITS = 10


@dataclass(frozen=True)
class Agent:
    user_id: UUID
    number: str


def dialable(extension: str | None) -> str | None:
    """An extension that is a whole telephone number, in E.164; None: it is an exchange's own, or none."""
    digits = "".join(char for char in extension or "" if char.isdigit())
    if len(digits) < _NATIONAL_DIGITS:
        return None
    return normal_phone(f"52{digits}" if len(digits) == _NATIONAL_DIGITS else digits)


def number_of(user: User) -> str | None:
    """The number at which an agent's calls ring."""
    return dialable(user.extension)


async def with_number(session: AsyncSession) -> list[User]:
    """Everybody of the office who can be rung, there or not, by name."""
    users = await session.scalars(select(User).where(User.is_active, User.extension.is_not(None)))
    return sorted((user for user in users if number_of(user) is not None), key=lambda user: user.full_name)


async def on_duty(session: AsyncSession) -> list[User]:
    """Agents who say that they are available and can be rung, busy or not."""
    present = {one.user_id for one in await agents.available_agents(session)}
    users = await session.scalars(select(User).where(User.id.in_(present)))
    return [user for user in users if number_of(user) is not None]


async def is_busy(session: AsyncSession, user_id: UUID, moment: datetime) -> bool:
    """Whether a call rings at an agent's or is theirs."""
    return user_id in await busy(session, moment)


async def busy(session: AsyncSession, moment: datetime) -> set[UUID]:
    rings = select(CallRing.user_id).where(
        CallRing.ended_at.is_(None),
        or_(
            and_(CallRing.accepted_at.is_(None), CallRing.started_at > moment - _LONGEST_RING),
            and_(CallRing.accepted_at.is_not(None), CallRing.started_at > moment - _LONGEST_TALK),
        ),
    )
    own = select(Call.agent_id).where(
        Call.direction == Direction.OUTBOUND,
        Call.state != CallState.ENDED,
        Call.started_at > moment - _LONGEST_TALK,
    )
    return {user_id for user_id in (*await session.scalars(rings), *await session.scalars(own)) if user_id is not None}


async def free(session: AsyncSession, moment: datetime) -> Sequence[Agent]:
    """Who can be rung now: first who was rung longest ago."""
    taken = await busy(session, moment) | set(
        await session.scalars(
            select(CallRing.user_id).where(CallRing.accepted_at.is_(None), CallRing.started_at > moment - REST)
        )
    )
    found = [user for user in await on_duty(session) if user.id not in taken]
    rows = await session.execute(
        select(CallRing.user_id, func.max(CallRing.started_at).label("at"))
        .where(CallRing.user_id.in_([user.id for user in found]))
        .group_by(CallRing.user_id)
    )
    last = {row.user_id: row.at for row in rows}
    found.sort(key=lambda user: (user.id in last, last.get(user.id), user.full_name))
    return [Agent(user.id, number) for user in found if (number := number_of(user)) is not None]


async def was_rung(session: AsyncSession, call: Call) -> bool:
    return bool(await session.scalar(select(exists().where(CallRing.call_id == call.id))))
