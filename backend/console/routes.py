"""The console's wiring: its pages, its JSON endpoints, its static files and how it shows errors."""

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import URL
from starlette.routing import Match

from backend.agents.errors import CsrfRefused, PasswordChangeRequired, SecondFactorRequired
from backend.console import (
    api_actions,
    api_calls,
    api_capture,
    api_contacts,
    api_drafts,
    api_inbox,
    api_learning,
    api_places,
    api_related,
    blocked_guard,
    pages_account,
    pages_acuse,
    pages_agencies,
    pages_arco,
    pages_areas,
    pages_audit,
    pages_board,
    pages_call,
    pages_call_imports,
    pages_calls,
    pages_campaigns,
    pages_capture,
    pages_catalog,
    pages_channels,
    pages_dossier,
    pages_groups,
    pages_imports,
    pages_inbox,
    pages_integrations,
    pages_learning,
    pages_letter_templates,
    pages_letters,
    pages_liaison,
    pages_news,
    pages_notices,
    pages_outreach,
    pages_outreach_rules,
    pages_petition_actions,
    pages_petition_list,
    pages_petitions,
    pages_procedures,
    pages_quarterly,
    pages_reconciliation,
    pages_related,
    pages_reports,
    pages_retention,
    pages_reveal,
    pages_schedules,
    pages_session,
    pages_suggestions,
    pages_tasks,
    pages_team,
    pages_telephony,
    pages_templates,
    pages_terms,
    pages_transparency,
    pages_turns,
    pages_views,
    pages_voice_account,
    pages_work,
)
from backend.console.rendering import FOLDER, HOME, page, safe_address
from backend.errors import ChatSonoraError, Unauthenticated
from backend.retention.blocking import Blocked

#: Whose page is older than their session gives its form back (`forms_kept.js`): they signed in again in another window.
_OTHER_SESSION = "otra_sesion"
_ANOTHER = "Esta página ya no vale: usted entró de nuevo en otra ventana."

router = APIRouter(dependencies=[Depends(blocked_guard.guard)])
for part in (
    api_inbox,
    api_actions,
    api_contacts,
    api_drafts,
    api_learning,
    api_places,
    api_related,
    pages_session,
    pages_account,
    pages_audit,
    pages_reveal,
    pages_inbox,
    pages_board,
    pages_outreach,
    pages_campaigns,
    pages_outreach_rules,
    pages_notices,
    pages_capture,
    pages_petition_list,
    pages_views,
    pages_petition_actions,
    pages_petitions,
    pages_suggestions,
    pages_terms,
    pages_letters,
    pages_letter_templates,
    pages_related,
    pages_groups,
    pages_turns,
    pages_news,
    pages_liaison,
    pages_agencies,
    api_capture,
    api_calls,
    pages_calls,
    pages_call_imports,
    pages_call,
    pages_areas,
    pages_dossier,
    pages_procedures,
    pages_imports,
    pages_catalog,
    pages_learning,
    pages_voice_account,
    pages_channels,
    pages_telephony,
    pages_templates,
    pages_reconciliation,
    pages_acuse,
    pages_integrations,
    pages_work,
    pages_tasks,
    pages_team,
    pages_transparency,
    pages_arco,
    pages_retention,
    pages_reports,
    pages_schedules,
    pages_quarterly,
):
    router.include_router(part.router)


def mount_static(app: FastAPI) -> None:
    """Serve the console's styles and scripts."""
    app.mount("/consola/static", StaticFiles(directory=FOLDER / "static"), name="console-static")


def _page_above(request: Request, path: str) -> str:
    """`path` if a page answers there, else the nearest one above: a form's own address is none to go back to."""
    while path != HOME:
        scope = {**request.scope, "path": path, "method": "GET"}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            break
        path = path.rpartition("/")[0]
    return path


def _where_from(request: Request) -> str:
    """The page that somebody who must sign in was at: the one asked for, or that of the form they sent.

    A form that was refused once is sent from its own address.
    """
    url = request.url if request.method == "GET" else URL(request.headers.get("referer", ""))
    address = safe_address(url.path + (f"?{url.query}" if url.query else ""))
    path = address.partition("?")[0]
    place = _page_above(request, path)
    return address if place == path else place


async def error_page(request: Request, error: ChatSonoraError) -> Response | None:
    """A page for what went wrong on one of the console's pages; None for anybody else's."""
    if not request.url.path.startswith("/consola"):
        return None
    if isinstance(error, Blocked) and request.method == "GET" and (place := blocked_guard.page_of(request)):
        return RedirectResponse(place, status_code=303)
    if isinstance(error, PasswordChangeRequired):
        return RedirectResponse("/consola/contrasena", status_code=303)
    if isinstance(error, SecondFactorRequired):
        return RedirectResponse(f"{pages_account.ADDRESS}?aviso=segundo_factor", status_code=303)
    if isinstance(error, Unauthenticated):
        target = _where_from(request)
        wanted = f"?siguiente={quote(target)}" if target != HOME else ""
        return RedirectResponse(f"/consola/entrar{wanted}", status_code=303)
    if isinstance(error, CsrfRefused):
        back = URL(_where_from(request)).include_query_params(aviso=_OTHER_SESSION)
        return page(request, "error.html", {"text": _ANOTHER, "back": str(back)}, error.status)
    return refusal_page(request, error.status, error.text)


def refusal_page(request: Request, status: int, text: str, headers: Mapping[str, str] | None = None) -> Response | None:
    """What was refused before any page was reached, told on a page; None for anybody else's."""
    if not request.url.path.startswith("/consola"):
        return None
    response = page(request, "error.html", {"text": text}, status)
    response.headers.update(headers or {})
    return response


def page_of_form(request: Request) -> Response | None:
    """To the page of the form whose address was opened: by a reload, or from the browser's history."""
    path = request.url.path
    if request.method != "GET" or not path.startswith(f"{HOME}/"):
        return None
    return RedirectResponse(_page_above(request, path), status_code=303)
