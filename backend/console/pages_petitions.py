"""The registry's pages: list, detail, and registering by hand."""

from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentUser
from backend.agents.models import Role, User
from backend.catalog import service as catalog
from backend.console import panels
from backend.console.rendering import staff_page
from backend.conversations import queries as conversations
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.notices import proof
from backend.notices.answers import verdict_on
from backend.registry import lifecycle, petitions, queries
from backend.registry.lifecycle import Who
from backend.registry.models import ActorKind, EntryChannel, PetitionEventKind, PetitionKind, PetitionStatus, Priority
from backend.settings import Settings

router = APIRouter(prefix="/consola/peticiones", include_in_schema=False)

E = TypeVar("E", PetitionKind, PetitionStatus, EntryChannel, Priority)
V = TypeVar("V")

#: The filter's word for petitions whose latest notice has no proof.
UNTOLD = "sin_entregar"

Short = Annotated[str, Query(max_length=100)]


def _secret(request: Request) -> bytes:
    settings: Settings = request.app.state.settings
    return settings.secret_key.get_secret_value().encode()


def _choice(options: type[E], raw: str) -> E | None:
    try:
        return options(raw)
    except ValueError:
        return None


@router.get("")
async def listing(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    buscar: Short = "",
    estado: Short = "",
    tipo: Short = "",
    municipio: Short = "",
    avisos: Short = "",
    pagina: Short = "1",
) -> Response:
    wanted = queries.PetitionFilter(
        search=buscar,
        status=_choice(PetitionStatus, estado),
        kind=_choice(PetitionKind, tipo),
        municipality_id=municipio or None,
        is_untold=avisos == UNTOLD,
        page=int(pagina) if pagina.isascii() and pagina.isdigit() else 1,
    )
    typed = {
        "buscar": buscar,
        "estado": estado,
        "tipo": tipo,
        "municipio": municipio,
        "avisos": avisos if avisos == UNTOLD else "",
    }
    context = {
        "active": "petitions",
        "result": await queries.search(tx, wanted),
        "typed": typed,
        "query": urlencode({name: value for name, value in typed.items() if value}),
        "municipalities": await catalog.municipalities(tx),
        "untold": await proof.undelivered_count(tx),
    }
    return await staff_page(request, tx, user, "petitions.html", context)


@router.get("/{folio}")
async def detail(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    return await detail_page(request, tx, user, folio)


async def detail_page(
    request: Request,
    session: AsyncSession,
    user: User,
    folio: str,
    error: ChatSonoraError | None = None,
    *,
    told: str = "",
) -> Response:
    """The folio's page; after a refused form with its `error`, and `told`, the notice that was typed in it."""
    petition = await petitions.get(session, folio)
    person_conversations = []
    if petition.conversation_id is not None:
        person_conversations = list((await conversations.details(session, petition.conversation_id)).earlier)
    context = {
        "active": "petitions",
        "details": await queries.details(session, petition),
        "allowed": lifecycle.allowed(petition.status, Who.STAFF if user.role is Role.ANALYST else Who.HEAD),
        "municipalities": await catalog.municipalities(session),
        "agencies": await catalog.agencies(session),
        "topics": await catalog.topics(session),
        "earlier": person_conversations,
        "sent_notices": await proof.of_petition(session, petition.id),
        "verdict": await verdict_on(session, petition.id),
        "told": told,
        "error": error.text if error else None,
        **await panels.contexts(session, petition, user),
    }
    return await staff_page(request, session, user, "petition_detail.html", context, error.status if error else 200)


@router.post("/{folio}/estado")
async def change_status(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    folio: str,
    status: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
    asked: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        to = _choice(PetitionStatus, status)
        if to is None:
            raise InvalidInput("Elija el nuevo estado.")
        if not reason.strip():
            raise InvalidInput("Escriba el motivo del cambio.")
        await petitions.change_status(tx, petition, to, user_id=user.id, reason=reason.strip(), asked=asked.strip())
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return _back(petition.folio, "estado")


@router.post("/{folio}/nota")
async def add_note(
    request: Request, tx: Tx, user: CurrentUser, folio: str, text: Annotated[str, Form(max_length=4000)] = ""
) -> Response:
    petition = await petitions.get(tx, folio, for_update=True)
    if not text.strip():
        return await detail_page(request, tx, user, folio, InvalidInput("Escriba la nota."))
    await petitions.add_event(
        tx, petition, PetitionEventKind.NOTE, actor=ActorKind.STAFF, user_id=user.id, text=text.strip()
    )
    return _back(petition.folio, "nota")


@router.post("/{folio}/datos")
async def edit(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        await petitions.edit(tx, petition, await _changes(tx, typed), user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return _back(petition.folio, "guardado")


async def _changes(session: AsyncSession, typed: dict[str, str]) -> dict[str, Any]:
    """The edited data, checked against the catalogs. Raises InvalidInput."""
    narrative = typed.get("narrative", "").replace("\r\n", "\n").strip()
    if len(narrative) < 5:
        raise InvalidInput("Escriba el asunto de la petición.")
    priority = _choice(Priority, typed.get("priority", ""))
    kind = _choice(PetitionKind, typed.get("kind", ""))
    if priority is None or kind is None:
        raise InvalidInput
    return {
        "kind": kind,
        "narrative": narrative,
        "priority": priority,
        "municipality_id": _known(
            typed, "municipality", {one.id: one.id for one in await catalog.municipalities(session)}
        ),
        "colonia": typed.get("colonia", "").strip()[:120] or None,
        "topic_id": _known(typed, "topic", {str(one.id): one.id for one in await catalog.topics(session)}),
        "agency_id": _known(typed, "agency", {str(one.id): one.id for one in await catalog.agencies(session)}),
    }


def _known(typed: dict[str, str], name: str, values: dict[str, V]) -> V | None:
    return values.get(typed.get(name, ""))


def _back(folio: str, notice: str) -> Response:
    return RedirectResponse(f"/consola/peticiones/{folio}?aviso={notice}", status_code=303)
