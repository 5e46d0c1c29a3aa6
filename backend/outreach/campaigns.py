"""Campaigns: the head's list of people to call, from petitions or from a spreadsheet, with what to say to them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.errors import NotFound
from backend.imports import reading
from backend.ledger.models import Purpose
from backend.outreach import asking, tasks
from backend.outreach.asking import Ask
from backend.outreach.errors import CallRefused, CampaignEnded
from backend.outreach.models import (
    CallCampaign,
    CallOutcome,
    CallReason,
    CallTask,
    CampaignState,
    ClosedBecause,
    ReasonKind,
    ReasonState,
    TaskState,
)
from backend.registry import intake, queries
from backend.registry.queries import PetitionFilter
from backend.text import fold, strip_control

#: As many people as one campaign calls.
MOST = 2000
MAX_BYTES = 5 * 1024 * 1024
PURPOSES = (Purpose.CONGRATULATION, Purpose.INFORMATION, Purpose.FOLLOW_UP)
_NAMES = ("nombre", "nombre completo", "persona", "ciudadano", "ciudadana")
_PHONES = ("telefono", "celular", "movil", "numero", "numero de telefono", "tel")


@dataclass(frozen=True)
class Recipient:
    """Somebody to call. `folio` and `petition_id` where the list came from petitions."""

    phone: str
    name: str = ""
    folio: str = ""
    petition_id: UUID | None = None
    person_id: UUID | None = None


@dataclass
class Roll:
    """Whom a list would call, each telephone once, and whom it leaves out and why."""

    _by_phone: dict[str, Recipient] = field(default_factory=dict)
    without_phone: int = 0
    repeated: int = 0
    #: Of a spreadsheet: the row's number and what is wrong with it.
    refused: list[tuple[int, str]] = field(default_factory=list)

    @property
    def recipients(self) -> Collection[Recipient]:
        return self._by_phone.values()

    def add(self, one: Recipient) -> None:
        self.repeated += one.phone in self._by_phone
        self._by_phone.setdefault(one.phone, one)


@dataclass(frozen=True)
class NewCampaign:
    name: str
    purpose: Purpose
    script: str
    ends_on: date


@dataclass(frozen=True)
class Progress:
    """How far a campaign is, in calls: each counts once, whatever else it was for."""

    total: int
    reached: int
    exhausted: int
    closed: int
    pending: int
    #: Pending ones that were tried.
    tried: int
    attempts: int

    @property
    def share(self) -> int:
        """Per cent that needs no more work."""
        return round(100 * (self.total - self.pending) / self.total) if self.total else 0


async def of_petitions(session: AsyncSession, wanted: PetitionFilter) -> Roll:
    """The people of the petitions of a filter. Raises CallRefused for more than a campaign calls."""
    roll = Roll()
    async for rows in queries.chunks(session, wanted):
        for row in rows:
            person, petition = row.person, row.petition
            if person is None or person.phone is None:
                roll.without_phone += 1
                continue
            roll.add(Recipient(person.phone, person.full_name, petition.folio, petition.id, person.id))
        _require_room(roll)
    return roll


def of_file(path: Path) -> Roll:
    """The people of a spreadsheet with a column of names and one of telephones. Raises UnreadableFile, CallRefused."""
    headers = [fold(text) for text in reading.headers(path)]
    phone_at, name_at = _column(headers, _PHONES), _column(headers, _NAMES)
    if phone_at is None:
        raise CallRefused(
            "El primer renglón debe tener una columna «Teléfono» y, si la hay, una «Nombre».", field="file"
        )
    roll, is_header = Roll(), True
    for number, cells in reading.rows(path):
        if is_header:
            is_header = False
            continue
        typed = cells[phone_at] if phone_at < len(cells) else ""
        name = cells[name_at] if name_at is not None and name_at < len(cells) else ""
        phone = intake.phone(typed)
        if phone is None:
            roll.refused.append((number, f"«{typed[:40]}» no es un teléfono." if typed else "No tiene teléfono."))
            continue
        roll.add(Recipient(phone, strip_control(name).strip()[:200]))
        _require_room(roll)
    return roll


def _column(headers: Sequence[str], names: Iterable[str]) -> int | None:
    return next((headers.index(name) for name in names if name in headers), None)


def _require_room(roll: Roll) -> None:
    if len(roll.recipients) > MOST:
        raise CallRefused(f"Una campaña llama a {MOST:,} personas como máximo. Use un filtro más estrecho.")


async def start(session: AsyncSession, user: User, new: NewCampaign, roll: Roll, source: str) -> CallCampaign:
    """Make a campaign and ask for its calls. Raises CallRefused, naming the field."""
    name, script = " ".join(new.name.split())[:120], strip_control(new.script).strip()[:4000]
    if not name:
        raise CallRefused("Escriba el nombre de la campaña.", field="name")
    if new.purpose not in PURPOSES:
        raise CallRefused("Elija para qué son las llamadas.", field="purpose")
    if not script:
        raise CallRefused("Escriba qué se le dirá a la persona.", field="script")
    if new.ends_on < clock.local(clock.now()).date():
        raise CallRefused("La fecha límite ya pasó.", field="ends_on")
    if not roll.recipients:
        raise CallRefused("La lista no tiene a nadie con teléfono.", field="file")
    campaign = CallCampaign(
        name=name, purpose=new.purpose, script=script, ends_on=new.ends_on, source=source[:300], created_by=user.id,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(campaign)
    await session.flush()
    # In the order of their telephones, so that two campaigns begun at once do not wait for each other for ever.
    for one in sorted(roll.recipients, key=lambda recipient: recipient.phone):
        await asking.ask(session, _ask(campaign, one))
    await audit.record(session, user, "campaign_started", campaign.id, people=len(roll.recipients))
    return campaign


def _ask(campaign: CallCampaign, one: Recipient) -> Ask:
    return Ask(
        ReasonKind.CAMPAIGN,
        one.phone,
        name=one.name or None,
        note=said(campaign.script, one.name, one.folio),
        petition_id=one.petition_id,
        person_id=one.person_id,
        campaign_id=campaign.id,
        purpose=campaign.purpose,
        due_on=campaign.ends_on,
    )


def said(script: str, name: str, folio: str) -> str:
    """A script with the person's name and folio in their places."""
    return script.replace("{nombre}", name or "usted").replace("{folio}", folio or "su folio")


async def get(session: AsyncSession, campaign_id: UUID, *, for_update: bool = False) -> CallCampaign:
    """Raises NotFound."""
    found = await session.get(CallCampaign, campaign_id, with_for_update=for_update or None)
    if found is None:
        raise NotFound("Esa campaña no existe.")
    return found


async def pause(session: AsyncSession, campaign: CallCampaign, *, is_paused: bool) -> None:
    """Offer nobody a locked campaign's calls, or offer them again. Raises CampaignEnded."""
    if campaign.state is CampaignState.ENDED:
        raise CampaignEnded
    campaign.state = CampaignState.PAUSED if is_paused else CampaignState.OPEN
    await session.flush()


async def finish(session: AsyncSession, user: User, campaign: CallCampaign) -> int:
    """Call nobody more for a locked campaign; how many were left. Raises CampaignEnded."""
    if campaign.state is CampaignState.ENDED:
        raise CampaignEnded
    campaign.state, campaign.ended_at = CampaignState.ENDED, clock.now()
    theirs = select(CallReason.task_id).where(
        CallReason.campaign_id == campaign.id, CallReason.state == ReasonState.PENDING
    )
    left = (
        await session.scalars(
            select(CallTask)
            .where(CallTask.id.in_(theirs), CallTask.state == TaskState.PENDING)
            .order_by(CallTask.id)
            .with_for_update()
        )
    ).all()
    reasons = await tasks.reasons_of(session, [task.id for task in left])
    for task in left:
        pending = [one for one in reasons[task.id] if one.state is ReasonState.PENDING]
        others = [one for one in pending if one.campaign_id != campaign.id]
        if not others:
            await tasks.close(session, task, ClosedBecause.CAMPAIGN_ENDED, user_id=user.id)
            continue
        for one in set(pending) - set(others):
            asking.settle(one, tasks.CLOSED_TEXTS[ClosedBecause.CAMPAIGN_ENDED], user_id=user.id, was_reached=False)
        task.rank = min(asking.RANK[one.kind] for one in others)
    await audit.record(session, user, "campaign_ended", campaign.id, left=len(left))
    return len(left)


async def listed(session: AsyncSession, limit: int = 100) -> Sequence[tuple[CallCampaign, str, Progress]]:
    """The latest campaigns with who made them and how far they are."""
    rows = (
        await session.execute(
            select(CallCampaign, User.full_name)
            .join(User, User.id == CallCampaign.created_by)
            .order_by(CallCampaign.created_at.desc())
            .limit(limit)
        )
    ).all()
    far = await progress(session, [campaign.id for campaign, _ in rows])
    return [(campaign, name, far[campaign.id]) for campaign, name in rows]


async def progress(session: AsyncSession, campaign_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """How far some campaigns are."""
    calls = (
        select(CallReason.campaign_id, CallTask.id, CallTask.state, CallTask.tries)
        .join(CallTask, CallTask.id == CallReason.task_id)
        .where(CallReason.campaign_id.in_(campaign_ids))
        .distinct()
        .subquery()
    )
    is_pending = calls.c.state == TaskState.PENDING
    rows = await session.execute(
        select(
            calls.c.campaign_id,
            func.count(),
            func.count().filter(calls.c.state == TaskState.DONE),
            func.count().filter(calls.c.state == TaskState.EXHAUSTED),
            func.count().filter(calls.c.state == TaskState.CLOSED),
            func.count().filter(is_pending),
            func.count().filter(is_pending, calls.c.tries > 0),
            func.sum(calls.c.tries),
        ).group_by(calls.c.campaign_id)
    )
    found = dict.fromkeys(campaign_ids, Progress(0, 0, 0, 0, 0, 0, 0))
    return found | {campaign_id: Progress(*counts) for campaign_id, *counts in rows}


async def outcomes(session: AsyncSession, campaign_id: UUID) -> dict[CallOutcome, int]:
    """How many of a campaign's calls were last answered so."""
    theirs = select(CallReason.task_id).where(CallReason.campaign_id == campaign_id)
    rows = await session.execute(
        select(CallTask.last_outcome, func.count())
        .where(CallTask.id.in_(theirs), CallTask.last_outcome.is_not(None))
        .group_by(CallTask.last_outcome)
    )
    return {outcome: count for outcome, count in rows if outcome is not None}
