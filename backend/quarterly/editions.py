"""Editions of the Informe: a draft that the head writes, closed once and for ever, corrected only by the next one.

Closing freezes, of one moment, each figure's value and the rows behind it, under one SHA-256. It is kept in the
edition and in the trail of changes, and printed on the document: an edition that was tampered with agrees with none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.catalog.models import OfficeArea
from backend.db import Database
from backend.letters import stationery
from backend.letters.models import Letterhead
from backend.quarterly import content, reckoning
from backend.quarterly.content import Informe, Line, Section
from backend.quarterly.errors import EditionClosed, EditionNotFound, NotYet, QuarterlyRefused
from backend.quarterly.models import Edition, FrozenRows, QuarterGoal
from backend.quarterly.plan import DEPARTMENT, ENTRIES, SECTIONS
from backend.quarterly.reckoning import Packed, Reckoned
from backend.reports.measures import DECIMALS
from backend.reports.periods import Period
from backend.text import strip_control

#: The head's texts, with what the form calls them and how long they may be.
TEXTS: Mapping[str, tuple[str, int]] = {
    "introduction": ("Presentación", 4000),
    "achievements": ("Logros", 6000),
    "difficulties": ("Dificultades", 6000),
    "actions": ("Acciones para el siguiente trimestre", 6000),
    "prepared_name": ("Elaboró", 120),
    "prepared_title": ("Cargo de quien elaboró", 160),
    "reviewed_name": ("Revisó", 120),
    "reviewed_title": ("Cargo de quien revisó", 160),
    "approved_name": ("Autorizó", 120),
    "approved_title": ("Cargo de quien autorizó", 160),
}
#: Those that the document prints, the others sign it.
NARRATIVE = ("introduction", "achievements", "difficulties", "actions")
SIGNATURES = ("prepared", "reviewed", "approved")
CLOSED_EVENT = "quarter_closed"


async def editions(session: AsyncSession, year: int, quarter: int) -> Sequence[Edition]:
    """A quarter's editions, the latest first."""
    found = select(Edition).where(Edition.year == year, Edition.quarter == quarter).order_by(Edition.number.desc())
    return (await session.scalars(found)).all()


async def get(session: AsyncSession, edition_id: UUID, *, for_update: bool = False) -> Edition:
    """Raises EditionNotFound."""
    found = await session.get(Edition, edition_id, with_for_update=for_update or None, populate_existing=for_update)
    if found is None:
        raise EditionNotFound
    return found


async def draft(session: AsyncSession, year: int, quarter: int, *, by: User) -> Edition:
    """The quarter's draft; its first edition is begun with the texts' signatures of the last one closed.

    Raises EditionClosed: what was closed goes on by `correct` alone.
    """
    latest = next(iter(await editions(session, year, quarter)), None)
    if latest is not None:
        if latest.closed_at is not None:
            raise EditionClosed
        return latest
    before = await session.scalar(
        select(Edition).where(Edition.closed_at.is_not(None)).order_by(Edition.closed_at.desc()).limit(1)
    )
    signed = {name: text for name, text in (before.texts if before else {}).items() if name not in NARRATIVE}
    return await _begin(session, year, quarter, 1, signed, "", by)


async def _begin(
    session: AsyncSession, year: int, quarter: int, number: int, texts: Mapping[str, str], reason: str, by: User
) -> Edition:
    edition = Edition(
        year=year, quarter=quarter, number=number, texts=dict(texts), reason=reason, created_by=by.id,
        created_at=clock.now(), updated_at=clock.now(),
    )  # fmt: skip
    session.add(edition)
    await session.flush()
    return edition


async def write(session: AsyncSession, edition: Edition, typed: Mapping[str, str]) -> None:
    """Replace the texts of a locked draft. Raises QuarterlyRefused, EditionClosed."""
    if edition.closed_at is not None:
        raise EditionClosed
    texts = {}
    for name, (title, most) in TEXTS.items():
        text = strip_control(typed.get(name, "")).strip()
        if len(text) > most:
            raise QuarterlyRefused(f"{title}: {most} letras como máximo.", field=name)
        texts[name] = text
    edition.texts = texts
    await session.flush()


async def correct(session: AsyncSession, year: int, quarter: int, reason: str, *, by: User) -> Edition:
    """Begin the next edition of a closed quarter, with the texts of the last. Raises QuarterlyRefused."""
    told = strip_control(reason).strip()
    if not told or len(told) > 1000:
        raise QuarterlyRefused("Escriba por qué se corrige el informe (hasta 1000 letras).", field="reason")
    latest = next(iter(await editions(session, year, quarter)), None)
    if latest is None or latest.closed_at is None:
        raise QuarterlyRefused("La edición en borrador aún se puede cambiar: no hace falta otra.", field="reason")
    return await _begin(session, year, quarter, latest.number + 1, latest.texts, told, by)


async def targets(session: AsyncSession, year: int, quarter: int) -> dict[str, float]:
    """The quarter's goals by figure."""
    rows = await session.scalars(select(QuarterGoal).where(QuarterGoal.year == year, QuarterGoal.quarter == quarter))
    return {row.figure: row.target for row in rows}


async def live(session: AsyncSession, year: int, quarter: int, edition: Edition | None = None) -> Informe:
    """The Informe as the tables say it now; `edition` is the draft whose texts it has."""
    found = await reckoning.values(session, Period.quarter(year, quarter))
    return _informe(year, quarter, edition, await _office(session), found, await targets(session, year, quarter), {})


@dataclass(frozen=True)
class _Office:
    """Whose Informe it is."""

    letterhead: Letterhead
    department: str


async def _office(session: AsyncSession) -> _Office:
    head = await stationery.letterhead(session)
    name = await session.scalar(select(OfficeArea.name).where(OfficeArea.key == DEPARTMENT))
    return _Office(head, name or head.department)


def _informe(
    year: int,
    quarter: int,
    edition: Edition | None,
    office: _Office,
    found: Mapping[str, Reckoned],
    goals: Mapping[str, float],
    behind: Mapping[str, Packed],
) -> Informe:
    sections = tuple(
        Section(section.title, tuple(_line(one.key, found, goals, behind) for one in section.entries))
        for section in SECTIONS
    )
    return Informe(
        year=year,
        quarter=quarter,
        number=edition.number if edition else 1,
        reason=edition.reason if edition else "",
        institution=office.letterhead.institution,
        office=office.letterhead.office,
        department=office.department,
        address=office.letterhead.address,
        texts={name: (edition.texts if edition else {}).get(name, "") for name in TEXTS},
        sections=sections,
    )


def _line(key: str, found: Mapping[str, Reckoned], goals: Mapping[str, float], behind: Mapping[str, Packed]) -> Line:
    figure, rows = ENTRIES[key].figure, behind.get(key)
    target = goals.get(key)
    return Line(
        key=key,
        name=figure.name,
        definition=figure.definition,
        unit=figure.unit,
        more_is_better=figure.more_is_better,
        value=found[key].value,
        before=found[key].before,
        target=round(target) if target is not None and not DECIMALS[figure.unit] else target,
        rows=rows.count if rows else None,
        rows_sha256=rows.sha256 if rows else None,
    )


async def close(database: Database, edition_id: UUID, *, by: User) -> str:
    """Freeze a draft whose quarter is over; its hash. Raises EditionClosed, NotYet.

    Everything is read in one snapshot, so that the values and the rows behind them are of the same moment.
    """
    async with database.snapshot() as session:
        edition = await get(session, edition_id)
        if clock.local(clock.now()).date() <= Period.quarter(edition.year, edition.quarter).last:
            raise NotYet
        period = Period.quarter(edition.year, edition.quarter)
        found = await reckoning.values(session, period)
        behind = {key: await reckoning.rows_behind(session, one.figure, period) for key, one in ENTRIES.items()}
        goals = await targets(session, edition.year, edition.quarter)
        office = await _office(session)
    async with database.transaction() as session:
        edition = await get(session, edition_id, for_update=True)
        if edition.closed_at is not None:
            raise EditionClosed
        made = _informe(edition.year, edition.quarter, edition, office, found, goals, behind)
        moment = clock.now()
        form = content.written(replace(made, closed_at=moment, closed_by=by.full_name))
        # The rows first: once the edition is closed, nothing of it may change.
        session.add_all(FrozenRows(edition_id=edition.id, figure=key, rows=one.rows) for key, one in behind.items())
        await session.flush()
        edition.content, edition.sha256 = form, content.hash_of(form)
        edition.closed_at, edition.closed_by = moment, by.id
        await audit.record(session, by, CLOSED_EVENT, edition.id, sha256=edition.sha256)
        return edition.sha256


async def read(session: AsyncSession, edition: Edition) -> Informe:
    """An edition as it is read: frozen, or as the tables say now."""
    if edition.content is not None and edition.sha256 is not None:
        return content.read(edition.content, edition.sha256)
    return await live(session, edition.year, edition.quarter, edition)


@dataclass(frozen=True)
class Quarter:
    """A quarter in the list: its latest edition, and the latest closed one."""

    period: Period
    year: int
    number: int
    is_over: bool
    editions: Sequence[Edition]


async def quarters(session: AsyncSession, today: date, *, back: int = 8) -> list[Quarter]:
    """The quarter of `today` and those before it, the latest first."""
    rows = (await session.scalars(select(Edition).order_by(Edition.number.desc()))).all()
    found = []
    period = Period.quarter(today.year, (today.month + 2) // 3)
    for _ in range(back):
        year, number = period.first.year, (period.first.month + 2) // 3
        own = [one for one in rows if (one.year, one.quarter) == (year, number)]
        found.append(Quarter(period, year, number, period.last < today, own))
        period = period.before
    return found
