"""What is told without asking anything: hours, notice, greetings; in a form too, between two questions."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.turn import Turn


async def tell_hours(turn: Turn) -> None:
    office = await turn.backend.office()
    turn.say("utter_horario", horario=office["hours_text"], direccion=office["address"])
    if office["phone"]:
        turn.say("utter_horario_telefono", telefono=office["phone"])


async def tell_notice(turn: Turn) -> None:
    turn.say("utter_aviso", url=(await turn.backend.context())["privacy_url"])


#: Intents answered in the middle of a form, and how.
_FIXED = {
    "ayuda": "utter_ayuda",
    "informacion_publica": "utter_informacion_publica",
}
#: … thanks among them, to which the next question is answer enough.
SIDE_QUESTIONS = {*_FIXED, "horario_ubicacion", "aviso_privacidad", "saludar", "agradecer"}


async def answer_side_question(turn: Turn) -> None:
    """Answer a question that interrupts a form; the form then asks again."""
    if turn.intent == "horario_ubicacion":
        await tell_hours(turn)
    elif turn.intent == "aviso_privacidad":
        await tell_notice(turn)
    elif turn.intent == "saludar":
        turn.say("utter_continuar_borrador")
    elif turn.intent in _FIXED:
        turn.dispatcher.utter_message(response=_FIXED[turn.intent])


class ActionHours(Action):
    def name(self) -> str:
        return "action_horario_ubicacion"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        await tell_hours(Turn(dispatcher, tracker, domain))
        return []


class ActionNotice(Action):
    def name(self) -> str:
        return "action_aviso_privacidad"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        await tell_notice(Turn(dispatcher, tracker, domain))
        return []


class ActionGreet(Action):
    """Greets in full once; after that, briefly."""

    def name(self) -> str:
        return "action_saludar"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        has_greeted = any(
            event.get("event") == "action" and event.get("name") == "action_saludar" for event in tracker.events
        )
        dispatcher.utter_message(response="utter_saludo_breve" if has_greeted else "utter_saludo")
        return []


class ActionFileReceived(Action):
    def name(self) -> str:
        return "action_enviar_adjunto"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        turn = Turn(dispatcher, tracker, domain)
        turn.say("utter_adjunto_recibido")
        turn.say("utter_que_mas")
        return []
