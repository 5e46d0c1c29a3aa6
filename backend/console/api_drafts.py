"""The citizen's petition, completed by an agent from the chat."""

from uuid import UUID

from fastapi import APIRouter, Request

from backend.agents.auth import CurrentUser
from backend.console import petition_form
from backend.console.schemas import DraftAnswers, DraftForm, DraftResult
from backend.db import Tx
from backend.registry.models import PetitionKind
from backend.settings import Settings

router = APIRouter(prefix="/api/console", tags=["console"])


@router.get("/conversations/{conversation_id}/draft")
async def read_draft(tx: Tx, user: CurrentUser, conversation_id: UUID, kind: PetitionKind | None = None) -> DraftForm:
    """The form as the bot left it. `kind` shows it for another kind of petition, changing nothing."""
    return await petition_form.draft_form(tx, conversation_id, kind)


@router.post("/conversations/{conversation_id}/draft")
async def answer_draft(
    request: Request, tx: Tx, user: CurrentUser, conversation_id: UUID, body: DraftAnswers
) -> DraftResult:
    """Complete the form, and register the petition when `file` is true and nothing is missing."""
    settings: Settings = request.app.state.settings
    secret = settings.key
    return await petition_form.answer_draft(
        tx, conversation_id, user, secret, kind=body.kind, typed=body.fields, file=body.file
    )
