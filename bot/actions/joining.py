"""«Súmame»: before a petition is filed, a neighbour's open one may be joined. What is offered the backend says."""

import re
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from bot.actions.forms import end_form, go_on
from bot.actions.turn import Turn

#: Where the petition's form stands while the offer waits for its answer.
OFFERED = "sumarse"
JOIN, OWN = "sumarse", "propia"

_OWN = re.compile(r"\b(?:registr\w+|la mia|mi propi[ao]|propia|aparte|otra|no)\b")
_JOIN = re.compile(r"\b(?:sum\w+|unirme|me uno|me junto|juntarme|a esa)\b")


async def offer_to_join(turn: Turn) -> list[EventType] | None:
    """Offer the petition that the complete draft repeats; None where there is none."""
    offer = await turn.backend.offer()
    if offer is None:
        return None
    tema, colonia, fecha = offer["topic"], offer["colonia"], offer["since"]
    turn.say("utter_ofrecer_sumarse", tema=tema, colonia=colonia, fecha=fecha, personas=_people(offer))
    return go_on(paso=OFFERED)


def _people(counted: dict[str, Any]) -> str:
    return "1 persona" if counted["people"] == 1 else f"{counted['people']} personas"


async def hear_offer(turn: Turn) -> list[EventType] | None:
    """A clear answer to the offer; None for anything else.

    A «Sí» pressed twice on the summary is none: the button that joins has a value of its own.
    """
    if turn.is_button:
        choice = turn.value if turn.intent == "elegir" else None
    else:
        is_short = turn.words <= 8
        choice = (
            OWN if is_short and _OWN.search(turn.folded) else JOIN if is_short and _JOIN.search(turn.folded) else None
        )
    if choice == OWN and not turn.wants_person and not turn.cancels:
        await turn.backend.decline()
        return await file(turn)
    if choice != JOIN:
        return None
    joined = await turn.backend.join()
    if joined["folio"] is None:
        turn.say("utter_sumarse_ya_no")
        return await file(turn)
    turn.say("utter_sumada", folio=joined["folio"], personas=_people(joined))
    return end_form()


async def ask_offer_again(turn: Turn) -> list[EventType]:
    """What was said chose neither. An offer that is gone meanwhile leaves the petition to be filed."""
    offer = await turn.backend.offer()
    if offer is None:
        return await file(turn)
    tema, colonia, fecha = offer["topic"], offer["colonia"], offer["since"]
    turn.say("utter_ofrecer_sumarse_otra_vez", tema=tema, colonia=colonia, fecha=fecha, personas=_people(offer))
    return go_on(paso=OFFERED)


def leave_offer(events: list[EventType]) -> list[EventType]:
    """After an interruption the summary was read again: it, and not the offer, waits for its answer."""
    is_elsewhere = any(event.get("name") == "paso" for event in events if event.get("event") == "slot")
    return events if is_elsewhere else [*events, SlotSet("paso", None)]


async def file(turn: Turn) -> list[EventType]:
    """File the draft and tell its folio."""
    filed = await turn.backend.file_draft()
    response = "utter_ya_registrada" if filed["repeated"] else "utter_registrada"
    turn.say(response, folio=filed["folio"], clave=filed["access_code"])
    return end_form()
