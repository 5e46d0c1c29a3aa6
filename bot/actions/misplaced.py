"""Answers to another question than the one that was asked: kept where they belong, never taken for what is asked."""

import re
from typing import Any

from backend.text import fold
from bot.actions.story import tells_more_than_data
from bot.actions.told import correct_told, take_only, told_in
from bot.actions.turn import Turn
from bot.components.data_in_text import COMMON_NAMES

#: Who fears to be known, in other words than the button's.
_HIDES = re.compile(
    r"\banonim[oa]|\bsin (?:mi )?nombre\b|\brepresalias\b|\bme da (?:mucho )?(?:miedo|pendiente)\b|"
    r"\bno (?:quiero |me gustaria |deseo )?(?:que )?(?:se )?"
    r"(?:sep[ae]n?|enter\w+|dig[ao]n?|diga|salga|aparezca|pongan?|den|dar|poner|decir)\b"
    r".{0,20}\b(?:nombre|quien|fui yo|soy yo|datos|nadie)\b|\bno (?:quiero )?(?:que )?(?:se enteren|se sepa)\b"
)
_SHOWS = re.compile(
    r"\bno (?:es |sea |quiero |la quiero |que sea |hace falta |ocupo )*anonim|\bno (?:me da|tengo) miedo\b"
)
_UNDECIDED = re.compile(r"^(?:pues |pos |la verdad )*(?:no (?:lo )?se\b|nose\b|quien sabe)")
#: A colonia is whatever is written, so what is none must be known by its words.
_BARE_YES = re.compile(
    r"(?:si+|sip|claro|ok(?:ey|ay)?|correcto|bueno|sale|pues|pos|que si|esta bien|asi es|por favor|\W)+"
)
_PLACES = {"municipio", "colonia"}
_ADDS = re.compile(r"^(?:y |pero |oiga |ah )*(?:tambien|ademas|aparte|se me (?:olvido|paso)|otra cosa)\b")


def adds_to_story(turn: Turn) -> bool:
    """«Y también no hay luz», where a place or a name was asked for."""
    return not turn.is_button and bool(_ADDS.search(turn.folded)) and not told_in(turn.text)


async def take_misplaced(turn: Turn, draft: dict[str, Any], field: str) -> dict[str, Any] | None:
    """The draft with what this message answers in place of `field`, which is to be asked again; else None."""
    if turn.is_button:
        return None
    hidden = await hide_if_asked(turn, draft)
    if hidden is not None:
        return hidden
    if field == "anonimo" and _UNDECIDED.search(turn.folded):
        return draft
    if _is_mere_yes(turn, field) or (field in _PLACES and "anonim" in turn.folded):
        return draft
    told = told_in(turn.text)
    if field in told or tells_more_than_data(turn.text):
        return None
    if set(told) == {"municipio"}:
        return await _place_again(turn, draft, field)
    return await take_others(turn, draft, field)


def _is_mere_yes(turn: Turn, field: str) -> bool:
    if field == "nombre":
        return turn.intent == "afirmar" and turn.is_sure and turn.agrees
    return field in _PLACES and _BARE_YES.fullmatch(turn.folded) is not None


async def hide_if_asked(turn: Turn, draft: dict[str, Any]) -> dict[str, Any] | None:
    """The draft made anonymous, or not («no la quiero anónima»), where this message says which; else None."""
    may_be = "anonimo" in {*draft["fields"], *draft["missing"]}
    if turn.is_button or not may_be or not _HIDES.search(turn.folded):
        return None
    shows = _SHOWS.search(turn.folded)
    if shows is not None and "anonim" not in shows[0]:
        return None
    answer = await turn.backend.answer("anonimo", "no" if shows else "si")
    if not answer["accepted"]:
        return None
    if not shows:
        turn.say("utter_sera_anonima")
    kept: dict[str, Any] = answer["draft"]
    return kept


async def _place_again(turn: Turn, draft: dict[str, Any], field: str) -> dict[str, Any] | None:
    """A municipality where something else is asked: the one we have, or the right one.

    A colonia may be called like one, so there it counts only where ours was guessed from the story; and so may people.
    """
    if field == "colonia":
        guessed = told_in(draft["fields"].get("narrativa", "")).get("municipio")
        is_guessed = guessed is not None and fold(guessed) == fold(draft["shown"].get("municipio", ""))
        return await correct_told(turn, draft) if is_guessed else None
    if field == "municipio" or "municipio" not in draft["fields"]:
        return None
    if fold(told_in(turn.text)["municipio"]) == fold(draft["shown"]["municipio"]):
        return draft
    return None if turn.folded in COMMON_NAMES else await correct_told(turn, draft)


async def take_others(turn: Turn, draft: dict[str, Any], field: str) -> dict[str, Any] | None:
    """The draft with the data in this message that other questions ask for; None where there are none.

    Nothing of the person is taken from who may yet choose to be anonymous.
    """
    if turn.is_button or "anonimo" in draft["missing"]:
        return None
    kept = await take_only(turn, draft, [name for name in draft["missing"] if name != field])
    return kept if kept is not None else await correct_told(turn, draft)
