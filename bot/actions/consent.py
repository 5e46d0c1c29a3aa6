"""The privacy notice: accepted, refused, or accepted after all. Before it is, nothing of the person is kept."""

from typing import Any

from rasa_sdk.events import EventType

from bot.actions.draft import ask_next
from bot.actions.forms import end_form, go_on, start_form
from bot.actions.misplaced import hide_if_asked
from bot.actions.story import joined, tells_story
from bot.actions.told import take_told
from bot.actions.turn import Turn

#: What a petition may know before consent, said in the conversation's own words.
_TOLD_BEFORE_CONSENT = ("narrativa", "tipo_acta", "municipio", "colonia")


async def hear_consent(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    """The answer to the privacy notice, and the story that may come in its place."""
    story = _story_in(turn, draft)
    if turn.agrees and (story is None or "acept" in turn.folded):
        await turn.backend.consent(True)
        kept = await _keep_story(turn, draft, story)
        await ask_next(turn, await take_told(turn, await hide_if_asked(turn, kept) or kept))
        return go_on(asunto=turn.begun)
    if turn.says_no or (turn.intent == "negar" and turn.words <= 8 and turn.confidence > 0.7):
        await turn.backend.cancel_draft()
        turn.say("utter_consentimiento_negado")
        return end_form(rechazada=_refused(turn, draft))
    await _keep_story(turn, draft, story)
    turn.say("utter_consentimiento_otra_vez")
    return go_on(asunto=turn.begun)


def _refused(turn: Turn, draft: dict[str, Any]) -> dict[str, Any]:
    """What `take_up_again` needs: nothing but what was said in this conversation, and no datum of the person."""
    told = {field: draft["shown"][field] for field in _TOLD_BEFORE_CONSENT if field in draft["fields"]}
    return {"kind": draft["kind"], "told": told, "asunto": turn.begun}


def _story_in(turn: Turn, draft: dict[str, Any]) -> str | None:
    """The story that is told where a mere yes or no was asked for; kept as one told by the first message."""
    tells = not turn.is_button and tells_story(turn.text)
    return joined(turn.begun, turn.text) if tells and "narrativa" in draft["missing"] else None


async def _keep_story(turn: Turn, draft: dict[str, Any], story: str | None) -> dict[str, Any]:
    if story is None:
        return draft
    answer = await turn.backend.answer("narrativa", story)
    if answer["accepted"]:
        turn.begun = None
        turn.say("utter_anote", narrativa=story)
    else:
        turn.say_text(answer["problem_text"])
    kept: dict[str, Any] = answer["draft"]
    return kept


async def take_up_again(turn: Turn, refused: dict[str, Any]) -> list[EventType]:
    """Go on with the petition for which consent was refused, now that it is given."""
    draft = await turn.backend.open_draft(refused["kind"], refused["told"])
    await turn.backend.consent(True)
    turn.begun = refused["asunto"]
    turn.say("utter_continuar_borrador")
    await ask_next(turn, await take_told(turn, draft))
    return start_form(turn, "peticion_form", paso=None, asunto=turn.begun, rechazada=None)
