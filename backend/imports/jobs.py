"""The worker's part of an import: chunks, each a transaction of its own.

A row's state says what was done with it, in the same transaction as its effect: killed at any moment, the next
turn goes on where the last commit left it, and nothing is done twice.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.db import Database
from backend.imports import reading
from backend.imports.checking import RowChecker, petition_of
from backend.imports.models import BatchState, ImportBatch, ImportRow, RowState
from backend.registry import filing, petitions
from backend.registry.models import ActorKind, Petition, PetitionEvent, PetitionStatus

log = structlog.get_logger(__name__)

READ_CHUNK = 500
#: Filing holds the counter of folios from its first row written to its commit: few enough that nobody at a desk waits.
FILE_CHUNK = 200
_WORKING = (BatchState.READING, BatchState.FILING, BatchState.UNDOING)


def folder_of(var_dir: Path) -> Path:
    return var_dir / "imports"


async def advance_due(database: Database, folder: Path) -> None:
    """Bring every batch that waits for the worker to its end, one after the other."""
    async with database.transaction() as session:
        waiting = (
            await session.scalars(
                select(ImportBatch.id).where(ImportBatch.state.in_(_WORKING)).order_by(ImportBatch.created_at)
            )
        ).all()
    for batch_id in waiting:
        await _advance(database, folder, batch_id)


async def _advance(database: Database, folder: Path, batch_id: UUID) -> None:
    async with database.transaction() as session:
        batch = await session.get_one(ImportBatch, batch_id)
    if batch.state is BatchState.READING:
        await _read(database, folder / batch.sha256, batch_id)
        return
    step = _file_chunk if batch.state is BatchState.FILING else _undo_chunk
    while True:
        async with database.transaction() as session:
            claimed = await _claim(session, batch_id, batch.state)
            if claimed is None or not await step(session, claimed):
                break
    log.info("import_advanced", batch_id=str(batch_id), was=batch.state.value)


async def _claim(session: AsyncSession, batch_id: UUID, state: BatchState) -> ImportBatch | None:
    """The batch's row, locked; None when another worker has it or it is elsewhere by now."""
    return await session.scalar(
        select(ImportBatch)
        .where(ImportBatch.id == batch_id, ImportBatch.state == state)
        .with_for_update(skip_locked=True)
    )


async def _read(database: Database, path: Path, batch_id: UUID) -> None:
    """Check every row of the file, from where it was left."""
    async with database.transaction() as session:
        last = await _last_row(session, batch_id)
    try:
        rest = (row for row in islice(reading.rows(path), 1, None) if row[0] > last)
        while await _read_chunk(database, batch_id, rest):
            pass
    except (reading.UnreadableFile, OSError) as error:
        log.warning("import_unreadable", batch_id=str(batch_id), error=type(error).__name__)
        async with database.transaction() as session:
            batch = await session.get_one(ImportBatch, batch_id, with_for_update=True)
            batch.state, batch.finished_at = BatchState.FAILED, clock.now()
            batch.problem = error.text if isinstance(error, reading.UnreadableFile) else "El archivo ya no está."


async def _read_chunk(database: Database, batch_id: UUID, rest: Iterator[tuple[int, list[str]]]) -> bool:
    """Check the next rows; False when there are none left, or the batch is another's."""
    async with database.transaction() as session:
        batch = await _claim(session, batch_id, BatchState.READING)
        if batch is None:
            return False
        chunk = await reading.some(rest, READ_CHUNK)
        if not chunk:
            batch.state = BatchState.READY
            return False
        # Another worker may have gone on with the file since this one opened it.
        last = await _last_row(session, batch_id)
        new = [row for row in chunk if row[0] > last]
        session.add_all(await RowChecker(session, batch).check(new))
        batch.total += len(new)
        return True


async def _last_row(session: AsyncSession, batch_id: UUID) -> int:
    """How far the file was read."""
    return await session.scalar(select(func.max(ImportRow.number)).where(ImportRow.batch_id == batch_id)) or 0


async def _file_chunk(session: AsyncSession, batch: ImportBatch) -> bool:
    states = [RowState.VALID, RowState.REPEATED] if batch.with_repeated else [RowState.VALID]
    rows = await _rows(session, batch, states)
    news = [petition_of(row, batch.id) for row in rows]
    filed = await filing.file_all(session, news, actor=ActorKind.STAFF, user_id=batch.created_by) if news else []
    for row, petition in zip(rows, filed, strict=True):
        row.petition_id, row.state = petition.id, RowState.FILED
    await session.flush()
    if not rows:
        batch.state, batch.finished_at = BatchState.DONE, clock.now()
    return bool(rows)


async def _undo_chunk(session: AsyncSession, batch: ImportBatch) -> bool:
    rows = await _rows(session, batch, [RowState.FILED])
    for row in rows:
        petition = await session.get_one(Petition, row.petition_id, with_for_update=True)
        if await _is_touched(session, petition):
            row.state = RowState.KEPT
            continue
        await petitions.change_status(
            session,
            petition,
            PetitionStatus.CANCELADA,
            reason=f"Se deshizo la importación de «{batch.file_name}».",
            actor=ActorKind.SYSTEM,
            user_id=batch.undone_by,
            is_told=False,
        )
        row.state = RowState.UNDONE
    await session.flush()
    if not rows:
        batch.state = BatchState.UNDONE
    return bool(rows)


async def _rows(session: AsyncSession, batch: ImportBatch, states: list[RowState]) -> Sequence[ImportRow]:
    query = select(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.state.in_(states))
    return (await session.scalars(query.order_by(ImportRow.number).limit(FILE_CHUNK))).all()


async def _is_touched(session: AsyncSession, petition: Petition) -> bool:
    """Whether anything happened to a petition since it was filed."""
    events = await session.scalar(
        select(func.count()).select_from(PetitionEvent).where(PetitionEvent.petition_id == petition.id)
    )
    return petition.status is not PetitionStatus.RECIBIDA or (events or 0) > 1
