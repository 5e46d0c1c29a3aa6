"""The office's telephone exchange: which numbers are its extensions, and whose each is."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.catalog.models import OfficeArea

#: What an exchange gives its extensions: nobody outside has so short a number.
_SHORTEST, _LONGEST = 2, 6
#: But these, which are the public's.
_PUBLIC = frozenset(
    {"020", "030", "040", "050", "060", "066", "070", "071", "072", "073", "074", "075", "076", "078", "079", "088",
     "089", "090", "911"}
)  # fmt: skip


@dataclass(frozen=True)
class Owner:
    """Whose an extension is; of an area's own, nobody's in particular."""

    user_id: UUID | None
    area_id: UUID | None


@dataclass(frozen=True)
class Exchange:
    owners: Mapping[str, Owner]
    prefix: str = ""

    def extension(self, number: str) -> str | None:
        """`number` where it is one of ours, or as short as one."""
        if number in self.owners:
            return number
        is_short = number.isascii() and number.isdigit() and _SHORTEST <= len(number) <= _LONGEST
        return number if is_short and number not in _PUBLIC else None

    def owner(self, extension: str | None) -> Owner:
        return self.owners.get(extension or "", Owner(None, None))

    def dialled(self, number: str) -> str:
        """A number as the public has it, without what was dialled to take a line."""
        return number.removeprefix(self.prefix) if self.prefix and len(number) > len(self.prefix) + 2 else number


async def load(session: AsyncSession, prefix: str) -> Exchange:
    owners = {
        extension or "": Owner(None, area_id)
        for area_id, extension in await session.execute(
            select(OfficeArea.id, OfficeArea.extension).where(OfficeArea.extension.is_not(None))
        )
    }
    for user_id, area_id, extension in await session.execute(
        select(User.id, User.area_id, User.extension).where(User.extension.is_not(None))
    ):
        owners[extension or ""] = Owner(user_id, area_id)
    return Exchange(owners, prefix)
