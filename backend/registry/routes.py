"""People of the registry, for staff. Petitions: `backend.integrations.routes`."""

from typing import Annotated

from fastapi import APIRouter, Query

from backend.agents.auth import CurrentUser
from backend.db import Tx
from backend.registry import queries
from backend.registry.schemas import PersonOut

router = APIRouter(prefix="/api", tags=["registry"])


@router.get("/people")
async def search_people(
    tx: Tx, user: CurrentUser, search: Annotated[str, Query(min_length=2, max_length=100)]
) -> list[PersonOut]:
    """People by name, phone, e-mail or CURP, which are told masked: whole, they stand where a person is attended."""
    return [PersonOut.model_validate(one).masked() for one in await queries.people(tx, search.replace("\0", ""))]
