"""What the citizen told of themself with their story, so that it is not asked again."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from backend.catalog.localities import localities
from backend.text import fold
from bot.actions.turn import Turn
from bot.components.data_in_text import Municipalities, find

#: The form's fields, and which data of a text answer each, the better first.
_ANSWERED_BY = {
    "tipo_acta": ("tipo_acta",),
    "municipio": ("municipio",),
    "colonia": ("colonia",),
    "nombre": ("nombre",),
    "curp": ("curp",),
    "contacto": ("telefono", "correo"),
}
_TITLES = {
    "tipo_acta": "el acta",
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


def _told_with_town(story: str) -> dict[str, str]:
    """The answers that `story` gives; a town that stands for its municipality is the colonia, where none is told."""
    told = told_in(story)
    for datum in _municipalities().find(story):
        town = localities().get(fold(story[datum.start : datum.end]))
        if town is not None and town.municipality == told.get("municipio"):
            told.setdefault("colonia", town.name)
    return told


def without(text: str, kinds: Collection[str]) -> str:
    """`text` without the data of these kinds that stand in it."""
    for datum in sorted(find(text, _municipalities()), key=lambda one: -one.start):
        if datum.entity in kinds:
            text = text[: datum.start] + text[datum.end :]
    return text


def name_alone(text: str) -> str:
    """An answer to «¿su nombre?» without the telephone, the e-mail or the CURP that came with it."""
    return without(text, ("telefono", "correo", "curp")).strip(" ,.;:-") or text


async def correct_told(turn: Turn, draft: dict[str, Any]) -> dict[str, Any] | None:
    """The draft with the answers changed for which this message tells another value; None where it changes none."""
    others = {field: value for field, value in told_in(turn.text).items() if _is_other(draft, field, value)}
    draft, changed = await _answer_each(turn, draft, others)
    if not changed:
        return None
    turn.say("utter_corregi", datos=_listed(changed))
    return draft


_NOT_BUT = re.compile(r"\bno (?:es|era) .+?[\s,]+(?:es|sino|era) (?:en )?(.+)$", re.IGNORECASE)


async def correct_as_told(turn: Turn, field: str) -> dict[str, Any] | None:
    """The draft with `field` as «no es el Centro, es El Bolsillo» tells it; None where that is not said."""
    match = None if turn.is_button or field not in _TITLES else _NOT_BUT.search(turn.text)
    answer = await turn.backend.answer(field, match[1]) if match else None
    if answer is None or not answer["accepted"]:
        return None
    turn.say("utter_corregi", datos=_TITLES[field])
    kept: dict[str, Any] = answer["draft"]
    return kept


def _is_other(draft: dict[str, Any], field: str, value: str) -> bool:
    """Whether an answer is kept, and this is another."""
    kept = {fold(draft[form][field]) for form in ("fields", "shown") if field in draft[form]}
    return bool(kept) and fold(value) not in kept


async def take_told(turn: Turn, draft: dict[str, Any]) -> dict[str, Any]:
    """The draft with what is asked next answered from the story or this message; says what it took.

    Only once consent is given, and only what stands next: whoever may choose to be anonymous is asked that first.
    """
    told, taken = _told_with_town(draft["fields"].get("narrativa", "")) | _told_with_town(turn.text), list[str]()
    while draft["missing"] and draft["missing"][0] in told:
        field = draft["missing"][0]
        draft, accepted = await _answer_each(turn, draft, {field: told.pop(field)})
        taken += accepted
    _say_taken(turn, taken)
    return draft


async def take_place(turn: Turn, draft: dict[str, Any]) -> dict[str, Any]:
    """The draft with the place that was told where something else was asked; says what it took."""
    return await take_only(turn, draft, ("municipio", "colonia")) or draft


async def take_only(turn: Turn, draft: dict[str, Any], fields: Collection[str]) -> dict[str, Any] | None:
    """The draft with those of `fields` that are missing and that this message tells; None if it tells none."""
    told = told_in(turn.text)
    wanted = {field: told[field] for field in fields if field in told and field in draft["missing"]}
    draft, taken = await _answer_each(turn, draft, wanted)
    _say_taken(turn, taken)
    return draft if taken else None


async def _answer_each(turn: Turn, draft: dict[str, Any], told: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The draft with what was told, by field, and the titles of what was accepted."""
    accepted = list[str]()
    for field, value in told.items():
        answer = await turn.backend.answer(field, value)
        draft = answer["draft"]
        if answer["accepted"]:
            accepted.append(_TITLES[field])
    return draft, accepted


def _say_taken(turn: Turn, titles: list[str]) -> None:
    if titles:
        turn.say("utter_tome_de_su_mensaje", datos=_listed(titles))


def _listed(titles: list[str]) -> str:
    return " y ".join(filter(None, [", ".join(titles[:-1]), titles[-1]]))
