"""The widget's script and styles, and the demonstration portal that embeds it."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from backend.settings import Settings

FOLDER = Path(__file__).parent
router = APIRouter(include_in_schema=False)
static = StaticFiles(directory=FOLDER / "static", check_dir=False)
templates = Jinja2Templates(directory=FOLDER / "templates")


@router.get("/", response_class=HTMLResponse)
async def demo(request: Request) -> HTMLResponse:
    """A page such as the state's portal, with the chat on it."""
    settings: Settings = request.app.state.settings
    return templates.TemplateResponse(request, "demo.html", {"base_url": settings.base_url})
