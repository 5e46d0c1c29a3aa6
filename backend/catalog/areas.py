"""The office's areas as the administrator keeps them: named by the organisation manual, never deleted."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalog.models import OfficeArea
from backend.errors import Conflict, InvalidInput, NotFound
from backend.text import strip_control

EXTENSION_MAX = 20


@dataclass(frozen=True)
class AreaEntry:
    """What an area's form says."""

    key: str
    name: str
    short_name: str
    extension: str
    is_active: bool


async def save(session: AsyncSession, area_id: UUID | None, entry: AreaEntry) -> OfficeArea:
    """Add an area, or change one. Raises InvalidInput and Conflict naming the field, NotFound."""
    key, name, short_name = (strip_control(value).strip() for value in (entry.key, entry.name, entry.short_name))
    for field, value, most in (("key", key, 20), ("name", name, 160), ("short_name", short_name, 60)):
        if not value or len(value) > most:
            raise InvalidInput(f"Escriba la clave, el nombre y el nombre corto, de {most} letras o menos.", field=field)
    extension = checked_extension(entry.extension)
    same = select(OfficeArea.id).where(
        or_(OfficeArea.key == key, OfficeArea.name == name, OfficeArea.short_name == short_name)
    )
    if any(one != area_id for one in await session.scalars(same)):
        raise Conflict("Ya hay otra área con esa clave o ese nombre.", field="key")
    area = await session.get(OfficeArea, area_id) if area_id else OfficeArea()
    if area is None:
        raise NotFound("Esa área no existe.")
    area.key, area.name, area.short_name = key, name, short_name
    area.extension, area.is_active = extension, entry.is_active
    session.add(area)
    await session.flush()
    return area


def checked_extension(typed: str) -> str | None:
    """An extension, or the number at which calls ring; None for none. Raises InvalidInput."""
    extension = typed.replace(" ", "").replace("-", "")
    if not extension:
        return None
    if not extension.removeprefix("+").isdecimal() or not extension.isascii() or len(extension) > EXTENSION_MAX:
        raise InvalidInput("La extensión lleva solo números.", field="extension")
    return extension
