"""The team as its head sees it: who is here, until when, with how much to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import presence_history
from backend.agents.models import DESK_ROLES, BreakKind, Presence, PresenceState, User
from backend.agents.presence_history import Totals
from backend.catalog import office
from backend.conversations.models import Conversation, Owner
from backend.mail import service as mail
from backend.staffing import shifts, tasks
from backend.staffing.shifts import Day, Gap, Roster
from backend.staffing.tasks import Load

#: So many days ahead are looked at for hours that nobody covers.
AHEAD = 7


@dataclass(frozen=True)
class Now:
    """What somebody says they do, unless their console is silent: then they are gone."""

    state: PresenceState
    break_kind: BreakKind | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Member:
    user: User
    now: Now
    shift: Day
    is_on: bool
    is_out_of_shift: bool
    chats: int
    load: Load
    times: Totals


@dataclass(frozen=True)
class Team:
    members: Sequence[Member]
    gaps: Sequence[Gap]
    #: Nobody has hours at all: then gaps say nothing.
    is_without_shifts: bool


async def people(session: AsyncSession) -> Sequence[User]:
    """The office's active staff, by name."""
    found = select(User).where(User.is_active, User.role.in_(DESK_ROLES)).order_by(User.full_name)
    return (await session.scalars(found)).all()


def midnight(moment: datetime) -> datetime:
    """When the day of `moment` began on the office's clock."""
    return datetime.combine(clock.local(moment).date(), time(), tzinfo=clock.HERMOSILLO)


async def team(session: AsyncSession, moment: datetime) -> Team:
    """Everybody at `moment`, and where in the coming days nobody has a shift."""
    users = await people(session)
    found = await shifts.roster(session, clock.local(moment).date())
    outside = set(await shifts.out_of_shift(session, found, moment))
    presences = {row.user_id: row for row in await session.scalars(select(Presence))}
    chats = await _chats(session)
    loads = await tasks.loads(session)
    times = await presence_history.totals(session, [one.id for one in users], midnight(moment), moment)
    members = [
        Member(
            user=one,
            now=now_of(presences.get(one.id), moment),
            shift=found.day(one.id, clock.local(moment).date()),
            is_on=found.is_on(one.id, moment),
            is_out_of_shift=one.id in outside,
            chats=chats.get(one.id, 0),
            load=loads.get(one.id, Load()),
            times=times[one.id],
        )
        for one in users
    ]
    missing = shifts.gaps(await office.load(session), found, moment, AHEAD) if found.weekly else []
    return Team(members, missing, not found.weekly)


def now_of(presence: Presence | None, moment: datetime) -> Now:
    """Somebody's presence as it is, whatever was last said."""
    if presence is None:
        return Now(PresenceState.OFFLINE)
    if presence_history.has_lapsed(presence, moment):
        return Now(PresenceState.OFFLINE, None, presence.last_seen_at)
    return Now(presence.state, presence.break_kind, presence.changed_at)


async def _chats(session: AsyncSession) -> dict[UUID, int]:
    rows = await session.execute(
        select(Conversation.agent_id, func.count())
        .where(Conversation.owner == Owner.AGENT, Conversation.agent_id.is_not(None))
        .group_by(Conversation.agent_id)
    )
    return {user_id: count for user_id, count in rows if user_id is not None}


def week(found: Roster, user_id: UUID, moment: datetime) -> list[Day]:
    """Somebody's hours from the day of `moment` on, for a week."""
    first = clock.local(moment).date().toordinal()
    return [found.day(user_id, clock.local(moment).date().fromordinal(first + ahead)) for ahead in range(AHEAD)]


def set_email(user: User, typed: str) -> None:
    """Where reminders and reports reach somebody; empty: nowhere. Raises InvalidInput."""
    user.email = mail.checked_address(typed) if typed.strip() else None
