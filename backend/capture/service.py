"""Filing what was captured, once a key; and what the form is helped with: known people, the last capture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.capture import checks, fields
from backend.capture.models import Capture
from backend.dossier import service as dossier
from backend.dossier.models import DocumentKind
from backend.procedures import service as procedures
from backend.procedures.definitions import PROCEDURES
from backend.registry import intake, petitions, searching
from backend.registry.models import ActorKind, EntryChannel, Person, Petition, PetitionEventKind, PetitionKind
from backend.text import fold

#: Letters or digits after which people are looked up.
SEARCH_FROM = 3


@dataclass(frozen=True)
class Form:
    """A capture as it was typed. `key` is the page's own, for one petition."""

    key: str
    kind: PetitionKind
    channel: EntryChannel
    typed: Mapping[str, str]
    person_id: UUID | None = None
    documents: Sequence[tuple[UUID, DocumentKind]] = ()


@dataclass(frozen=True)
class Result:
    """The petition, or the problems by field."""

    petition: Petition | None = None
    problems: dict[str, str] = field(default_factory=dict)
    is_repeated: bool = False


async def file(session: AsyncSession, form: Form, *, user_id: UUID) -> Result:
    """File a capture. The same key again gives the same petition, and simultaneous calls wait for the first."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": form.key})
    kept = await session.get(Capture, form.key)
    if kept is not None:
        return Result(await session.get_one(Petition, kept.petition_id), is_repeated=True)
    outcome = await checks.Checker(session).check(form.kind, form.channel, form.typed)
    if outcome.problems:
        return Result(problems=outcome.problems)
    new = replace(checks.new_petition(form.kind, form.channel, outcome), person_id=form.person_id)
    petition = await petitions.file(session, new, actor=ActorKind.STAFF, user_id=user_id)
    if form.kind in PROCEDURES:
        await procedures.open_case(session, petition, outcome.procedure)
    await _note_other_contact(session, petition, new, user_id)
    await dossier.attach_staged(session, petition, form.documents, user_id=user_id)
    session.add(Capture(key=form.key, petition_id=petition.id, user_id=user_id))
    await session.flush()
    return Result(petition)


async def _note_other_contact(
    session: AsyncSession, petition: Petition, new: petitions.NewPetition, user_id: UUID
) -> None:
    """A known person keeps what is known of them; what they now tell otherwise is not lost."""
    person = await session.get(Person, petition.person_id) if petition.person_id else None
    if person is None:
        return
    told = (("teléfono", new.phone, person.phone), ("correo", new.email, person.email))
    others = [f"otro {name}: {value}" for name, value, known in told if value and value != known]
    if others:
        text = f"Al capturarla dio {' y '.join(others)}."
        await petitions.add_event(
            session, petition, PetitionEventKind.NOTE, actor=ActorKind.STAFF, user_id=user_id, text=text
        )


@dataclass(frozen=True)
class KnownPerson:
    person: Person
    petitions: int


async def people(session: AsyncSession, typed: str, *, limit: int = 8) -> list[KnownPerson]:
    """People whose name, telephone or CURP has what was typed, those with most petitions first."""
    if len(fold(typed)) < SEARCH_FROM:
        return []
    count = select(func.count()).where(Petition.person_id == Person.id).scalar_subquery()
    rows = await session.execute(
        select(Person, count)
        .where(Person.id.in_(searching.some_people(typed)))
        .order_by(count.desc(), Person.full_name)
        .limit(limit)
    )
    return [KnownPerson(person, number) for person, number in rows]


@dataclass(frozen=True)
class Last:
    """What this user's next capture begins with."""

    channel: EntryChannel = EntryChannel.PRESENCIAL
    entry: Mapping[str, str] = field(default_factory=dict)


async def last_of(session: AsyncSession, user_id: UUID) -> Last:
    """The channel of a user's last capture; of a tour, its place, day and event too."""
    petition = await session.scalar(
        select(Petition)
        .join(Capture, Capture.petition_id == Petition.id)
        .where(Capture.user_id == user_id)
        .order_by(Capture.created_at.desc())
        .limit(1)
    )
    if petition is None:
        return Last()
    kept = petition.details.get("entrada", {}) if petition.channel in fields.REMEMBERED else {}
    return Last(petition.channel, {name: str(value) for name, value in kept.items()})


async def municipality_of(session: AsyncSession, typed: str) -> tuple[str | None, str | None]:
    """The name of the municipality that was meant, or one worth asking about."""
    checked = await intake.check(session, "municipio", typed)
    if checked.value is not None:
        return await intake.shown(session, "municipio", checked.value), None
    return None, checked.suggestion.title if checked.suggestion else None
