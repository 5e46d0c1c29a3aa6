"""The administrator's page that compares a vendor's list with what is stored and shown."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse

from backend import clock
from backend.console import channel_texts
from backend.console.desk import AdminDesk, Desk
from backend.errors import ChatSonoraError, InvalidInput
from backend.messaging import accounts, reconciliation, setup
from backend.messaging.comparison import Finding, Row
from backend.messaging.models import ChannelAccount
from channels.catalogue import CHANNELS

router = APIRouter(prefix="/consola/conciliacion", include_in_schema=False)

DEFAULT_PERIOD = timedelta(hours=24)
LONGEST_PERIOD = timedelta(days=7)
ROWS_SHOWN = 300

Moment = Annotated[str, Query(max_length=30)]
Field = Annotated[str, Form(max_length=40)]


def period(desde: str, hasta: str) -> tuple[datetime, datetime]:
    """The period asked for, on the office's clock; the last 24 hours by default. Raises InvalidInput."""
    try:
        until = datetime.fromisoformat(hasta).replace(tzinfo=clock.HERMOSILLO) if hasta else clock.now()
        since = datetime.fromisoformat(desde).replace(tzinfo=clock.HERMOSILLO) if desde else until - DEFAULT_PERIOD
    except ValueError:
        raise InvalidInput("Escriba las fechas del periodo.") from None
    if not since < until:
        raise InvalidInput("El periodo debe empezar antes de terminar.")
    if until - since > LONGEST_PERIOD:
        raise InvalidInput(f"El periodo lleva {LONGEST_PERIOD.days} días como máximo.")
    return since, until


@router.get("")
async def page(
    desk: AdminDesk, cuenta: Annotated[UUID | None, Query()] = None, desde: Moment = "", hasta: Moment = ""
) -> Response:
    async with desk.database.transaction() as session:
        known = [one for one in await accounts.listed(session) if one.channel in CHANNELS]
    chosen = next((one for one in known if one.id == cuenta), None)
    chosen = chosen or next((one for one in known if one.is_on), known[0] if known else None)
    context: dict[str, Any] = {"active": "channels", "accounts": known, "chosen": chosen, "typed": (desde, hasta)}
    status = 200
    try:
        since, until = period(desde, hasta)
        context["typed"] = (f"{clock.local(since):%Y-%m-%dT%H:%M}", f"{clock.local(until):%Y-%m-%dT%H:%M}")
        if chosen is not None:
            context |= await _compared(desk, chosen, since, until)
    except ChatSonoraError as refused:
        context["error"], status = refused.text, refused.status
    return await desk.page("reconciliation.html", context, status)


async def _compared(desk: Desk, account: ChannelAccount, since: datetime, until: datetime) -> dict[str, Any]:
    async with desk.database.transaction() as session:
        unreadable = await reconciliation.unreadable(session, account.id)
    context: dict[str, Any] = {
        "unreadable": unreadable,
        "unreadable_reasons": channel_texts.UNREADABLE_REASONS,
        "findings": channel_texts.FINDINGS,
        "vendor_states": channel_texts.VENDOR_STATES,
        "delivery_states": channel_texts.DELIVERY_STATES,
        "Finding": Finding,
    }
    try:
        report = await reconciliation.report(desk.database, desk.adapters, account.id, since, until)
        context["report"] = report
        wrong = [row for row in report.rows if row.finding not in (Finding.FINE, Finding.TEST)]
        context |= {"wrong": wrong[:ROWS_SHOWN], "wrong_count": len(wrong)}
        if not report.has_list:
            context["health"] = await setup.webhook_health(desk.database, desk.adapters, desk.settings, account.id)
    except ChatSonoraError as refused:
        context["error"] = refused.text
    return context


@router.post("")
async def act(
    desk: AdminDesk, cuenta: Annotated[UUID, Form()], action: Field = "", desde: Field = "", hasta: Field = ""
) -> Response:
    """Bring what is missing, or read anew what could not be read."""
    if action in {"recuperar", "estados"}:
        since, until = period(desde, hasta)
        done = await reconciliation.replay_missing(desk.database, desk.adapters, desk.user, cuenta, since, until)
    elif action == "releer":
        done = await reconciliation.replay_unreadable(desk.database, desk.adapters, desk.user, cuenta)
    else:
        raise InvalidInput("Esa acción no existe.")
    notice = "recuperados" if not done.refused else "recuperados_algunos"
    if not done.stored:
        notice = "estados" if action == "estados" else "recuperados_ninguno"
    return RedirectResponse(
        f"/consola/conciliacion?cuenta={cuenta}&desde={desde}&hasta={hasta}&aviso={notice}", status_code=303
    )


@router.get(".csv")
async def export(desk: AdminDesk, cuenta: Annotated[UUID, Query()], desde: Moment = "", hasta: Moment = "") -> Response:
    """Every message of the period, those that match too. No text, and of a number its last four digits."""
    since, until = period(desde, hasta)
    report = await reconciliation.report(desk.database, desk.adapters, cuenta, since, until)
    content = io.StringIO()
    csv.writer(content).writerows(_csv_rows(report.rows))
    name = f"conciliacion-{clock.local(since):%Y%m%d-%H%M}.csv"
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    return Response(
        "\ufeff" + content.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _csv_rows(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    yield ("Resultado", "Sentido", "Hora", "Id del proveedor", "Número termina en", "Estado del proveedor",
           "Estado aquí", "Guardado", "Veces que se muestra", "Conversación")  # fmt: skip
    for row in rows:
        cells = (
            channel_texts.FINDINGS[row.finding][0],
            "Recibido" if row.is_inbound else "Enviado",
            f"{clock.local(row.at):%Y-%m-%d %H:%M:%S}",
            row.provider_id,
            row.counterpart,
            channel_texts.VENDOR_STATES.get(row.vendor_state or "", row.vendor_state or ""),
            channel_texts.DELIVERY_STATES[row.our_state] if row.our_state else "",
            "Sí" if row.is_stored else "No",
            str(row.times_shown),
            str(row.conversation_id or ""),
        )
        yield tuple(_inert(cell) for cell in cells)


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
