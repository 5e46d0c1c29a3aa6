"""A call from the first ring to its end, as staff write it down, and its corrections.

A running call is a draft: what is typed is kept as it comes and checked as a whole when it ends. From then on
the row changes by `correct` alone, which keeps what it said before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import Role, User
from backend.calls import callers, entry
from backend.calls.entry import CHANNELS, FIELDS, SPOKEN, attended_by
from backend.calls.errors import AlreadyEnded, CallRefused, NotCorrectable, NotEmpty, NotYours
from backend.catalog import office
from backend.ledger import service as ledger
from backend.ledger.call_time import call_seconds
from backend.ledger.errors import InteractionRefused
from backend.ledger.models import Direction, Interaction, InteractionChange, InteractionKind, Purpose, Source
from backend.registry.models import Person, Petition, PetitionKind

#: A call that runs longer was likely forgotten: whoever ends it says when it ended.
LONGEST = timedelta(hours=4)
#: What may be corrected of a chat's episode, whose times and people the conversation itself tells.
_OF_CHATS = frozenset({"purpose", "notes", "municipality_id", "topic_id", "petition_id"})
#: Columns that a form may fill and that a running row keeps: how it ended is not known before it does.
_KEPT = frozenset(FIELDS) - {"outcome", "started_at", "answered_at", "ended_at", "agent_id"}
_PURPOSE_OF = {PetitionKind.QUEJA: Purpose.COMPLAINT, PetitionKind.FELICITACION: Purpose.CONGRATULATION}


@dataclass(frozen=True)
class Beginning:
    """With what a call begins, where something of it is known."""

    kind: InteractionKind = InteractionKind.CALL
    direction: Direction = Direction.INBOUND
    phone: str | None = None
    petition: Petition | None = None


async def running(session: AsyncSession, user_id: UUID) -> Sequence[Interaction]:
    """What a member of staff is attending to now, but for the console's own chats: calls first, the oldest first."""
    rows = await session.scalars(
        select(Interaction)
        .where(Interaction.ended_at.is_(None), Interaction.agent_id == user_id, Interaction.source != Source.CHAT)
        .order_by(Interaction.started_at)
    )
    return sorted(rows, key=lambda row: row.kind is not InteractionKind.CALL)


async def begin(session: AsyncSession, user: User, beginning: Beginning) -> Interaction:
    """A running row, stored at once; the one of that kind that runs already, if there is one.

    A call rings until `answer`; visits and chats are attended from their beginning.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:user, 20))"), {"user": str(user.id)})
    for row in await running(session, user.id):
        if row.kind is beginning.kind:
            return row
    now = clock.now()
    row = Interaction(
        kind=beginning.kind,
        direction=beginning.direction,
        channel=CHANNELS[beginning.kind][0],
        source=Source.CONSOLE,
        started_at=now,
        answered_at=None if beginning.kind is InteractionKind.CALL else now,
        agent_id=user.id,
        area_id=user.area_id,
        extension=user.extension,
        phone=beginning.phone,
        created_by=user.id,
        notes="",
    )
    if beginning.petition is not None:
        await link(session, row, beginning.petition)
    return await ledger.add(session, row)


async def link(session: AsyncSession, row: Interaction, petition: Petition) -> None:
    """Say of which petition a running row is, and whose; what the row says already stays."""
    row.petition_id = petition.id
    row.municipality_id = row.municipality_id or petition.municipality_id
    row.topic_id = row.topic_id or petition.topic_id
    person = await session.get(Person, petition.person_id) if petition.person_id else None
    if person is not None:
        row.person_id = row.person_id or person.id
        row.caller_name = row.caller_name or person.full_name
        row.phone = row.phone or person.phone


async def link_filed(session: AsyncSession, interaction_id: UUID, petition: Petition, user: User) -> None:
    """A petition was filed during a running call of `user`'s: it is the call's, and its kind tells what for."""
    row = await ledger.get(session, interaction_id, for_update=True)
    if row.agent_id != user.id or row.ended_at is not None:
        return
    await link(session, row, petition)
    row.purpose = row.purpose or _PURPOSE_OF.get(petition.kind, Purpose.PETITION)


def answer(row: Interaction) -> None:
    """Somebody spoke; a second time changes nothing. Raises AlreadyEnded."""
    if row.ended_at is not None:
        raise AlreadyEnded
    row.answered_at = row.answered_at or clock.now()


async def keep(session: AsyncSession, row: Interaction, typed: Mapping[str, str]) -> dict[str, str]:
    """Store what was typed of a running row as far as it is right; the problems of the rest, by field.

    Raises AlreadyEnded.
    """
    if row.ended_at is not None:
        raise AlreadyEnded
    told = await entry.read(session, row.kind, typed)
    for column in _KEPT & told.values.keys():
        setattr(row, column, told.values[column])
    await session.flush()
    return told.problems


async def end(session: AsyncSession, row: Interaction, typed: Mapping[str, str]) -> None:
    """End a running row with what was typed; ended already, nothing changes.

    Raises CallRefused; AlreadyEnded for a call that a telephone line ends.
    """
    if row.ended_at is not None:
        return
    if not may_retime(row):
        raise AlreadyEnded("Esta llamada termina sola cuando alguien cuelga.")
    told = await entry.read(session, row.kind, typed)
    values, problems = told.values, dict(told.problems)
    await _recognise(session, values, typed)
    ended = clock.now()
    if ended - row.started_at > LONGEST:
        stated = entry.read_times({**typed, "inicio": "", "contesto": ""})
        if "termino" in stated.problems:
            problems["termino"] = "Lleva más de 4 horas: diga a qué hora terminó."
        else:
            ended = stated.values["ended_at"]
    answered = row.answered_at
    if values["outcome"] in SPOKEN and (answered is None or answered > ended):
        answered = row.started_at  # it was never said that it rang: it was answered at once
    values |= {"answered_at": answered if values["outcome"] in SPOKEN else None, "ended_at": ended}
    await _complete(session, row, values, problems)
    for column, value in values.items():
        setattr(row, column, value)
    await session.flush()


async def write_down(session: AsyncSession, user: User, kind: InteractionKind, typed: Mapping[str, str]) -> Interaction:
    """A call, visit or chat that is over, told afterwards. Raises CallRefused."""
    told, times = await entry.read(session, kind, typed), entry.read_times(typed)
    values, problems = told.values | times.values, told.problems | times.problems
    values = {"agent_id": user.id, "area_id": user.area_id, **values}
    await _recognise(session, values, typed)
    row = Interaction(kind=kind, source=Source.CONSOLE, extension=user.extension, created_by=user.id)
    await _complete(session, row, values, problems)
    for column, value in values.items():
        setattr(row, column, value)
    return await ledger.add(session, row)


async def _recognise(session: AsyncSession, values: dict[str, Any], typed: Mapping[str, str]) -> None:
    """Say who called, where the number is one person's and nobody said otherwise: a short call ends unseen."""
    if not values.get("phone") or values.get("person_id") or values["caller_name"] or typed.get("otra_persona") == "si":
        return
    person = await callers.only_person(session, values["phone"])
    if person is not None:
        values |= {"person_id": person.id, "caller_name": person.full_name}


def is_head(user: User) -> bool:
    return user.role in (Role.HEAD, Role.ADMIN)


def require_own(row: Interaction, user: User) -> None:
    """Raises NotYours where somebody else attends to it."""
    if row.agent_id != user.id:
        raise NotYours


def may_retime(row: Interaction) -> bool:
    """Whether staff told its times; those that an exchange told are not typed over."""
    return row.source is Source.CONSOLE


def may_correct(user: User, row: Interaction) -> bool:
    """The head whatever there is; who attended, what they attended today."""
    if row.ended_at is None:
        return False
    today = clock.local(clock.now()).date()
    return is_head(user) or (row.agent_id == user.id and clock.local(row.started_at).date() == today)


async def correct(
    session: AsyncSession, row: Interaction, user: User, typed: Mapping[str, str]
) -> InteractionChange | None:
    """Change a row that has ended, saying why; None when nothing differs. Raises CallRefused, NotCorrectable."""
    if not may_correct(user, row):
        raise NotCorrectable
    told = await entry.read(session, row.kind, typed)
    values, problems = told.values, dict(told.problems)
    reason = typed.get("motivo", "").strip()
    if not reason:
        problems["motivo"] = "Escriba por qué se corrige."
    if row.source is Source.CHAT:
        values = {column: value for column, value in values.items() if column in _OF_CHATS}
        if problems := {name: text for name, text in problems.items() if name != "resultado"}:
            raise CallRefused(problems=problems)
    else:
        values |= _corrected_times(row, typed, values, problems)
        await _complete(session, row, values, problems)
        values.pop("channel", None)
        if not is_head(user):
            values = {column: value for column, value in values.items() if column not in ("agent_id", "area_id")}
        if values.get("agent_id") == row.agent_id:
            values.pop("area_id", None)  # theirs then, not where they are now
    return await ledger.correct(session, row, user_id=user.id, reason=reason, **values)


def _corrected_times(
    row: Interaction, typed: Mapping[str, str], values: Mapping[str, Any], problems: dict[str, str]
) -> dict[str, datetime | None]:
    """The times that a correction says, where staff may say them."""
    if not may_retime(row):
        return {"started_at": row.started_at, "answered_at": row.answered_at, "ended_at": row.ended_at}
    stated = entry.read_times(typed)
    problems |= stated.problems
    times: dict[str, datetime | None] = stated.values
    for column, moment in times.items():
        known: datetime | None = getattr(row, column)
        if known is not None and known.replace(microsecond=0) == moment:
            times[column] = known  # the form tells seconds: nobody changed it
    if values["outcome"] not in SPOKEN:
        times["answered_at"] = None
    return times


async def discard(session: AsyncSession, row: Interaction) -> None:
    """Take away a call that was begun by mistake, while nothing is written in it. Raises AlreadyEnded, NotEmpty."""
    if row.ended_at is not None or row.source is not Source.CONSOLE:
        raise AlreadyEnded
    if row.phone or row.purpose or row.petition_id or row.notes or row.caller_name:
        raise NotEmpty
    await session.delete(row)
    await session.flush()


async def _complete(session: AsyncSession, row: Interaction, values: dict[str, Any], problems: dict[str, str]) -> None:
    """Add to `values` what follows from them: who attended and, of our own rows, the split of the time.

    Raises CallRefused, for `problems` too.
    """
    if values.get("outcome") in SPOKEN and values.get("purpose") is None:
        problems.setdefault("proposito", "Diga de qué trató.")
    if values.get("outcome") in SPOKEN and values.get("answered_at") is None:
        values["answered_at"] = values.get("started_at", row.started_at)
    probe = Interaction(
        started_at=values.get("started_at") or row.started_at or values.get("ended_at") or clock.now(),
        **{
            name: values.get(name)
            for name in ("answered_at", "ended_at", "direction", "outcome", "purpose", "transfer_area_id")
        },
    )
    try:
        ledger.check(probe)
    except InteractionRefused as refused:
        problems.setdefault(FIELDS[refused.details["field"]], refused.text)
    if probe.answered_at and probe.ended_at and probe.answered_at > probe.ended_at:
        problems.setdefault("contesto", "Se contestó después de terminar.")
    if problems:
        raise CallRefused(problems=problems)
    assert probe.ended_at is not None
    values["attended_by"] = attended_by(values["outcome"])
    if row.source is Source.CONSOLE:
        schedule = await office.load(session)
        values |= call_seconds(schedule, probe.direction, probe.started_at, probe.answered_at, probe.ended_at)
