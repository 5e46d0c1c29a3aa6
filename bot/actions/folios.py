"""A folio's status, and information added to it: with its access code, or from the conversation that filed it."""

import re
from typing import Any

from rasa_sdk import Action
from rasa_sdk.events import EventType

from backend.notices.payloads import VERDICT
from backend.registry.folios import PATTERN as FOLIO
from bot.actions.draft import end_and_resume
from bot.actions.forms import FormListener, end_form, go_on, offer_person, other_matter, start_form, stumbles, turn_to
from bot.actions.information import SIDE_QUESTIONS, answer_side_question, only_tells_need
from bot.actions.kinds import OPENS_PETITION
from bot.actions.manners import Answer
from bot.actions.people import emergency, reach_person
from bot.actions.turn import CODE, Turn

STATUS, INFORMATION = "estado", "informacion"


def folio_in(turn: Turn) -> str | None:
    match = FOLIO.search(turn.text)
    return match[0] if match and not turn.is_button else None


def _code_in(turn: Turn) -> str | None:
    without_folio = FOLIO.sub(" ", turn.text)
    codes = (match[1] + match[2] for match in CODE.finditer(without_folio))
    return next((code for code in codes if any(char.isdigit() for char in code)), None)


#: What is meant for a folio and is none of ours.
_UNLIKE = re.compile(
    r"\b[a-z]{1,5}-?20\d\d-?\d{3,}|\b20\d\d-\d{3,}|\bfolio (?:numero |num\.? |no\.? |es (?:el )?)?\d{3,9}\b"
)
_ASKS_FOR_IT = re.compile(r"\b(?:cual|que|donde) (?:es|era|esta|encuentro|veo) (?:mi|el) folio\b")


def _ask_folio(turn: Turn) -> None:
    if _UNLIKE.search(turn.folded):
        turn.say("utter_folio_mal_escrito")
    elif turn.does_not_know or _ASKS_FOR_IT.search(turn.folded):
        turn.say("utter_folio_no_lo_tiene")
    else:
        turn.say("utter_pregunta_folio")


def tell_status(turn: Turn, petition: dict[str, Any]) -> None:
    turn.say(
        "utter_estado",
        folio=petition["folio"],
        tipo=petition["kind_text"],
        estado=petition["status_text"],
        explicacion=petition["explanation"],
        fecha=petition["updated_text"],
    )


def ask_if_solved(turn: Turn, notice_id: str) -> None:
    """The question that the notice of a conclusion asks, with its buttons: the backend takes the answer."""
    answers = [("Sí, se resolvió", "si"), ("No se resolvió", "no")]
    buttons = [{"title": title, "payload": f"{VERDICT}:{notice_id}:{answer}"} for title, answer in answers]
    turn.say_with("utter_se_resolvio", buttons)


async def open_lookup(turn: Turn, purpose: str) -> dict[str, str | None] | None:
    """The first step: the folio named, or this conversation's latest, or a question.

    The slots of the form that is to go on, or None when all is said.
    """
    folio = folio_in(turn)
    if folio is None:
        own = (await turn.backend.context())["petitions"]
        if not own:
            _ask_folio(turn)
            return _slots(purpose)
        folio = own[0]["folio"]
    return await look_up(turn, folio, _code_in(turn), purpose)


def _slots(purpose: str, folio: str | None = None, code: str | None = None) -> dict[str, str | None]:
    return {"proposito": purpose, "folio_consulta": folio, "clave_consulta": code}


async def _start(turn: Turn, purpose: str) -> list[EventType]:
    slots = await open_lookup(turn, purpose)
    return [] if slots is None else start_form(turn, "folio_form", **slots)


class ActionStatus(Answer):
    def name(self) -> str:
        return "action_consultar_folio"

    async def answer(self, turn: Turn) -> list[EventType]:
        return await _start(turn, STATUS)


class ActionAddInformation(Answer):
    def name(self) -> str:
        return "action_agregar_informacion"

    async def answer(self, turn: Turn) -> list[EventType]:
        return await _start(turn, INFORMATION)


async def look_up(turn: Turn, folio: str, code: str | None, purpose: str) -> dict[str, str | None] | None:
    """Ask the backend, and say what comes of it: the form's slots if something is still to be asked, else None."""
    found = await turn.backend.status(folio, code)
    result, petition = found["result"], found["petition"]
    if result == "found" and purpose == STATUS:
        tell_status(turn, petition)
        if petition["question_id"] is None:
            turn.say("utter_estado_que_mas")
        else:
            ask_if_solved(turn, petition["question_id"])
    elif result == "found":
        turn.say("utter_pregunta_informacion", folio=petition["folio"])
        return _slots(purpose, petition["folio"], code or "propio")
    elif result == "needs_code":
        turn.say("utter_pregunta_clave", folio=folio.upper())
        return _slots(purpose, folio)
    elif result == "malformed":
        turn.say("utter_folio_mal_escrito")
        return _slots(purpose)
    else:
        turn.say("utter_folio_bloqueado" if result == "blocked" else "utter_folio_no_encontrado")
    return None


#: What is no information to add, when asked for it.
_NOTHING_TO_ADD = {"no", "no gracias", "nada", "nada mas", "ninguna", "/negar"}
_DONE: dict[str, None] = {"folio_consulta": None, "clave_consulta": None}


class FolioForm(FormListener, Action):
    """Folio, code and, to add it, the information."""

    form = "folio_form"

    async def hear(self, turn: Turn) -> list[EventType]:
        tracker = turn.tracker
        folio, code = tracker.get_slot("folio_consulta"), tracker.get_slot("clave_consulta")
        purpose = tracker.get_slot("proposito") or STATUS
        events = await self._interruption(turn, folio, code)
        if events is not None:
            return events
        if folio is not None and code is not None:
            return await self._add(turn, folio, None if code == "propio" else code)
        typed = folio_in(turn)
        if folio is None or (typed is not None and _code_in(turn) is None):
            slots = await look_up(turn, typed or turn.text, _code_in(turn), purpose)
        else:
            slots = await look_up(turn, folio, _code_in(turn) or turn.text, purpose)
        if slots is None:
            return await end_and_resume(turn, **_DONE)
        if slots["folio_consulta"] is not None:
            return go_on(tropiezos=0, **slots)
        if offered := offer_person(turn):
            turn.say_with("utter_pregunta_folio", list(offered))
        return go_on(tropiezos=stumbles(turn), **slots)

    async def _interruption(self, turn: Turn, folio: str | None, code: str | None) -> list[EventType] | None:
        tells_information = folio is not None and code is not None
        if turn.is_danger and not tells_information:
            await emergency(turn)
            return end_form(**_DONE)
        if turn.wants_person:
            return await reach_person(turn, from_form=True)
        if turn.is_upset and not tells_information:
            turn.say("utter_molestia")
            self._ask_again(turn, folio, code)
            return go_on()
        if only_tells_need(turn) and not tells_information:
            await answer_side_question(turn)
            self._ask_again(turn, folio, code)
            return go_on()
        if turn.does_not_know and not tells_information:
            turn.say("utter_folio_no_lo_tiene")
            return go_on()
        declines = turn.folded in _NOTHING_TO_ADD if tells_information else turn.says_no and turn.words <= 4
        if turn.cancels or declines:
            turn.say("utter_consulta_cancelada")
            return await end_and_resume(turn, **_DONE)
        opening = other_matter(turn)
        if opening == OPENS_PETITION and not tells_information and folio_in(turn) is None:
            return turn_to(opening, **_DONE)
        is_side = turn.intent in SIDE_QUESTIONS and turn.confidence > 0.6 and folio_in(turn) is None
        if turn.intent in {"volver_con_bot", "enviar_adjunto"} or (
            is_side and (turn.asks_something or turn.words <= 3)
        ):
            if turn.intent == "enviar_adjunto":
                turn.say("utter_adjunto_recibido")
            await answer_side_question(turn)
        elif not turn.is_button:  # a button of an earlier message is no folio, no code, nothing to add
            return None
        self._ask_again(turn, folio, code)
        return go_on()

    @staticmethod
    def _ask_again(turn: Turn, folio: str | None, code: str | None) -> None:
        if folio is None:
            turn.say("utter_pregunta_folio")
        elif code is None:
            turn.say("utter_pregunta_clave", folio=folio.upper())
        else:
            turn.say("utter_pregunta_informacion", folio=folio)

    @staticmethod
    async def _add(turn: Turn, folio: str, code: str | None) -> list[EventType]:
        if turn.is_danger:
            turn.say("utter_posible_emergencia")
        done = await turn.backend.add_information(folio, code, turn.text)
        if done["result"] == "found":
            turn.say("utter_informacion_agregada", folio=folio)
        else:
            turn.say("utter_folio_no_encontrado")
        return await end_and_resume(turn, **_DONE)
