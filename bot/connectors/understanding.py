"""What was made of one message, told to the backend with its answer: the learning loop stands on it (docs/adr/0009)."""

from collections.abc import Iterable
from typing import Any

from rasa.shared.core.events import ActiveLoop, BotUttered, Event, UserUttered

FALLBACK = "nlu_fallback"
#: The likeliest reading and the two next.
_READINGS = 3
#: What answering with one of these responses (bot/domain/) means; any other is an answer.
OUTCOMES = {
    "utter_aclarar": "asked",
    "utter_posible_emergencia": "asked",
    "utter_no_entendi": "not_understood",
    "utter_ofrecer_persona": "not_understood",
    "utter_ofrecer_persona_en_registro": "not_understood",
}


def understanding_of(events: Iterable[Event], message_id: str) -> dict[str, Any] | None:
    """The likeliest intent of a message with its confidence, the ranking, and what came of it; None if it is not there.

    `in_form`: a form was asking when it came. `is_typed`: it was not a button's.
    """
    loop: str | None = None
    heard: UserUttered | None = None
    in_form = False
    outcome = "answered"
    for event in events:
        if isinstance(event, UserUttered):
            if heard is not None:
                break
            if event.message_id == message_id:
                heard, in_form = event, loop is not None
        elif isinstance(event, ActiveLoop):
            loop = event.name
        elif heard is not None and isinstance(event, BotUttered):
            outcome = OUTCOMES.get((event.metadata or {}).get("utter_action", ""), outcome)
    if heard is None:
        return None
    return {**_reading(heard), "in_form": in_form, "outcome": outcome}


def _reading(heard: UserUttered) -> dict[str, Any]:
    parsed = heard.parse_data or {}
    rows = [parsed.get("intent") or {}, *(parsed.get("intent_ranking") or [])]
    confidences: dict[str, float] = {}
    for row in rows:
        if row.get("name") and row["name"] != FALLBACK:
            confidences.setdefault(row["name"], float(row.get("confidence") or 0.0))
    ranking = [{"intent": name, "confidence": confidence} for name, confidence in confidences.items()][:_READINGS]
    return {
        "intent": ranking[0]["intent"] if ranking else None,
        "confidence": ranking[0]["confidence"] if ranking else 0.0,
        "ranking": ranking,
        "is_typed": not (heard.text or "").startswith("/"),
    }
