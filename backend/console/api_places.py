"""Places for the address form: what a postal code is of, and a municipality's colonias."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from backend.agents.auth import CurrentUser
from backend.catalog import postal
from backend.catalog.models import Municipality
from backend.db import Tx
from backend.errors import NotFound

router = APIRouter(prefix="/api/console/places", include_in_schema=False)


class PostalCodeOut(BaseModel):
    """`municipality`: the name of the only one."""

    municipality_ids: list[str]
    municipality: str | None
    colonias: list[str]


class ColoniaOut(BaseModel):
    name: str
    postal_code: str


@router.get("/postal/{code}")
async def postal_code(tx: Tx, user: CurrentUser, code: Annotated[str, Path(max_length=10)]) -> PostalCodeOut:
    found = await postal.find(tx, code)
    if found is None:
        raise NotFound("Ese código postal no está en el catálogo de Sonora.")
    return PostalCodeOut(
        municipality_ids=[one.id for one in found.municipalities],
        municipality=found.municipality.name if found.municipality else None,
        colonias=list(found.colonias),
    )


@router.get("/municipalities/{municipality_id}/colonias")
async def colonias(tx: Tx, user: CurrentUser, municipality_id: Annotated[str, Path(max_length=10)]) -> list[ColoniaOut]:
    municipality = await tx.get(Municipality, municipality_id)
    if municipality is None:
        raise NotFound("Ese municipio no está en el catálogo.")
    return [ColoniaOut(name=one.name, postal_code=one.postal_code) for one in postal.colonias(municipality)]
