"""«Plazos»: in how many working days each kind of petition is due, and the days on which the office is closed."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentHead
from backend.agents.models import User
from backend.audit import service as audit
from backend.console import due_texts
from backend.console.rendering import staff_page
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.registry import deadlines, terms
from backend.registry.models import PetitionKind
from backend.registry.terms import Term
from backend.transparency import terms as transparency_terms

router = APIRouter(prefix="/consola/plazos", include_in_schema=False)

Typed = Annotated[str, Form(max_length=200)]


@router.get("")
async def page(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _page(request, tx, user)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    today = clock.local(clock.now()).date()
    stored = {
        f"{part}_{kind.value}": str(getattr(term, part))
        for kind, term in (await terms.terms(session)).items()
        for part in ("days", "urgent_days")
    }
    official = deadlines.official_days(today, today + timedelta(days=365))
    by_law = {day for day, _ in official}
    context = {
        "active": "terms",
        "values": typed if typed and "day" not in typed else stored,
        "typed": typed or {},
        "most_days": terms.MOST_DAYS,
        "closed": [one for one in await terms.closed_days(session, today) if one.day not in by_law],
        "official": official,
        "due_texts": due_texts,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "terms.html", context, error.status if error else 200)


@router.post("")
async def save(request: Request, tx: Tx, user: CurrentHead) -> Response:
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    try:
        wanted = {kind: _term(typed, kind) for kind in PetitionKind}
        await terms.set_terms(tx, wanted)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, typed=typed, error=refused)
    told = {kind.value: [one.days, one.urgent_days] if one else None for kind, one in wanted.items()}
    await audit.record(tx, user, "terms_changed", user.id, terms=told)
    return RedirectResponse("/consola/plazos?aviso=plazos", status_code=303)


def _term(typed: Mapping[str, str], kind: PetitionKind) -> Term | None:
    """A kind's two figures; both empty: it has no term."""
    days, urgent = (typed.get(f"{part}_{kind.value}", "").strip() for part in ("days", "urgent_days"))
    if not days and not urgent:
        return None
    if not all(one.isascii() and one.isdigit() and len(one) <= 3 for one in (days, urgent)):
        raise InvalidInput("Escriba los dos plazos con números, o deje los dos vacíos.")
    return Term(int(days), int(urgent))


@router.post("/dias")
async def change_days(
    request: Request, tx: Tx, user: CurrentHead, action: Typed = "", day: Typed = "", name: Typed = ""
) -> Response:
    """Close the office on a day, or take that back."""
    try:
        wanted = _day(day)
        if action == "quitar":
            await terms.reopen(tx, wanted)
        else:
            await terms.close(tx, wanted, name)
    except ChatSonoraError as refused:
        typed = {"day": day, "name": name}
        return await _page(request, tx, user, typed=typed, error=refused)
    await transparency_terms.refresh_all(tx)
    await audit.record(tx, user, "closed_days_changed", user.id, action=action, day=wanted.isoformat())
    return RedirectResponse("/consola/plazos?aviso=dia_inhabil#dias", status_code=303)


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise InvalidInput("Elija el día.") from None
