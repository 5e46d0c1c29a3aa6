"""The daily round: blocks what has been kept long enough, and takes away what was blocked long enough.

Small transactions, a few rows each: killed at any moment, the next round goes on with what is left, and tells of both.
One round at a time, however many workers there are: each would tell but of the rows that the others left it.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import passwords
from backend.agents.models import Role, User
from backend.audit import service as audit
from backend.conversations.files import FileStore
from backend.conversations.models import Conversation
from backend.db import Database
from backend.holdings import subject, wiping
from backend.imports.models import ImportBatch, ImportRow
from backend.registry.models import Person, Petition
from backend.retention import due, rules
from backend.retention.models import RetentionProgress, RetentionRun
from backend.retention.rules import Terms
from backend.telephony.models import CallEvent

log = structlog.get_logger(__name__)

#: Rows in one transaction, and of one rule in one round: what is left over waits for the next.
BATCH = 500
MOST = 100_000
#: A round begins at night.
FROM_HOUR = 2
ACCOUNT = "sistema-conservacion"
#: The database's name for the lock of a round.
_ROUND = 727203


@dataclass(frozen=True)
class Round:
    """What a round works with."""

    database: Database
    store: FileStore
    imports: Path


@dataclass(frozen=True)
class Job:
    """One step of a rule: which rows are due, and what is done with them (the store's files that they named)."""

    name: str
    #: What is to be done with so many, in words.
    what: str
    rule: str
    #: From the moment before which something must have happened.
    due: Callable[[Terms, datetime], Select[Any]]
    do: Callable[[AsyncSession, Round, Sequence[Any], Terms], Awaitable[list[str]]]


async def _block_conversations(_: AsyncSession, __: Round, rows: Sequence[Conversation], ___: Terms) -> list[str]:
    for one in rows:
        one.withheld_at = clock.now()
    return []


async def _wipe_conversations(session: AsyncSession, _: Round, rows: Sequence[Conversation], __: Terms) -> list[str]:
    named: list[str] = []
    for one in rows:
        named += await wiping.wipe(session, await subject.said_in(session, one))
        one.wiped_at = clock.now()
    await wiping.forget_turns(session, [one.id for one in rows])
    return named


async def _forget_turns(session: AsyncSession, _: Round, rows: Sequence[Conversation], __: Terms) -> list[str]:
    """Whoever writes again begins anew with the bot, as after any hour of silence; the draft is not the bot's."""
    await wiping.forget_turns(session, [one.id for one in rows])
    for one in rows:
        one.rasa_turn_at = None
    return []


async def _block_petitions(session: AsyncSession, _: Round, rows: Sequence[Petition], __: Terms) -> list[str]:
    """Block petitions, and their people where nothing else of theirs is in view."""
    for one in rows:
        one.withheld_at = clock.now()
    await session.flush()
    people = {one.person_id for one in rows if one.person_id}
    seen = select(Petition.person_id).where(Petition.person_id.in_(people), Petition.withheld_at.is_(None))
    quiet = people - set(await session.scalars(seen))
    for person in await session.scalars(select(Person).where(Person.id.in_(quiet), Person.withheld_at.is_(None))):
        person.withheld_at = clock.now()
    return []


async def _wipe_people(session: AsyncSession, _: Round, rows: Sequence[Person], __: Terms) -> list[str]:
    named: list[str] = []
    for person in rows:
        found = await subject.of(session, person.id)
        named += await wiping.wipe(session, found.rows)
        await wiping.forget_turns(session, found.ids("conversation"))
        for one in (person, *found.rows["petition"], *found.rows["conversation"]):
            one.wiped_at = clock.now()
    return named


async def _wipe_rows(session: AsyncSession, _: Round, rows: Sequence[Any], __: Terms) -> list[str]:
    return await wiping.wipe(session, {rows[0].__table__.name: rows})


async def _empty_raw(_: AsyncSession, __: Round, rows: Sequence[CallEvent], ___: Terms) -> list[str]:
    for one in rows:
        one.raw = {}
    return []


async def _delete_rows(session: AsyncSession, _: Round, rows: Sequence[Any], __: Terms) -> list[str]:
    for row in rows:
        await session.delete(row)
    return []


async def _empty_imports(session: AsyncSession, around: Round, rows: Sequence[ImportBatch], __: Terms) -> list[str]:
    """Delete imports' files, and empty their rows of what they said."""
    for one in rows:
        kept = await session.scalars(select(ImportRow).where(ImportRow.batch_id == one.id))
        for row in kept:
            row.fields, row.problems = {}, {}
        (around.imports / one.sha256).unlink(missing_ok=True)
        one.file_name = due.EMPTIED
    return []


JOBS: tuple[Job, ...] = (
    Job(
        "conversaciones_bloqueadas", "por bloquear", "conversaciones", due.conversations_to_block, _block_conversations
    ),
    Job("conversaciones_vaciadas", "por vaciar", "conversaciones", due.conversations_to_wipe, _wipe_conversations),
    Job("memorias_borradas", "por borrar", "memoria_del_asistente", due.conversations_to_forget, _forget_turns),
    Job("peticiones_bloqueadas", "por bloquear", "peticiones", due.petitions_to_block, _block_petitions),
    Job("personas_suprimidas", "por suprimir", rules.CANCELLED, due.people_to_wipe, _wipe_people),
    Job("grabaciones_borradas", "por borrar", "grabaciones", due.recordings, _wipe_rows),
    Job("eventos_vaciados", "por vaciar", "eventos_de_llamada", due.call_events, _empty_raw),
    Job("ilegibles_borrados", "por borrar", "avisos_ilegibles", due.unreadable, _delete_rows),
    Job("frases_quitadas", "por quitar", "no_entendidos", due.phrases, _wipe_rows),
    Job("borradores_vaciados", "por vaciar", "borradores", due.drafts, _wipe_rows),
    Job("importaciones_vaciadas", "por vaciar", "importaciones", due.imported, _empty_imports),
    Job("correos_vaciados", "por vaciar", "correos", due.mails, _wipe_rows),
    Job("envios_vaciados", "por vaciar", "envios", due.deliveries, _wipe_rows),
)


async def plan(database: Database) -> dict[str, int]:
    """How many rows each step would take now, and nothing is changed (`--dry-run`)."""
    moment = clock.now()
    async with database.snapshot() as session:
        terms = await rules.terms(session)
        return {
            job.name: await session.scalar(
                select(func.count()).select_from(job.due(terms[job.rule], moment).order_by(None).subquery())
            )
            or 0
            for job in JOBS
        }


async def run_daily(around: Round) -> dict[str, int] | None:
    """Today's round, once, at night; None where it is not its time, or another worker has it."""
    here = clock.local(clock.now())
    if here.hour < FROM_HOUR:
        return None
    async with _alone(around.database) as session:
        if session is None or await session.get(RetentionRun, here.date()) is not None:
            return None
        return await _run(around)


async def run(around: Round) -> dict[str, int] | None:
    """One round of every step; the counts, which go on the audit trail too. None while another round is under way."""
    async with _alone(around.database) as session:
        return None if session is None else await _run(around)


@asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[AsyncSession | None]:
    """The transaction that holds the lock of a round until the block ends, or the process; None while another does."""
    async with database.transaction() as session:
        has_lock = await session.scalar(select(func.pg_try_advisory_xact_lock(_ROUND)))
        yield session if has_lock else None


async def _run(around: Round) -> dict[str, int]:
    async with around.database.transaction() as session:
        terms = await rules.terms(session)
    for job in JOBS:
        await _work(around, job, terms[job.rule])
    loose = await wiping.sweep(around.database, around.store)
    async with around.database.transaction() as session:
        done = (
            await session.execute(delete(RetentionProgress).returning(RetentionProgress.step, RetentionProgress.number))
        ).all()
        numbers = {one.step: one.number for one in done}
        counts = {job.name: numbers.get(job.name, 0) for job in JOBS} | {"archivos_sueltos_borrados": loose}
        moment = clock.now()
        day = clock.local(moment).date()
        await session.execute(insert(RetentionRun).values(day=day, counts=counts, at=moment).on_conflict_do_nothing())
        account = await _account(session)
        await audit.record(session, account, "retention_run", account.id, day=day.isoformat(), **counts)
    log.info("retention_done", **counts)
    return counts


async def _work(around: Round, job: Job, terms: Terms) -> None:
    """One step. What is due is looked for once: no index helps most rules, and each handful would begin anew."""
    query = job.due(terms, clock.now())
    key = next(column for column in query.selected_columns if column.primary_key)
    async with around.database.transaction() as session:
        due = (await session.scalars(query.with_only_columns(key).limit(MOST))).all()
    for start in range(0, len(due), BATCH):
        handful = query.where(key.in_(due[start : start + BATCH])).with_for_update(skip_locked=True)
        async with around.database.transaction() as session:
            rows = (await session.scalars(handful)).all()
            if not rows:
                continue
            named = await job.do(session, around, rows, terms)
            made = insert(RetentionProgress).values(step=job.name, number=len(rows))
            total = RetentionProgress.number + made.excluded.number
            await session.execute(made.on_conflict_do_update(index_elements=["step"], set_={"number": total}))
        if named:
            # The bytes go once it is certain that no row names them.
            async with around.database.transaction() as session:
                await wiping.discard(session, around.store, named, clock.now())


async def _account(session: AsyncSession) -> User:
    """The account in whose name the audit trail tells of a round. Nobody can sign in to it."""
    found = await session.scalar(select(User).where(User.username == ACCOUNT))
    if found is None:
        found = User(
            username=ACCOUNT, full_name="Conservación de datos (sistema)", role=Role.ANALYST, is_system=True,
            is_active=False, must_change_password=False,
            password_hash=passwords.hash_password(secrets.token_urlsafe(32)),
        )  # fmt: skip
        session.add(found)
        await session.flush()
    return found


async def runs(session: AsyncSession, limit: int = 30) -> Sequence[RetentionRun]:
    """The latest rounds."""
    return (await session.scalars(select(RetentionRun).order_by(RetentionRun.day.desc()).limit(limit))).all()
