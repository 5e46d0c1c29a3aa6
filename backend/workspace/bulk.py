"""One change on many petitions: each whole or not at all, and each one's outcome told."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import ChatSonoraError
from backend.registry import petitions
from backend.registry.models import Petition
from backend.workspace.errors import BulkRefused

#: As many petitions as one request changes.
MOST = 200

#: Changes a locked petition; False where it was so already. Refuses with a ChatSonoraError.
Change = Callable[[Petition], Awaitable[bool]]


@dataclass(frozen=True)
class Outcome:
    """`problem`: why the petition stayed as it was; `is_changed` False without one: there was nothing to do."""

    folio: str
    is_changed: bool
    problem: str = ""


async def apply(session: AsyncSession, folios: Collection[str], change: Change) -> list[Outcome]:
    """Make a change on each petition, in the order of their folios. Raises BulkRefused for none or too many."""
    wanted = sorted(set(folios))
    if not wanted:
        raise BulkRefused("Marque al menos una petición.")
    if len(wanted) > MOST:
        raise BulkRefused(f"Marque {MOST} peticiones como máximo.")
    # Sorted, so that two people's rows are locked in the same order and none waits for the other for ever.
    return [await _one(session, folio, change) for folio in wanted]


async def _one(session: AsyncSession, folio: str, change: Change) -> Outcome:
    try:
        async with session.begin_nested():
            petition = await petitions.get(session, folio, for_update=True)
            return Outcome(petition.folio, await change(petition))
    except ChatSonoraError as refused:
        return Outcome(folio, False, refused.text)
