"""The calls of this moment, for those who watch them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.ledger.models import Direction
from backend.messaging.models import ChannelAccount
from backend.registry.models import Petition
from backend.telephony import agents
from backend.telephony.models import Call, CallState
from backend.telephony.waiting import FRESH
from channels.catalogue import VOICE


@dataclass(frozen=True)
class Badge:
    """What every page's header tells. `rings_me`: the reader's own telephone rings for a caller."""

    waiting: int
    rings_me: bool


@dataclass(frozen=True)
class Live:
    """A call under way. `since` is when it came to stand as it does: in the queue, or begun."""

    call: Call
    agent: str | None
    folio: str | None
    since: datetime
    seconds: int


@dataclass(frozen=True)
class Duty:
    """An agent who takes calls; `is_busy` with one, or rung."""

    user_id: UUID
    name: str
    is_busy: bool


@dataclass(frozen=True)
class Now:
    waiting: Sequence[Live]
    talking: Sequence[Live]
    duty: Sequence[Duty]

    @property
    def oldest_seconds(self) -> int:
        return max((one.seconds for one in self.waiting), default=0)


async def badge(session: AsyncSession, user_id: UUID) -> Badge | None:
    """None where there is no telephone."""
    in_line = Call.state.in_((CallState.WAITING, CallState.RINGING)) & (Call.seen_at > clock.now() - FRESH)
    has_line = select(ChannelAccount.id).where(ChannelAccount.channel == VOICE.name, ChannelAccount.is_on).exists()
    row = (
        await session.execute(
            select(
                select(func.count()).select_from(Call).where(in_line).scalar_subquery().label("waiting"),
                select(func.count())
                .select_from(Call)
                .where(in_line, Call.state == CallState.RINGING, Call.agent_id == user_id)
                .scalar_subquery()
                .label("mine"),
            ).where(has_line)
        )
    ).first()
    return Badge(row.waiting, row.mine > 0) if row is not None else None


async def now(session: AsyncSession) -> Now:
    """Who waits, first who came first; who talks; and who takes calls."""
    moment = clock.now()
    rows = await session.execute(
        select(Call, User.full_name, Petition.folio)
        .outerjoin(User, User.id == Call.agent_id)
        .outerjoin(Petition, Petition.id == Call.petition_id)
        .where(Call.state != CallState.ENDED)
        .order_by(Call.queued_at.nulls_last(), Call.started_at)
    )
    live = [_live(call, name, folio, moment) for call, name, folio in rows]
    in_line = (CallState.WAITING, CallState.RINGING)
    fresh = [one for one in live if one.call.state not in in_line or one.call.seen_at > moment - FRESH]
    busy = await agents.busy(session, moment)
    duty = [Duty(user.id, user.full_name, user.id in busy) for user in await agents.on_duty(session)]
    return Now(
        waiting=[one for one in fresh if one.call.state in in_line],
        talking=[one for one in fresh if one.call.state not in in_line],
        duty=sorted(duty, key=lambda one: one.name),
    )


def _live(call: Call, agent: str | None, folio: str | None, moment: datetime) -> Live:
    since = call.queued_at if call.state in (CallState.WAITING, CallState.RINGING) and call.queued_at else None
    since = since or call.started_at
    return Live(call, agent, folio, since, max(0, int((moment - since).total_seconds())))


async def phone_of_petition(session: AsyncSession, petition_id: UUID) -> str | None:
    """The number from which a petition was told by telephone."""
    return await session.scalar(
        select(Call.phone)
        .where(Call.petition_id == petition_id, Call.direction == Direction.INBOUND, Call.phone.is_not(None))
        .order_by(Call.started_at)
        .limit(1)
    )
