"""The petition form. The backend's draft is the truth: what is missing, in which order, and whether an answer holds.

So nothing known is asked again, whatever happened to this session in between.
"""

import re
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.information import SIDE_QUESTIONS, answer_side_question
from bot.actions.people import emergency, reach_person
from bot.actions.turn import Turn, end_form, fold, go_on, leave_form, option_buttons, start_form

KINDS = {
    "registrar_peticion": "peticion",
    "registrar_queja": "queja",
    "registrar_sugerencia": "sugerencia",
    "registrar_felicitacion": "felicitacion",
    "solicitar_audiencia": "audiencia",
    "solicitar_apoyo_social": "apoyo_social",
    "solicitar_asesoria_juridica": "asesoria_juridica",
    "tramite_registro_civil": "registro_civil",
    "carta_no_antecedentes": "carta_no_antecedentes",
}
#: Answers in the citizen's own words, in which an intent found by chance must not interrupt.
FREE_TEXT = {"narrativa", "colonia", "nombre"}
#: Short words that answer no question of ours.
_MANNERS = {
    "hola",
    "buenas",
    "buenos dias",
    "buenas tardes",
    "buenas noches",
    "gracias",
    "muchas gracias",
    "ok",
    "si",
    "no",
}

#: Words that ask for a petition without telling anything of it.
_REQUEST_WORDS = frozenset((Path(__file__).parent / "request_words.txt").read_text("utf-8").split())


def tells_something(text: str) -> bool:
    """Whether a request carries its own story, to be kept as the narrative."""
    words = re.findall(r"\w+", fold(text))
    return len(words) >= 5 and sum(1 for word in words if word not in _REQUEST_WORDS and len(word) > 2) >= 3


async def ask_next(turn: Turn, draft: dict[str, Any]) -> None:
    """Ask for what is missing, or read everything back to be confirmed."""
    upcoming = draft["next"]
    if upcoming is None:
        turn.say("utter_resumen", resumen=draft["summary"])
    elif upcoming["options"]:
        turn.say_with(f"utter_pregunta_{upcoming['name']}", option_buttons(upcoming["options"]))
    else:
        turn.say(f"utter_pregunta_{upcoming['name']}")


async def ask_again(turn: Turn, context: dict[str, Any], draft: dict[str, Any]) -> None:
    if context["consent"]:
        await ask_next(turn, draft)
    else:
        turn.say("utter_consentimiento_otra_vez")


class ActionStartPetition(Action):
    """Opens the draft with what the first message already told, and asks the first question."""

    def name(self) -> str:
        return "action_iniciar_peticion"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        turn = Turn(dispatcher, tracker, domain)
        kind = KINDS.get(turn.intent, "peticion")
        if turn.is_button and turn.value == "derechos_arco":
            kind = "derechos_arco"
        context = await turn.backend.context()
        draft = await turn.backend.open_draft(kind, _already_told(turn, kind))
        turn.say(f"utter_inicio_{kind}")
        if "narrativa" in draft["fields"] and not turn.is_button:
            turn.say("utter_anote", narrativa=draft["fields"]["narrativa"])
        if context["consent"]:
            await ask_next(turn, draft)
        else:
            turn.say("utter_pregunta_consentimiento", aviso=context["privacy_notice"])
        return start_form("peticion_form", paso=None)


def _already_told(turn: Turn, kind: str) -> dict[str, str]:
    if turn.is_button:
        return {}
    told: dict[str, str] = {}
    if tells_something(turn.text):
        told["narrativa"] = turn.text
    municipality = turn.entity("municipio")
    if municipality:
        told["municipio"] = municipality
    if kind == "registro_civil":
        told["tipo_acta"] = turn.text
    return told


class ValidatePetitionForm(Action):
    """Hears every message while a petition is being told."""

    def name(self) -> str:
        return "validate_peticion_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        turn = Turn(dispatcher, tracker, domain)
        if not _is_new_message(tracker):
            return []
        context = await turn.backend.context()
        draft = context["draft"]
        if draft is None:  # filed or cancelled elsewhere: by an agent, or by the scripted intake
            turn.say("utter_que_mas")
            return end_form()
        events = await _interruption(turn, context, draft)
        if events is not None:
            return events
        step = tracker.get_slot("paso")
        if step == "cancelar":
            return await _hear_cancel(turn, context, draft)
        if not context["consent"]:
            return await _hear_consent(turn, draft)
        if step == "corregir":
            return await _hear_what_to_correct(turn, draft)
        if not draft["missing"]:
            return await _hear_confirmation(turn, draft)
        return await _hear_answer(turn, draft)


def _is_new_message(tracker: Tracker) -> bool:
    """Whether the form hears a message now, rather than being opened by an action of this very turn."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return True
        if event.get("event") == "action" and event.get("name") in {
            "action_iniciar_peticion", "action_volver_con_bot", "action_consultar_folio", "action_agregar_informacion",
            "action_hablar_con_persona",
        }:  # fmt: skip
            return False
    return True


async def _interruption(turn: Turn, context: dict[str, Any], draft: dict[str, Any]) -> list[EventType] | None:
    """What is not an answer: a file, a wish for a person, a cancellation, a correction, a side question."""
    field = draft["awaiting"] if context["consent"] else None
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
    if turn.intent == "emergencia" and turn.confidence > 0.8 and field != "narrativa":
        await emergency(turn)
        return leave_form()
    if turn.cancels and not (field == "narrativa" and turn.words > 6):
        turn.say("utter_confirmar_cancelar")
        return go_on(paso="cancelar")
    if turn.intent == "corregir" and turn.words <= 8 and turn.confidence > 0.6 and field != "narrativa":
        return await _what_to_correct(turn, draft)
    if _is_side_question(turn, field):
        await answer_side_question(turn)
        await ask_again(turn, context, draft)
        return go_on()
    return None


def _is_side_question(turn: Turn, field: str | None) -> bool:
    if turn.intent not in SIDE_QUESTIONS:
        return False
    if turn.is_button:
        return True
    if turn.folded in _MANNERS:
        return turn.folded not in {"si", "no", "ok"}
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


async def _hear_consent(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    if turn.says_yes or (turn.intent == "afirmar" and turn.words <= 6 and not turn.says_no):
        await turn.backend.consent(True)
        await ask_next(turn, draft)
        return go_on()
    if turn.says_no or (turn.intent == "negar" and turn.words <= 8):
        await turn.backend.cancel_draft()
        turn.say("utter_consentimiento_negado")
        return end_form()
    turn.say("utter_consentimiento_otra_vez")
    return go_on()


async def _what_to_correct(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    """Ask which answer to correct, unless the message says it."""
    named = _field_named(turn.folded, draft)
    if named is not None:
        return await _ask_anew(turn, named)
    if not draft["fields"]:
        await ask_next(turn, draft)
        return go_on()
    options = [{"title": _TITLES[name], "value": name} for name in draft["fields"] if name in _TITLES]
    turn.say_with("utter_que_corrijo", option_buttons(options))
    return go_on(paso="corregir")


_TITLES = {
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


def _field_named(folded: str, draft: dict[str, Any]) -> str | None:
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


async def _hear_what_to_correct(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    chosen = turn.value if turn.value in draft["fields"] else _field_named(turn.folded, draft)
    if chosen is None:
        if turn.says_no:
            await ask_next(turn, draft)
            return go_on(paso=None)
        return await _what_to_correct(turn, draft)
    return await _ask_anew(turn, chosen)


async def _hear_confirmation(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    named = _field_named(turn.folded, draft) if not turn.is_button else None
    if named is not None or turn.intent == "corregir" or turn.says_no:
        return await _what_to_correct(turn, draft)
    if turn.says_yes or (turn.intent == "afirmar" and turn.words <= 6):
        filed = await turn.backend.file_draft()
        response = "utter_ya_registrada" if filed["repeated"] else "utter_registrada"
        turn.say(response, folio=filed["folio"], clave=filed["access_code"])
        return end_form()
    await ask_next(turn, draft)
    return go_on()


async def _hear_answer(turn: Turn, draft: dict[str, Any]) -> list[EventType]:
    field = draft["awaiting"] or draft["missing"][0]
    if field != "anonimo" and turn.folded in _MANNERS and not turn.is_button:
        await ask_next(turn, draft)
        return go_on()
    answer = await turn.backend.answer(field, turn.value)
    if answer["accepted"]:
        await ask_next(turn, answer["draft"])
        return go_on()
    suggestion = answer["suggestion"]
    if suggestion is not None:
        buttons = [*option_buttons([suggestion]), {"title": "No, es otro", "payload": "/negar"}]
        turn.say_with("utter_quiso_decir", buttons, sugerencia=suggestion["title"])
        return go_on()
    turn.say_text(answer["problem_text"])
    await ask_next(turn, {**answer["draft"], "next": answer["draft"]["next"] or draft["next"]})
    return go_on()
