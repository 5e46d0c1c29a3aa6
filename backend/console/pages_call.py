"""One call: begun, attended, ended, written down afterwards, corrected."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.calls import callers, queries
from backend.calls import service as calls
from backend.calls.entry import CHANNELS, OUTCOMES
from backend.calls.queries import CallRow
from backend.catalog import service as catalog
from backend.console import call_history, call_texts
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice, texts_of
from backend.db import Tx
from backend.errors import ChatSonoraError
from backend.ledger import service as ledger
from backend.ledger.errors import InteractionNotFound
from backend.ledger.models import Direction, InteractionKind, Outcome
from backend.privacy import reach
from backend.registry import intake, petitions
from backend.text import phone_text
from backend.workspace import service as workspace

router = APIRouter(prefix="/consola/llamadas", include_in_schema=False)

Word = Annotated[str, Form(max_length=40)]


def _to(path: str, notice: str = "") -> RedirectResponse:
    return RedirectResponse(f"/consola/llamadas{path}{f'?aviso={notice}' if notice else ''}", status_code=303)


@router.post("/iniciar")
async def begin(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    clase: Word = InteractionKind.CALL.value,
    direccion: Word = Direction.INBOUND.value,
    folio: Word = "",
    telefono: Word = "",
) -> Response:
    """The telephone rings, or somebody dials: the row is stored before the page is shown."""
    beginning = calls.Beginning(
        kind=choice(InteractionKind, clase) or InteractionKind.CALL,
        direction=choice(Direction, direccion) or Direction.INBOUND,
        phone=intake.phone(telefono) if telefono else None,
        petition=await petitions.get(tx, folio) if folio else None,
    )
    return _to(f"/{(await calls.begin(tx, user, beginning)).id}")


@router.get("/anotar")
async def late_form(
    request: Request, tx: Tx, user: CurrentUser, clase: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """The form of a call that is over: of this morning, begun now for want of a better hour."""
    now = call_texts.typed_moment(clock.now().replace(second=0))
    kind = choice(InteractionKind, clase) or InteractionKind.CALL
    return await _late_page(request, tx, user, kind, {"inicio": now, "termino": now})


async def _late_page(
    request: Request,
    session: AsyncSession,
    user: User,
    kind: InteractionKind,
    typed: Mapping[str, str],
    refused: ChatSonoraError | None = None,
) -> Response:
    context = {"kind": kind, "has_times": True, **await form_context(session, typed, refused)}
    return await staff_page(request, session, user, "call_late.html", context, refused.status if refused else 200)


@router.post("/anotar")
async def write_down(request: Request, tx: Tx, user: CurrentUser) -> Response:
    typed = texts_of(await request.form())
    kind = choice(InteractionKind, typed.get("clase", "")) or InteractionKind.CALL
    try:
        written = await calls.write_down(tx, user, kind, typed)
    except ChatSonoraError as refused:
        return await _late_page(request, tx, user, kind, typed, refused)
    return _to(f"/{written.id}", "llamada_anotada")


@router.get("/{call_id}")
async def detail(request: Request, tx: Tx, user: CurrentUser, call_id: UUID) -> Response:
    return await call_page(request, tx, user, call_id)


async def call_page(
    request: Request,
    session: AsyncSession,
    user: User,
    call_id: UUID,
    typed: Mapping[str, str] | None = None,
    refused: ChatSonoraError | None = None,
) -> Response:
    """A running call's form for who attends it; anybody else's, or one that is over, as it stands in the ledger."""
    row = await queries.one(session, call_id)
    if row is None:
        raise InteractionNotFound
    call = row.call
    is_mine = call.ended_at is None and call.agent_id == user.id
    sees_person = await reach.sees_call(session, user, call)
    context: dict[str, Any] = {
        "row": row,
        "call": call,
        "kind": call.kind,
        "channels": CHANNELS[call.kind],
        "has_keys": is_mine,
        "sees_person": sees_person,
        "may_correct": calls.may_correct(user, call) and (sees_person or not call.phone),
        "history": await call_history.lines(session, await queries.corrections(session, call.id), is_whole=sees_person),
        **await form_context(session, typed or typed_of(row), refused),
    }
    if is_mine:
        context["is_late"] = clock.now() - call.started_at > calls.LONGEST
        context["caller"] = await callers.find(
            session, phone=call.phone or "", name=call.caller_name or "", person_id=call.person_id, but=call.id
        )
    elif context["may_correct"]:
        context["has_times"] = calls.may_retime(call)
        context["agents"] = await workspace.colleagues(session) if calls.is_head(user) else []
    status = refused.status if refused else 200
    return await staff_page(request, session, user, "call.html" if is_mine else "call_detail.html", context, status)


async def form_context(
    session: AsyncSession, typed: Mapping[str, str], refused: ChatSonoraError | None
) -> dict[str, Any]:
    """What the fields of a call show, as far as they were filled in."""
    problems = refused.details.get("problems", {}) if refused else {}
    return {
        "active": "call_log",
        "outcomes": {
            outcome: [direction.value for direction, some in OUTCOMES.items() if outcome in some] for outcome in Outcome
        },
        "typed": typed,
        "problems": problems,
        "areas": await catalog.areas(session),
        "municipalities": await catalog.municipalities(session),
        "topics": await catalog.topics(session),
        "error": refused.text if refused else None,
    }


def typed_of(row: CallRow) -> dict[str, str]:
    """A row as its form holds it."""
    call = row.call
    return {
        "telefono": phone_text(call.phone) if call.phone else "",
        "nombre": call.caller_name or "",
        "persona": str(call.person_id or ""),
        "canal": call.channel,
        "direccion": call.direction.value,
        "proposito": call.purpose.value if call.purpose else "",
        "resultado": call.outcome.value if call.outcome else "",
        "area": str(call.transfer_area_id or ""),
        "con_quien": call.transfer_to or "",
        "folio": row.folio or "",
        "municipio": row.municipality or "",
        "tema": str(call.topic_id or ""),
        "notas": call.notes,
        "agente": str(call.agent_id or ""),
        "inicio": call_texts.typed_moment(call.started_at),
        "contesto": call_texts.typed_moment(call.answered_at),
        "termino": call_texts.typed_moment(call.ended_at),
    }


@router.post("/{call_id}/{action}")
async def act(request: Request, tx: Tx, user: CurrentUser, call_id: UUID, action: str) -> Response:
    """What the page's forms do, for a browser that runs no scripts too."""
    typed = texts_of(await request.form())
    row = await ledger.get(tx, call_id, for_update=True)
    try:
        if action == "corregir":
            await calls.correct(tx, row, user, typed)
            return _to(f"/{call_id}", "llamada_corregida")
        calls.require_own(row, user)
        match action:
            case "contestar":
                await calls.keep(tx, row, typed)
                calls.answer(row)
                return _to(f"/{call_id}")
            case "guardar":
                await calls.keep(tx, row, typed)
                return _to(f"/{call_id}")
            case "terminar":
                await calls.end(tx, row, typed)
                return _to("", "llamada_terminada")
            case "descartar":
                await calls.discard(tx, row)
                return _to("", "llamada_descartada")
    except ChatSonoraError as refused:
        return await call_page(request, tx, user, call_id, typed, refused)
    raise InteractionNotFound
