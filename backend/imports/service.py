"""Batches of petitions: upload, mapping, confirmation and undoing, as staff decide them. `jobs` does the work."""

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.capture.fields import CHANNELS
from backend.errors import Conflict, InvalidInput, NotFound, TooLarge
from backend.imports import mapping, reading
from backend.imports.models import BatchState, ImportBatch, ImportRow, RowState
from backend.registry.models import EntryChannel, Petition, PetitionKind
from backend.text import strip_control

MAX_BYTES = 60 * 1024 * 1024
PREVIEW = 50


class NotNow(Conflict):
    code = "importacion_en_otro_estado"
    message = "La importación ya está en otro paso. Actualice la página."


@dataclass(frozen=True)
class KeptFile:
    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Progress:
    """How many rows stand how, and of how many."""

    counts: dict[RowState, int]
    total: int

    def of(self, *states: RowState) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def done(self) -> int:
        return sum(self.counts.values())


async def keep(folder: Path, name: str, chunks: AsyncIterator[bytes]) -> KeptFile:
    """Store an upload under its SHA-256. Raises TooLarge, UnreadableFile for an empty one."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix="upload-")
    path, digest, size = Path(temporary), hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as target:
            async for chunk in chunks:
                size += len(chunk)
                if size > MAX_BYTES:
                    raise TooLarge(f"El archivo pasa de {MAX_BYTES // (1024 * 1024)} MB. Divídalo en varios.")
                digest.update(chunk)
                target.write(chunk)
        if size == 0:
            raise reading.UnreadableFile("El archivo está vacío.")
        path.replace(folder / digest.hexdigest())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    shown = strip_control(name.replace("\\", "/").rsplit("/", 1)[-1]).strip()[:200] or "archivo"
    return KeptFile(shown, digest.hexdigest(), size)


async def same_file(session: AsyncSession, sha256: str) -> ImportBatch | None:
    """The latest batch of the same bytes that was, or may still be, filed."""
    return await session.scalar(
        select(ImportBatch)
        .where(ImportBatch.sha256 == sha256, ImportBatch.state.not_in([BatchState.UNDONE, BatchState.FAILED]))
        .order_by(ImportBatch.created_at.desc())
        .limit(1)
    )


async def begin(session: AsyncSession, file: KeptFile, headers: list[str], *, user_id: UUID) -> ImportBatch:
    """A batch whose columns are guessed and wait to be confirmed."""
    batch = ImportBatch(
        file_name=file.name,
        sha256=file.sha256,
        size=file.size,
        state=BatchState.MAPPING,
        headers=headers,
        mapping=await mapping.guess(session, headers),
        defaults={"tipo": PetitionKind.PETICION.value, "medio": EntryChannel.PRESENCIAL.value},
        created_by=user_id,
    )
    session.add(batch)
    await session.flush()
    return batch


async def get(session: AsyncSession, batch_id: UUID, *, for_update: bool = False) -> ImportBatch:
    """A batch. Raises NotFound."""
    batch = await session.get(ImportBatch, batch_id, with_for_update=for_update)
    if batch is None:
        raise NotFound("Esa importación no existe.")
    return batch


def _require(batch: ImportBatch, *states: BatchState) -> None:
    if batch.state not in states:
        raise NotNow


async def map_columns(
    session: AsyncSession, batch: ImportBatch, chosen: Mapping[str, str], *, kind: PetitionKind, channel: EntryChannel
) -> None:
    """Say what each column is; the worker reads the file next. Raises InvalidInput, NotNow."""
    _require(batch, BatchState.MAPPING)
    known = {place: name for place, name in chosen.items() if name in mapping.FIELDS and _is_column(batch, place)}
    if len(set(known.values())) < len(known):
        raise InvalidInput("Dos columnas no pueden ser el mismo dato.")
    if "narrativa" not in known.values():
        raise InvalidInput("Diga qué columna es el asunto.")
    if channel not in CHANNELS:
        raise InvalidInput("Elija el medio de entrada.")
    batch.mapping, batch.defaults = known, {"tipo": kind.value, "medio": channel.value}
    batch.state = BatchState.READING
    await mapping.remember(session, batch.headers, known)


def _is_column(batch: ImportBatch, place: str) -> bool:
    return place in {str(number) for number in range(len(batch.headers))}


async def confirm(session: AsyncSession, batch: ImportBatch, *, with_repeated: bool) -> None:
    """File the rows that passed, and the repeated ones when asked to. Raises NotNow, InvalidInput."""
    _require(batch, BatchState.READY)
    counts = (await progress(session, batch)).counts
    if not counts.get(RowState.VALID) and not (with_repeated and counts.get(RowState.REPEATED)):
        raise InvalidInput("No hay renglones que registrar.")
    batch.state, batch.with_repeated, batch.confirmed_at = BatchState.FILING, with_repeated, clock.now()


def undo(batch: ImportBatch, user: User) -> None:
    """Cancel every petition of the batch that nobody has touched since. Raises NotNow."""
    _require(batch, BatchState.DONE)
    batch.state, batch.undone_by = BatchState.UNDOING, user.id


def discard(batch: ImportBatch) -> None:
    """Leave a batch that was not confirmed. Raises NotNow."""
    _require(batch, BatchState.MAPPING, BatchState.READY)
    batch.state, batch.finished_at = BatchState.UNDONE, clock.now()


async def listed(session: AsyncSession, *, limit: int = 50) -> Sequence[tuple[ImportBatch, str]]:
    """The latest batches, each with who brought it."""
    rows = await session.execute(
        select(ImportBatch, User.full_name)
        .join(User, User.id == ImportBatch.created_by)
        .order_by(ImportBatch.created_at.desc())
        .limit(limit)
    )
    return [(batch, name) for batch, name in rows]


async def progress(session: AsyncSession, batch: ImportBatch) -> Progress:
    """How far a batch is."""
    rows = await session.execute(
        select(ImportRow.state, func.count()).where(ImportRow.batch_id == batch.id).group_by(ImportRow.state)
    )
    return Progress({row[0]: row[1] for row in rows}, batch.total)


async def rows_in(session: AsyncSession, batch: ImportBatch, *states: RowState) -> Sequence[ImportRow]:
    """The first rows that stand so."""
    return (
        await session.scalars(
            select(ImportRow)
            .where(ImportRow.batch_id == batch.id, ImportRow.state.in_(states))
            .order_by(ImportRow.number)
            .limit(PREVIEW)
        )
    ).all()


async def report(session: AsyncSession, batch: ImportBatch) -> AsyncIterator[tuple[ImportRow, str | None]]:
    """Every row with the folio it became, streamed."""
    found = await session.stream(
        select(ImportRow, Petition.folio)
        .outerjoin(Petition, Petition.id == ImportRow.petition_id)
        .where(ImportRow.batch_id == batch.id)
        .order_by(ImportRow.number)
        .execution_options(yield_per=500)
    )
    async for row, folio in found:
        yield row, folio
