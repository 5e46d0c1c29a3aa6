"""The list of petitions: filters, one change on many, and the table to take away."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.audit import service as audit
from backend.catalog import service as catalog
from backend.console import downloads, due_texts, petition_export, petition_filters, texts
from backend.console.petition_filters import Listing
from backend.console.petition_rows import listed
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice
from backend.db import Database, Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.notices import proof
from backend.privacy import reach
from backend.registry import deadlines, petitions, queries
from backend.registry.models import Petition, PetitionStatus, Priority
from backend.workspace import bulk, labels, service, views

router = APIRouter(prefix="/consola/peticiones", include_in_schema=False)
_SHEET = downloads.Sheet("peticiones", "Peticiones", petition_export.HEADINGS, petition_export.WIDTHS)

#: Statuses that many petitions may be led to at once; what is asked of a person is asked of one.
BULK_STATUSES = tuple(one for one in PetitionStatus if one is not PetitionStatus.REQUIERE_INFORMACION)


@router.get("")
async def listing(request: Request, tx: Tx, user: CurrentUser) -> Response:
    return await list_page(request, tx, user, Listing.of(request.query_params.multi_items()))


async def list_page(
    request: Request,
    session: AsyncSession,
    user: User,
    shown: Listing,
    *,
    error: ChatSonoraError | None = None,
    marked: Collection[str] = (),
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The list; after a refused form with its `error`, what was `marked` and what was `typed`."""
    today, work = clock.local(clock.now()).date(), await deadlines.calendar(session)
    result = await queries.search(session, shown.filter(user, work, today))
    saved = await views.visible(session, user)
    context = {
        "active": "petitions",
        "shown": shown,
        "filters": petition_filters,
        "due_texts": due_texts,
        "result": result,
        "rows": await listed(session, result.rows, work, today),
        "views": saved,
        "tabs": _tabs(shown, saved),
        "may_share": views.may_share(user),
        "colleagues": await service.colleagues(session),
        "labels": await labels.known(session),
        "bulk_statuses": BULK_STATUSES,
        "marked": frozenset(marked),
        "typed": typed or {},
        "untold": await proof.undelivered_count(session),
        "untold_counted": proof.UNTOLD_COUNTED,
        "error": error.text if error else None,
        **await _catalogs(session),
    }
    return await staff_page(request, session, user, "petitions.html", context, error.status if error else 200)


async def _catalogs(session: AsyncSession) -> dict[str, Any]:
    return {
        "municipalities": await catalog.municipalities(session),
        "agencies": await catalog.agencies(session),
        "topics": await catalog.topics(session),
    }


def _tabs(shown: Listing, saved: Collection[Any]) -> list[dict[str, Any]]:
    """The views to choose from; the first one whose filters are those on show is current."""
    tabs = [{"name": name, "query": Listing.parse(query).query} for name, query in petition_filters.DEFAULT_VIEWS]
    tabs += [{"name": view.name, "query": view.query, "is_shared": view.is_shared} for view in saved]
    current = next((tab for tab in tabs if tab["query"] == shown.query), None)
    return [{**tab, "is_current": tab is current} for tab in tabs]


async def _exported(request: Request, session: AsyncSession, user: User, form: str) -> downloads.Rows:
    """What is exported; that it was stands on the trail, without the words that were searched."""
    shown = Listing.of(request.query_params.multi_items())
    work = await deadlines.calendar(session)
    await audit.record(session, user, "petitions_exported", user.id, form=form, filters=list(shown.values))
    wanted, is_whole = shown.filter(user, work, clock.local(clock.now()).date()), reach.exports_whole(user)
    database: Database = request.app.state.database
    return downloads.read(database, lambda reading: petition_export.chunks(reading, wanted, is_whole=is_whole))


@router.get("/exportar.csv")
async def export_csv(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The list's petitions, all of them; opens in Excel."""
    return downloads.csv(_SHEET, await _exported(request, tx, user, "csv"))


@router.get("/exportar.xlsx")
async def export_xlsx(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The same as a workbook."""
    return await downloads.xlsx(_SHEET, await _exported(request, tx, user, "xlsx"))


@router.post("/lote")
async def change_many(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """One change on the marked petitions; the answer tells what became of each."""
    form = await request.form()
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    folios = [value for value in form.getlist("folio") if isinstance(value, str)]
    shown = Listing.parse(typed.get("filtro", ""))
    try:
        told, change = await _change(tx, user, typed)
        outcomes = await bulk.apply(tx, folios, change)
    except ChatSonoraError as refused:
        return await list_page(request, tx, user, shown, error=refused, marked=folios, typed=typed)
    context = {"active": "petitions", "told": told, "outcomes": outcomes, "query": shown.query}
    return await staff_page(request, tx, user, "petitions_bulk.html", context)


async def _change(session: AsyncSession, user: User, typed: Mapping[str, str]) -> tuple[str, bulk.Change]:
    """What the form asks for, in words and as what is done to each petition. Raises InvalidInput."""
    match typed.get("accion"):
        case "asignar":
            return await _assigning(session, user, typed.get("responsable", ""))
        case "prioridad":
            return _prioritising(session, user, typed.get("prioridad", ""))
        case "etiquetar":
            return _labelling(session, user, typed.get("etiqueta", "").strip(), is_added=True)
        case "quitar":
            return _labelling(session, user, typed.get("etiqueta", "").strip(), is_added=False)
        case "estado":
            return _moving(session, user, typed.get("estado", ""), typed.get("motivo", "").strip())
    raise InvalidInput("Elija qué hacer con las peticiones marcadas.")


async def _assigning(session: AsyncSession, user: User, raw: str) -> tuple[str, bulk.Change]:
    people = {str(one.id): one for one in await service.colleagues(session)}
    people[petition_filters.MINE] = user
    if raw != petition_filters.NOBODYS and raw not in people:
        raise InvalidInput("Elija a quién se asignan.")
    assignee_id: UUID | None = people[raw].id if raw in people else None

    async def change(petition: Petition) -> bool:
        if petition.assignee_id == assignee_id:
            return False
        await service.assign(session, petition, assignee_id, user_id=user.id)
        return True

    return (f"Asignar a {people[raw].full_name}" if raw in people else "Dejar sin responsable"), change


def _prioritising(session: AsyncSession, user: User, raw: str) -> tuple[str, bulk.Change]:
    priority = choice(Priority, raw)
    if priority is None:
        raise InvalidInput("Elija la prioridad.")

    async def change(petition: Petition) -> bool:
        if petition.priority is priority:
            return False
        await petitions.edit(session, petition, {"priority": priority}, user_id=user.id)
        return True

    return f"Prioridad {texts.PRIORITIES[priority].lower()}", change


def _labelling(session: AsyncSession, user: User, name: str, *, is_added: bool) -> tuple[str, bulk.Change]:
    if not name:
        raise InvalidInput("Escriba la etiqueta.")

    async def change(petition: Petition) -> bool:
        act = labels.add if is_added else labels.remove
        return await act(session, petition, name, user_id=user.id)

    return f"{'Poner' if is_added else 'Quitar'} la etiqueta «{name}»", change


def _moving(session: AsyncSession, user: User, raw: str, reason: str) -> tuple[str, bulk.Change]:
    to = choice(PetitionStatus, raw)
    if to is None:
        raise InvalidInput("Elija el nuevo estado.")
    if not reason:
        raise InvalidInput("Escriba el motivo del cambio de estado.")

    async def change(petition: Petition) -> bool:
        if petition.status is to:
            return False
        await petitions.change_status(session, petition, to, user_id=user.id, reason=reason[:1000])
        return True

    return f"Pasar a «{petitions.STATUS_TEXTS[to][0]}»", change
