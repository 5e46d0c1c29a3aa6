"""«Aprendizaje»: what the bot did not understand, labelled by staff; what is exported of it; models compared."""

import re
from datetime import timedelta
from typing import Annotated, TypeVar
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentHead
from backend.agents.models import User
from backend.audit import service as audit
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice, page_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.learning import exporting, formats, intents, queries, service
from backend.learning.models import LabelState
from backend.learning.queries import Band, Filter, Period
from backend.settings import Settings

router = APIRouter(prefix="/consola/aprendizaje", include_in_schema=False)

E = TypeVar("E", LabelState, Period, Band)

Short = Annotated[str, Query(max_length=100)]
Typed = Annotated[str, Form(max_length=200)]
_BATCH = re.compile(r"[0-9a-f-]{36}")
#: What the address says for every state.
ALL = "todos"


@router.get("")
async def listing(
    request: Request,
    tx: Tx,
    user: CurrentHead,
    estado: Short = LabelState.PENDING.value,
    periodo: Short = "",
    intencion: Short = "",
    confianza: Short = "",
    pagina: Short = "1",
    lote: Short = "",
) -> Response:
    typed = {"estado": estado, "periodo": periodo, "intencion": intencion, "confianza": confianza}
    return await _page(request, tx, user, typed, page=pagina, batch=lote)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    typed: dict[str, str],
    *,
    page: str = "1",
    batch: str = "",
    error: ChatSonoraError | None = None,
) -> Response:
    wanted = Filter(
        state=None if typed["estado"] == ALL else choice(LabelState, typed["estado"]) or LabelState.PENDING,
        period=choice(Period, typed["periodo"]),
        intent=typed["intencion"] or None,
        band=choice(Band, typed["confianza"]),
        page=page_of(page),
    )
    found = await queries.groups(session, wanted)
    context = {
        "active": "learning",
        "result": found,
        "progress": await queries.progress(session),
        "splits": await exporting.count_by_split(session),
        "most_counted": queries.MOST_COUNTED,
        "most_listed": queries.MOST_LISTED,
        "most_texts": exporting.MOST_TEXTS,
        "typed": typed,
        "query": urlencode({name: value for name, value in typed.items() if value}),
        "batch": batch if _BATCH.fullmatch(batch) else None,
        "intents": intents,
        "Split": formats.Split,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "learning.html", context, error.status if error else 200)


@router.post("/etiquetar")
async def label(
    request: Request,
    tx: Tx,
    user: CurrentHead,
    message_id: Annotated[UUID, Form()],
    intent: Typed = "",
    typed: Typed = "",
    action: Typed = "",
    filtro: Typed = "",
) -> Response:
    """Label from a form: a reading's button, an intent typed, or discarded."""
    try:
        meant = None if action == "discard" else intent or intents.named(typed)
        if action != "discard" and not meant:
            raise InvalidInput("Elija una intención de la lista.")
        batch, _ = await service.label(tx, message_id, meant, user.id)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, _filter_of(filtro), error=refused)
    return _back(filtro, lote=str(batch))


@router.post("/deshacer")
async def undo(
    request: Request, tx: Tx, user: CurrentHead, batch: Annotated[UUID, Form()], filtro: Typed = ""
) -> Response:
    try:
        await service.undo(tx, batch)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, _filter_of(filtro), error=refused)
    return _back(filtro, aviso="etiqueta_quitada")


def _filter_of(query: str) -> dict[str, str]:
    """The filters that a form carries as a query string, and no others."""
    given = parse_qs(query, max_num_fields=10)
    names = ("estado", "periodo", "intencion", "confianza")
    return {name: given.get(name, [""])[0][:100] for name in names} | (
        {} if "estado" in given else {"estado": LabelState.PENDING.value}
    )


def _back(query: str, **more: str) -> Response:
    kept = {name: value for name, value in _filter_of(query).items() if value}
    return RedirectResponse(f"/consola/aprendizaje?{urlencode({**kept, **more})}", status_code=303)


@router.get("/exportar/{name}")
async def export(request: Request, tx: Tx, user: CurrentHead, name: str) -> Response:
    """One of the three files that `python -m backend export-labels` writes."""
    found = await exporting.examples(tx)
    content = {
        formats.YAML_NAME: lambda: formats.as_yaml(found),
        formats.TRAINING_NAME: lambda: formats.as_tsv(found, formats.Split.TRAINING),
        formats.HELD_OUT_NAME: lambda: formats.as_tsv(found, formats.Split.HELD_OUT),
    }.get(name)
    if content is None:
        raise InvalidInput("Ese archivo no existe.")
    await audit.record(tx, user, "labels_exported", user.id, form=name)
    kind = "application/yaml" if name == formats.YAML_NAME else "text/tab-separated-values"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content(), media_type=f"{kind}; charset=utf-8", headers=headers)


@router.get("/modelos")
async def models(request: Request, tx: Tx, user: CurrentHead, periodo: Short = Period.MONTH.value) -> Response:
    period = choice(Period, periodo) or Period.MONTH
    settings: Settings = request.app.state.settings
    context = {
        "active": "learning",
        "models": await queries.models(tx, clock.now() - timedelta(days=int(period.value))),
        "period": period,
        "second_model": settings.second_model,
        "share": settings.second_model_share,
    }
    return await staff_page(request, tx, user, "learning_models.html", context)
