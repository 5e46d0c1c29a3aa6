"""What is done on a folio's page: its status, its data, a note, who has it, its labels and its clock."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.catalog import postal
from backend.catalog import service as catalog
from backend.console.pages_petitions import back_to, detail_page
from backend.console.typed_forms import choice
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind, PetitionKind, PetitionStatus, Priority
from backend.text import strip_control
from backend.workspace import labels, service

router = APIRouter(prefix="/consola/peticiones", include_in_schema=False)

V = TypeVar("V")
Act = Callable[[Petition, dict[str, str]], Awaitable[None]]
#: Longest answers to the form of data, in letters.
_LONGEST = {"colonia": 120, "street": 160, "place_reference": 300}
Typed = Annotated[str, Form(max_length=4000)]


async def _do(request: Request, tx: AsyncSession, user: User, folio: str, form: str, notice: str, act: Act) -> Response:
    """Lock the petition, `act`, and go back to its page; a refusal shows it with what was typed.

    What was seen must still be so, where the form says what it was (`version`).
    """
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        service.require_unchanged(petition, typed.get("version", ""))
        async with tx.begin_nested():
            await act(petition, typed)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused, form=form, typed=typed)
    return back_to(petition.folio, notice)


@router.post("/{folio}/estado")
async def change_status(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    async def act(petition: Petition, typed: dict[str, str]) -> None:
        to = choice(PetitionStatus, typed.get("status", ""))
        reason = typed.get("reason", "").strip()[:1000]
        asked, told = typed.get("asked", "").strip()[:400], typed.get("told", "").strip()[:400]
        if to is None:
            raise InvalidInput("Elija el nuevo estado.")
        if not reason:
            raise InvalidInput("Escriba el motivo del cambio.")
        await petitions.change_status(tx, petition, to, user_id=user.id, reason=reason, asked=asked, told=told)

    return await _do(request, tx, user, folio, "estado", "estado", act)


@router.post("/{folio}/nota")
async def add_note(request: Request, tx: Tx, user: CurrentUser, folio: str, text: Typed = "") -> Response:
    async def act(petition: Petition, typed: dict[str, str]) -> None:
        if not text.strip():
            raise InvalidInput("Escriba la nota.")
        await petitions.add_event(
            tx, petition, PetitionEventKind.NOTE, actor=ActorKind.STAFF, user_id=user.id, text=text.strip()
        )

    return await _do(request, tx, user, folio, "nota", "nota", act)


@router.post("/{folio}/asignar")
async def assign(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    """Give it to somebody; without `assignee`, to nobody."""

    async def act(petition: Petition, typed: dict[str, str]) -> None:
        raw = typed.get("assignee", "")
        try:
            assignee_id = UUID(raw) if raw else None
        except ValueError:
            raise InvalidInput("Elija a una persona de la lista.") from None
        await service.assign(tx, petition, assignee_id, user_id=user.id)

    return await _do(request, tx, user, folio, "asignar", "asignada", act)


@router.post("/{folio}/etiquetas")
async def label(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    """Put a label (`add`) or take one off (`remove`)."""

    async def act(petition: Petition, typed: dict[str, str]) -> None:
        if typed.get("remove"):
            await labels.remove(tx, petition, typed["remove"], user_id=user.id)
        else:
            await labels.add(tx, petition, typed.get("add", ""), user_id=user.id)

    return await _do(request, tx, user, folio, "etiquetas", "etiquetas", act)


@router.post("/{folio}/plazo")
async def clock_of_petition(request: Request, tx: Tx, user: CurrentUser, folio: str, action: Typed = "") -> Response:
    """Stop the clock of the due date, or let it run again."""
    is_stop = action == "detener"

    async def act(petition: Petition, typed: dict[str, str]) -> None:
        change = service.suspend if is_stop else service.resume
        await change(tx, petition, typed.get("reason", ""), user_id=user.id)

    notice = "plazo_detenido" if is_stop else "plazo_reanudado"
    return await _do(request, tx, user, folio, "plazo", notice, act)


@router.post("/{folio}/datos")
async def edit(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    async def act(petition: Petition, typed: dict[str, str]) -> None:
        await petitions.edit(tx, petition, await _changes(tx, petition, typed), user_id=user.id)

    return await _do(request, tx, user, folio, "datos", "guardado", act)


async def _changes(session: AsyncSession, petition: Petition, typed: dict[str, str]) -> dict[str, Any]:
    """The edited data, checked against the catalogs. Raises InvalidInput."""
    narrative = strip_control(typed.get("narrative", "").replace("\r\n", "\n")).strip()
    if len(narrative) < 5:
        raise InvalidInput("Escriba el asunto de la petición.")
    if len(narrative) > 4000:
        raise InvalidInput("El asunto lleva 4,000 letras como máximo.")
    priority = choice(Priority, typed.get("priority", ""))
    kind = choice(PetitionKind, typed.get("kind", ""))
    if priority is None or kind is None:
        raise InvalidInput
    places = {one.id: one.id for one in await catalog.municipalities(session)}
    municipality_id = _known(typed, "municipality", places)
    postal_code = _postal_code(typed) if "postal_code" in typed else petition.postal_code
    if postal_code and postal_code != petition.postal_code:
        municipality_id = await _of_postal_code(session, postal_code, municipality_id)
    topics = {str(one.id): one.id for one in await catalog.topics(session)}
    agencies = {str(one.id): one.id for one in await catalog.agencies(session)}
    return {
        "kind": kind,
        "narrative": narrative,
        "priority": priority,
        "municipality_id": municipality_id,
        "postal_code": postal_code,
        # What it has already stays choosable, even if the catalog no longer offers it.
        "topic_id": _known(typed, "topic", topics | {str(petition.topic_id): petition.topic_id}),
        "agency_id": _known(typed, "agency", agencies | {str(petition.agency_id): petition.agency_id}),
        **{name: _line(typed[name], most) for name, most in _LONGEST.items() if name in typed},
    }


def _line(raw: str, most: int) -> str | None:
    return " ".join(strip_control(raw).split())[:most] or None


def _postal_code(typed: dict[str, str]) -> str | None:
    code = typed["postal_code"].strip()
    if code and not re.fullmatch(r"[0-9]{5}", code):
        raise InvalidInput("El código postal lleva cinco números.")
    return code or None


async def _of_postal_code(session: AsyncSession, code: str, municipality_id: str | None) -> str | None:
    """The municipality, filled from the code where none was chosen; one the catalogue lacks is taken as typed."""
    found = await postal.find(session, code)
    if found is None or municipality_id in {one.id for one in found.municipalities}:
        return municipality_id
    if municipality_id is None:
        return found.municipality.id if found.municipality else None
    raise InvalidInput(f"El código postal {code} no es del municipio elegido. Corrija uno de los dos.")


def _known(typed: dict[str, str], name: str, values: dict[str, V]) -> V | None:
    return values.get(typed.get(name, ""))
