"""What every reply passes before it leaves: nothing is said twice in a row, nothing asked for is forgotten.

All actions that speak are `Answer`s or forms, and end in `leave`.
"""

from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.turn import Turn

#: A response said once already is said in the words of the response so named, if there is one.
OTHERWISE = "_de_otro_modo"
_REPEATS = ("utter_repito", "utter_repito_de_nuevo", "utter_repito_una_vez_mas")
_PERSON = "/hablar_con_persona"
#: Said where something was changed: what is read back after it is another thing.
_GETS_ON = "utter_corregi"
#: Turns in a row that only said again what had been said, after which a person is offered.
_PATIENCE = 2


class Answer(Action, ABC):
    """An action that answers a message."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        turn = Turn(dispatcher, tracker, domain)
        events = await self.answer(turn)
        events = [*events, *leave(turn, events, remembers=True)]
        is_followup = tracker.latest_action_name not in {None, "action_listen"}
        if is_followup and not any(event["event"] == "followup" for event in events):
            events.append(FollowupAction("action_listen"))  # no rule tells Rasa what comes after it
        return events

    @abstractmethod
    async def answer(self, turn: Turn) -> list[EventType]:
        """Say what is to be said; the events that follow from it."""


def leave(turn: Turn, events: list[EventType], *, remembers: bool) -> list[EventType]:
    """The last look at a turn's replies; the events that follow. `remembers`: whether the message may ask for more."""
    waiting = [*(turn.tracker.get_slot("pendientes") or [])]
    if remembers:
        waiting += [request for request in _further_requests(turn) if request not in waiting]
    offered = None
    if waiting and _is_free(turn, events):
        offered, *waiting = waiting
        turn.say(f"utter_pendiente_{offered['intent']}")
    language = turn.language or (turn.tracker.get_slot("idioma") if turn.is_button else None)
    changed = _changed(turn, {"pendientes": waiting or None, "ofrecido": offered, "idioma": language})
    if turn.takes_offer and _goes_on(events):
        changed = [event for event in changed if event["name"] != "ofrecido"]
    return [*changed, *_never_twice(turn)]


def _changed(turn: Turn, slots: dict[str, Any]) -> list[EventType]:
    return [SlotSet(name, value) for name, value in slots.items() if turn.tracker.get_slot(name) != value]


def _further_requests(turn: Turn) -> list[dict[str, Any]]:
    """What the message asks for beside what is handled now, each with its words and what was found in them."""
    return [
        {
            "intent": request["intent"],
            "text": turn.text[request["start"] : request["end"]].strip(" ,.;"),
            "entities": [
                {"entity": found["entity"], "value": found["value"]}
                for found in turn.entities
                if found.get("start", -1) >= request["start"] and found.get("end", 0) <= request["end"]
            ],
            "message_id": turn.message_id,
        }
        for request in turn.requests[1:]
    ]


def _goes_on(events: list[EventType]) -> bool:
    """Whether another action is still to hear this message."""
    return any(event["event"] == "followup" and event["name"].startswith("action_") for event in events)


def _is_free(turn: Turn, events: list[EventType]) -> bool:
    """Whether nothing is under way after this turn: no form, no person asked for, no action still to come."""
    if turn.hands_off or any(event["event"] in {"followup", "active_loop"} for event in events):
        return False
    asked = [event["value"] for event in events if event["event"] == "slot" and event["name"] == "requested_slot"]
    return asked[-1] is None if asked else not (turn.tracker.active_loop or {}).get("name")


# Nothing is said twice in a row.


def _never_twice(turn: Turn) -> list[EventType]:
    """Put what was said in the turn before into other words; after two such turns, offer a person."""
    earlier = _said_before(turn.tracker)
    said = [message.get("response") or message.get("text") for message in turn.dispatcher.messages]
    for message in turn.dispatcher.messages:
        if _rendered(turn, message) in earlier:
            _reword(turn, message, earlier)
    is_again = bool(set(filter(None, said)) & set(turn.tracker.get_slot("dichas") or [])) and _GETS_ON not in said
    in_a_row = int(turn.tracker.get_slot("repetidas") or 0) + 1 if is_again else 0
    if in_a_row >= _PATIENCE and not turn.hands_off and not _offers_person(turn):
        turn.say("utter_ofrecer_persona_si_repite")
    return _changed(turn, {"repetidas": in_a_row or None, "dichas": [name for name in said if name]})


def _said_before(tracker: Tracker) -> set[str]:
    """The texts that answered the message before this one."""
    said: set[str] = set()
    is_earlier = False
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            if is_earlier:
                break
            is_earlier = True
        elif is_earlier and event.get("event") == "bot" and event.get("text"):
            said.add(event["text"])
    return said


def _rendered(turn: Turn, message: dict[str, Any]) -> str:
    """A message as the citizen will read it."""
    response = message.get("response")
    if not response:
        return message.get("text") or ""
    variations = turn.domain.get("responses", {}).get(response) or [{"text": ""}]
    return str(variations[0].get("text") or "").format_map({**message, "text": ""})


def _reword(turn: Turn, message: dict[str, Any], earlier: set[str]) -> None:
    text = _rendered(turn, message)
    if not text:
        return
    message["original"] = message.get("response")
    responses = turn.domain.get("responses", {})
    otherwise = f"{message.get('response')}{OTHERWISE}"
    if otherwise in responses and _rendered(turn, {**message, "response": otherwise}) not in earlier:
        message["response"] = message["template"] = otherwise
        return
    own = (responses.get(message.get("response")) or [{}])[0].get("buttons") or []
    for response in _REPEATS:
        candidate = {**message, "response": response, "texto": text, "text": None}
        if _rendered(turn, candidate) not in earlier:
            message.update(candidate, template=response, buttons=[*own, *(message.get("buttons") or [])])
            return


def _offers_person(turn: Turn) -> bool:
    responses = turn.domain.get("responses", {})
    return any(
        button["payload"].startswith(_PERSON)
        for message in turn.dispatcher.messages
        for button in [
            *(message.get("buttons") or []),
            *((responses.get(message.get("response")) or [{}])[0].get("buttons") or []),
        ]
    )
