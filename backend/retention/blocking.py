"""Blocked data: out of lists and searches, opened for a while with a reason on the audit trail; and legal holds."""

import enum
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.conversations.models import Conversation
from backend.db import Base
from backend.errors import ChatSonoraError, InvalidInput, NotFound
from backend.registry.models import Person, Petition
from backend.retention.models import LegalHold

#: So long whoever gave a reason reads what is blocked.
OPENED_FOR = timedelta(minutes=30)
OPENED = "blocked_data_opened"
LEAST_REASON, MOST_REASON = 10, 300


class Thing(enum.StrEnum):
    """What is blocked by itself, as an address names it."""

    PETITION = "peticion"
    CONVERSATION = "conversacion"
    PERSON = "persona"


class Blocked(ChatSonoraError):
    """Blocked, and not opened by whoever asks."""

    status = 423
    code = "datos_bloqueados"
    message = "Estos datos están bloqueados. Para verlos, escriba el motivo: queda registrado."


def conversation_is_blocked() -> ColumnElement[bool]:
    """A conversation is blocked until something is said in it again."""
    quiet = or_(Conversation.last_message_at.is_(None), Conversation.last_message_at <= Conversation.withheld_at)
    return and_(Conversation.withheld_at.is_not(None), quiet)


def is_blocked(thing: Petition | Conversation | Person) -> bool:
    if thing.withheld_at is None:
        return False
    last = thing.last_message_at if isinstance(thing, Conversation) else None
    return last is None or last <= thing.withheld_at


async def require_open(session: AsyncSession, user: User, thing: Petition | Conversation | Person) -> None:
    """Let pass what is not blocked, or was opened by this user a while ago. Raises Blocked."""
    if is_blocked(thing) and not await audit.has_done(session, user, OPENED, thing.id, within=OPENED_FOR):
        raise Blocked


async def open_blocked(session: AsyncSession, user: User, thing: Thing, thing_id: UUID, reason: str) -> None:
    """Open what is blocked to this user for a while. Raises InvalidInput, NotFound."""
    if not LEAST_REASON <= len(reason.strip()) <= MOST_REASON:
        raise InvalidInput("Escriba el motivo, de 10 a 300 letras.", field="reason")
    if await session.get(_MODELS[thing], thing_id) is None:
        raise NotFound
    await audit.record(session, user, OPENED, thing_id, thing=thing.value, reason=reason.strip())


_MODELS: dict[Thing, type[Petition] | type[Conversation] | type[Person]] = {
    Thing.PETITION: Petition,
    Thing.CONVERSATION: Conversation,
    Thing.PERSON: Person,
}


def block(person: Person | None, petitions: Sequence[Petition], conversations: Sequence[Conversation],
          wipe_on: date | None = None) -> None:  # fmt: skip
    """Block these, from now on; with `wipe_on` the person's data is taken away that day."""
    moment = clock.now()
    things: list[Person | Petition | Conversation] = [*petitions, *conversations]
    if person is not None:
        things.append(person)
        person.wipe_on = wipe_on
    for one in things:
        one.withheld_at = one.withheld_at or moment


def unblock(person: Person, petitions: Sequence[Petition], conversations: Sequence[Conversation]) -> None:
    """Take a cancellation's blocking back; what a rule's term has come for, the next round blocks again."""
    things: list[Person | Petition | Conversation] = [person, *petitions, *conversations]
    person.wipe_on = None
    for one in things:
        one.withheld_at = None


# --- Legal holds ---


async def hold(session: AsyncSession, user: User, thing: Thing, thing_id: UUID, reason: str) -> LegalHold:
    """Let nothing of a thing be taken away. Raises InvalidInput, NotFound."""
    if not LEAST_REASON <= len(reason.strip()) <= MOST_REASON:
        raise InvalidInput("Escriba la causa legal, de 10 a 300 letras.", field="reason")
    if await session.get(_MODELS[thing], thing_id) is None:
        raise NotFound
    column = {Thing.PETITION: "petition_id", Thing.CONVERSATION: "conversation_id", Thing.PERSON: "person_id"}[thing]
    row = LegalHold(reason=reason.strip(), set_by=user.id, set_at=clock.now(), **{column: thing_id})
    session.add(row)
    await session.flush()
    await audit.record(session, user, "legal_hold_set", thing_id, thing=thing.value, reason=reason.strip())
    return row


async def lift(session: AsyncSession, user: User, hold_id: UUID) -> None:
    """Let a hold stand no more. Raises NotFound."""
    row = await session.get(LegalHold, hold_id, with_for_update=True)
    if row is None or row.lifted_at is not None:
        raise NotFound("Esa conservación ya no está vigente.")
    row.lifted_by, row.lifted_at = user.id, clock.now()
    subject = row.person_id or row.petition_id or row.conversation_id
    assert subject is not None, "a hold is on one thing"
    await audit.record(session, user, "legal_hold_lifted", subject)


async def holds(session: AsyncSession) -> Sequence[tuple[LegalHold, str]]:
    """The holds that stand, the latest first, each with who set it."""
    rows = await session.execute(
        select(LegalHold, User.full_name)
        .join(User, User.id == LegalHold.set_by)
        .where(LegalHold.lifted_at.is_(None))
        .order_by(LegalHold.set_at.desc())
    )
    return [(row, name) for row, name in rows]


def _standing(column: InstrumentedAttribute[UUID | None]) -> Select[UUID | None]:
    return select(column).where(LegalHold.lifted_at.is_(None), column.is_not(None))


def held_people() -> Select[UUID | None]:
    """People on whom a hold stands, or on a petition of theirs."""
    of_petitions = select(Petition.person_id).where(
        Petition.id.in_(_standing(LegalHold.petition_id)), Petition.person_id.is_not(None)
    )
    of_chats = select(Conversation.person_id).where(
        Conversation.id.in_(_standing(LegalHold.conversation_id)), Conversation.person_id.is_not(None)
    )
    every = union(_standing(LegalHold.person_id), of_petitions, of_chats).subquery()
    return select(every.c[0])


def held_petitions() -> Select[UUID | None]:
    """Petitions that a hold keeps: on them, their person or their conversation."""
    of_people = select(Petition.id).where(Petition.person_id.in_(_standing(LegalHold.person_id)))
    of_chats = select(Petition.id).where(Petition.conversation_id.in_(_standing(LegalHold.conversation_id)))
    every = union(_standing(LegalHold.petition_id), of_people, of_chats).subquery()
    return select(every.c[0])


def held_conversations() -> Select[UUID | None]:
    """Conversations that a hold keeps: on them, their person, or a petition told in them."""
    of_people = select(Conversation.id).where(Conversation.person_id.in_(_standing(LegalHold.person_id)))
    of_petitions = select(Petition.conversation_id).where(
        Petition.id.in_(held_petitions()), Petition.conversation_id.is_not(None)
    )
    every = union(_standing(LegalHold.conversation_id), of_people, of_petitions).subquery()
    return select(every.c[0])


def is_free(model: type[Base]) -> list[ColumnElement[bool]]:
    """Conditions by which rows of a table hang on nothing that a hold keeps."""
    held = {"conversation_id": held_conversations, "petition_id": held_petitions, "person_id": held_people}
    return [
        or_(getattr(model, name).is_(None), getattr(model, name).not_in(kept()))
        for name, kept in held.items()
        if name in model.__table__.columns
    ]
