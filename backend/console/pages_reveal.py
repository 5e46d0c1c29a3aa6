"""«Mostrar»: a citizen's telephone, e-mail and CURP whole for a quarter of an hour, for a reason that is kept."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from backend.agents.auth import CurrentUser
from backend.console.rendering import safe_address
from backend.console.typed_forms import choice, texts_of, uuid_of
from backend.db import Tx
from backend.errors import InvalidInput
from backend.privacy import reach
from backend.privacy.reach import Reason, Thing

router = APIRouter(prefix="/consola/mostrar", include_in_schema=False)


@router.post("")
async def show(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """Note it on the trail, and go back to the page, which now shows them."""
    typed = texts_of(await request.form())
    thing, reason = choice(Thing, typed.get("clase", "")), choice(Reason, typed.get("motivo", ""))
    if thing is None or reason is None:
        raise InvalidInput("Elija por qué necesita ver los datos.")
    await reach.show(tx, user, thing, uuid_of(typed.get("id", "")), reason, typed.get("nota", ""))
    return RedirectResponse(safe_address(typed.get("volver", "")), status_code=303)
