"""The log of calls: its list by filters, and the table to take away."""

from functools import partial

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.audit import service as audit
from backend.calls import queries
from backend.catalog import service as catalog
from backend.console import call_export, call_filters, downloads
from backend.console.call_filters import Listing
from backend.console.rendering import staff_page
from backend.db import Database, Tx
from backend.privacy import reach
from backend.workspace import service as workspace

router = APIRouter(prefix="/consola/llamadas", include_in_schema=False)
_SHEET = downloads.Sheet("llamadas", "Llamadas", call_export.HEADINGS, call_export.WIDTHS)


@router.get("")
async def listing(request: Request, tx: Tx, user: CurrentUser) -> Response:
    shown = Listing.of(request.query_params.multi_items())
    wanted = shown.filter(user, clock.local(clock.now()).date())
    context = {
        "active": "call_log",
        "shown": shown,
        "filters": call_filters,
        "attended": partial(reach.attended_call, user),
        "page": await queries.page(tx, wanted, before=shown.before, after=shown.after),
        "colleagues": await workspace.colleagues(tx),
        "areas": await catalog.areas(tx, only_active=False),
        "municipalities": await catalog.municipalities(tx),
    }
    return await staff_page(request, tx, user, "calls.html", context)


async def _exported(request: Request, session: AsyncSession, user: User, form: str) -> downloads.Rows:
    """What is exported; that it was stands on the trail, without the words that were searched."""
    shown = Listing.of(request.query_params.multi_items())
    await audit.record(session, user, "calls_exported", user.id, form=form, filters=list(shown.values))
    wanted, is_whole = shown.filter(user, clock.local(clock.now()).date()), reach.exports_whole(user)
    database: Database = request.app.state.database
    return downloads.read(database, lambda reading: call_export.chunks(reading, wanted, is_whole=is_whole))


@router.get("/exportar.csv")
async def export_csv(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The list's calls, all of them; opens in Excel."""
    return downloads.csv(_SHEET, await _exported(request, tx, user, "csv"))


@router.get("/exportar.xlsx")
async def export_xlsx(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The same as a workbook."""
    return await downloads.xlsx(_SHEET, await _exported(request, tx, user, "xlsx"))


def _file_name(suffix: str) -> str:
    return f"llamadas-{clock.local(clock.now()):%Y-%m-%d}.{suffix}"
