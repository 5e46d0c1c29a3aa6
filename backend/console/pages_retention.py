"""«Conservación de datos»: the rules, legal holds, what each night did; and opening what is blocked."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentAdmin, CurrentHead, CurrentUser
from backend.agents.models import User
from backend.console import due_texts
from backend.console.rendering import staff_page
from backend.console.typed_forms import texts_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.registry import petitions
from backend.retention import blocking, jobs, rules
from backend.retention.blocking import Thing
from backend.retention.rules import Terms

router = APIRouter(prefix="/consola", include_in_schema=False)


@router.get("/conservacion")
async def page(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _page(request, tx, user)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    context = {
        "active": "retention",
        "rules": (*rules.RULES, rules.CANCELLED_RULE),
        "terms": await rules.terms(session),
        "proposed": rules.PROPOSED,
        "most_blocked": rules.MOST_BLOCKED,
        "elsewhere": rules.ELSEWHERE,
        "jobs": jobs.JOBS,
        # Counted when asked for: on years of data it takes its time.
        "plan": await jobs.plan(request.app.state.database) if "contar" in request.query_params else None,
        "holds": await blocking.holds(session),
        "runs": await jobs.runs(session),
        "due_texts": due_texts,
        "typed": typed or {},
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "retention.html", context, error.status if error else 200)


@router.post("/conservacion")
async def change(request: Request, tx: Tx, user: CurrentAdmin) -> Response:
    typed = texts_of(await request.form())
    try:
        async with tx.begin_nested():
            now = await rules.terms(tx)
            await rules.change(tx, user, {key: _terms(typed, key, now[key]) for key in now})
    except ChatSonoraError as refused:
        return await _page(request, tx, user, typed, refused)
    return RedirectResponse("/consola/conservacion?aviso=conservacion", status_code=303)


def _terms(typed: Mapping[str, str], key: str, now: Terms) -> Terms:
    """A rule's terms as they were typed. Raises InvalidInput."""
    raw = [typed.get(f"keep_{key}", str(now.keep_days)), typed.get(f"blocked_{key}", str(now.blocked_days))]
    if not all(one.isascii() and one.isdigit() and len(one) < 7 for one in raw):
        raise InvalidInput("Escriba los plazos en días, con números.", field=key)
    keep, blocked = map(int, raw)
    return Terms(keep, blocked)


@router.post("/conservacion/causas")
async def hold(request: Request, tx: Tx, user: CurrentHead) -> Response:
    typed = {**texts_of(await request.form()), "form": "hold"}
    try:
        petition = await petitions.get(tx, typed.get("folio", ""))
        thing = Thing.PERSON if typed.get("thing") == Thing.PERSON else Thing.PETITION
        if thing is Thing.PERSON and petition.person_id is None:
            raise InvalidInput("Esa petición es anónima: conserve la petición.", field="thing")
        thing_id = petition.person_id if thing is Thing.PERSON and petition.person_id else petition.id
        await blocking.hold(tx, user, thing, thing_id, typed.get("reason", ""))
    except ChatSonoraError as refused:
        return await _page(request, tx, user, typed, refused)
    return RedirectResponse("/consola/conservacion?aviso=causa_legal", status_code=303)


@router.post("/conservacion/causas/{hold_id}/levantar")
async def lift(tx: Tx, user: CurrentHead, hold_id: UUID) -> Response:
    await blocking.lift(tx, user, hold_id)
    return RedirectResponse("/consola/conservacion?aviso=causa_levantada", status_code=303)


@router.get("/bloqueados/peticion/{blocked_folio}")
async def ask(request: Request, tx: Tx, user: CurrentUser, blocked_folio: str) -> Response:
    """The form that asks for a reason."""
    return await _ask_page(request, tx, user, blocked_folio)


async def _ask_page(
    request: Request,
    session: AsyncSession,
    user: User,
    folio: str,
    reason: str = "",
    error: ChatSonoraError | None = None,
) -> Response:
    context = {
        "active": "petitions",
        "title": f"La petición {folio}",
        "typed": {"reason": reason},
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "blocked.html", context, error.status if error else 200)


@router.post("/bloqueados/peticion/{blocked_folio}")
async def open_blocked(request: Request, tx: Tx, user: CurrentUser, blocked_folio: str) -> Response:
    typed = texts_of(await request.form())
    petition = await petitions.get(tx, blocked_folio)
    try:
        await blocking.open_blocked(tx, user, Thing.PETITION, petition.id, typed.get("reason", ""))
        if petition.conversation_id is not None:
            await blocking.open_blocked(tx, user, Thing.CONVERSATION, petition.conversation_id, typed.get("reason", ""))
    except ChatSonoraError as refused:
        return await _ask_page(request, tx, user, petition.folio, typed.get("reason", ""), refused)
    return RedirectResponse(f"/consola/peticiones/{petition.folio}?aviso=abierto", status_code=303)
