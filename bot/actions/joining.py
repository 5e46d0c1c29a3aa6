"""«Súmame»: with the summary, before a petition is filed, a neighbour's open one may be joined instead.

What is offered the backend says. Who only confirms the summary files a petition of their own, as without the offer.
"""

import re
from typing import Any

from rasa_sdk.events import EventType

from bot.actions.forms import end_form
from bot.actions.turn import Turn

JOIN = "sumarse"

_OWN = re.compile(r"\b(?:la mia|mi propi[ao]|propia|aparte|no (?:quiero |me |deseo )*(?:sum|un|junt)\w+)\b")
_JOIN = re.compile(r"\b(?:sumar\w*|sumo|sumame|unirme|me uno|me junto|juntarme|a esa)\b")
#: Longer words tell something else.
_SHORT = 8


async def ask_to_confirm(turn: Turn, draft: dict[str, Any]) -> None:
    """Read a complete draft back; where it repeats an open petition of the neighbourhood, tell of that one too."""
    offer = await turn.backend.offer()
    if offer is None:
        turn.say("utter_resumen", resumen=draft["summary"])
        return
    tema, colonia, fecha = offer["topic"], offer["colonia"], offer["since"]
    turn.say(
        "utter_resumen_o_sumarse",
        resumen=draft["summary"],
        tema=tema,
        colonia=colonia,
        fecha=fecha,
        personas=_people(offer),
    )


def _people(counted: dict[str, Any]) -> str:
    return "1 persona" if counted["people"] == 1 else f"{counted['people']} personas"


async def hear_offer(turn: Turn) -> list[EventType] | None:
    """Join, or keep one's own, as the citizen says in so many words; None for anything else."""
    if turn.is_button:
        return await _join(turn) if turn.intent == "elegir" and turn.value == JOIN else None
    if turn.words > _SHORT or turn.wants_person or turn.cancels:
        return None
    is_own = _OWN.search(turn.folded) is not None
    if not (is_own or _JOIN.search(turn.folded)) or await turn.backend.offer() is None:
        return None
    if not is_own:
        return await _join(turn)
    await turn.backend.decline()
    return await file(turn)


async def _join(turn: Turn) -> list[EventType]:
    """Join what was offered; what was closed meanwhile leaves one's own petition to be filed."""
    joined = await turn.backend.join()
    if joined["folio"] is None:
        turn.say("utter_sumarse_ya_no")
        return await file(turn)
    turn.say("utter_sumada", folio=joined["folio"], personas=_people(joined))
    return end_form()


async def file(turn: Turn) -> list[EventType]:
    """File the draft and tell its folio."""
    filed = await turn.backend.file_draft()
    response = "utter_ya_registrada" if filed["repeated"] else "utter_registrada"
    turn.say(response, folio=filed["folio"], clave=filed["access_code"])
    return end_form()
