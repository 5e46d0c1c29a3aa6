"""The office's areas and their extensions, kept by the administrator."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentAdmin
from backend.agents.models import User
from backend.audit import service as audit
from backend.catalog import areas
from backend.catalog import service as catalog
from backend.catalog.areas import AreaEntry
from backend.catalog.models import OfficeArea
from backend.console.rendering import staff_page
from backend.console.typed_forms import texts_of
from backend.db import Tx
from backend.errors import ChatSonoraError

router = APIRouter(prefix="/consola/areas", include_in_schema=False)


@router.get("")
async def listing(
    request: Request, tx: Tx, user: CurrentAdmin, editar: Annotated[UUID | None, Query()] = None
) -> Response:
    return await _page(request, tx, user, editing=editar)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    editing: UUID | None = None,
    typed: dict[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    edited = await session.get(OfficeArea, editing) if editing else None
    context = {
        "active": "areas",
        "areas": await catalog.areas(session, only_active=False),
        "edited": edited,
        "typed": typed or (_as_typed(edited) if edited else {"is_active": "1"}),
        "error": error.text if error else None,
        "problem_field": error.details.get("field") if error else None,
    }
    return await staff_page(request, session, user, "areas.html", context, error.status if error else 200)


def _as_typed(area: OfficeArea) -> dict[str, str]:
    return {
        "key": area.key,
        "name": area.name,
        "short_name": area.short_name,
        "extension": area.extension or "",
        "is_active": "1" if area.is_active else "",
    }


@router.post("")
async def add(request: Request, tx: Tx, user: CurrentAdmin) -> Response:
    """Add an area."""
    return await _save(request, tx, user, None)


@router.post("/{area_id}")
async def change(request: Request, tx: Tx, user: CurrentAdmin, area_id: UUID) -> Response:
    """Change an area."""
    return await _save(request, tx, user, area_id)


async def _save(request: Request, session: AsyncSession, user: User, area_id: UUID | None) -> Response:
    typed = texts_of(await request.form())
    entry = AreaEntry(
        typed.get("key", ""),
        typed.get("name", ""),
        typed.get("short_name", ""),
        typed.get("extension", ""),
        bool(typed.get("is_active")),
    )
    try:
        area = await areas.save(session, area_id, entry)
    except ChatSonoraError as refused:
        return await _page(request, session, user, editing=area_id, typed=typed, error=refused)
    await audit.record(session, user, "area_saved", area.id, key=area.key, extension=area.extension or "")
    return RedirectResponse("/consola/areas?aviso=area", status_code=303)
