"""«Informe trimestral»: goals, texts, preview, closing, the documents, and what was corrected after."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentHead
from backend.agents.models import User
from backend.console import pages_reports, quarterly_texts
from backend.console.rendering import staff_page
from backend.console.typed_forms import page_of, texts_of
from backend.db import Database, Tx
from backend.errors import ChatSonoraError, NotFound
from backend.quarterly import chart, checking, docx_file, editions, goals, layout, opening, pdf, wording
from backend.quarterly.content import Informe
from backend.quarterly.errors import EditionNotFound
from backend.quarterly.models import Edition
from backend.quarterly.plan import ENTRIES, SECTIONS
from backend.reports.periods import Period
from backend.reports.rows import PAGE_SIZE, listing_of
from backend.reports.wording import value_text

router = APIRouter(prefix="/consola/informe", include_in_schema=False)

#: As reports write a quarter: `2026-T3`.
_QUARTER = re.compile(r"(2[0-9]{3})-T([1-4])")
_EDITION = re.compile(r"[0-9]{1,4}")


def _numbers(quarter: str) -> tuple[int, int]:
    """Year and quarter, of those that have begun. Raises NotFound."""
    found = _QUARTER.fullmatch(quarter)
    if found is None:
        raise NotFound("No existe ese trimestre.")
    year, number = int(found[1]), int(found[2])
    if Period.quarter(year, number).first > clock.local(clock.now()).date():
        raise NotFound("Ese trimestre todavía no empieza.")
    return year, number


@router.get("")
async def index(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """The quarters, with what became of each."""
    today = clock.local(clock.now()).date()
    context = {"active": "quarterly", "quarters": await editions.quarters(tx, today)}
    return await staff_page(request, tx, user, "quarters.html", context)


async def _found(request: Request, session: AsyncSession, quarter: str) -> tuple[Edition | None, list[Edition]]:
    """The edition that the address names, or the latest; and all of the quarter's. Raises EditionNotFound."""
    all_of = list(await editions.editions(session, *_numbers(quarter)))
    asked = request.query_params.get("edicion", "")
    if not asked:
        return (all_of[0] if all_of else None), all_of
    one = next((each for each in all_of if _EDITION.fullmatch(asked) and each.number == int(asked)), None)
    if one is None:
        raise EditionNotFound
    return one, all_of


async def _read(session: AsyncSession, quarter: str, edition: Edition | None) -> Informe:
    if edition is not None:
        return await editions.read(session, edition)
    return await editions.live(session, *_numbers(quarter))


@router.get("/{quarter}")
async def show(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    return await _page(request, tx, user, quarter)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    quarter: str,
    *,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    edition, all_of = await _found(request, session, quarter)
    informe = await _read(session, quarter, edition)
    targets = await editions.targets(session, informe.year, informe.quarter)
    shapes = [chart.of(section) for section in informe.sections]
    stored = {key: wording.target_typed(targets.get(key), one.figure.unit) for key, one in ENTRIES.items()}
    context = {
        **_head(quarter, edition, all_of, informe),
        # Drawn by us, with every text in it escaped.
        "charts": [
            Markup(chart.svg(one, f"chart-{place}")) if one else None  # noqa: S704
            for place, one in enumerate(shapes)
        ],
        "layout": layout,
        "plan": SECTIONS,
        "fields": editions.TEXTS,
        "long_fields": editions.NARRATIVE,
        "goal_values": typed if typed and typed.get("form") == "goals" else stored,
        "text_values": typed if typed and typed.get("form") == "texts" else informe.texts,
        "typed": typed or {},
        "typed_unit": wording.TYPED,
        "is_over": clock.local(clock.now()).date() > informe.period.last,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "quarter.html", context, error.status if error else 200)


def _head(quarter: str, edition: Edition | None, all_of: list[Edition], informe: Informe) -> dict[str, Any]:
    """What every page of a quarter shows above."""
    return {
        "active": "quarterly",
        "quarter": quarter,
        "edition": edition,
        "editions": all_of,
        "informe": informe,
        "is_closed": informe.closed_at is not None,
        "query": f"?edicion={edition.number}" if edition else "",
    }


@router.post("/{quarter}/metas")
async def set_goals(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    typed = {**texts_of(await request.form()), "form": "goals"}
    try:
        await goals.set_goals(tx, *_numbers(quarter), typed, by=user)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, quarter, typed=typed, error=refused)
    return RedirectResponse(f"/consola/informe/{quarter}?aviso=metas", status_code=303)


@router.post("/{quarter}/textos")
async def write(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    typed = {**texts_of(await request.form()), "form": "texts"}
    try:
        draft = await editions.draft(tx, *_numbers(quarter), by=user)
        await editions.write(tx, await editions.get(tx, draft.id, for_update=True), typed)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, quarter, typed=typed, error=refused)
    return RedirectResponse(f"/consola/informe/{quarter}?aviso=textos", status_code=303)


@router.post("/{quarter}/cerrar")
async def close(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    """Freeze the quarter. It has transactions of its own: one that sees everything at one moment, one that writes."""
    draft = await editions.draft(tx, *_numbers(quarter), by=user)
    await tx.commit()
    database: Database = request.app.state.database
    try:
        await editions.close(database, draft.id, by=user)
    except ChatSonoraError as refused:
        async with database.transaction() as session:
            return await _page(request, session, user, quarter, error=refused)
    return RedirectResponse(f"/consola/informe/{quarter}?aviso=trimestre_cerrado", status_code=303)


@router.post("/{quarter}/corregir")
async def correct(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    typed = {**texts_of(await request.form()), "form": "correct"}
    try:
        await editions.correct(tx, *_numbers(quarter), typed.get("reason", ""), by=user)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, quarter, typed=typed, error=refused)
    return RedirectResponse(f"/consola/informe/{quarter}?aviso=edicion", status_code=303)


@router.get("/{quarter}/documento.pdf")
async def as_pdf(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    edition, _ = await _found(request, tx, quarter)
    informe = await _read(tx, quarter, edition)
    return _file(await asyncio.to_thread(pdf.render, informe), informe, "pdf", "application/pdf")


@router.get("/{quarter}/documento.docx")
async def as_docx(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    edition, _ = await _found(request, tx, quarter)
    informe = await _read(tx, quarter, edition)
    content = await asyncio.to_thread(docx_file.render, informe, informe.closed_at or clock.now())
    return _file(content, informe, "docx", docx_file.CONTENT_TYPE)


def _file(content: bytes, informe: Informe, suffix: str, content_type: str) -> Response:
    state = f"edicion-{informe.number}" if informe.closed_at else "borrador"
    name = f"informe-{informe.period.key}-{state}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=content_type, headers=headers)


async def _closed(request: Request, session: AsyncSession, quarter: str) -> tuple[Edition, dict[str, Any]]:
    """The closed edition that the address names, and what its pages show above. Raises EditionNotFound."""
    edition, all_of = await _found(request, session, quarter)
    if edition is None or edition.closed_at is None:
        raise EditionNotFound("Ese trimestre no está cerrado.")
    return edition, _head(quarter, edition, all_of, await editions.read(session, edition))


@router.get("/{quarter}/huella")
async def verify(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    """Reckon the hashes anew."""
    edition, context = await _closed(request, tx, quarter)
    context["verdict"] = await checking.verify(tx, edition)
    return await staff_page(request, tx, user, "quarter_hash.html", context)


@router.get("/{quarter}/correcciones")
async def deltas(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    """What the tables say differently today."""
    edition, context = await _closed(request, tx, quarter)
    context |= {
        "deltas": await checking.deltas(tx, edition),
        "value_text": value_text,
        "difference_text": wording.difference_text,
    }
    return await staff_page(request, tx, user, "quarter_deltas.html", context)


@router.get("/{quarter}/filas")
async def rows(request: Request, tx: Tx, user: CurrentHead, quarter: str) -> Response:
    """The rows behind a frozen figure, or those of a correction."""
    edition, context = await _closed(request, tx, quarter)
    key, which = request.query_params.get("cifra", ""), request.query_params.get("que", "cierre")
    line = next((one for one in context["informe"].lines if one.key == key), None)
    entry = ENTRIES.get(key)
    if line is None or entry is None or which not in quarterly_texts.WHICH:
        raise NotFound("No existe esa cifra en el informe.")
    if which == "cierre":
        ids = (await checking.frozen_rows(tx, edition, key)).ids()
    else:
        found = await checking.delta_of(tx, edition, key)
        of_kind = {"agregadas": found.added, "quitadas": found.removed, "cambiadas": found.changed}
        ids = list(of_kind[which])
    number = page_of(request.query_params.get("pagina", ""))
    listing = listing_of(entry.figure.source)
    context |= {
        "line": line,
        "which": quarterly_texts.WHICH[which],
        "headings": listing.headings,
        "rows": await opening.rows(tx, entry.figure, ids, page=number),
        "total": len(ids),
        "number": number,
        "pages": max(1, -(-len(ids) // PAGE_SIZE)),
        "back": "correcciones" if which != "cierre" else "",
        "query": f"edicion={edition.number}&cifra={key}&que={which}",
        "link": pages_reports.link_to,
        "shown": pages_reports.shown_cell,
    }
    return await staff_page(request, tx, user, "quarter_rows.html", context)
