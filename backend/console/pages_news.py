"""What agencies answered, sent back or asked, until somebody of the office says that they have seen it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from backend.agents.auth import CurrentUser
from backend.console.rendering import staff_page
from backend.db import Tx
from backend.errors import InvalidInput
from backend.registry import folios
from backend.turns import news

router = APIRouter(prefix="/consola/novedades", include_in_schema=False)


@router.get("")
async def listing(
    request: Request, tx: Tx, user: CurrentUser, ver: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """One's own and what nobody is responsible for; with `ver=todas`, the whole office's."""
    is_all = ver == "todas"
    context = {"active": "news", "rows": await news.unseen(tx, None if is_all else user.id), "is_all": is_all}
    return await staff_page(request, tx, user, "agency_news.html", context)


@router.post("")
async def seen(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """Mark as seen: each `shown` is a turn and the moment of the news that the page showed of it."""
    form = await request.form()
    await news.seen(tx, dict(_shown(raw) for raw in form.getlist("shown") if isinstance(raw, str)))
    return RedirectResponse(_back_to(str(form.get("folio", "")), str(form.get("ver", ""))), status_code=303)


def _shown(raw: str) -> tuple[UUID, datetime]:
    turn_id, _, at = raw.partition(" ")
    try:
        return UUID(turn_id), datetime.fromisoformat(at)
    except ValueError:
        raise InvalidInput from None


def _back_to(folio: str, shown: str) -> str:
    """The folio's page, where it was marked there, or the list as it was."""
    known = folios.parse(folio)
    if known is not None:
        return f"/consola/peticiones/{known}?aviso=visto#turnos"
    return f"/consola/novedades?aviso=visto{'&ver=todas' if shown == 'todas' else ''}"
