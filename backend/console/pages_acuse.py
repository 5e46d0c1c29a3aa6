"""A petition's citizen on its page: both sides of the conclusion, and the acuse to print.

The acuse with the access code is for the person who stands there having just filed: whoever registered the
petition may print it for two hours, a head at any time. Every printing is on the audit trail.
"""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.acuse import service as acuses
from backend.agents.auth import CurrentUser
from backend.agents.models import Role, User
from backend.audit import service as audit
from backend.console import citizen_texts
from backend.db import Tx
from backend.errors import Forbidden
from backend.registry import petitions, verdicts
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind
from backend.settings import Settings
from backend.turns import service as turns

router = APIRouter(prefix="/consola/peticiones", include_in_schema=False)

#: For how long whoever registered a petition may print its code.
AT_THE_DESK = timedelta(hours=2)
PRINTED = "acuse_printed"


class CodeNotYours(Forbidden):
    code = "clave_reservada"
    message = "La clave solo la imprime quien registró la petición, en las dos horas siguientes, o la jefatura."


async def context(session: AsyncSession, petition: Petition, user: User) -> dict[str, Any]:
    """What the panel shows."""
    return {
        "citizen_texts": citizen_texts,
        "verdict": await verdicts.of_petition(session, petition),
        "answered_turns": [one for one in await turns.of_petition(session, petition.id) if one.turn.outcome],
        "may_print_code": await may_print_code(session, petition, user),
        "acuse_prints": [one for one in await audit.trail(session, petition.id) if one[0].kind == PRINTED],
    }


async def may_print_code(session: AsyncSession, petition: Petition, user: User) -> bool:
    """Whether `user` may have the code on paper now."""
    if user.role in (Role.HEAD, Role.ADMIN):
        return True
    filed_by = await session.scalar(
        select(PetitionEvent.user_id).where(
            PetitionEvent.petition_id == petition.id, PetitionEvent.kind == PetitionEventKind.FILED
        )
    )
    return filed_by == user.id and clock.now() - petition.created_at < AT_THE_DESK


@router.post("/{folio}/acuse")
async def print_acuse(
    request: Request, tx: Tx, user: CurrentUser, folio: str, con_clave: Annotated[str, Form(max_length=2)] = ""
) -> Response:
    """The acuse to print; `con_clave=si` with the access code. Raises CodeNotYours."""
    settings: Settings = request.app.state.settings
    petition = await petitions.get(tx, folio)
    has_code = con_clave == "si"
    if has_code and not await may_print_code(tx, petition, user):
        raise CodeNotYours
    code = petitions.code_of(petition, settings.key) if has_code else None
    content = await acuses.make(tx, petition, settings.base_url, code=code)
    await audit.record(tx, user, PRINTED, petition.id, folio=petition.folio, with_code=has_code)
    disposition = f'inline; filename="{acuses.file_name(petition.folio)}"'
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": disposition})
