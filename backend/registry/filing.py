"""Filing petitions: one, or the many of a spreadsheet at once."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz
from sqlalchemy import LargeBinary, and_, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from backend import clock
from backend.catalog import service as catalog
from backend.catalog.models import Municipality, Topic
from backend.registry import deadlines, folios, searching
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    FolioCounter,
    Person,
    Petition,
    PetitionEvent,
    PetitionEventKind,
    PetitionKind,
    PetitionStatus,
    Priority,
)
from backend.text import fold
from backend.vault import blind
from backend.vault.blind import Kind
from backend.vault.columns import index_of

#: From here two names with the same phone or e-mail are one person's.
SAME_NAME = 80.0
#: So many people of one contact are compared: an office's telephone may stand for hundreds.
_NAMESAKES = 20
_CONTACTS = tuple(kind.value for kind in (Kind.PHONE, Kind.EMAIL, Kind.CURP))


@dataclass(frozen=True)
class NewPetition:
    """What is known of a petition when it is filed, in normal form. No name: anonymous.

    `person_id`: who it is, where staff chose somebody known; what was told of them completes what is known.
    """

    kind: PetitionKind
    channel: EntryChannel
    narrative: str
    municipality_id: str | None = None
    colonia: str | None = None
    postal_code: str | None = None
    street: str | None = None
    place_reference: str | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    curp: str | None = None
    person_id: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)
    conversation_id: UUID | None = None
    priority: Priority = Priority.NORMAL


async def file(session: AsyncSession, new: NewPetition, *, actor: ActorKind, user_id: UUID | None = None) -> Petition:
    """Register a petition: its person, its folio, its first event."""
    (petition,) = await file_all(session, [new], actor=actor, user_id=user_id)
    return petition


async def file_all(
    session: AsyncSession, news: Sequence[NewPetition], *, actor: ActorKind, user_id: UUID | None = None
) -> list[Petition]:
    """Register petitions in their order, with folios that follow one another; a few statements for them all."""
    known = await _Known.of(session, news)
    people = [await known.person(new) if new.name else None for new in news]
    topics = await catalog.suggest_topics(session, [new.narrative for new in news])
    moment = clock.now()
    due = {what: await deadlines.of_new(session, *what, moment) for what in {(new.kind, new.priority) for new in news}}
    places = await _place_names(session, news)
    await session.flush()
    # The numbers are taken last: their row's lock makes filings wait for one another until commit.
    year = clock.local(moment).year
    first = await _take_numbers(session, year, len(news))
    filed = []
    for number, new, person, topic in zip(range(first, first + len(news)), news, people, topics, strict=True):
        petition = _petition(new, year, number, person, topic)
        petition.due_on, petition.created_at, petition.updated_at = due[new.kind, new.priority], moment, moment
        petition.search_text = search_text(petition, person, places.get(new.municipality_id or ""))
        filed.append(petition)
    session.add_all(filed)
    await session.flush()
    # As plain values: nobody needs the rows here, so the database is not asked for their ids.
    events = [_first_event(petition, actor, user_id) for petition in filed]
    await session.execute(insert(PetitionEvent), events)
    return filed


def _petition(new: NewPetition, year: int, number: int, person: Person | None, topic: Topic | None) -> Petition:
    return Petition(
        id=uuid.uuid4(),
        folio=folios.make(year, number),
        year=year,
        number=number,
        access_nonce=folios.new_nonce(),
        kind=new.kind,
        status=PetitionStatus.RECIBIDA,
        channel=new.channel,
        topic_id=topic.id if topic else None,
        agency_id=topic.default_agency_id if topic else None,
        person_id=person.id if person else None,
        municipality_id=new.municipality_id,
        colonia=new.colonia,
        postal_code=new.postal_code,
        street=new.street,
        place_reference=new.place_reference,
        narrative=new.narrative,
        details=new.details,
        conversation_id=new.conversation_id,
        priority=new.priority,
    )


def _first_event(petition: Petition, actor: ActorKind, user_id: UUID | None) -> dict[str, Any]:
    return {
        "petition_id": petition.id,
        "kind": PetitionEventKind.FILED,
        "to_status": petition.status,
        "actor": actor,
        "user_id": user_id,
        "at": petition.created_at,
    }


async def _take_numbers(session: AsyncSession, year: int, count: int) -> int:
    """The first of `count` numbers of a year."""
    statement = insert(FolioCounter).values(year=year, last_number=count)
    last: int | None = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[FolioCounter.year], set_={"last_number": FolioCounter.last_number + count}
        ).returning(FolioCounter.last_number)
    )
    assert last is not None
    return last - count + 1


async def _place_names(session: AsyncSession, news: Iterable[NewPetition]) -> dict[str, str]:
    wanted = {new.municipality_id for new in news if new.municipality_id}
    rows = await session.execute(select(Municipality.id, Municipality.name).where(Municipality.id.in_(wanted)))
    return dict(rows.all())


class _Known:
    """Who may have told some petitions: the people of their contacts, and those that they add."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._by_contact: dict[tuple[str, str], list[Person]] = {}

    @classmethod
    async def of(cls, session: AsyncSession, news: Sequence[NewPetition]) -> "_Known":
        """Everybody of those petitions' contacts, in one look for each way of reaching them."""
        known = cls(session)
        for way in _CONTACTS:
            wanted = {str(value) for new in news if new.name and (value := getattr(new, way))}
            if wanted:
                for contact, person in await _people_of(session, Kind(way), getattr(Person, way), wanted):
                    known._by_contact.setdefault((way, contact), []).append(person)
        return known

    async def person(self, new: NewPetition) -> Person:
        """The person known by that contact and name, or a new one."""
        assert new.name is not None
        person = await self._chosen(new) or self._namesake(new)
        if person is None:
            person = Person(id=uuid.uuid4(), full_name=new.name, created_at=clock.now())
            self._session.add(person)
        for way in _CONTACTS:
            if getattr(person, way) is None:
                setattr(person, way, getattr(new, way))
        person.search_text = person_text(person)
        for way in _CONTACTS:
            namesakes = self._by_contact.setdefault((way, getattr(person, way) or ""), [])
            if person not in namesakes:
                namesakes.append(person)
        return person

    async def _chosen(self, new: NewPetition) -> Person | None:
        chosen = await self._session.get(Person, new.person_id) if new.person_id else None
        return chosen if chosen is not None and is_same_name(chosen.full_name, new.name or "") else None

    def _namesake(self, new: NewPetition) -> Person | None:
        for way in _CONTACTS:
            contact = getattr(new, way)
            for person in self._by_contact.get((way, contact), ()) if contact else ():
                if is_same_name(person.full_name, new.name or ""):
                    return person
        return None


async def _people_of(
    session: AsyncSession, kind: Kind, way: InstrumentedAttribute[str | None], contacts: Iterable[str]
) -> Sequence[tuple[str, Person]]:
    """Some of the people of each contact; whoever is blocked is known no more."""
    by_index = {blind.index(kind, contact): contact for contact in contacts}
    wanted = select(func.unnest(literal(sorted(by_index), ARRAY(LargeBinary))).label("contact")).subquery()
    is_theirs = and_(index_of(way) == wanted.c.contact, Person.withheld_at.is_(None))
    person = aliased(Person, select(Person).where(is_theirs).limit(_NAMESAKES).lateral())
    rows = await session.execute(select(wanted.c.contact, person).select_from(wanted).join(person, true()))
    return [(by_index[contact], found) for contact, found in rows]


async def person_of(session: AsyncSession, new: NewPetition) -> Person:
    """Who told a petition with a name: the person known by that contact and name, or a new one."""
    person = await (await _Known.of(session, [new])).person(new)
    await session.flush()
    return person


def is_same_name(one: str, other: str) -> bool:
    """Whether two names, one perhaps shorter or misspelt, may be one person's."""
    return fuzz.token_set_ratio(fold(one), fold(other)) >= SAME_NAME


def person_text(person: Person) -> str:
    """What a search for people looks at: name, without accents, and what stands for their contacts."""
    return fold(" ".join([person.full_name, *searching.contact_words(person.phone, person.email, person.curp)]))


def search_text(petition: Petition, person: Person | None, place: str | None) -> str:
    """What a search looks at: folio, person, place and words, without accents."""
    parts = (
        petition.folio,
        person.search_text if person else "",
        place,
        petition.colonia,
        petition.street,
        petition.place_reference,
        petition.narrative,
    )
    return fold(" ".join(part for part in parts if part))
