"""A citizen on WhatsApp or Telegram, who holds the same conversations as one on the web chat.

Speaks through a stand-in's control API. How the office stands to the conversation (its id, who
answers, whether something is under way) is not to be seen on a telephone: `Office` says it.
"""

import re
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.fakes.conversation import ButtonView, Kind, MessageView
from tests.fakes.handles import Citizen

#: A chat's messages go out a second apart, and many conversations are held at once.
PATIENCE_SECONDS = 90.0
_LOOK_AGAIN_SECONDS = 0.1
_ON_ITS_WAY = frozenset({"accepted", "queued", "sending"})
_ARRIVED = frozenset({"sent", "delivered", "read"})
#: A choice written in the text where the channel has no button for it: `3. Otro asunto` or `3) Otro asunto`.
_NUMBERED = re.compile(r"(?m)^\s*\*?(\d{1,2})[.)]\*?\s+(.+?)\s*$")


@dataclass(frozen=True)
class Standing:
    """A conversation as the office has it. `is_busy`: a turn or a send of it is under way."""

    session_id: str
    owner: str
    is_busy: bool
    #: How many of the citizen's messages have come in.
    messages: int


class Office(Protocol):
    def standing(self, citizen_id: str) -> Standing:
        """Of the conversation with a citizen, by the address the channel gives them."""
        ...


@dataclass
class TelephoneCitizen:
    """Implements `tests.end_to_end.speaker.Speaker`.

    Writes at once, as on the web chat: on Telegram without `/start`, which the bot answers with its greeting.
    """

    telephone: Citizen
    office: Office
    heard: list[MessageView] = field(default_factory=list)
    #: How many messages the citizen has sent.
    sent: int = 0

    @property
    def session_id(self) -> str:
        return self.office.standing(self.telephone.id).session_id

    @property
    def owner(self) -> str:
        return self.office.standing(self.telephone.id).owner

    def open(self) -> "TelephoneCitizen":
        return self

    def say(self, text: str) -> list[dict[str, Any]]:
        self.telephone.send_text(text)
        self.sent += 1
        return self.replies()

    def show(self, name: str, content: bytes) -> list[dict[str, Any]]:
        self.telephone.send_file(Kind.PHOTO, content, content_type="image/png", filename=name)
        self.sent += 1
        return self.replies()

    def press(self, title: str) -> list[dict[str, Any]]:
        """By a button; else by the number beside the choice in the text, as one would without buttons."""
        wanted = title.casefold()
        for message in reversed(self.heard):
            for button in message.buttons:
                if _is_called(button, wanted):
                    self.telephone.press(button.title, message_id=message.id)
                    self.sent += 1
                    return self.replies()
            for number, choice in _NUMBERED.findall(message.text):
                if wanted in choice.casefold():
                    return self.say(number)
        offered = [button.title for message in self.heard[-4:] for button in message.buttons]
        raise AssertionError(f"no button {title!r} was offered; the last ones: {offered}")

    def replies(self, *, seconds: float = PATIENCE_SECONDS) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            received = self._received_all()
            if received is not None:
                new = received[len(self.heard) :]
                self.heard = received
                return [_as_chat_message(message) for message in new]
            time.sleep(_LOOK_AGAIN_SECONDS)
        raise TimeoutError(f"no reply within {seconds} s; heard so far: {[message.text for message in self.heard]}")

    def _received_all(self) -> list[MessageView] | None:
        """What the citizen has got; None while anything of theirs or for them is on its way.

        By this one conversation's own marks: others may be held at the same time on the same stand-in.
        """
        standing = self.office.standing(self.telephone.id)
        if standing.is_busy or standing.messages < self.sent:
            return None
        office_wrote = [message for message in self.telephone.conversation if not message.from_citizen]
        if any(message.status in _ON_ITS_WAY for message in office_wrote):
            return None
        return [message for message in office_wrote if message.status in _ARRIVED]


def _is_called(button: ButtonView, wanted: str) -> bool:
    """Is a button of this title, which the channel may have cut short, or spelt out beneath."""
    title = button.title.casefold()
    cut_short = title.endswith(("…", "...")) and wanted.startswith(title.rstrip("….").rstrip())
    return wanted in title or cut_short or wanted in button.description.casefold()


def _whole_title(button: ButtonView) -> str:
    """As the citizen reads it: a title cut short is spelt out beneath."""
    return button.description if button.title.endswith("…") and button.description else button.title


def _as_chat_message(message: MessageView) -> dict[str, Any]:
    """Bot or agent: the citizen can not tell."""
    buttons = [{"title": _whole_title(button), "payload": button.payload} for button in message.buttons]
    return {"id": message.id, "author": "office", "text": message.text, "buttons": buttons}
