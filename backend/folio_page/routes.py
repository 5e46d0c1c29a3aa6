"""The pages: asking for folio and code, the status, the citizen's word on a conclusion, the acuse."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.acuse import service as acuses
from backend.catalog import service as catalog
from backend.db import Tx
from backend.errors import TooManyRequests
from backend.folio_page import access
from backend.limits import RateLimiter
from backend.registry import folios, progress, verdicts
from backend.registry.models import Petition
from backend.registry.verdicts import Answer
from backend.settings import Settings

FOLDER = Path(__file__).parent
router = APIRouter(prefix=acuses.PAGE, include_in_schema=False)
static = StaticFiles(directory=FOLDER / "static")
templates = Jinja2Templates(directory=FOLDER / "templates")
templates.env.globals.update(Answer=Answer, day_text=progress.day_text)

#: Never kept, found or told on: the page is for whoever holds the code, and its address has the folio.
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}

NOT_FOUND = "No encontramos una petición con ese folio y esa clave. Revise ambos e intente de nuevo."
TOO_MANY = (
    "Hubo muchos intentos seguidos. Para cuidar sus datos, espere {minutes} e intente de nuevo. "
    "Mientras tanto puede preguntar por el chat o en persona."
)
EXPIRED = "Por seguridad, la consulta se cerró. Escriba otra vez su folio y su clave."
_ANSWERS_IN_WINDOW = 10

Typed = Annotated[str, Form()]


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _secret(request: Request) -> bytes:
    return _settings(request).key


def _limiter(request: Request) -> RateLimiter:
    limiter: RateLimiter = request.app.state.limiter
    return limiter


def _page(request: Request, name: str, status: int = 200, wait: int | None = None, **context: Any) -> Response:
    headers = {**_HEADERS, "Retry-After": str(wait)} if wait is not None else _HEADERS
    values = {"base_url": _settings(request).base_url, **context}
    return templates.TemplateResponse(request, name, values, status_code=status, headers=headers)


@router.get("")
async def ask(request: Request) -> Response:
    """The form for folio and code."""
    return _page(request, "ask.html", folio="")


@router.get("/{folio}")
async def ask_for_code(request: Request, folio: str) -> Response:
    """The same with the folio of the acuse's QR filled in, whether or not there is one."""
    return _page(request, "ask.html", folio=folios.parse(folio[:40]) or "")


@router.post("")
async def show(request: Request, tx: Tx, folio: Typed = "", clave: Typed = "") -> Response:
    """The status, for the right code; else the form again, with what is wrong and the folio that was typed."""
    typed = folio.strip()[:40]
    if folios.parse(typed) is None:
        problem = "Ese folio no está completo o tiene un error. Se ve así: AC-2026-000123-K."
        return _page(request, "ask.html", 422, folio=typed, problem=problem)
    address = request.client.host if request.client else "unknown"
    try:
        petition = await access.open_folio(
            tx, _limiter(request), address=address, folio=typed, code=clave[:40], secret=_secret(request)
        )
    except TooManyRequests as refused:
        return _too_many(request, refused, typed)
    if petition is None:
        return _page(request, "ask.html", 404, folio=typed, problem=NOT_FOUND)
    return await _status(request, tx, petition)


def _too_many(request: Request, refused: TooManyRequests, folio: str) -> Response:
    wait = int(refused.details["retry_after"])
    minutes = -(-wait // 60)
    words = TOO_MANY.format(minutes="un minuto" if minutes == 1 else f"{minutes} minutos")
    return _page(request, "ask.html", 429, wait, folio=folio, problem=words)


async def _status(
    request: Request, session: AsyncSession, petition: Petition, *, said: str = "", problem: str = "", comment: str = ""
) -> Response:
    context: dict[str, Any] = {
        "now": await progress.of_petition(session, petition),
        "office": await catalog.office_state(session, clock.now()),
        "ticket": access.ticket(_secret(request), petition.id),
        "said": said,
        "problem": problem,
        "comment": comment,
    }
    return _page(request, "status.html", 422 if problem else 200, **context)


@router.post("/respuesta")
async def answer(
    request: Request, tx: Tx, ticket: Typed = "", resuelto: Typed = "", comentario: Typed = ""
) -> Response:
    """The citizen's word on the conclusion."""
    petition = await _opened(request, tx, ticket, for_update=True)
    if petition is None:
        return _page(request, "ask.html", 403, folio="", problem=EXPIRED)
    try:
        await _limiter(request).allow("folio-page-answer", petition.folio, _ANSWERS_IN_WINDOW, minutes=15)
    except TooManyRequests as refused:
        return _too_many(request, refused, petition.folio)
    if resuelto not in ("si", "no"):
        return await _status(request, tx, petition, problem="Elija una respuesta: sí o no.", comment=comentario[:1000])
    try:
        await verdicts.give(tx, petition, is_solved=resuelto == "si", comment=comentario)
    except verdicts.VerdictClosed as refused:
        return await _status(request, tx, petition, problem=refused.text)
    told = (
        "Gracias por decirnos. Guardamos su respuesta."
        if resuelto == "si"
        else "Lamentamos que no se haya resuelto. Su petición está de nuevo en atención."
    )
    return await _status(request, tx, petition, said=told)


@router.post("/acuse")
async def acuse(request: Request, tx: Tx, ticket: Typed = "") -> Response:
    """The acuse as a PDF, without the code."""
    petition = await _opened(request, tx, ticket)
    if petition is None:
        return _page(request, "ask.html", 403, folio="", problem=EXPIRED)
    content = await acuses.make(tx, petition, _settings(request).base_url)
    disposition = f'attachment; filename="{acuses.file_name(petition.folio)}"'
    return Response(content, media_type="application/pdf", headers={**_HEADERS, "Content-Disposition": disposition})


async def _opened(request: Request, session: AsyncSession, ticket: str, *, for_update: bool = False) -> Petition | None:
    petition_id = access.read_ticket(_secret(request), ticket[:200])
    return await session.get(Petition, petition_id, with_for_update=for_update or None) if petition_id else None
