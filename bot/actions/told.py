"""What the citizen told of themself with their story, so that it is not asked again."""

from functools import lru_cache
from typing import Any

from bot.actions.turn import Turn
from bot.components.data_in_text import Municipalities, find

#: The form's fields, and which data of a text answer each, the better first.
_ANSWERED_BY = {
    "municipio": ("municipio",),
    "colonia": ("colonia",),
    "nombre": ("nombre",),
    "curp": ("curp",),
    "contacto": ("telefono", "correo"),
}
_TITLES = {
    "municipio": "el municipio",
    "colonia": "la colonia",
    "nombre": "su nombre",
    "curp": "su CURP",
    "contacto": "cómo avisarle",
}


@lru_cache(maxsize=1)
def _municipalities() -> Municipalities:
    return Municipalities.read()


def told_in(story: str) -> dict[str, str]:
    """The answers that `story` gives, by field."""
    data: dict[str, str] = {}
    for datum in find(story, _municipalities()):
        data.setdefault(datum.entity, datum.value)
    answers = {field: [data[kind] for kind in kinds if kind in data] for field, kinds in _ANSWERED_BY.items()}
    return {field: values[0] for field, values in answers.items() if values}


def name_alone(text: str) -> str:
    """An answer to «¿su nombre?» without the telephone, the e-mail or the CURP that came with it."""
    alone = text
    for datum in sorted(find(text, _municipalities()), key=lambda one: -one.start):
        if datum.entity in {"telefono", "correo", "curp"}:
            alone = alone[: datum.start] + alone[datum.end :]
    return alone.strip(" ,.;:-") or text


async def take_told(turn: Turn, draft: dict[str, Any]) -> dict[str, Any]:
    """The draft with what is asked next answered from the story or this message; says what it took.

    Only once consent is given, and only what stands next: whoever may choose to be anonymous is asked that first.
    """
    told, taken = told_in(draft["fields"].get("narrativa", "")) | told_in(turn.text), list[str]()
    while draft["missing"] and draft["missing"][0] in told:
        field = draft["missing"][0]
        answer = await turn.backend.answer(field, told.pop(field))
        draft = answer["draft"]
        if answer["accepted"]:
            taken.append(_TITLES[field])
    if taken:
        turn.say("utter_tome_de_su_mensaje", datos=" y ".join(filter(None, [", ".join(taken[:-1]), taken[-1]])))
    return draft
