"""The directory of agencies and their liaisons, kept by the head."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentHead
from backend.agents.models import User
from backend.audit import service as audit
from backend.catalog import agencies
from backend.catalog.agencies import AgencyEntry
from backend.catalog.models import Agency, AgencyLevel
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice, texts_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput

router = APIRouter(prefix="/consola/dependencias", include_in_schema=False)


@router.get("")
async def listing(
    request: Request,
    tx: Tx,
    user: CurrentHead,
    buscar: Annotated[str, Query(max_length=100)] = "",
    editar: Annotated[UUID | None, Query()] = None,
) -> Response:
    return await _page(request, tx, user, searched=buscar, editing=editar)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    searched: str = "",
    editing: UUID | None = None,
    typed: dict[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    edited = await session.get(Agency, editing) if editing else None
    context = {
        "active": "news",
        "agencies": await agencies.listed(session, searched),
        "searched": searched,
        "edited": edited,
        "typed": typed or (_as_typed(edited) if edited else {"level": AgencyLevel.STATE.value, "is_active": "1"}),
        "error": error.text if error else None,
        "problem_field": error.details.get("field") if error else None,
    }
    return await staff_page(request, session, user, "agencies.html", context, error.status if error else 200)


def _as_typed(agency: Agency) -> dict[str, str]:
    return {
        "name": agency.name,
        "short_name": agency.short_name,
        "level": agency.level.value,
        "aliases": "\n".join(agency.aliases),
        "liaison_name": agency.liaison_name or "",
        "liaison_title": agency.liaison_title or "",
        "liaison_email": agency.liaison_email or "",
        "answer_days": str(agency.answer_days),
        "is_active": "1" if agency.is_active else "",
    }


@router.post("")
async def save(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """Add an agency."""
    return await _save(request, tx, user, None)


@router.post("/{agency_id}")
async def change(request: Request, tx: Tx, user: CurrentHead, agency_id: UUID) -> Response:
    """Change an agency."""
    return await _save(request, tx, user, agency_id)


async def _save(request: Request, session: AsyncSession, user: User, agency_id: UUID | None) -> Response:
    typed = texts_of(await request.form())
    try:
        async with session.begin_nested():
            saved = await agencies.save(session, agency_id, _entry(typed))
            await audit.record(session, user, "agency_saved", saved.id, name=saved.short_name)
    except ChatSonoraError as refused:
        return await _page(request, session, user, editing=agency_id, typed=typed, error=refused)
    return RedirectResponse("/consola/dependencias?aviso=dependencia", status_code=303)


def _entry(typed: dict[str, str]) -> AgencyEntry:
    level = choice(AgencyLevel, typed.get("level", ""))
    if level is None:
        raise InvalidInput("Elija el orden de gobierno.", field="level")
    days = typed.get("answer_days", "")
    if not days.isascii() or not days.isdigit() or len(days) > 4:
        raise InvalidInput("Escriba el plazo en días hábiles.", field="answer_days")
    return AgencyEntry(
        name=typed.get("name", ""),
        short_name=typed.get("short_name", ""),
        level=level,
        aliases=typed.get("aliases", "").splitlines(),
        liaison_name=typed.get("liaison_name", ""),
        liaison_title=typed.get("liaison_title", ""),
        liaison_email=typed.get("liaison_email", ""),
        answer_days=int(days),
        is_active=bool(typed.get("is_active")),
    )
