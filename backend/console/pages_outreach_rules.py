"""The head's rules of calling, and the telephones that asked not to be called."""

from collections.abc import Mapping
from datetime import time
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentHead
from backend.agents.models import User
from backend.console import outreach_texts
from backend.console.rendering import staff_page
from backend.console.typed_forms import texts_of
from backend.db import Tx
from backend.errors import ChatSonoraError
from backend.outreach import settings
from backend.outreach.errors import CallRefused
from backend.outreach.settings import NewRules
from backend.registry import intake

RULES = "/consola/reglas-de-llamadas"
router = APIRouter(prefix=RULES, include_in_schema=False)


@router.get("")
async def show(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _page(request, tx, user, {})


async def _page(
    request: Request, session: AsyncSession, user: User, typed: Mapping[str, str], error: ChatSonoraError | None = None
) -> Response:
    rules = await settings.rules(session)
    known = {
        "opens": f"{rules.opens:%H:%M}",
        "closes": f"{rules.closes:%H:%M}",
        "most_tries": str(rules.most_tries),
        "gap_minutes": str(rules.gap_minutes),
        "busy_minutes": str(rules.busy_minutes),
        "information_days": str(rules.information_days),
        **{f"day_{day}": "si" for day in rules.weekdays},
    }
    context = {
        "active": "call_rules",
        "shown": dict(typed) if "opens" in typed else known,
        "typed": typed,
        "problem": error.details.get("field") if error else None,
        "barred": await settings.not_called(session),
        "outreach": outreach_texts,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "outreach_rules.html", context, error.status if error else 200)


@router.post("")
async def save(request: Request, tx: Tx, user: CurrentHead) -> Response:
    typed = texts_of(await request.form())
    try:
        new = NewRules(
            opens=_hour(typed, "opens"),
            closes=_hour(typed, "closes"),
            weekdays=frozenset(day for day in range(7) if typed.get(f"day_{day}")),
            most_tries=_whole(typed, "most_tries"),
            gap_minutes=_whole(typed, "gap_minutes"),
            busy_minutes=_whole(typed, "busy_minutes"),
            information_days=_whole(typed, "information_days"),
        )
        await settings.set_rules(tx, user, new)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, typed, refused)
    return RedirectResponse(f"{RULES}?aviso=reglas", status_code=303)


def _hour(typed: Mapping[str, str], field: str) -> time:
    try:
        return time.fromisoformat(typed.get(field, ""))
    except ValueError:
        raise CallRefused("Escriba bien la hora.", field=field) from None


def _whole(typed: Mapping[str, str], field: str) -> int:
    raw = typed.get(field, "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 6):
        raise CallRefused("Escriba un número entero.", field=field)
    return int(raw)


@router.post("/no-llamar")
async def bar(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """Call a telephone no more."""
    typed = texts_of(await request.form())
    phone = intake.phone(typed.get("telefono", ""))
    if phone is None:
        refused = CallRefused("Escriba los 10 dígitos del teléfono.", field="telefono")
        return await _page(request, tx, user, typed, refused)
    await settings.bar(tx, user, phone, typed.get("motivo", ""))
    return RedirectResponse(f"{RULES}?aviso=no_llamar", status_code=303)


@router.post("/no-llamar/{row_id}/quitar")
async def lift(tx: Tx, user: CurrentHead, row_id: UUID) -> Response:
    """Let a telephone be called again."""
    await settings.lift(tx, user, row_id)
    return RedirectResponse(f"{RULES}?aviso=si_llamar", status_code=303)
