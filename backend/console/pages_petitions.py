"""The registry's pages: list, detail, and registering by hand."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.catalog import service as catalog
from backend.console import due_texts, history, panels, petition_texts
from backend.console.rendering import lower_first, moment_text, staff_page
from backend.db import Tx
from backend.errors import ChatSonoraError
from backend.notices import proof
from backend.privacy import reach
from backend.registry import deadlines, petitions, queries
from backend.registry.models import Petition
from backend.workspace import labels
from backend.workspace import service as workspace
from backend.workspace.errors import ChangedMeanwhile

router = APIRouter(prefix="/consola/peticiones", include_in_schema=False)

Short = Annotated[str, Query(max_length=100)]

#: The form of data: its fields, and where each is kept.
FIELDS = {
    "kind": "kind",
    "narrative": "narrative",
    "priority": "priority",
    "topic": "topic_id",
    "agency": "agency_id",
    "municipality": "municipality_id",
    "postal_code": "postal_code",
    "colonia": "colonia",
    "street": "street",
    "place_reference": "place_reference",
}


def back_to(folio: str, notice: str, part: str = "") -> Response:
    """To a folio's page, at one `part` of it, after something was done there."""
    return RedirectResponse(f"/consola/peticiones/{folio}?aviso={notice}{f'#{part}' if part else ''}", status_code=303)


@router.get("/{folio}")
async def detail(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    return await detail_page(request, tx, user, folio)


async def detail_page(
    request: Request,
    session: AsyncSession,
    user: User,
    folio: str,
    error: ChatSonoraError | None = None,
    *,
    told: str = "",
    form: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The folio's page; after a refused `form` with its `error` and what was `typed` (`told`: in a notice)."""
    petition = await petitions.get(session, folio)
    details = await queries.details(session, petition)
    history_lines = await history.lines(session, details.events)
    seen = _moment((typed or {}).get("version", ""))
    context = {
        "active": "petitions",
        "details": details,
        "sees_person": await reach.sees_petition(session, user, petition),
        "history": history_lines,
        "seen": seen,
        "form": form,
        "typed": typed or {},
        "values": _values(petition, details.events, seen, typed if form == "datos" else None),
        "steps": await workspace.steps(session, petition, user),
        "requirements": petition_texts.REQUIREMENTS,
        "requirement_problems": petitions.REQUIREMENT_TEXTS,
        "around": await workspace.surroundings(session, petition),
        "labels": (await labels.of(session, [petition.id]))[petition.id],
        "known_labels": await labels.known(session),
        "colleagues": await workspace.colleagues(session),
        "municipalities": await catalog.municipalities(session),
        "agencies": await catalog.agencies(session),
        "topics": await catalog.topics(session),
        "sent_notices": await proof.of_petition(session, petition.id),
        "told": told,
        "error": _problem(error, history_lines, seen),
        **await _due(session, petition),
        **await panels.contexts(session, petition, user),
    }
    return await staff_page(request, session, user, "petition_detail.html", context, error.status if error else 200)


async def _due(session: AsyncSession, petition: Petition) -> dict[str, Any]:
    """The due date: its colour, what is left, and why that day."""
    today, work = clock.local(clock.now()).date(), await deadlines.calendar(session)
    pause = await workspace.running_pause(session, petition)
    pace = deadlines.pace(petition, today, work, is_paused=pause is not None)
    deadline = await deadlines.of_petition(session, petition)
    return {
        "pace": pace,
        "left": due_texts.left(petition, pace, today, work),
        "trace": due_texts.trace(petition, deadline) if deadline else None,
        "pause": pause,
        "due_texts": due_texts,
    }


def _moment(raw: str) -> datetime | None:
    try:
        seen = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return seen if seen.tzinfo else None


def _problem(error: ChatSonoraError | None, lines: Sequence[history.Line], seen: datetime | None) -> str | None:
    """What went wrong; of a conflict, also what others did since."""
    if not isinstance(error, ChangedMeanwhile) or seen is None:
        return error.text if error else None
    news = [f"{line.who}: {lower_first(line.title)} ({moment_text(line.at)})" for line in lines if line.at > seen]
    return f"{error.text} Lo que cambió: {'; '.join(news)}." if news else error.text


def _values(
    petition: Petition, events: Sequence[queries.EventRow], seen: datetime | None, typed: Mapping[str, str] | None
) -> dict[str, str]:
    """What the form of data shows: what is stored, under what was typed.

    A field that somebody else changed since it was `seen`, and that was sent back as it had been, shows the change.
    """
    stored = {name: str(getattr(petition, column) or "") for name, column in FIELDS.items()}
    if typed is None:
        return stored
    values = stored | {name: typed[name] for name in FIELDS if name in typed}
    news = [row.event.detail for row in reversed(events) if seen is not None and row.at > seen]
    for name, column in FIELDS.items():
        first = next((one[column] for one in news if isinstance(one.get(column), dict)), None)
        if first is not None and values[name] == str(first.get("from") or ""):
            values[name] = stored[name]
    return values
