"""Many oficios by one click: each turn in a transaction of its own, its outcome told, nothing made twice."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.catalog.models import Agency
from backend.conversations.files import FileStore
from backend.db import Database
from backend.errors import ChatSonoraError
from backend.letters import service
from backend.letters.errors import LetterNotFound, LetterRefused
from backend.letters.kinds import oficio_of
from backend.letters.models import Letter, LetterBatch
from backend.letters.service import LetterOrder
from backend.registry.models import Petition
from backend.turns import service as turns
from backend.turns.models import OPEN, Turn

MOST = 100
#: Nobody counts further.
COUNTED = 1000


@dataclass(frozen=True)
class TurnRow:
    """An open turn that has no oficio."""

    turn: Turn
    folio: str
    agency: str
    has_liaison: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one turn: a letter's number, or why there is none."""

    turn_id: str
    folio: str
    agency: str
    reference: str = ""
    problem: str = ""


async def waiting(
    session: AsyncSession, *, agency_id: UUID | None = None, folio: str = "", limit: int = MOST
) -> tuple[list[TurnRow], int]:
    """Open turns without an oficio, the first due first, and how many there are; more than COUNTED are not counted."""
    conditions = [Turn.state.in_(OPEN), ~Turn.has_letter]
    if agency_id is not None:
        conditions.append(Turn.agency_id == agency_id)
    if folio.strip():
        conditions.append(Petition.folio.contains(folio.strip().upper(), autoescape=True))
    query = (
        select(Turn, Petition.folio, Agency.short_name, Agency.liaison_name.is_not(None))
        .join(Petition, Petition.id == Turn.petition_id)
        .join(Agency, Agency.id == Turn.agency_id)
        .where(*conditions)
    )
    counted = query.with_only_columns(Turn.id).limit(COUNTED + 1).subquery()
    total = await session.scalar(select(func.count()).select_from(counted)) or 0
    rows = await session.execute(query.order_by(Turn.due_on, Turn.created_at, Turn.id).limit(limit))
    return [TurnRow(*row) for row in rows], total


async def make_all(
    database: Database, files: FileStore, batch_id: UUID, turn_ids: Sequence[UUID], *, user: User
) -> None:
    """Make the oficio of each turn. The same `batch_id` again makes nothing that it made before.

    Raises LetterRefused for none, or too many.
    """
    if not turn_ids:
        raise LetterRefused("Marque al menos un turno.")
    if len(turn_ids) > MOST:
        raise LetterRefused(f"Marque {MOST} turnos como máximo.")
    async with database.transaction() as session:
        new = insert(LetterBatch).values(id=batch_id, created_by=user.id, outcomes=[])
        await session.execute(new.on_conflict_do_nothing())
        if (await session.get_one(LetterBatch, batch_id)).outcomes:
            return
    outcomes = [await _make_one(database, files, batch_id, turn_id, user) for turn_id in dict.fromkeys(turn_ids)]
    async with database.transaction() as session:
        told = [asdict(one) for one in outcomes]
        await session.execute(update(LetterBatch).where(LetterBatch.id == batch_id).values(outcomes=told))


async def _make_one(database: Database, files: FileStore, batch_id: UUID, turn_id: UUID, user: User) -> Outcome:
    folio, agency = "", ""
    try:
        async with database.transaction() as session:
            petition, turn = await turns.locked(session, turn_id)
            folio, agency = petition.folio, (await session.get_one(Agency, turn.agency_id)).short_name
            letter = await service.live_of_turn(session, turn_id)
            if letter is None or letter.batch_id != batch_id:
                order = LetterOrder(oficio_of(petition.kind), turn_id, batch_id=batch_id)
                letter = await service.make(session, files, petition, order, user=user)
    except ChatSonoraError as refused:
        return Outcome(str(turn_id), folio, agency, problem=refused.text)
    return Outcome(str(turn_id), folio, agency, reference=letter.reference)


async def outcomes(session: AsyncSession, batch_id: UUID) -> list[Outcome]:
    """What became of a batch's turns. Raises LetterNotFound."""
    found = await session.get(LetterBatch, batch_id)
    if found is None:
        raise LetterNotFound("No existe ese lote.")
    return [Outcome(**one) for one in found.outcomes]


async def letters_of(session: AsyncSession, batch_id: UUID) -> list[service.LetterFiles]:
    """The files of a batch's letters that were not cancelled, by number."""
    ids = await session.scalars(
        select(Letter.id)
        .where(Letter.batch_id == batch_id, Letter.cancelled_at.is_(None))
        .order_by(Letter.year, Letter.number)
    )
    return [await service.files_of(session, letter_id) for letter_id in ids]
