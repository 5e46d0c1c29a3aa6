"""Who a person is in the database: their row, their petitions, their conversations; and how they are found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.conversations.models import (
    Attachment,
    Conversation,
    InboundMedia,
    Message,
    MessageRevision,
    Rating,
)
from backend.db import Base
from backend.errors import NotFound
from backend.holdings.tables import BY_TABLE, HELD, Held
from backend.learning.models import Understanding
from backend.outbox.models import Delivery
from backend.registry import folios, intake, searching
from backend.registry.models import Person, Petition

_MOST_FOUND = 20
#: So many identifiers go into one statement.
_AT_ONCE = 5_000


@dataclass
class Subject:
    """A person, and the rows that are theirs, by table."""

    person: Person
    #: Their telephone, where nobody else has the same.
    phone: str | None
    rows: dict[str, list[Any]] = field(default_factory=dict)

    def ids(self, table: str) -> list[Any]:
        """The identifiers of the rows of a table with one key column."""
        return [_key(row) for row in self.rows.get(table, ())]


def _key(row: Base) -> Any:
    (value,) = inspect(type(row)).primary_key_from_instance(row)
    return value


async def find(session: AsyncSession, typed: str) -> Sequence[Person]:
    """People by folio, telephone, CURP or e-mail, the blocked too; else by parts of their name."""
    if (folio := folios.parse(typed)) is not None:
        found = await session.scalars(
            select(Person).join(Petition, Petition.person_id == Person.id).where(Petition.folio == folio)
        )
        return found.all()
    exact: list[ColumnElement[bool]] = [Person.curp == typed.strip().upper(), Person.email == typed.strip().lower()]
    if (phone := intake.phone(typed)) is not None:
        exact.append(Person.phone == phone)
    found = await session.scalars(select(Person).where(or_(*exact)).limit(_MOST_FOUND))
    if people := found.all():
        return people
    words = select(Person).where(searching.people(typed)).order_by(Person.full_name).limit(_MOST_FOUND)
    return (await session.scalars(words)).all()


async def of(session: AsyncSession, person_id: UUID) -> Subject:
    """Everything that is a person's, in every table of `tables.HELD`. Raises NotFound."""
    person = await session.get(Person, person_id)
    if person is None:
        raise NotFound("No existe esa persona.")
    subject = Subject(person, await _own_phone(session, person), {Person.__tablename__: [person]})
    petitions = (await session.scalars(select(Petition).where(Petition.person_id == person_id))).all()
    subject.rows[Petition.__tablename__] = list(petitions)
    subject.rows[Conversation.__tablename__] = await _conversations(session, person_id, petitions)
    for held in HELD:
        if held.table not in subject.rows:
            subject.rows[held.table] = await _rows(session, held, subject)
    return subject


#: What was said in a conversation, and what carried it. A petition's own things are kept with the petition.
_SAID = (Message, MessageRevision, InboundMedia, Rating, Understanding, Attachment, Delivery)


async def said_in(session: AsyncSession, conversation: Conversation) -> dict[str, list[Any]]:
    """What was said in one conversation, by table, without the files that a petition has."""
    subject = Subject(Person(), None, {Conversation.__tablename__: [conversation]})
    for model in _SAID:
        subject.rows[model.__tablename__] = await _rows(session, BY_TABLE[model.__tablename__], subject)
    files = subject.rows[Attachment.__tablename__]
    subject.rows[Attachment.__tablename__] = [one for one in files if one.petition_id is None]
    del subject.rows[Conversation.__tablename__]
    return subject.rows


async def _own_phone(session: AsyncSession, person: Person) -> str | None:
    """A telephone tells whose a call is only where one person alone has it: a shop's stands for a whole street."""
    if person.phone is None:
        return None
    same = select(Person.id).where(Person.phone == person.phone, Person.id != person.id).limit(1)
    return None if await session.scalar(same) is not None else person.phone


async def _conversations(session: AsyncSession, person_id: UUID, petitions: Sequence[Petition]) -> list[Conversation]:
    """Those that are known to be theirs, those they filed from, and those proved to be the same person's.

    One in which somebody else filed too (a desk's, a family's telephone) is left out unless it is known as theirs.
    """
    filed = {one.conversation_id for one in petitions if one.conversation_id}
    others = select(Petition.conversation_id).where(
        Petition.conversation_id.in_(filed), Petition.person_id.is_not(None), Petition.person_id != person_id
    )
    shared = set(await session.scalars(others)) if filed else set()
    known = select(Conversation.identity_id).where(
        or_(Conversation.person_id == person_id, Conversation.id.in_(filed - shared))
    )
    found = await session.scalars(
        select(Conversation)
        .where(
            Conversation.identity_id.in_(known),
            or_(Conversation.person_id.is_(None), Conversation.person_id == person_id),
        )
        .order_by(Conversation.created_at)
    )
    return list(found)


async def _rows(session: AsyncSession, held: Held, subject: Subject) -> list[Any]:
    """A table's rows that hang on those found before, in the order of their keys."""
    found: dict[Any, Any] = {}
    keys = inspect(held.model).primary_key
    for condition in _conditions(held, subject):
        for row in await session.scalars(select(held.model).where(condition).order_by(*keys)):
            found[inspect(held.model).identity_key_from_instance(row)[1]] = row
    return list(found.values())


def _conditions(held: Held, subject: Subject) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for name in held.via:
        column = getattr(held.model, name)
        (key,) = held.model.__table__.columns[name].foreign_keys
        ids = subject.ids(key.column.table.name)
        conditions += [column.in_(ids[first : first + _AT_ONCE]) for first in range(0, len(ids), _AT_ONCE)]
    if held.phone is not None and subject.phone is not None:
        conditions.append(_by_phone(held, subject.phone, subject.person.id))
    return conditions


def _by_phone(held: Held, phone: str, person_id: UUID) -> ColumnElement[bool]:
    """By telephone alone, unless the row says that it is somebody else's."""
    by_phone: ColumnElement[bool] = getattr(held.model, held.phone or "") == phone
    if "person_id" not in held.model.__table__.columns:
        return by_phone
    whose = held.model.__table__.columns["person_id"]
    return by_phone & or_(whose.is_(None), whose == person_id)
