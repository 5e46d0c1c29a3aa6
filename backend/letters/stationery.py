"""What all letters share: the letterhead, who signs, and how numbers are written and given."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.audit import service as audit
from backend.letters.errors import StationeryRefused
from backend.letters.models import Letter, LetterCounter, Letterhead, LetterSeries, Series
from backend.text import strip_control

_PREFIX = re.compile(r"[A-ZÑ0-9]+(?:[/.-][A-ZÑ0-9]+)*")
_MAY_BE_EMPTY = frozenset({"department", "address", "signer_name", "copies"})
LETTERHEAD_TEXTS: dict[str, str] = {
    "institution": "Institución",
    "office": "Oficina",
    "department": "Departamento",
    "address": "Domicilio, al pie",
    "place": "Lugar de la fecha",
    "signer_name": "Quien firma",
    "signer_title": "Cargo de quien firma",
    "copies": "Con copia para, una por renglón",
}


@dataclass(frozen=True)
class SeriesView:
    key: Series
    prefix: str
    #: The last number given this year; 0 before the first.
    last_number: int
    #: The system has given none this year, so that the office may say up to where it came on paper.
    is_unused: bool


async def letterhead(session: AsyncSession) -> Letterhead:
    return await session.get_one(Letterhead, 1)


async def change_letterhead(session: AsyncSession, user: User, typed: Mapping[str, str]) -> None:
    """Replace the letterhead. Letters already made keep theirs. Raises StationeryRefused."""
    found = await session.get_one(Letterhead, 1, with_for_update=True)
    changed = []
    for name, title in LETTERHEAD_TEXTS.items():
        value = strip_control(typed.get(name, "").replace("\r\n", "\n")).strip()
        most: int = Letterhead.__table__.columns[name].type.length  # type: ignore[attr-defined]
        if not value and name not in _MAY_BE_EMPTY:
            raise StationeryRefused(f"Escriba: {title.lower()}.", field=name)
        if len(value) > most:
            raise StationeryRefused(f"{title}: {most} letras como máximo.", field=name)
        if value != getattr(found, name):
            changed.append(name)
        setattr(found, name, value)
    if changed:
        await audit.record(session, user, "letterhead", user.id, changed=changed)


async def series(session: AsyncSession, year: int) -> list[SeriesView]:
    rows = await session.execute(
        select(LetterSeries.key, LetterSeries.prefix, func.coalesce(LetterCounter.last_number, 0))
        .outerjoin(LetterCounter, (LetterCounter.series == LetterSeries.key) & (LetterCounter.year == year))
        .order_by(LetterSeries.key.desc())
    )
    used = set(await session.scalars(select(Letter.series).where(Letter.year == year).distinct()))
    return [SeriesView(key, prefix, last, key not in used) for key, prefix, last in rows]


async def change_series(
    session: AsyncSession, user: User, key: Series, *, prefix: str, year: int, last_on_paper: int | None = None
) -> None:
    """Write numbers with `prefix` from now on; go on from `last_on_paper` while the year has no letter of ours.

    Raises StationeryRefused, also for a prefix that another series has or had: a number means one letter for ever.
    """
    wanted = prefix.strip().upper()
    if not _PREFIX.fullmatch(wanted) or len(wanted) > 30:
        raise StationeryRefused(
            "El prefijo lleva letras y números, separados por diagonal, guion o punto: CEAC/DAG.", field=f"prefix_{key}"
        )
    taken = await session.scalar(
        select(LetterSeries.key).where(LetterSeries.prefix == wanted, LetterSeries.key != key)
    ) or await session.scalar(
        select(Letter.id).where(Letter.reference.startswith(f"{wanted}/", autoescape=True), Letter.series != key)
    )
    if taken is not None:
        raise StationeryRefused("Ese prefijo es de la otra serie: los números se repetirían.", field=f"prefix_{key}")
    row = await session.get_one(LetterSeries, key, with_for_update=True)
    before, row.prefix = row.prefix, wanted
    if last_on_paper is not None:
        await _go_on_from(session, key, year, last_on_paper)
    await session.flush()
    if before != wanted or last_on_paper:
        await audit.record(session, user, "letter_series", user.id, series=key.value, prefix=wanted, last=last_on_paper)


async def _go_on_from(session: AsyncSession, key: Series, year: int, last: int) -> None:
    if not 0 <= last <= 99_999:
        raise StationeryRefused("El último número va de 0 a 99,999.", field=f"last_{key}")
    statement = insert(LetterCounter).values(series=key, year=year, last_number=last)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[LetterCounter.series, LetterCounter.year], set_={"last_number": last}
        )
    )
    # The counter's row is locked from here on: no letter can take a number meanwhile.
    if await session.scalar(select(Letter.id).where(Letter.series == key, Letter.year == year).limit(1)):
        raise StationeryRefused("Este año ya hay documentos con número: la serie sigue sola.", field=f"last_{key}")


async def take_number(session: AsyncSession, key: Series, year: int) -> tuple[int, str]:
    """The next number of the year, and how it is written. Others wait until this transaction ends."""
    statement = insert(LetterCounter).values(series=key, year=year, last_number=1)
    number: int | None = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[LetterCounter.series, LetterCounter.year],
            set_={"last_number": LetterCounter.last_number + 1},
        ).returning(LetterCounter.last_number)
    )
    assert number is not None
    prefix = await session.scalar(select(LetterSeries.prefix).where(LetterSeries.key == key))
    return number, f"{prefix}/{number:04d}/{year}"


async def reference_to_be(session: AsyncSession, key: Series, year: int) -> str:
    """What a draft shows where its number will stand."""
    prefix = await session.scalar(select(LetterSeries.prefix).where(LetterSeries.key == key))
    return f"{prefix}/____/{year}"
