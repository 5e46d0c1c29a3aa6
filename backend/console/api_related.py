"""What a petition that is being typed may repeat, for its form to show. By POST: what is typed is in no address."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend.agents.auth import CurrentUser
from backend.console import texts
from backend.console.related_support import StaffForm, alike
from backend.console.rendering import moment_text
from backend.db import Tx
from backend.registry import lifecycle
from backend.related.candidates import Candidate

router = APIRouter(prefix="/api/console", tags=["console"])
_EXCERPT = 180


class TypedPetition(BaseModel):
    """A form as it stands, by the names of its fields."""

    fields: dict[str, str] = Field(max_length=30)


class AlikeOut(BaseModel):
    folio: str
    status: str
    status_text: str
    is_open: bool
    narrative: str
    place: str
    person: str | None
    created_at: datetime
    created_text: str
    points: int
    reasons: list[str]


class AlikeList(BaseModel):
    petitions: list[AlikeOut]


@router.post("/related/candidates")
async def look_for_alike(tx: Tx, user: CurrentUser, body: TypedPetition) -> AlikeList:
    """The likeliest first; none until a few words are typed."""
    return AlikeList(petitions=[_out(one) for one in await alike(tx, StaffForm.of(body.fields))])


def _out(one: Candidate) -> AlikeOut:
    petition = one.petition
    narrative = petition.narrative
    return AlikeOut(
        folio=petition.folio,
        status=petition.status.value,
        status_text=texts.PETITION_STATUSES[petition.status],
        is_open=petition.status not in lifecycle.CLOSED,
        narrative=narrative if len(narrative) <= _EXCERPT else narrative[:_EXCERPT].rstrip() + "…",
        place=", ".join(part for part in (petition.colonia, one.municipality) if part),
        person=one.person.full_name if one.person else None,
        created_at=petition.created_at,
        created_text=moment_text(petition.created_at),
        points=round(one.score.points),
        reasons=list(one.score.reasons),
    )
