"""Files of call detail records as staff lead them: upload, columns, confirmation, report. `jobs` does the work."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.calls.cdr import layout as layouts
from backend.calls.cdr.exchange import load as load_exchange
from backend.calls.cdr.judging import Call, judge
from backend.calls.cdr.layout import Layout
from backend.calls.cdr.legs import Leg
from backend.calls.cdr.models import CdrImport, CdrLeg, CdrMapping, CdrState, LegState
from backend.errors import InvalidInput, NotFound
from backend.imports import reading
from backend.imports.service import KeptFile, NotNow
from backend.text import fold, strip_control

PREVIEW = 40
SAMPLES = 3
NAME_MAX = 60
#: States in which a call is, or would be, written.
WRITTEN = (LegState.NEW, LegState.CHANGED)


@dataclass(frozen=True)
class Progress:
    """Rows and calls by what they are worth; `written` are the rows that are done of those that are to be written."""

    rows: Mapping[LegState, int]
    calls: Mapping[LegState, int]
    written: int

    @property
    def total(self) -> int:
        return sum(self.rows.values())

    @property
    def to_write(self) -> int:
        return sum(self.rows.get(state, 0) for state in WRITTEN)

    @property
    def judged(self) -> int:
        return self.total - self.rows.get(LegState.READ, 0)


def first_rows(path: Path) -> list[list[str]]:
    """The beginning of a file. Raises UnreadableFile, for one without rows too."""
    with closing(reading.rows(path)) as source:
        found = [cells for _, cells in islice(source, SAMPLES + 1)]
    if not found:
        raise reading.UnreadableFile("El archivo está vacío.")
    return found


def headings_of(cells: Sequence[str]) -> list[str]:
    """A row as the headings of a file are kept."""
    return [strip_control(cell)[:120] for cell in cells]


async def begin(
    session: AsyncSession, file: KeptFile, first: Sequence[str], *, user_id: UUID | None, mapping: str = ""
) -> CdrImport:
    """An import that waits for its columns; with the name of a kept mapping, one that is read at once.

    Raises NotFound for a name that is not kept, InvalidInput where the file lacks its columns.
    """
    made = CdrImport(
        file_name=file.name,
        sha256=file.sha256,
        size=file.size,
        state=CdrState.MAPPING,
        headers=headings_of(first),
        created_by=user_id,
    )
    layout = _guessed(first)
    if mapping:
        layout = await layout_of(session, mapping, first)
        made.state, made.mapping_name = CdrState.READING, mapping[:NAME_MAX]
    made.layout = layout.as_json()
    session.add(made)
    await session.flush()
    return made


def _guessed(first: Sequence[str]) -> Layout:
    return layouts.asterisk(first) if layouts.is_asterisk(first) else Layout(layouts.guess(first))


async def layout_of(session: AsyncSession, name: str, first: Sequence[str]) -> Layout:
    """How files under a mapping's name are read; Asterisk's own is known without being kept.

    Raises NotFound, InvalidInput.
    """
    kept = await session.scalar(select(CdrMapping).where(func.lower(CdrMapping.name) == name.strip().lower()))
    if kept is not None:
        layout = layouts.of_mapping(kept.columns, kept.options, first)
    elif fold(name) == fold(layouts.ASTERISK_NAME):
        layout = layouts.asterisk(first)
    else:
        raise NotFound(f"No hay una forma de lectura llamada «{name}».")
    layouts.check(layout, max(len(first), 1))
    return layout


async def mappings(session: AsyncSession) -> list[str]:
    """The names under which files can be read."""
    kept = list(await session.scalars(select(CdrMapping.name).order_by(CdrMapping.name)))
    return kept if layouts.ASTERISK_NAME in kept else [layouts.ASTERISK_NAME, *kept]


async def set_layout(session: AsyncSession, made: CdrImport, layout: Layout, name: str) -> None:
    """Say what each column is, and keep it under `name` if there is one; the worker reads the file next.

    Raises NotNow, InvalidInput.
    """
    _require(made, CdrState.MAPPING)
    layouts.check(layout, len(made.headers))
    name = strip_control(name).strip()
    if len(name) > NAME_MAX:
        raise InvalidInput(f"El nombre lleva {NAME_MAX} letras como máximo.")
    if name:
        values = {
            "columns": layouts.kept(layout, made.headers),
            "options": layout.options,
            "updated_at": clock.now(),
        }
        statement = insert(CdrMapping).values(name=name, **values)
        await session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
    made.layout, made.mapping_name, made.state = layout.as_json(), name, CdrState.READING
    await session.flush()


def layout_from(made: CdrImport) -> Layout:
    return Layout(**made.layout)


async def get(session: AsyncSession, import_id: UUID, *, for_update: bool = False) -> CdrImport:
    """Raises NotFound."""
    found = await session.get(CdrImport, import_id, with_for_update=for_update or None)
    if found is None:
        raise NotFound("Esa importación no existe.")
    return found


def _require(made: CdrImport, *states: CdrState) -> None:
    if made.state not in states:
        raise NotNow


async def confirm(session: AsyncSession, made: CdrImport) -> None:
    """Write into the ledger what the file brings. Raises NotNow."""
    _require(made, CdrState.READY)
    made.state = CdrState.WRITING
    await session.flush()


async def discard(session: AsyncSession, made: CdrImport) -> None:
    """Leave a file that was not confirmed; what was read of it goes. Raises NotNow."""
    _require(made, CdrState.MAPPING, CdrState.READY)
    made.state, made.finished_at = CdrState.DISCARDED, clock.now()
    await session.execute(delete(CdrLeg).where(CdrLeg.import_id == made.id))


async def listed(session: AsyncSession, *, limit: int = 50) -> Sequence[tuple[CdrImport, str | None]]:
    """The latest files, each with who brought it."""
    rows = await session.execute(
        select(CdrImport, User.full_name)
        .outerjoin(User, User.id == CdrImport.created_by)
        .order_by(CdrImport.created_at.desc())
        .limit(limit)
    )
    return [(made, name) for made, name in rows]


async def progress(session: AsyncSession, made: CdrImport) -> Progress:
    """How far an import is, and what it brings."""
    rows = await session.execute(
        select(
            CdrLeg.state,
            func.count(),
            func.count(CdrLeg.call_key.distinct()),
            func.count().filter(CdrLeg.is_done),
        )
        .where(CdrLeg.import_id == made.id)
        .group_by(CdrLeg.state)
    )
    found = rows.all()
    return Progress(
        {row[0]: row[1] for row in found},
        {row[0]: row[2] for row in found},
        sum(row[3] for row in found if row[0] in WRITTEN),
    )


async def problems(session: AsyncSession, made: CdrImport) -> Sequence[CdrLeg]:
    """The first rows that could not be read."""
    query = select(CdrLeg).where(CdrLeg.import_id == made.id, CdrLeg.state == LegState.INVALID)
    return (await session.scalars(query.order_by(CdrLeg.number).limit(PREVIEW))).all()


async def preview(session: AsyncSession, made: CdrImport) -> list[tuple[LegState, Call]]:
    """The first calls that would be written."""
    keys = (
        select(CdrLeg.call_key)
        .where(CdrLeg.import_id == made.id, CdrLeg.state.in_(WRITTEN))
        .group_by(CdrLeg.call_key)
        .order_by(func.min(CdrLeg.number))
        .limit(PREVIEW)
    )
    calls = await calls_of(session, made, list(await session.scalars(keys)))
    return [(rows[0].state, call) for rows, call in calls.values() if not isinstance(call, LegState)]


async def calls_of(
    session: AsyncSession, made: CdrImport, keys: Sequence[str]
) -> dict[str, tuple[list[CdrLeg], Call | LegState]]:
    """The calls of these keys, each with its rows; or why they are none."""
    exchange = await load_exchange(session, layout_from(made).prefix)
    rows = await session.scalars(
        select(CdrLeg)
        .where(CdrLeg.import_id == made.id, CdrLeg.call_key.in_(keys), CdrLeg.state != LegState.INVALID)
        .order_by(CdrLeg.number)
    )
    grouped: dict[str, list[CdrLeg]] = {key: [] for key in keys}
    for row in rows:
        grouped[row.call_key].append(row)
    return {
        key: (legs, judge([Leg.of_json(leg.fields) for leg in legs], exchange)) for key, legs in grouped.items() if legs
    }


async def report(session: AsyncSession, made: CdrImport) -> AsyncIterator[CdrLeg]:
    """Every row in the file's order, streamed."""
    query = select(CdrLeg).where(CdrLeg.import_id == made.id).order_by(CdrLeg.number)
    async for row in await session.stream_scalars(query.execution_options(yield_per=500)):
        yield row


def typed_layout(typed: Mapping[str, str], width: int, *, has_headings: bool) -> Layout:
    """The layout that the page's form says. Raises InvalidInput where two columns are the same datum."""
    places: dict[str, int] = {}
    for place in range(width):
        chosen = typed.get(f"columna_{place}", "")
        if chosen in places:
            raise InvalidInput("Dos columnas no pueden ser el mismo dato.")
        if chosen in layouts.FIELDS:
            places[chosen] = place
    prefix = typed.get("prefijo", "").strip()
    if prefix and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 4):
        raise InvalidInput("El prefijo de salida son números, como 9.")
    options: dict[str, Any] = {
        "timezone": typed.get("zona", "").strip() or Layout(places).timezone,
        "prefix": prefix,
        "is_month_first": typed.get("orden_fecha") == "mes",
    }
    return Layout(places, has_headings=has_headings, **options)
