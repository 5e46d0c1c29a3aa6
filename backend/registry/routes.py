"""The registry API, for staff."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, status

from backend.agents.auth import CurrentUser
from backend.db import Tx
from backend.errors import InvalidInput
from backend.registry import capture, petitions, queries
from backend.registry.models import ActorKind, PetitionEventKind, PetitionKind, PetitionStatus
from backend.registry.schemas import (
    NoteIn,
    PersonOut,
    PetitionChange,
    PetitionFiled,
    PetitionIn,
    PetitionOut,
    PetitionPageOut,
    petition_out,
    summary_out,
)
from backend.settings import Settings

router = APIRouter(prefix="/api", tags=["registry"])


@router.get("/petitions")
async def search_petitions(
    tx: Tx,
    user: CurrentUser,
    search: Annotated[str, Query(max_length=200, description="Folio, name, phone or words.")] = "",
    status: PetitionStatus | None = None,
    kind: PetitionKind | None = None,
    municipality: Annotated[str | None, Query(max_length=5, description="INEGI key.")] = None,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> PetitionPageOut:
    """Petitions, newest first, 25 a page."""
    found = await queries.search(tx, queries.PetitionFilter(search.replace("\0", ""), status, kind, municipality, page))
    return PetitionPageOut(
        petitions=[summary_out(row) for row in found.rows], total=found.total, page=found.page, pages=found.pages
    )


@router.post("/petitions", status_code=status.HTTP_201_CREATED)
async def register_petition(request: Request, tx: Tx, user: CurrentUser, body: PetitionIn) -> PetitionFiled:
    """Register a petition."""
    settings: Settings = request.app.state.settings
    petition = await capture.register(tx, body, user_id=user.id)
    secret = settings.secret_key.get_secret_value().encode()
    return PetitionFiled(folio=petition.folio, access_code=petitions.code_of(petition, secret))


@router.get("/petitions/{folio}")
async def read_petition(tx: Tx, user: CurrentUser, folio: str) -> PetitionOut:
    """A petition with its history."""
    return petition_out(await queries.details(tx, await petitions.get(tx, folio)))


@router.patch("/petitions/{folio}")
async def change_petition(tx: Tx, user: CurrentUser, folio: str, body: PetitionChange) -> PetitionOut:
    """Change a petition's data or its status; the history keeps both."""
    petition = await petitions.get(tx, folio, for_update=True)
    changes = body.model_dump(exclude={"status", "reason"}, exclude_unset=True)
    await petitions.edit(tx, petition, changes, user_id=user.id)
    if body.status is not None and body.status is not petition.status:
        if not body.reason.strip():
            raise InvalidInput("Escriba el motivo del cambio de estado.", field="reason")
        await petitions.change_status(tx, petition, body.status, user_id=user.id, reason=body.reason.strip())
    return petition_out(await queries.details(tx, petition))


@router.post("/petitions/{folio}/notes", status_code=status.HTTP_201_CREATED)
async def add_note(tx: Tx, user: CurrentUser, folio: str, body: NoteIn) -> PetitionOut:
    """Add a note to a petition's history."""
    petition = await petitions.get(tx, folio, for_update=True)
    await petitions.add_event(
        tx, petition, PetitionEventKind.NOTE, actor=ActorKind.STAFF, user_id=user.id, text=body.text
    )
    return petition_out(await queries.details(tx, petition))


@router.get("/people")
async def search_people(
    tx: Tx, user: CurrentUser, search: Annotated[str, Query(min_length=2, max_length=100)]
) -> list[PersonOut]:
    """People by name, phone, e-mail or CURP."""
    return [PersonOut.model_validate(one) for one in await queries.people(tx, search.replace("\0", ""))]
