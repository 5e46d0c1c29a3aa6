"""Reports that go out by themselves: on Monday, on the first of the month or of the quarter, at 8:00."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import DESK_ROLES, User
from backend.errors import Conflict, NotFound
from backend.mail import service as mail
from backend.mail.models import EmailMessage
from backend.quarterly.errors import ScheduleRefused
from backend.quarterly.models import Dispatch, DispatchMail, DispatchState, Frequency, Schedule
from backend.reports.definitions import REPORTS
from backend.reports.periods import Period, Span

INFORME = "informe"
FORMATS = ("pdf", "xlsx")
#: When a report goes out on the first day after its period.
AT = time(8)
SPANS = {Frequency.WEEKLY: Span.WEEK, Frequency.MONTHLY: Span.MONTH, Frequency.QUARTERLY: Span.QUARTER}
MOST_PEOPLE = 20


@dataclass(frozen=True)
class Wanted:
    """A schedule as the form says it."""

    report: str
    frequency: Frequency
    formats: Sequence[str]
    user_ids: Sequence[UUID]


def titles() -> Mapping[str, str]:
    """What can be sent, with its name."""
    return {INFORME: "Informe Trimestral de Resultados", **{key: report.title for key, report in REPORTS.items()}}


def due(frequency: Frequency, moment: datetime) -> tuple[Period, datetime]:
    """The latest period whose report should be out at `moment`, and since when."""
    period = Period.current(SPANS[frequency], moment).before
    goes = _goes_out(period)
    if goes > moment:
        period = period.before
        goes = _goes_out(period)
    return period, goes


def _goes_out(period: Period) -> datetime:
    return datetime.combine(period.last + timedelta(days=1), AT, clock.HERMOSILLO)


async def add(session: AsyncSession, wanted: Wanted, *, by: User) -> Schedule:
    """A new schedule; what was due before it goes to nobody. Raises ScheduleRefused."""
    if wanted.report not in titles():
        raise ScheduleRefused("Elija el reporte.", field="report")
    if wanted.report == INFORME and wanted.frequency is not Frequency.QUARTERLY:
        raise ScheduleRefused("El Informe se envía cada trimestre.", field="frequency")
    formats = [one for one in FORMATS if one in wanted.formats]
    if not formats:
        raise ScheduleRefused("Elija al menos un formato.", field="formats")
    found = await session.scalars(
        select(User.id).where(User.id.in_(wanted.user_ids), User.is_active, User.role.in_(DESK_ROLES), ~User.is_system)
    )
    people = sorted(str(one) for one in found)
    if not people or len(people) != len(set(wanted.user_ids)) or len(people) > MOST_PEOPLE:
        raise ScheduleRefused(f"Elija de 1 a {MOST_PEOPLE} personas del equipo.", field="people")
    schedule = Schedule(
        report=wanted.report, frequency=wanted.frequency, formats=formats, user_ids=people, is_active=True,
        created_by=by.id, created_at=clock.now(),
    )  # fmt: skip
    session.add(schedule)
    await session.flush()
    return schedule


async def get(session: AsyncSession, schedule_id: UUID) -> Schedule:
    """Raises NotFound."""
    found = await session.get(Schedule, schedule_id, with_for_update=True)
    if found is None:
        raise NotFound("No existe ese envío.")
    return found


async def listed(session: AsyncSession) -> Sequence[Schedule]:
    """Every schedule, those that run first."""
    rows = await session.scalars(select(Schedule).order_by(Schedule.is_active.desc(), Schedule.created_at.desc()))
    return rows.all()


@dataclass(frozen=True)
class Sent:
    """A dispatch with its e-mails; an e-mail of None: the person had no address."""

    dispatch: Dispatch
    mails: Sequence[tuple[DispatchMail, str, EmailMessage | None]]

    @property
    def can_retry(self) -> bool:
        """Whether something of it did not go out."""
        stuck = any(letter is not None and letter.state in mail.STUCK for _, _, letter in self.mails)
        return stuck or self.dispatch.state is DispatchState.FAILED


async def sent(session: AsyncSession, schedule_ids: Sequence[UUID], *, limit: int = 50) -> dict[UUID, list[Sent]]:
    """What each schedule sent, the latest first."""
    rows = await session.scalars(
        select(Dispatch)
        .where(Dispatch.schedule_id.in_(schedule_ids))
        .order_by(Dispatch.at.desc(), Dispatch.id)
        .limit(limit)
    )
    dispatches = rows.all()
    letters = await session.execute(
        select(DispatchMail, User.full_name, EmailMessage)
        .join(User, User.id == DispatchMail.user_id)
        .outerjoin(EmailMessage, EmailMessage.id == DispatchMail.email_id)
        .where(DispatchMail.dispatch_id.in_([one.id for one in dispatches]))
        .order_by(User.full_name)
    )
    by_dispatch: dict[UUID, list[tuple[DispatchMail, str, EmailMessage | None]]] = {}
    for row, name, letter in letters:
        by_dispatch.setdefault(row.dispatch_id, []).append((row, name, letter))
    found: dict[UUID, list[Sent]] = {schedule_id: [] for schedule_id in schedule_ids}
    for one in dispatches:
        found[one.schedule_id].append(Sent(one, by_dispatch.get(one.id, [])))
    return found


async def retry(session: AsyncSession, dispatch_id: UUID) -> None:
    """Make a failed dispatch anew at the next look, and send again its e-mails that did not go out.

    Raises NotFound; Conflict where nothing failed.
    """
    dispatch = await session.get(Dispatch, dispatch_id, with_for_update=True)
    if dispatch is None:
        raise NotFound("No existe ese envío.")
    if dispatch.state is DispatchState.FAILED:
        dispatch.attempts = 0
        return
    again = 0
    rows = await session.execute(
        select(EmailMessage, User.email)
        .join(DispatchMail, DispatchMail.email_id == EmailMessage.id)
        .join(User, User.id == DispatchMail.user_id)
        .where(DispatchMail.dispatch_id == dispatch.id, EmailMessage.state.in_(mail.STUCK))
    )
    for letter, address in rows.all():
        await mail.retry(session, letter.id, turn_id=None, to_address=address)
        again += 1
    if not again:
        raise Conflict("Nada de ese envío falló. Actualice la página.")


def switch(schedule: Schedule, *, is_active: bool) -> None:
    """Stop a locked schedule, or let it run again: what was due meanwhile goes to nobody."""
    if is_active and not schedule.is_active:
        schedule.created_at = clock.now()
    schedule.is_active = is_active
