"""A citizen on WhatsApp or Telegram, who holds the same conversations as one on the web chat.

Speaks through a stand-in's control API. How the office stands to the conversation (its id, who
answers, whether something is under way) is not to be seen on a telephone: `Office` says it.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.end_to_end.citizen import TURN_SECONDS
from tests.fakes.conversation import ButtonView, Kind, MessageView
from tests.fakes.handles import Citizen, Stand

#: A choice written in the text where the channel has no button for it: `3. Otro asunto` or `3) Otro asunto`.
_NUMBERED = re.compile(r"(?m)^\s*\*?(\d{1,2})[.)]\*?\s+(.+?)\s*$")


@dataclass(frozen=True)
class Standing:
    """A conversation as the office has it. `is_busy`: a turn, a send or a receipt of it is under way."""

    session_id: str
    owner: str
    is_busy: bool


class Office(Protocol):
    def standing(self, citizen_id: str) -> Standing:
        """Of the conversation with a citizen, by the address the channel gives them."""
        ...


@dataclass
class TelephoneCitizen:
    """Implements `tests.end_to_end.speaker.Speaker`.

    `greeting`: what opening the channel says by itself, if anything, such as Telegram's `/start`.
    """

    stand: Stand
    telephone: Citizen
    office: Office
    greeting: Callable[[], object] | None = None
    heard: list[MessageView] = field(default_factory=list)

    @property
    def session_id(self) -> str:
        return self.office.standing(self.telephone.id).session_id

    @property
    def owner(self) -> str:
        return self.office.standing(self.telephone.id).owner

    def open(self) -> "TelephoneCitizen":
        if self.greeting is not None:
            self.greeting()
            self.replies()
        return self

    def say(self, text: str) -> list[dict[str, Any]]:
        self.telephone.send_text(text)
        return self.replies()

    def show(self, name: str, content: bytes) -> list[dict[str, Any]]:
        self.telephone.send_file(Kind.PHOTO, content, content_type="image/png", filename=name)
        return self.replies()

    def press(self, title: str) -> list[dict[str, Any]]:
        """By a button; else by the number beside the choice in the text, as one would without buttons."""
        wanted = title.casefold()
        for message in reversed(self.heard):
            for button in message.buttons:
                if _is_called(button, wanted):
                    self.telephone.press(button.title, message_id=message.id)
                    return self.replies()
            for number, choice in _NUMBERED.findall(message.text):
                if wanted in choice.casefold():
                    return self.say(number)
        offered = [button.title for message in self.heard[-4:] for button in message.buttons]
        raise AssertionError(f"no button {title!r} was offered; the last ones: {offered}")

    def replies(self, *, seconds: float = TURN_SECONDS) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.stand.settle(seconds)  # what was said has reached the office
            if not self.office.standing(self.telephone.id).is_busy:
                self.stand.settle(seconds)  # and what it answered has reached the citizen
                received = self.telephone.received
                new = received[len(self.heard) :]
                self.heard = received
                return [_as_chat_message(message) for message in new]
            time.sleep(0.05)
        raise TimeoutError(f"no reply within {seconds} s; heard so far: {[message.text for message in self.heard]}")


def _is_called(button: ButtonView, wanted: str) -> bool:
    """Is a button of this title, which the channel may have cut short, or spelt out beneath."""
    title = button.title.casefold()
    cut_short = title.endswith(("…", "...")) and wanted.startswith(title.rstrip("….").rstrip())
    return wanted in title or cut_short or wanted in button.description.casefold()


def _as_chat_message(message: MessageView) -> dict[str, Any]:
    """Bot or agent: the citizen can not tell."""
    buttons = [{"title": button.title, "payload": button.payload} for button in message.buttons]
    return {"id": message.id, "author": "office", "text": message.text, "buttons": buttons}
