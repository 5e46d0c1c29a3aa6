"""A citizen's conversation as their telephone shows it, the same for every channel."""

import base64
import enum
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator

#: Bytes, written as base64 in JSON.
Content = Annotated[
    bytes,
    PlainValidator(lambda value: value if isinstance(value, bytes) else base64.b64decode(value, validate=True)),
    PlainSerializer(lambda value: base64.b64encode(value).decode(), when_used="json"),
]


class Kind(enum.StrEnum):
    """What a citizen can send. Not every channel has each."""

    TEXT = "text"
    PHOTO = "photo"
    DOCUMENT = "document"
    VOICE = "voice"
    AUDIO = "audio"
    VIDEO = "video"
    STICKER = "sticker"
    LOCATION = "location"
    VENUE = "venue"
    CONTACT = "contact"
    POLL = "poll"


class CitizenMessage(BaseModel):
    """What a citizen sends. `text` is the caption of what is not text."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Kind.TEXT
    text: str = ""
    content: Content = b""
    content_type: str = ""
    filename: str = ""
    latitude: float | None = None
    longitude: float | None = None
    label: str = ""
    address: str = ""
    #: Of a contact card; empty: the citizen's own.
    phone: str = ""
    name: str = ""
    forwarded: bool = False
    #: The id of the message this one answers.
    reply_to: str | None = None
    #: Telegram: the group it is written in.
    group: int | None = None


class NewCitizen(BaseModel):
    """A citizen with a telephone. `hides_phone`: WhatsApp tells the office a business-scoped user id alone."""

    model_config = ConfigDict(extra="forbid")

    name: str = "Ciudadana de prueba"
    phone: str = ""
    user_id: int | None = None
    username: str = ""
    hides_phone: bool = False
    sms: bool = False


class CitizenView(BaseModel):
    id: str
    name: str
    blocked: bool = False


class ButtonView(BaseModel):
    """`payload` is what the vendor tells the office when it is pressed."""

    title: str
    payload: str
    description: str = ""
    url: str = ""


class MediaView(BaseModel):
    url: str
    content_type: str
    filename: str = ""


class MessageView(BaseModel):
    """One message of a conversation. `status` of the office's: queued, sent, delivered, read, failed, undelivered."""

    id: str
    from_citizen: bool
    text: str
    buttons: list[ButtonView] = []
    #: The button that opens the list, where the choices are in one.
    list_title: str = ""
    #: Telegram's keyboard in place of the letters, of the latest message that had one.
    keyboard: list[str] = []
    media: MediaView | None = None
    status: str = ""
    #: The vendor's code of why it failed.
    error: str = ""
    at: str = ""
    #: A template of the vendor's, where it was one.
    template: str = ""


class SentView(BaseModel):
    """What became of a citizen's message: its id at the vendor."""

    id: str


class NoSuch(LookupError):
    """There is no such citizen, message or button."""


class Telephones(Protocol):
    """What the control API asks of a stand-in. Raises NoSuch for what is not there."""

    def add(self, citizen: NewCitizen) -> CitizenView: ...

    def citizens(self) -> list[CitizenView]: ...

    def conversation(self, citizen_id: str) -> list[MessageView]: ...

    def say(self, citizen_id: str, message: CitizenMessage) -> SentView: ...

    def press(self, citizen_id: str, title: str, message_id: str | None) -> SentView:
        """Press the button of this title (or a part of it), the latest offered unless a message is named."""
        ...

    def set_blocked(self, citizen_id: str, blocked: bool) -> CitizenView: ...

    def actions(self, citizen_id: str) -> list[str]:
        """What the citizen saw the office do, such as `typing`."""
        ...

    def is_idle(self) -> bool:
        """Is everything said delivered, and every receipt."""
        ...


def choose(buttons: list[tuple[str, ButtonView]], title: str, message_id: str | None) -> tuple[str, ButtonView]:
    """The latest (message id, button) of this title, exact before partial. Raises NoSuch."""
    wanted = title.casefold()
    for fits in (lambda name: name == wanted, lambda name: wanted in name):
        for owner, button in reversed(buttons):
            if message_id in (None, owner) and fits(button.title.casefold()):
                return owner, button
    raise NoSuch(f"no button {title!r}; offered: {[button.title for _, button in buttons[-10:]]}")
