"""The parts of a folio's page that other subjects bring: each a template with what it shows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.console import (
    call_panel,
    expediente_panels,
    letter_panel,
    pages_acuse,
    pages_telephony,
    related_panel,
    suggestion_panel,
    turn_panel,
)
from backend.registry.models import Petition


@dataclass(frozen=True)
class Panel:
    """`context` gives what `template` shows, under names of the panel's own."""

    template: str
    context: Callable[[AsyncSession, Petition, User], Awaitable[dict[str, Any]]]
    place: Literal["main", "side"] = "main"


#: In the order in which the page shows them.
PANELS: tuple[Panel, ...] = (
    Panel("petition_suggestion.html", suggestion_panel.context, "side"),
    Panel("petition_citizen.html", pages_acuse.context, "side"),
    Panel("petition_telephone.html", pages_telephony.context, "side"),
    Panel("petition_turns.html", turn_panel.context),
    Panel("petition_procedure.html", expediente_panels.procedure),
    Panel("petition_letters.html", letter_panel.context),
    Panel("petition_dossier.html", expediente_panels.documents),
    Panel("petition_calls.html", call_panel.context),
    Panel("petition_related.html", related_panel.context),
)


async def contexts(session: AsyncSession, petition: Petition, user: User) -> dict[str, Any]:
    """What all the panels of a petition's page show."""
    shown: dict[str, Any] = {"panels": PANELS}
    for panel in PANELS:
        shown |= await panel.context(session, petition, user)
    return shown
