"""Reaching a person: now, or by a call when the office opens; emergencies; what was not understood."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, ActiveLoop, EventType, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.agencies import federal_agencies
from bot.actions.draft import ask_again, end_and_resume
from bot.actions.forms import FormListener, end_form, go_on, other_matter, start_form, switch_form, turn_to
from bot.actions.information import SIDE_QUESTIONS, answer_side_question, only_tells_need
from bot.actions.languages import reach_person_in
from bot.actions.manners import Answer
from bot.actions.readings import likeliest, may_be_danger, remember_offer
from bot.actions.story import tells_at_length
from bot.actions.turn import Turn, first_name

#: Confidence from which a danger is taken for one where nothing else is under way; below, we ask.
_LIKELY_DANGER = 0.7
#: Two in a row offer a person.
_MISUNDERSTOOD = {"nlu_fallback", "fuera_de_alcance", "dar_dato"}


async def emergency(turn: Turn) -> None:
    """911 first, then a person, flagged."""
    turn.say_text(await turn.backend.emergency_text())
    turn.hand_off("emergency", emergency=True)


async def reach_person(turn: Turn, *, from_form: bool = False) -> list[EventType]:
    """A person now, if one is there; else their name and phone, for a call."""
    language = turn.tracker.get_slot("idioma")
    if language:
        await reach_person_in(turn, language)
        return end_form() if from_form else []
    office = await turn.backend.office()
    if office["person_available"]:
        turn.say("utter_le_comunico", espera=_wait_text(office["waiting"]))
        turn.hand_off("requested")
        return end_form() if from_form else []
    turn.say("utter_no_hay_personas", apertura=office["next_opening_text"])
    context = await turn.backend.context()
    if not context["consent"]:
        turn.say("utter_pregunta_consentimiento", aviso=context["privacy_notice"])
    elif not context["known_name"]:
        turn.say("utter_pregunta_nombre_llamada")
    elif not context["known_phone"]:
        turn.say("utter_pregunta_telefono_llamada")
    else:
        return await _file_call(turn, context["known_name"], context["known_phone"])
    slots = {"nombre_llamada": context["known_name"], "paso": None}
    open_form = switch_form if from_form else start_form
    return open_form(turn, "llamada_form", **slots)


def _wait_text(waiting: int) -> str:
    if waiting == 0:
        return "Es el siguiente en la fila."
    return f"Hay {waiting} persona{'s' if waiting > 1 else ''} antes que usted."


async def _file_call(turn: Turn, name: str, phone: str) -> list[EventType]:
    answer = await turn.backend.callback(name, phone, "Pidió hablar con una persona fuera de horario.")
    if not answer["accepted"]:
        turn.say_text(answer["problem_text"])
        if answer["problem"] != "not_a_phone":
            turn.say("utter_pregunta_nombre_llamada")
            return go_on(nombre_llamada=None)
        turn.say("utter_pregunta_telefono_llamada")
        return go_on(nombre_llamada=name)
    office = await turn.backend.office()
    turn.say("utter_llamada_registrada", nombre=first_name(name), apertura=office["next_opening_text"])
    return await end_and_resume(turn, nombre_llamada=None)


class ActionTalkToPerson(Answer):
    def name(self) -> str:
        return "action_hablar_con_persona"

    async def answer(self, turn: Turn) -> list[EventType]:
        return await reach_person(turn)


class CallForm(FormListener, Action):
    """Name, then phone, of whoever wants to be called."""

    form = "llamada_form"

    async def hear(self, turn: Turn) -> list[EventType]:
        if turn.is_danger:
            await emergency(turn)
            return end_form(nombre_llamada=None)
        if only_tells_need(turn):
            await answer_side_question(turn)
            return await self._ask_again(turn)
        if turn.cancels or turn.says_no:
            turn.say("utter_llamada_cancelada")
            return await end_and_resume(turn, nombre_llamada=None)
        if turn.wants_person:
            return await reach_person(turn, from_form=True)
        opening = other_matter(turn)
        if opening is not None:
            return turn_to(opening, nombre_llamada=None)
        if turn.intent in SIDE_QUESTIONS and (turn.is_button or (turn.asks_something and turn.confidence > 0.6)):
            await answer_side_question(turn)
            return await self._ask_again(turn)
        if not (await turn.backend.context())["consent"]:
            return await self._hear_consent(turn)
        name = turn.tracker.get_slot("nombre_llamada")
        if turn.intent in {"volver_con_bot", "enviar_adjunto"} or turn.is_button:
            return await self._ask_again(turn)
        if name is None:
            return self._hear_name(turn)
        return await _file_call(turn, name, turn.text)

    @staticmethod
    async def _ask_again(turn: Turn) -> list[EventType]:
        if not (await turn.backend.context())["consent"]:
            turn.say("utter_consentimiento_otra_vez")
        else:
            has_name = turn.tracker.get_slot("nombre_llamada") is not None
            turn.say("utter_pregunta_telefono_llamada" if has_name else "utter_pregunta_nombre_llamada")
        return go_on()

    async def _hear_consent(self, turn: Turn) -> list[EventType]:
        if turn.agrees:
            await turn.backend.consent(True)
        return await self._ask_again(turn)

    @staticmethod
    def _hear_name(turn: Turn) -> list[EventType]:
        name = turn.text.strip()
        if any(char.isdigit() for char in name) or sum(char.isalpha() for char in name) < 3:
            turn.say("utter_pregunta_nombre_llamada")
            return go_on()
        turn.say("utter_pregunta_telefono_llamada")
        return go_on(nombre_llamada=name)


class ActionEmergency(Answer):
    """911 and a person; where it only may be a danger, 911 and a question."""

    def name(self) -> str:
        return "action_emergencia"

    async def answer(self, turn: Turn) -> list[EventType]:
        if turn.is_button or turn.confidence >= _LIKELY_DANGER:
            await emergency(turn)
        else:
            turn.say("utter_posible_emergencia")
        return []


def misunderstood_in_a_row(tracker: Tracker) -> int:
    """How many of the latest messages, this one included, were not understood."""
    count = 0
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
            if intent not in _MISUNDERSTOOD:
                break
            count += 1
    return count


class ActionDidNotUnderstand(Answer):
    """The first time, asks which of the likeliest readings was meant; the second, offers a person."""

    def name(self) -> str:
        return "action_no_entendi"

    async def answer(self, turn: Turn) -> list[EventType]:
        if may_be_danger(turn.tracker):
            turn.say("utter_posible_emergencia")
        elif tells_at_length(turn.text):
            turn.say("utter_ofrecer_registro")
            return remember_offer(turn)
        elif misunderstood_in_a_row(turn.tracker) >= 2:
            turn.say("utter_ofrecer_persona")
        elif readings := likeliest(turn.tracker):
            turn.say_with("utter_aclarar", [*readings, {"title": "Otra cosa", "payload": "/ayuda"}])
        else:
            turn.say("utter_no_entendi")
        return []


class ActionOutOfScope(Answer):
    def name(self) -> str:
        return "action_fuera_de_alcance"

    async def answer(self, turn: Turn) -> list[EventType]:
        federal = turn.entity("dependencia")
        if misunderstood_in_a_row(turn.tracker) >= 2:
            turn.say("utter_ofrecer_persona")
        elif federal in federal_agencies():
            turn.say("utter_fuera_de_alcance_federal", dependencia=federal)
            return remember_offer(turn)
        else:
            turn.say("utter_fuera_de_alcance")
        return []


class ActionBackToBot(Answer):
    """A person gave the conversation back: greet, and go on with the petition in hand."""

    def name(self) -> str:
        return "action_volver_con_bot"

    async def answer(self, turn: Turn) -> list[EventType]:
        context = await turn.backend.context()
        turn.say("utter_regreso")
        if context["draft"] is None:
            return []
        turn.say("utter_continuar_borrador")
        await ask_again(turn, context, context["draft"])
        return start_form(turn, "peticion_form", paso=None)


class ActionSessionStart(Action):
    """A new session in which a petition was being told goes on with it: the message that opens it is its answer."""

    def name(self) -> str:
        return "action_session_start"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        turn = Turn(dispatcher, tracker, domain)
        draft = (await turn.backend.context())["draft"]
        events: list[EventType] = [SessionStarted()]
        if draft is not None:
            events += [ActiveLoop("peticion_form"), SlotSet("paso", None), SlotSet("requested_slot", "respuesta")]
        return [*events, ActionExecuted("action_listen")]
