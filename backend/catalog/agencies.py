"""The directory of agencies and their liaisons, as the head keeps it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalog.models import Agency, AgencyLevel
from backend.errors import Conflict, InvalidInput, NotFound
from backend.mail.service import checked_address
from backend.text import fold

_MOST_DAYS = 120


@dataclass(frozen=True)
class AgencyEntry:
    """An agency as it is typed. Empty liaison fields: there is none."""

    name: str
    short_name: str
    level: AgencyLevel
    aliases: Sequence[str] = ()
    liaison_name: str = ""
    liaison_title: str = ""
    liaison_email: str = ""
    answer_days: int = 10
    is_active: bool = True


async def listed(session: AsyncSession, typed: str = "") -> list[Agency]:
    """Every agency whose names or liaison contain what was typed, those in use first."""
    found = await session.scalars(select(Agency).order_by(Agency.is_active.desc(), Agency.name))
    wanted = fold(typed)
    return [one for one in found if wanted in _told(one)]


def _told(one: Agency) -> str:
    parts = (one.name, one.short_name, one.liaison_name, one.liaison_email, *one.aliases)
    return fold(" ".join(part for part in parts if part))


async def save(session: AsyncSession, agency_id: UUID | None, entry: AgencyEntry) -> Agency:
    """Add an agency or change it; petitions and turns keep theirs when it goes out of use.

    Raises InvalidInput, with the `field`; Conflict for a name that another one has; NotFound.
    """
    _check(entry)
    agency = await session.get(Agency, agency_id) if agency_id else Agency(key=await _new_key(session, entry))
    if agency is None:
        raise NotFound("Esa dependencia no existe.")
    await _require_own_name(session, agency, entry)
    agency.name, agency.short_name, agency.level = entry.name.strip(), entry.short_name.strip(), entry.level
    agency.aliases = [alias.strip() for alias in entry.aliases if alias.strip()]
    agency.liaison_name = entry.liaison_name.strip() or None
    agency.liaison_title = entry.liaison_title.strip() or None
    agency.liaison_email = checked_address(entry.liaison_email) if entry.liaison_email.strip() else None
    agency.answer_days, agency.is_active = entry.answer_days, entry.is_active
    session.add(agency)
    await session.flush()
    return agency


def _check(entry: AgencyEntry) -> None:
    for value, most, field, problem in (
        (entry.name, 200, "name", "Escriba el nombre de la dependencia."),
        (entry.short_name, 80, "short_name", "Escriba el nombre corto."),
    ):
        if not 2 <= len(value.strip()) <= most:
            raise InvalidInput(problem, field=field)
    if max(len(entry.liaison_name), len(entry.liaison_title)) > 160:
        raise InvalidInput("El nombre y el cargo del enlace llevan 160 letras como máximo.", field="liaison_name")
    if not 1 <= entry.answer_days <= _MOST_DAYS:
        raise InvalidInput(f"El plazo va de 1 a {_MOST_DAYS} días hábiles.", field="answer_days")


async def _require_own_name(session: AsyncSession, agency: Agency, entry: AgencyEntry) -> None:
    names = (entry.name.strip(), entry.short_name.strip())
    with session.no_autoflush:
        same = await session.scalars(
            select(Agency.id).where(or_(Agency.name == names[0], Agency.short_name == names[1]))
        )
        if any(one != agency.id for one in same):
            raise Conflict("Ya hay otra dependencia con ese nombre o nombre corto.", field="name")


async def _new_key(session: AsyncSession, entry: AgencyEntry) -> str:
    """A key made from the short name, told apart by a number where it is taken."""
    stem = re.sub(r"[^a-z0-9]+", "-", fold(entry.short_name)).strip("-")[:50] or "dependencia"
    taken = set(await session.scalars(select(Agency.key).where(Agency.key.startswith(stem, autoescape=True))))
    number = 2
    key = stem
    while key in taken:
        key, number = f"{stem}-{number}", number + 1
    return key
