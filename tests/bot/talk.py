"""A conversation with the actions, run as Rasa runs them, without understanding: a test says which intent was meant."""

import itertools
from dataclasses import dataclass
from typing import Any

from rasa_sdk.executor import ActionExecutor

from tests.bot import wording


@dataclass(frozen=True)
class Reply:
    """One message to the citizen. `name` is its response's; None for a text of the backend's."""

    name: str | None
    text: str
    buttons: tuple[tuple[str, str], ...]
    custom: dict[str, Any]

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.buttons]


class Replies(list[Reply]):
    """What one message was answered."""

    @property
    def names(self) -> list[str | None]:
        """Names of the responses, in whatever words they were said; what is only data for the backend left out."""
        return [reply.name for reply in self if not reply.custom]

    @property
    def text(self) -> str:
        return "\n".join(reply.text for reply in self)

    @property
    def handoffs(self) -> list[dict[str, Any]]:
        return [reply.custom["handoff"] for reply in self if "handoff" in reply.custom]


class Talk:
    """Slots and the open form between messages; the actions' events are applied as Rasa applies them."""

    def __init__(self) -> None:
        self.executor = ActionExecutor()
        self.executor.register_package("bot.actions")
        self.responses = wording.responses()
        self.domain = wording.domain()
        self.slots: dict[str, Any] = {}
        self.form: str | None = None
        self.history: list[dict[str, Any]] = []
        self.latest: dict[str, Any] = {}
        self._numbers = itertools.count(1)

    async def say(
        self,
        text: str,
        intent: str = "nlu_fallback",
        confidence: float = 0.9,
        ranking: dict[str, float] | None = None,
        requests: list[dict[str, Any]] | None = None,
        **entities: str,
    ) -> Replies:
        """Type a message that is understood as `intent`; the open form hears it, or the intent's rule."""
        self.latest = {
            "text": text,
            "intent": {"name": intent, "confidence": confidence},
            "intent_ranking": [{"name": name, "confidence": share} for name, share in (ranking or {}).items()],
            "entities": [{"entity": name, "value": value} for name, value in entities.items()],
            "requests": requests or [],
            "metadata": {"message_id": f"m{next(self._numbers)}"},
        }
        return await self.hear_again()

    async def press(self, payload: str, **entities: str) -> Replies:
        """Press a button."""
        return await self.say(payload, payload.removeprefix("/").split("{")[0], 1.0, **entities)

    async def choose(self, value: str) -> Replies:
        """Press the button of an option."""
        return await self.press(f'/elegir{{"valor": "{value}"}}', valor=value)

    async def hear_again(self) -> Replies:
        """Run the turn of the latest message, with the id it had."""
        self.history.append({"event": "user", "text": self.latest["text"], "parse_data": self.latest})
        if self.form is None:
            replies = await self._run_rule(wording.opening(self.latest["intent"]["name"]))
        else:
            replies = await self.run(f"validate_{self.form}")
        while self._next_action is not None:
            replies += await self.run(self._next_action)
        heard: set[str | None] = set()
        while self.form is not None and self._was_opened and self.form not in heard:
            heard.add(self.form)
            replies += await self.run(f"validate_{self.form}")
        return replies

    async def _run_rule(self, action: str) -> Replies:
        if action.startswith("utter_"):
            return Replies([self._reply({"response": action})])
        return await self.run(action)

    async def run(self, action: str) -> Replies:
        """Run one action and apply its events. `_was_opened` tells whether it handed over to a form."""
        self._was_opened = False
        self._next_action: str | None = None
        tracker = {
            "sender_id": "c1",
            "slots": dict(self.slots),
            "latest_message": self.latest,
            "events": list(self.history),
            "paused": False,
            "followup_action": None,
            "active_loop": {"name": self.form} if self.form else {},
            "latest_action_name": "action_listen",
        }
        result = await self.executor.run(
            {"next_action": action, "tracker": tracker, "domain": self.domain, "sender_id": "c1"}
        )
        assert result is not None
        self.history.append({"event": "action", "name": action})
        for event in result["events"]:
            self._apply(event)
        replies = Replies([self._reply(response) for response in result["responses"]])
        self.history += [{"event": "bot", "text": reply.text} for reply in replies]
        return replies

    def _apply(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "slot":
            self.slots[event["name"]] = event["value"]
            if event["name"] == "requested_slot" and event["value"] is None:
                self.form = None
        elif kind == "followup" and event["name"] not in wording.forms():
            self._next_action = event["name"]
        elif kind in {"active_loop", "followup"}:
            assert event["name"] in wording.forms()
            self._was_opened = event["name"] != self.form
            self.form = event["name"]

    def _reply(self, response: dict[str, Any]) -> Reply:
        name = response.get("response")
        said = self.responses[name] if name else {}
        text = said["text"].format(**response) if name else response.get("text") or ""
        buttons = [*said.get("buttons", []), *(response.get("buttons") or [])]
        pairs = tuple((button["title"], button["payload"]) for button in buttons)
        return Reply(response.get("original", name), text, pairs, response.get("custom") or {})
