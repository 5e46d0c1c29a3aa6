"""The petition form. The backend's draft is the truth: what is missing, in which order, and whether an answer holds.

So nothing known is asked again, whatever happened to this session in between.
"""

import re
from typing import Any

from rasa_sdk import Action
from rasa_sdk.events import EventType

from bot.actions.consent import hear_consent, take_up_again
from bot.actions.correction import field_named, hear_what_to_correct, what_to_correct
from bot.actions.draft import ask_again, ask_next
from bot.actions.folios import INFORMATION, STATUS, folio_in, open_lookup
from bot.actions.forms import (
    FormListener,
    end_form,
    go_on,
    offer_person,
    option_buttons,
    start_form,
    stumbles,
    switch_form,
)
from bot.actions.information import NEEDS, SIDE_QUESTIONS, answer_side_question, only_tells_need
from bot.actions.joining import file, hear_offer
from bot.actions.kinds import KINDS, OPENS_PETITION
from bot.actions.manners import Answer
from bot.actions.misplaced import adds_to_story, take_misplaced, take_others
from bot.actions.people import emergency, reach_person
from bot.actions.readings import doubtful_text
from bot.actions.story import (
    joined,
    only_asks,
    only_says_private,
    tells_briefly,
    tells_more_than_data,
    tells_something,
    tells_story,
)
from bot.actions.told import correct_told, name_alone, take_place, take_told, told_in
from bot.actions.turn import Turn, first_name

#: Answers in the citizen's own words, in which an intent found by chance must not interrupt.
FREE_TEXT = {"narrativa", "colonia", "nombre"}
#: «Soy ciego» tells of themself; «soy ciego y no puedo trabajar por…» begins a story.
_SHORT_OF_A_STORY = 5
#: Confidence from which words that name no place are taken for a request.
_LIKELY = 0.6
#: As the question tells them to say it: «no me sé su CURP» is no CURP either.
_HAS_NONE = "no la tengo"
#: What the backend keeps of an answer that was left out.
_NONE_GIVEN = "omitido"
#: Short words that answer no question of ours.
_MANNERS = {"hola", "buenas", "buenos dias", "buenas tardes", "buenas noches", "gracias", "muchas gracias", "ok"}


class ActionStartPetition(Answer):
    """Opens the draft with what the first message already told, and asks the first question."""

    def name(self) -> str:
        return OPENS_PETITION

    async def answer(self, turn: Turn) -> list[EventType]:
        if turn.intent == "afirmar":  # ActionYes saw that the notice is accepted after all
            return await take_up_again(turn, turn.tracker.get_slot("rechazada"))
        kind = KINDS.get(turn.intent, "peticion")
        if turn.is_button and turn.value == "derechos_arco":
            kind = "derechos_arco"
        context = await turn.backend.context()
        draft = await turn.backend.open_draft(kind, _already_told(turn, kind))
        turn.begun = _begun(turn, draft)
        turn.say(f"utter_inicio_{kind}")
        if "narrativa" in draft["fields"] and _words_of(turn):
            turn.say("utter_anote", narrativa=draft["fields"]["narrativa"])
        if context["consent"]:
            await ask_next(turn, await take_told(turn, draft))
        else:
            turn.say("utter_pregunta_consentimiento", aviso=context["privacy_notice"])
        return start_form(turn, "peticion_form", paso=None, asunto=turn.begun, rechazada=None)


def _begun(turn: Turn, draft: dict[str, Any]) -> str | None:
    """What the request told of the matter, where that was too little to be the whole story."""
    words = _words_of(turn)
    return words if "narrativa" in draft["missing"] and tells_more_than_data(words) else None


def _words_of(turn: Turn) -> str:
    """What was told so far: the message, or the doubtful one that a button has just made clear."""
    return doubtful_text(turn.tracker) if turn.is_button else turn.request_text


def _already_told(turn: Turn, kind: str) -> dict[str, str]:
    words = _words_of(turn)
    if not words:
        return {}
    told: dict[str, str] = {}
    if tells_something(words):
        told["narrativa"] = words
    municipality = turn.entity("municipio")
    if municipality:
        told["municipio"] = municipality
    if kind == "registro_civil":
        told["tipo_acta"] = words
        if "tipo_acta" in told_in(words):  # nothing more is to be told of it
            told["narrativa"] = words
    return told


class PetitionForm(FormListener, Action):
    """Every message while a petition is being told."""

    form = "peticion_form"

    async def hear(self, turn: Turn) -> list[EventType]:
        context = await turn.backend.context()
        draft = context["draft"]
        if draft is None:  # filed or cancelled elsewhere: by an agent, or by the scripted intake
            turn.say("utter_que_mas")
            return end_form()
        step = turn.tracker.get_slot("paso")
        if context["consent"] and not draft["missing"]:
            events = await hear_offer(turn)
            if events is not None:
                return events
        events = await _interruption(turn, context, draft)
        if events is not None:
            return events
        if step == "cancelar":
            return await _hear_cancel(turn, context, draft)
        if not context["consent"]:
            return await hear_consent(turn, draft)
        if step == "corregir":
            return await hear_what_to_correct(turn, draft)
        if not draft["missing"]:
            return await _hear_confirmation(turn, draft)
        return await _hear_answer(turn, draft)


async def _interruption(turn: Turn, context: dict[str, Any], draft: dict[str, Any]) -> list[EventType] | None:
    """What is not an answer: a file, a wish for a person, a cancellation, a correction, a side question."""
    field = draft["awaiting"] if context["consent"] else None
    if turn.is_danger and field != "narrativa":
        await emergency(turn)
        return end_form()
    if turn.intent == "volver_con_bot":
        turn.say("utter_regreso")
        await ask_again(turn, context, draft)
        return go_on()
    if turn.intent == "enviar_adjunto":
        turn.say("utter_adjunto_recibido")
        await ask_again(turn, context, draft)
        return go_on()
    if turn.wants_person:
        turn.say("utter_borrador_guardado")
        return await reach_person(turn, from_form=True)
    if turn.is_upset and field not in FREE_TEXT:
        turn.say("utter_molestia")
        await ask_again(turn, context, draft)
        return go_on()
    if turn.cancels and not (field == "narrativa" and turn.words > 6):
        turn.say("utter_confirmar_cancelar")
        return go_on(paso="cancelar")
    if context["consent"] and _may_correct(turn, draft, field):
        corrected = await correct_told(turn, draft)
        if corrected is not None:
            await ask_next(turn, corrected)
            return go_on(paso=None)
    if _wants_to_correct(turn, field):
        return await what_to_correct(turn, draft)
    purpose = _looks_up(turn, field)
    if purpose is not None:
        slots = await open_lookup(turn, purpose)
        if slots is not None:
            return switch_form(turn, "folio_form", **slots)
        await ask_again(turn, context, draft)
        return go_on()
    if _is_side_question(turn, field):
        await answer_side_question(turn)
        await ask_again(turn, context, draft)
        return go_on()
    return None


def _wants_to_correct(turn: Turn, field: str | None) -> bool:
    """«Me equivoqué»; with «perdón, es el 662…» they answer what is asked."""
    says_so = turn.intent == "corregir" and turn.words <= 8 and turn.confidence > 0.6
    return says_so and field != "narrativa" and field not in told_in(turn.text)


def _may_correct(turn: Turn, draft: dict[str, Any], field: str | None) -> bool:
    """Whether data in this message are no answer to what is asked, but other answers than those that are kept."""
    if turn.is_button or field == "narrativa":
        return False
    return not draft["missing"] or turn.intent == "corregir" or field_named(turn.folded, draft) not in {None, field}


def _looks_up(turn: Turn, field: str | None) -> str | None:
    """Whether a folio is asked about in the midst of another petition, and for which purpose."""
    purpose = {"consultar_folio": STATUS, "agregar_informacion": INFORMATION}.get(turn.intent)
    if turn.is_button:
        return purpose
    if field == "narrativa" and turn.words > 8:
        return None
    if folio_in(turn) is not None:
        return purpose or STATUS
    return purpose if turn.is_sure and field not in FREE_TEXT else None


def _is_side_question(turn: Turn, field: str | None) -> bool:
    if turn.intent not in SIDE_QUESTIONS:
        return False
    if turn.intent in NEEDS:
        return only_tells_need(turn) and (field != "narrativa" or turn.words <= _SHORT_OF_A_STORY)
    if turn.is_button:
        return True
    if turn.folded in _MANNERS:
        return turn.folded != "ok"
    if field in FREE_TEXT:
        return turn.asks_something and turn.confidence > 0.6 and turn.words <= 12
    return turn.confidence > 0.6 and (turn.asks_something or turn.words <= 4)


async def _hear_cancel(turn: Turn, context: dict[str, Any], draft: dict[str, Any]) -> list[EventType]:
    if turn.says_yes or turn.cancels:
        await turn.backend.cancel_draft()
        turn.say("utter_cancelado")
        return end_form()
    turn.say("utter_seguimos")
    await ask_again(turn, context, draft)
    return go_on(paso=None)


def _was_left_out(turn: Turn, kept: str) -> bool:
    """Whether what they say not to have is not what is kept: «no tengo correo», where a telephone is."""
    is_mail = re.search(r"\b(?:correo|e?mail)\b", turn.folded) is not None
    is_phone = re.search(r"\b(?:telefono|cel(?:ular)?)\b", turn.folded) is not None
    is_other = is_mail not in {is_phone, "@" in kept}
    return kept == _NONE_GIVEN or is_other


async def _hear_confirmation(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    named = field_named(turn.folded, draft) if not turn.is_button else None
    if named is not None and turn.does_not_know and _was_left_out(turn, draft["fields"][named]):
        await ask_next(turn, draft)
        return go_on()
    if named is not None or turn.intent == "corregir" or turn.says_no:
        return await what_to_correct(turn, draft)
    if turn.agrees:
        return await file(turn)
    offer_person(turn)
    turn.say("utter_confirmar_otra_vez")
    return go_on(tropiezos=stumbles(turn))


def _tells_more(turn: Turn) -> bool:
    """Whether what names no place tells more of the matter."""
    if turn.is_button or turn.asks_something or turn.does_not_know:
        return False
    is_request = turn.intent in KINDS and turn.confidence > _LIKELY and turn.words > 1
    is_brief = (is_request or tells_briefly(turn.text)) and not turn.says_yes
    return tells_story(turn.text) or is_brief or adds_to_story(turn)


async def _add_to_story(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    kept = await turn.backend.answer("narrativa", joined(draft["fields"].get("narrativa"), turn.text))
    if kept["accepted"]:
        turn.say("utter_agregue_a_su_asunto")
    await ask_next(turn, kept["draft"], offer_person(turn))
    return go_on(tropiezos=stumbles(turn))


def _as_answer(turn: Turn, field: str) -> str:
    """The message as the answer to what was asked."""
    if field == "nombre":
        return name_alone(turn.value)
    return joined(turn.begun, turn.value) if field == "narrativa" else turn.value


def _is_no_story(turn: Turn) -> bool:
    """Whether nothing is told of the matter. That it is personal is kept, and more of it asked for once."""
    if turn.begun is None and only_says_private(turn.text):
        turn.begun = turn.text
        return True
    return only_asks(turn.text)


def _settle(turn: Turn, draft: dict[str, Any], field: str) -> dict[str, Any]:
    """What is said of an answer that was kept; the slots that follow from it."""
    if field == "nombre":
        return _thank_by_name(turn, draft)
    if field != "narrativa":
        return {}
    turn.begun = None
    if turn.intent == "emergencia":
        turn.say("utter_posible_emergencia")
    return {"asunto": None}


def _thank_by_name(turn: Turn, draft: dict[str, Any]) -> dict[str, Any]:
    """Use the name once, when it is given; the slots that remember it."""
    if turn.tracker.get_slot("nombrado"):
        return {}
    turn.say("utter_gracias_por_nombre", nombre=first_name(draft["fields"]["nombre"]))
    return {"nombrado": True}


async def _hear_answer(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    field = draft["awaiting"] or draft["missing"][0]
    if turn.is_button and turn.intent != "elegir":
        if turn.intent not in {"afirmar", "negar"}:
            turn.say("utter_continuar_borrador")
        await ask_next(turn, draft)
        return go_on()
    if turn.folded in _MANNERS or (field == "narrativa" and _is_no_story(turn)):
        await ask_next(turn, draft)
        return go_on(asunto=turn.begun)
    if field == "narrativa" and turn.begun is None and not tells_more_than_data(turn.text):
        await ask_next(turn, await take_place(turn, draft), offer_person(turn))
        return go_on(tropiezos=stumbles(turn))
    if field in {"colonia", "nombre"} and adds_to_story(turn):
        return await _add_to_story(turn, draft)
    misplaced = await take_misplaced(turn, draft, field) if field != "narrativa" else None
    if misplaced is not None:
        await ask_next(turn, misplaced, offer_person(turn) if misplaced is draft else ())
        return go_on(tropiezos=stumbles(turn) if misplaced is draft else 0)
    answer = await turn.backend.answer(field, _as_answer(turn, field))
    if not answer["accepted"] and field == "curp" and turn.does_not_know:
        answer = await turn.backend.answer(field, _HAS_NONE)
    if answer["accepted"]:
        kept = _settle(turn, answer["draft"], field)
        await ask_next(turn, await take_told(turn, answer["draft"]))
        return go_on(tropiezos=0, **kept)
    suggestion = answer["suggestion"]
    if suggestion is not None:
        meant = {"title": f"Sí, {suggestion['title']}", "value": suggestion["value"]}
        buttons = [*option_buttons([meant]), {"title": "No, es otro", "payload": "/negar"}, *offer_person(turn)]
        turn.say_with("utter_quiso_decir", buttons, sugerencia=suggestion["title"])
        return go_on(tropiezos=stumbles(turn))
    if field == "municipio" and _tells_more(turn):
        return await _add_to_story(turn, draft)
    elsewhere = await take_others(turn, draft, field)
    if elsewhere is not None:
        await ask_next(turn, elsewhere)
        return go_on(tropiezos=0)
    turn.say_text(answer["problem_text"])
    await ask_next(turn, {**answer["draft"], "next": answer["draft"]["next"] or draft["next"]}, offer_person(turn))
    return go_on(tropiezos=stumbles(turn))
