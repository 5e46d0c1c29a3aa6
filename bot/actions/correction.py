"""Answers that are corrected: which one is meant, its right value if it is told, else its question anew."""

import re
from typing import Any

from rasa_sdk.events import EventType

from bot.actions.draft import ask_next
from bot.actions.forms import go_on, option_buttons
from bot.actions.told import correct_as_told, correct_told
from bot.actions.turn import Turn

TITLES = {
    "narrativa": "El asunto",
    "tipo_acta": "El acta",
    "municipio": "El municipio",
    "colonia": "La colonia",
    "anonimo": "Si es anónima",
    "nombre": "El nombre",
    "curp": "La CURP",
    "contacto": "El teléfono o correo",
}
_NAMED = {
    "narrativa": r"asunto|narracion|descripcion|lo que (?:dije|conte|paso)|problema|peticion|queja",
    "tipo_acta": r"\bacta\b",
    "municipio": r"municipio|ciudad|pueblo",
    "colonia": r"colonia|localidad|direccion|domicilio|calle",
    "anonimo": r"anonim",
    "nombre": r"nombre|apellido|me llamo",
    "curp": r"curp",
    "contacto": r"telefono|celular|numero|correo|mail|contacto",
}


async def what_to_correct(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    """Ask which answer to correct, unless the message says it."""
    named = field_named(turn.folded, draft)
    if named is not None:
        corrected = await correct_as_told(turn, named)
        if corrected is None:
            return await _ask_anew(turn, named)
        await ask_next(turn, corrected)
        return go_on(paso=None)
    if not draft["fields"]:
        await ask_next(turn, draft)
        return go_on()
    options = [{"title": TITLES[name], "value": name} for name in draft["fields"] if name in TITLES]
    turn.say_with("utter_que_corrijo", option_buttons(options))
    return go_on(paso="corregir")


def field_named(folded: str, draft: dict[str, Any]) -> str | None:
    """The only answer given that these words name."""
    found = [name for name, words in _NAMED.items() if name in draft["fields"] and re.search(words, folded)]
    return found[0] if len(found) == 1 else None


async def _ask_anew(turn: Turn, field: str) -> list[EventType]:
    draft = await turn.backend.clear(field)
    upcoming = {
        "name": field,
        "options": (draft["next"] or {}).get("options", []) if draft["missing"][:1] == [field] else [],
    }
    await ask_next(turn, {**draft, "next": upcoming})
    return go_on(paso=None)


async def hear_what_to_correct(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    """The answer to «¿Qué dato corrijo?»; what names none, and tells none, leaves the question."""
    chosen = turn.value if turn.value in draft["fields"] else field_named(turn.folded, draft)
    if chosen is None:
        corrected = None if turn.is_button else await correct_told(turn, draft)
        if corrected is None and turn.intent == "corregir" and not turn.says_no:
            return await what_to_correct(turn, draft)
        await ask_next(turn, corrected or draft)
        return go_on(paso=None)
    return await _ask_anew(turn, chosen)
