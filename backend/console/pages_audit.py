"""«Auditoría»: the trail in plain words, for the head, administrators and auditors; and whether it is whole."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentOverseer
from backend.agents.models import User
from backend.audit import anchoring, chain, listing
from backend.audit import service as audit
from backend.audit.listing import Line, Wanted
from backend.console import audit_texts, downloads
from backend.console.rendering import AUDIT_HOME, staff_page
from backend.console.typed_forms import day_or_none, known_uuid
from backend.db import Tx
from backend.settings import Settings
from backend.spreadsheets import Cell
from backend.text import strip_control

router = APIRouter(prefix=AUDIT_HOME, include_in_schema=False)

_FILTERS = ("quien", "que", "cosa", "desde", "hasta")
_NOBODY = "nadie"
_HEADINGS = ("Número", "Cuándo", "Quién", "Qué hizo", "Clase", "Sobre", "Detalle", "Huella")
_WIDTHS = (10, 18, 28, 60, 24, 38, 50, 66)
_SHEET = downloads.Sheet("bitacora", "Auditoría", _HEADINGS, _WIDTHS)


def _asked(request: Request) -> dict[str, str]:
    given = {name: strip_control(value).strip()[:100] for name, value in request.query_params.items()}
    return {name: given[name] for name in _FILTERS if given.get(name)}


def _wanted(asked: Mapping[str, str]) -> Wanted:
    """The list's filters; what makes no sense is left out."""
    who = asked.get("quien", "")
    return Wanted(
        user_id=known_uuid(who),
        is_nobody=who == _NOBODY,
        kinds=audit_texts.kinds_of(asked.get("que", "")),
        thing=asked.get("cosa", ""),
        first=day_or_none(asked.get("desde", "")),
        last=day_or_none(asked.get("hasta", "")),
    )


@router.get("")
async def page(request: Request, tx: Tx, user: CurrentOverseer) -> Response:
    asked, before = _asked(request), request.query_params.get("antes", "")
    is_later = before.isascii() and before.isdigit() and len(before) < 19
    lines, older = await listing.page(tx, _wanted(asked), before=int(before) if is_later else None)
    context = {
        "active": "audit",
        "lines": lines,
        "older": older,
        "is_later": is_later,
        "asked": asked,
        "query": urlencode(asked),
        "people": await listing.people(tx),
        "nobody": _NOBODY,
        "audit_texts": audit_texts,
        "state": await anchoring.state_of(tx),
        "head": await chain.head(tx),
    }
    return await staff_page(request, tx, user, "audit.html", context)


@router.post("/verificar")
async def verify(request: Request, tx: Tx, user: CurrentOverseer) -> Response:
    """Walk the whole chain now."""
    settings: Settings = request.app.state.settings
    verdict = await anchoring.check_now(tx, anchoring.kept_anchors(settings.var_dir))
    state = await anchoring.state_of(tx)
    await audit.record(tx, user, "audit_verified", user.id, result=verdict.problem or "íntegra", seq=state.checked_seq)
    return RedirectResponse(f"{AUDIT_HOME}?aviso={'bitacora_integra' if verdict.is_whole else ''}", status_code=303)


async def _exported(request: Request, session: AsyncSession, user: User, form: str) -> downloads.Rows:
    """What is exported; that it was stands on the trail itself."""
    asked = _asked(request)
    await audit.record(session, user, "audit_exported", user.id, form=form, filters=list(asked))
    wanted, database = _wanted(asked), request.app.state.database
    return downloads.read(database, lambda reading: _chunks(reading, wanted))


@router.get("/exportar.csv")
async def export_csv(request: Request, tx: Tx, user: CurrentOverseer) -> Response:
    """All the movements of the filters, with the hash of each."""
    return downloads.csv(_SHEET, await _exported(request, tx, user, "csv"))


@router.get("/exportar.xlsx")
async def export_xlsx(request: Request, tx: Tx, user: CurrentOverseer) -> Response:
    """The same as a workbook."""
    return await downloads.xlsx(_SHEET, await _exported(request, tx, user, "xlsx"))


async def _chunks(session: AsyncSession, wanted: Wanted) -> downloads.Rows:
    async for lines in listing.chunks(session, wanted):
        yield [_cells(line) for line in lines]


def _cells(line: Line) -> Sequence[Cell]:
    event = line.event
    return (
        event.seq,
        event.at,
        audit_texts.who(line),
        audit_texts.sentence(line),
        event.kind,
        line.account or str(event.subject_id),
        _detail(event.detail),
        event.hash,
    )


def _detail(detail: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in detail.items())
