"""Whether a closed edition is still what was closed, and what the tables say differently today."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.models import AdminEvent
from backend.quarterly import content, reckoning
from backend.quarterly.content import Line
from backend.quarterly.editions import CLOSED_EVENT
from backend.quarterly.errors import EditionNotFound
from backend.quarterly.models import Edition, FrozenRows
from backend.quarterly.plan import ENTRIES
from backend.quarterly.reckoning import Packed, Reckoned
from backend.reports.measures import DECIMALS, Value
from backend.reports.periods import Period, Span


@dataclass(frozen=True)
class Verdict:
    """What was found. `problems` are sentences for people; none: the edition is what was closed."""

    kept: str
    reckoned: str
    problems: Sequence[str]

    @property
    def is_whole(self) -> bool:
        return not self.problems


async def frozen_rows(session: AsyncSession, edition: Edition, key: str) -> Packed:
    """The rows behind a figure of a closed edition. Raises EditionNotFound."""
    found = await session.get(FrozenRows, (edition.id, key))
    if found is None:
        raise EditionNotFound("Ese informe no tiene esa cifra.")
    return Packed(found.rows)


async def verify(session: AsyncSession, edition: Edition) -> Verdict:
    """Reckon a closed edition's hashes anew, and its figures from their own rows. Raises EditionNotFound."""
    if edition.content is None or edition.sha256 is None:
        raise EditionNotFound("Ese informe no está cerrado.")
    reckoned = content.hash_of(edition.content)
    problems = []
    if reckoned != edition.sha256:
        problems.append("El contenido no corresponde a la huella con que se cerró.")
    told = await session.scalar(
        select(AdminEvent.detail["sha256"].astext)
        .where(AdminEvent.kind == CLOSED_EVENT, AdminEvent.subject_id == edition.id)
        .order_by(AdminEvent.id)
        .limit(1)
    )
    if told != edition.sha256:
        problems.append("La huella no es la que quedó en la bitácora al cerrar.")
    rows = await session.scalars(select(FrozenRows).where(FrozenRows.edition_id == edition.id))
    behind = {row.figure: Packed(row.rows) for row in rows}
    problems += await asyncio.to_thread(_line_problems, _lines(edition), behind)
    return Verdict(edition.sha256, reckoned, problems)


async def verify_quarter(session: AsyncSession, quarter: str) -> list[tuple[int, Verdict]]:
    """Every closed edition of a quarter («2026-T3») with what was found of it, the first edition first."""
    period = Period.parse(quarter)
    if period is None or period.span is not Span.QUARTER:
        return []
    rows = await session.scalars(
        select(Edition)
        .where(
            Edition.year == period.first.year,
            Edition.quarter == (period.first.month + 2) // 3,
            Edition.closed_at.is_not(None),
        )
        .order_by(Edition.number)
    )
    return [(one.number, await verify(session, one)) for one in rows.all()]


def _line_problems(lines: Sequence[Line], behind: Mapping[str, Packed]) -> list[str]:
    """What of the figures does not agree with the rows kept behind them."""
    problems = []
    for line in lines:
        packed = behind.get(line.key)
        if packed is None or packed.sha256 != line.rows_sha256 or packed.count != line.rows:
            problems.append(f"«{line.name}»: los registros guardados no son los del cierre.")
            continue
        entry = ENTRIES.get(line.key)
        can, value = reckoning.again(entry.figure, packed) if entry else (False, None)
        if can and not _agree(value, line):
            problems.append(f"«{line.name}»: el valor no es el que dan sus registros.")
    return problems


def _agree(value: Value, line: Line) -> bool:
    """Up to the last decimal, where two ways of rounding may part."""
    if value is None or line.value is None:
        return value == line.value
    decimals = DECIMALS[line.unit]
    return bool(abs(value - line.value) <= (1.01 * 10**-decimals if decimals else 0))


@dataclass(frozen=True)
class Delta:
    """A figure that the tables say differently today: with rows that came, went, or bring something else."""

    line: Line
    now: Value
    added: Sequence[UUID]
    removed: Sequence[UUID]
    changed: Sequence[UUID]

    @property
    def difference(self) -> Value:
        if self.now is None or self.line.value is None:
            return None
        return round(self.now - self.line.value, DECIMALS[self.line.unit])


async def deltas(session: AsyncSession, edition: Edition) -> list[Delta]:
    """The figures of a closed edition that were corrected since. Raises EditionNotFound."""
    found = []
    values = await reckoning.values(session, Period.quarter(edition.year, edition.quarter))
    for line in _lines(edition):
        one = await _delta(session, edition, line, values) if line.key in ENTRIES else None
        if one is not None:
            found.append(one)
    return found


async def delta_of(session: AsyncSession, edition: Edition, key: str) -> Delta:
    """What became of one figure of a closed edition. Raises EditionNotFound, also where nothing did."""
    line = next((one for one in _lines(edition) if one.key == key and key in ENTRIES), None)
    values = await reckoning.values(session, Period.quarter(edition.year, edition.quarter))
    found = await _delta(session, edition, line, values) if line is not None else None
    if found is None:
        raise EditionNotFound("Esa cifra no ha cambiado desde el cierre.")
    return found


def _lines(edition: Edition) -> Sequence[Line]:
    if edition.content is None or edition.sha256 is None:
        raise EditionNotFound("Ese informe no está cerrado.")
    return content.read(edition.content, edition.sha256).lines


async def _delta(session: AsyncSession, edition: Edition, line: Line, values: Mapping[str, Reckoned]) -> Delta | None:
    period, figure, value = (
        Period.quarter(edition.year, edition.quarter),
        ENTRIES[line.key].figure,
        values[line.key].value,
    )
    if value == line.value and await reckoning.hash_behind(session, figure, period) == line.rows_sha256:
        return None
    now = await reckoning.rows_behind(session, figure, period)
    then = await frozen_rows(session, edition, line.key)
    found = await asyncio.to_thread(reckoning.differing, then, now)
    return Delta(line, value, added=found.added, removed=found.removed, changed=found.changed)
