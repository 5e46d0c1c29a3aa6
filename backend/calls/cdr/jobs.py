"""The worker's part: a file is read, judged and written in chunks, each a transaction of its own.

A row's state says what was done with it, in the same transaction as its effect: killed at any moment, the next
turn goes on where the last commit left it, and nothing is done twice.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.calls.cdr import legs, service
from backend.calls.cdr.judging import Call
from backend.calls.cdr.models import CdrImport, CdrLeg, CdrState, LegState
from backend.calls.cdr.writing import Comparison
from backend.db import Database
from backend.imports import reading

log = structlog.get_logger(__name__)

READ_CHUNK = 1000
CALLS_CHUNK = 200
_WORKING = (CdrState.READING, CdrState.JUDGING, CdrState.WRITING)
#: A queue's detours within the exchange bear identifiers of their own: they are the call's that they are made for.
_JOIN_DETOURS = text("""
    UPDATE cdr_leg AS detour SET call_key = whole.call_key FROM cdr_leg AS whole
    WHERE detour.import_id = :import_id AND whole.import_id = :import_id
      AND detour.state = 'read' AND whole.state = 'read'
      AND (detour.fields ->> 'is_local')::boolean AND NOT (whole.fields ->> 'is_local')::boolean
      AND detour.fields ->> 'source' = whole.fields ->> 'source' AND detour.fields ->> 'source' <> ''
      AND (detour.fields ->> 'started_at')::timestamptz
          BETWEEN (whole.fields ->> 'started_at')::timestamptz AND (whole.fields ->> 'ended_at')::timestamptz
""")


async def advance_due(database: Database, folder: Path) -> None:
    """Bring every file that waits for the worker to its next stop, one after the other."""
    async with database.transaction() as session:
        waiting = (
            await session.scalars(
                select(CdrImport.id).where(CdrImport.state.in_(_WORKING)).order_by(CdrImport.created_at)
            )
        ).all()
    for import_id in waiting:
        await advance(database, folder, import_id)


async def advance(database: Database, folder: Path, import_id: UUID) -> None:
    """Do all there is to do with a file until it waits for staff, or is over."""
    async with database.transaction() as session:
        made = await service.get(session, import_id)
    if made.state is CdrState.READING:
        await _read(database, folder / made.sha256, import_id)
    for state, step in ((CdrState.JUDGING, _judge_chunk), (CdrState.WRITING, _write_chunk)):
        while True:
            async with database.transaction() as session:
                claimed = await _claim(session, import_id, state)
                if claimed is None or not await step(session, claimed):
                    break
    log.info("cdr_advanced", import_id=str(import_id), was=made.state.value)


async def _claim(session: AsyncSession, import_id: UUID, state: CdrState) -> CdrImport | None:
    """The import's row, locked; None when another worker has it or it is elsewhere by now."""
    return await session.scalar(
        select(CdrImport).where(CdrImport.id == import_id, CdrImport.state == state).with_for_update(skip_locked=True)
    )


async def _read(database: Database, path: Path, import_id: UUID) -> None:
    """Read every row of the file, from where it was left."""
    async with database.transaction() as session:
        last = await _last_row(session, import_id)
    try:
        rest = (row for row in reading.rows(path) if row[0] > last)
        while await _read_chunk(database, import_id, rest):
            pass
    except (reading.UnreadableFile, OSError) as error:
        log.warning("cdr_unreadable", import_id=str(import_id), error=type(error).__name__)
        async with database.transaction() as session:
            made = await service.get(session, import_id, for_update=True)
            made.state, made.finished_at = CdrState.FAILED, clock.now()
            made.problem = error.text if isinstance(error, reading.UnreadableFile) else "El archivo ya no está."


async def _read_chunk(database: Database, import_id: UUID, rest: Iterator[tuple[int, list[str]]]) -> bool:
    """Read the next rows; False when there are none left, or the file is another's."""
    async with database.transaction() as session:
        made = await _claim(session, import_id, CdrState.READING)
        if made is None:
            return False
        chunk = await reading.some(rest, READ_CHUNK)
        if not chunk:
            await session.execute(_JOIN_DETOURS, {"import_id": import_id})
            made.state = CdrState.JUDGING
            return False
        layout = service.layout_from(made)
        # Another worker may have gone on with the file since this one opened it.
        last = await _last_row(session, import_id)
        for number, cells in chunk:
            if number <= last:
                continue
            if layout.has_headings and service.headings_of(cells) == made.headers:
                continue  # the headings; repeated where files were put together
            row = CdrLeg(import_id=import_id, number=number, state=LegState.READ, call_key=f"row:{number}")
            try:
                row.call_key, leg = legs.read(number, cells, layout)
                row.fields = leg.as_json()
            except legs.UnreadableLeg as refused:
                row.state, row.problem = LegState.INVALID, str(refused)[:200]
            session.add(row)
        return True


async def _last_row(session: AsyncSession, import_id: UUID) -> int:
    """How far the file was read."""
    return await session.scalar(select(func.max(CdrLeg.number)).where(CdrLeg.import_id == import_id)) or 0


async def _judge_chunk(session: AsyncSession, made: CdrImport) -> bool:
    """Say what the next calls are worth."""
    rows = await _next_calls(session, made, CdrLeg.state == LegState.READ)
    if not rows:
        made.state = CdrState.WRITING if made.is_automatic else CdrState.READY
        return False
    comparison = await Comparison.load(session, _calls(rows))
    for key, (of_call, call) in rows.items():
        state = call if isinstance(call, LegState) else comparison.state(key, call)
        for row in of_call:
            row.state = state
    await session.flush()
    return True


async def _write_chunk(session: AsyncSession, made: CdrImport) -> bool:
    """Write the next calls; when none is left, what was read of the file goes, and what became of it stays."""
    rows = await _next_calls(session, made, CdrLeg.state.in_(service.WRITTEN) & ~CdrLeg.is_done)
    if not rows:
        made.state, made.finished_at = CdrState.DONE, clock.now()
        await session.execute(update(CdrLeg).where(CdrLeg.import_id == made.id).values(fields={}, is_done=True))
        return False
    comparison = await Comparison.load(session, _calls(rows))
    for key, (of_call, call) in rows.items():
        state = call if isinstance(call, LegState) else await comparison.write(key, call, made.file_name)
        for row in of_call:
            row.state, row.is_done = state, True
    await session.flush()
    return True


Rows = dict[str, tuple[list[CdrLeg], Call | LegState]]


async def _next_calls(session: AsyncSession, made: CdrImport, condition: object) -> Rows:
    wanted = select(CdrLeg.call_key).where(CdrLeg.import_id == made.id, condition)  # type: ignore[arg-type]
    keys: Sequence[str] = (await session.scalars(wanted.distinct().order_by(CdrLeg.call_key).limit(CALLS_CHUNK))).all()
    return await service.calls_of(session, made, keys) if keys else {}


def _calls(rows: Rows) -> dict[str, Call]:
    return {key: call for key, (_, call) in rows.items() if not isinstance(call, LegState)}
