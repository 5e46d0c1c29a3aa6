"""Who is calling: people known by what is typed, and what each of them had to do with the office."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.calls import queries
from backend.calls.queries import CallRow
from backend.capture import service as capture
from backend.conversations.models import Conversation
from backend.registry import intake, phones
from backend.registry.models import Person, Petition

MOST_PEOPLE = 5
MOST_FOLIOS = 6
MOST_CHATS = 4
#: Digits of a number from which people are looked for.
DIGITS_FROM = 7


@dataclass(frozen=True)
class Caller:
    """`people` whom the number or the name may mean; the rest is of `person`, or of the number where none is known."""

    people: Sequence[capture.KnownPerson]
    person: Person | None
    phone: str | None
    petitions: Sequence[Petition]
    calls: Sequence[CallRow]
    chats: Sequence[Conversation]

    @property
    def is_unknown(self) -> bool:
        return not (self.people or self.person or self.petitions or self.calls or self.chats)


async def only_person(session: AsyncSession, phone: str) -> Person | None:
    """Whose a number is, where it is one person's alone."""
    owner = await phones.owner(session, phone)
    return await session.get(Person, owner) if owner is not None else None


async def find(
    session: AsyncSession, *, phone: str = "", name: str = "", person_id: UUID | None = None, but: UUID | None = None
) -> Caller:
    """What is known of who calls, from what was typed so far; `but` is the call itself.

    Where one person alone has the number, it is them.
    """
    number = intake.phone(phone) if phone else None
    people = await _people(session, phone, name)
    person = await session.get(Person, person_id) if person_id else None
    if person is None and number is not None:
        person = await only_person(session, number)
    calls = await queries.of_person(session, person.id if person else None, number, limit=6)
    return Caller(
        people,
        person,
        number,
        await _petitions(session, person),
        [row for row in calls if row.call.id != but],
        await _chats(session, person, number),
    )


async def _people(session: AsyncSession, phone: str, name: str) -> Sequence[capture.KnownPerson]:
    digits = "".join(char for char in phone if char.isdigit())
    if len(digits) >= DIGITS_FROM:
        return await capture.people(session, digits, limit=MOST_PEOPLE)
    return await capture.people(session, name, limit=MOST_PEOPLE) if name.strip() else []


async def _petitions(session: AsyncSession, person: Person | None) -> Sequence[Petition]:
    if person is None:
        return []
    wanted = select(Petition).where(Petition.person_id == person.id)
    return (await session.scalars(wanted.order_by(Petition.created_at.desc()).limit(MOST_FOLIOS))).all()


async def _chats(session: AsyncSession, person: Person | None, number: str | None) -> Sequence[Conversation]:
    ways = [Conversation.person_id == person.id] if person else []
    ways += [Conversation.verified_phone == number] if number else []
    if not ways:
        return []
    wanted = select(Conversation).where(or_(*ways), Conversation.last_message_at.is_not(None))
    return (await session.scalars(wanted.order_by(Conversation.last_message_at.desc()).limit(MOST_CHATS))).all()
