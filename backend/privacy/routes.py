"""The privacy notice as a page."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from backend.privacy import service

router = APIRouter(include_in_schema=False)
_templates = Jinja2Templates(directory=Path(__file__).parent / "templates")


@router.get(service.PATH, response_class=HTMLResponse)
async def notice(request: Request) -> HTMLResponse:
    """The notice in force."""
    context = {"sections": service.SECTIONS, "version": service.VERSION}
    return _templates.TemplateResponse(request, "notice.html", context)
