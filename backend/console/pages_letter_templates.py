"""The head's pages on letters: their templates with every version, the letterhead, the numbers."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentHead
from backend.agents.models import User
from backend.audit import service as audit
from backend.console.letter_files import shown_pdf
from backend.console.rendering import staff_page
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput, NotFound
from backend.letters import fields, service, stationery, templates
from backend.letters.document import Document
from backend.letters.errors import TemplateRefused
from backend.letters.kinds import KINDS, Side
from backend.letters.markup import Block, Runs, Table
from backend.letters.models import LetterKind, Series
from backend.registry import petitions
from backend.turns import service as turns

router = APIRouter(prefix="/consola/plantillas", include_in_schema=False)

Typed = Annotated[str, Form(max_length=40_000)]


class PreviewIn(BaseModel):
    subject: str = Field("", max_length=1000)
    body: str = Field("", max_length=40_000)
    folio: str = Field("", max_length=40)


class RunOut(BaseModel):
    text: str
    bold: bool
    italic: bool


class BlockOut(BaseModel):
    """A block as the page's script draws it; `rows` for a table alone."""

    style: str
    marker: str = ""
    depth: int = 0
    runs: list[RunOut] = []
    rows: list[list[list[RunOut]]] = []
    has_head: bool = False


class PreviewOut(BaseModel):
    """What is wrong, a sentence each; or what the letter would say."""

    problems: list[str]
    subject: str = ""
    addressee: list[str] = []
    blocks: list[BlockOut] = []


def _kind(raw: str) -> LetterKind:
    try:
        return LetterKind(raw)
    except ValueError:
        raise NotFound("No existe esa plantilla.") from None


@router.get("")
async def listing(request: Request, tx: Tx, user: CurrentHead) -> Response:
    rows = [(kind, facts, (await templates.versions(tx, kind))[0]) for kind, facts in KINDS.items()]
    return await staff_page(request, tx, user, "letter_templates.html", {"active": "letters", "rows": rows})


@router.get("/membrete")
async def stationery_page(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _stationery_page(request, tx, user)


async def _stationery_page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    typed: dict[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    letterhead = await stationery.letterhead(session)
    year = clock.local(clock.now()).year
    shown = {name: getattr(letterhead, name) for name in stationery.LETTERHEAD_TEXTS}
    series = await stationery.series(session, year)
    for one in series:
        shown |= {f"prefix_{one.key}": one.prefix, f"last_{one.key}": str(one.last_number)}
    context = {
        "active": "letters",
        "titles": stationery.LETTERHEAD_TEXTS,
        "shown": shown | (typed or {}),
        "series": series,
        "series_titles": {Series.OFICIO: "Oficios a dependencias", Series.CARTA: "Cartas a la ciudadanía"},
        "year": year,
        "wrong": error.details.get("field") if error else None,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "letter_stationery.html", context, error.status if error else 200)


@router.post("/membrete")
async def save_stationery(request: Request, tx: Tx, user: CurrentHead) -> Response:
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    year = clock.local(clock.now()).year
    try:
        async with tx.begin_nested():
            await stationery.change_letterhead(tx, user, typed)
            for one in await stationery.series(tx, year):
                last = typed.get(f"last_{one.key}", "").strip() if one.is_unused else ""
                if last and not (last.isascii() and last.isdigit()):
                    raise InvalidInput("El último número se escribe con cifras.", field=f"last_{one.key}")
                prefix = typed.get(f"prefix_{one.key}", "")
                await stationery.change_series(
                    tx, user, one.key, prefix=prefix, year=year, last_on_paper=int(last) if last else None
                )
    except ChatSonoraError as refused:
        return await _stationery_page(request, tx, user, typed=typed, error=refused)
    return RedirectResponse("/consola/plantillas/membrete?aviso=membrete", status_code=303)


@router.get("/{kind}")
async def editor(request: Request, tx: Tx, user: CurrentHead, kind: str) -> Response:
    return await _editor_page(request, tx, user, _kind(kind))


async def _editor_page(
    request: Request,
    session: AsyncSession,
    user: User,
    kind: LetterKind,
    *,
    typed: dict[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    versions = await templates.versions(session, kind)
    newest = versions[0].template
    shown = {"subject": newest.subject, "body": newest.body, "folio": "", "based_on": str(newest.version)}
    context = {
        "active": "letters",
        "kind": kind,
        "facts": KINDS[kind],
        "versions": versions,
        "shown": shown | (typed or {}),
        "fields": fields.of_side(KINDS[kind].side).values(),
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "letter_template.html", context, error.status if error else 200)


@router.post("/{kind}")
async def save(
    request: Request,
    tx: Tx,
    user: CurrentHead,
    kind: str,
    subject: Typed = "",
    body: Typed = "",
    folio: Typed = "",
    based_on: Typed = "",
) -> Response:
    wanted = _kind(kind)
    number = int(based_on) if based_on.isascii() and based_on.isdigit() else 0
    body = body.replace("\r\n", "\n")
    try:
        saved = await templates.save(tx, user, wanted, subject=subject, body=body, based_on=number)
        await audit.record(
            tx, user, "letter_template_saved", saved.id, template=KINDS[wanted].title, version=saved.version
        )
    except ChatSonoraError as refused:
        typed = {"subject": subject, "body": body, "folio": folio, "based_on": based_on}
        return await _editor_page(request, tx, user, wanted, typed=typed, error=refused)
    return RedirectResponse(f"/consola/plantillas/{wanted.value}?aviso=plantilla_documento", status_code=303)


@router.post("/{kind}/vista")
async def preview_pdf(
    request: Request,
    tx: Tx,
    user: CurrentHead,
    kind: str,
    subject: Typed = "",
    body: Typed = "",
    folio: Typed = "",
) -> Response:
    """The typed text as PDF, with a folio's data or the examples."""
    document = await _previewed(tx, _kind(kind), subject, body.replace("\r\n", "\n"), folio)
    return shown_pdf(await service.drawn(document), f"muestra-{kind}.pdf")


@router.post("/{kind}/muestra")
async def preview(request: Request, tx: Tx, user: CurrentHead, kind: str, typed: PreviewIn) -> PreviewOut:
    """What the typed text would say, for the page to draw while it is written."""
    try:
        document = await _previewed(tx, _kind(kind), typed.subject, typed.body, typed.folio)
    except TemplateRefused as refused:
        return PreviewOut(problems=refused.details["problems"])
    except ChatSonoraError as refused:
        return PreviewOut(problems=[refused.text])
    return PreviewOut(
        problems=[],
        subject=document.subject,
        addressee=list(document.addressee),
        blocks=[_block_out(block) for block in document.body],
    )


async def _previewed(session: AsyncSession, kind: LetterKind, subject: str, body: str, folio: str) -> Document:
    """Raises TemplateRefused, PetitionNotFound, LetterRefused."""
    wrong = templates.problems(kind, subject, body)
    if wrong:
        raise TemplateRefused(wrong)
    if not folio.strip():
        return await service.sample(session, kind, subject, body)
    petition = await petitions.get(session, folio)
    views = await turns.of_petition(session, petition.id)
    if KINDS[kind].side is Side.AGENCY and not views:
        raise InvalidInput("Esa petición todavía no se turna: elija otro folio, o ninguno.")
    return await service.for_folio(session, petition, kind, views[-1].turn if views else None, subject, body)


def _block_out(block: Block) -> BlockOut:
    if isinstance(block, Table):
        rows = [[_runs_out(cell) for cell in row] for row in block.rows]
        return BlockOut(style="table", rows=rows, has_head=block.has_head)
    return BlockOut(style=block.style.value, marker=block.marker, depth=block.depth, runs=_runs_out(block.runs))


def _runs_out(runs: Runs) -> list[RunOut]:
    return [RunOut(text=run.text, bold=run.is_bold, italic=run.is_italic) for run in runs]


@router.get("/{kind}/versiones/{number}")
async def compare(
    request: Request, tx: Tx, user: CurrentHead, kind: str, number: int, con: Annotated[int | None, Query()] = None
) -> Response:
    """A version beside another; without `con`, beside the one in use."""
    wanted = _kind(kind)
    earlier = await templates.version(tx, wanted, number)
    newest = await templates.current(tx, wanted)
    other = await templates.version(tx, wanted, con) if con else newest
    context = {
        "active": "letters",
        "kind": wanted,
        "facts": KINDS[wanted],
        "earlier": earlier,
        "other": other,
        "newest": newest,
        "differences": templates.differences(earlier, other),
    }
    return await staff_page(request, tx, user, "letter_versions.html", context)


@router.post("/{kind}/versiones/{number}/restaurar")
async def restore(request: Request, tx: Tx, user: CurrentHead, kind: str, number: int) -> Response:
    wanted = _kind(kind)
    restored = await templates.restore(tx, user, wanted, number)
    await audit.record(tx, user, "letter_template_restored", restored.id, template=KINDS[wanted].title, version=number)
    return RedirectResponse(f"/consola/plantillas/{wanted.value}?aviso=plantilla_restaurada", status_code=303)
