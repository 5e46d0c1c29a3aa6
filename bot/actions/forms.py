"""Forms that hear every message themselves: what their steps return, and how they hand over to each other.

Each form asks for one slot, `respuesta`, which is never filled: what is asked next, and whether
an answer holds, is the backend's to say. So Rasa keeps the form open until it is told to end.
"""

import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.kinds import OPENINGS
from bot.actions.languages import answer_language
from bot.actions.manners import leave
from bot.actions.turn import Turn

#: Rasa takes a form that sets nothing but `requested_slot` for one that rejects the message.
_HEARD = SlotSet("respuesta", None)
_STILL_ASKING = SlotSet("requested_slot", "respuesta")


def _set(slots: dict[str, Any]) -> list[EventType]:
    return [SlotSet(name, value) for name, value in slots.items()]


def start_form(turn: Turn, form: str, **slots: Any) -> list[EventType]:
    """What an opening action returns to hand the next messages to a form."""
    return [_HEARD, SlotSet("oido", turn.message_id), *_set(slots), FollowupAction(form)]


def switch_form(turn: Turn, form: str, **slots: Any) -> list[EventType]:
    """What a form's step returns to hand the next messages to another form."""
    return [_HEARD, SlotSet("oido", turn.message_id), ActiveLoop(form), *_set(slots), _STILL_ASKING]


def go_on(**slots: Any) -> list[EventType]:
    """What a form's step returns to hear one more answer."""
    return [_HEARD, *_set(slots), _STILL_ASKING]


def end_form(**slots: Any) -> list[EventType]:
    """What a form's step returns to end."""
    return [_HEARD, *_set({"paso": None, "tropiezos": None, "asunto": None, **slots}), SlotSet("requested_slot", None)]


def other_matter(turn: Turn) -> str | None:
    """The action that opens what this message turns to, if it is clearly no answer to the form's question."""
    has_number = any(char.isdigit() for char in turn.text)
    is_clear = turn.is_button or (turn.is_sure and turn.words >= 3 and not has_number)
    return OPENINGS.get(turn.intent) if is_clear else None


def turn_to(action: str, **slots: Any) -> list[EventType]:
    """What a form's step returns to end and let an opening action hear the same message."""
    return [*end_form(**slots), FollowupAction(action)]


#: Misunderstandings in a row after which a person is offered.
_PATIENCE = 2
_PERSON = {"title": "Hablar con una persona", "payload": "/hablar_con_persona"}


def stumbles(turn: Turn) -> int:
    """Answers in a row, with this one, that could not be used."""
    return int(turn.tracker.get_slot("tropiezos") or 0) + 1


def offer_person(turn: Turn) -> tuple[dict[str, str], ...]:
    """The button to put beside the question once patience is at its end."""
    if stumbles(turn) < _PATIENCE:
        return ()
    turn.say("utter_ofrecer_persona_en_registro")
    return (_PERSON,)


class FormListener(ABC):
    """A form's only step: `hear` gets each message once, whichever form it opened on the way."""

    form: ClassVar[str]

    def name(self) -> str:
        return f"validate_{self.form}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        turn = Turn(dispatcher, tracker, domain)
        if tracker.get_slot("oido") == turn.message_id:
            return go_on()
        if turn.asks_to_wait and not turn.is_danger:
            turn.say("utter_le_espero")
            return [*go_on(), *leave(turn, go_on(), remembers=False)]
        events = await self._in_other_language(turn) if turn.language else await self.hear(turn)
        return [*events, *leave(turn, events, remembers=False)]

    async def _in_other_language(self, turn: Turn) -> list[EventType]:
        """Answer a message that is not in Spanish; the form stays as it is, unless a person was asked for."""
        await answer_language(turn)
        return end_form() if turn.hands_off else go_on()

    @abstractmethod
    async def hear(self, turn: Turn) -> list[EventType]:
        """Answer one message; one of `go_on`, `end_form`, `switch_form`, `turn_to`."""


def option_buttons(options: list[dict[str, str]]) -> list[dict[str, str]]:
    """Buttons for the options of a question; each speaks as `elegir` with its value."""
    return [
        {"title": option["title"], "payload": "/elegir" + json.dumps({"valor": option["value"]}, ensure_ascii=False)}
        for option in options
    ]
