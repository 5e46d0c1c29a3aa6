"""What the capture page asks while somebody types, and its filing."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Request, UploadFile
from pydantic import BaseModel, Field, StringConstraints

from backend.agents.auth import CurrentUser
from backend.calls import service as calls
from backend.capture import fields
from backend.capture import service as capture
from backend.db import Tx
from backend.dossier import service as dossier
from backend.dossier.models import DocumentKind
from backend.errors import InvalidInput
from backend.fields import CleanText
from backend.registry import service as registry
from backend.registry.models import EntryChannel, Petition, PetitionKind
from backend.settings import Settings
from backend.text import phone_text

router = APIRouter(prefix="/api/console/capture", tags=["console"])


class Typed(BaseModel):
    typed: CleanText = Field(max_length=120)


class PersonFound(BaseModel):
    id: UUID
    full_name: str
    phone_text: str | None
    email: str | None
    curp: str | None
    petitions: int


class MunicipalityFound(BaseModel):
    name: str | None
    suggestion: str | None


class Staged(BaseModel):
    id: UUID
    file_name: str
    kind: DocumentKind


class Chosen(BaseModel):
    id: UUID
    kind: DocumentKind


class CaptureIn(BaseModel):
    key: str = Field(pattern=r"^[0-9a-f]{32}$")
    kind: PetitionKind
    channel: EntryChannel
    person_id: UUID | None = None
    #: The running call in which it is told.
    call_id: UUID | None = None
    typed: dict[str, Annotated[str, StringConstraints(max_length=5000)]] = Field(max_length=60)
    documents: list[Chosen] = Field(default_factory=list, max_length=40)


class Filed(BaseModel):
    folio: str
    access_code: str


class CaptureRefused(InvalidInput):
    code = "captura_incompleta"
    message = "Revise los datos marcados."


@router.post("/people")
async def find_people(tx: Tx, user: CurrentUser, body: Typed) -> list[PersonFound]:
    """Known people by telephone, name or CURP. In the body: no log keeps what was typed."""
    return [
        PersonFound(
            id=one.person.id,
            full_name=one.person.full_name,
            phone_text=phone_text(one.person.phone) if one.person.phone else None,
            email=one.person.email,
            curp=one.person.curp,
            petitions=one.petitions,
        )
        for one in await capture.people(tx, body.typed)
    ]


@router.post("/municipality")
async def find_municipality(tx: Tx, user: CurrentUser, body: Typed) -> MunicipalityFound:
    """The municipality that a name, a nickname or a town means."""
    name, suggestion = await capture.municipality_of(tx, body.typed)
    return MunicipalityFound(name=name, suggestion=suggestion)


@router.post("/documents", status_code=201)
async def stage_document(request: Request, tx: Tx, user: CurrentUser, file: Annotated[UploadFile, File()]) -> Staged:
    """Keep a scan until its petition is filed."""
    document = await dossier.stage(tx, await request.app.state.files.keep(file), user_id=user.id)
    return Staged(id=document.id, file_name=document.file_name, kind=document.kind)


@router.post("", status_code=201)
async def file_capture(request: Request, tx: Tx, user: CurrentUser, body: CaptureIn) -> Filed:
    """File what was captured; the same key again is the same petition."""
    if body.channel not in fields.CHANNELS:
        raise InvalidInput("Elija el medio de entrada.")
    form = capture.Form(
        body.key,
        body.kind,
        body.channel,
        body.typed,
        body.person_id,
        [(one.id, one.kind) for one in body.documents],
    )
    result = await capture.file(tx, form, user_id=user.id)
    if result.petition is None:
        raise CaptureRefused(problems=result.problems)
    if body.call_id is not None:
        await calls.link_filed(tx, body.call_id, result.petition, user)
    return filed(request, result.petition)


def filed(request: Request, petition: Petition) -> Filed:
    """What whoever captured tells, or hands, to the person."""
    settings: Settings = request.app.state.settings
    secret = settings.key
    return Filed(folio=petition.folio, access_code=registry.code_of(petition, secret))
