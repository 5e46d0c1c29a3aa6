"""What the stand-in for Telegram knows. It belongs to the server's event loop: nothing else touches it."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from tests.fakes.clock import VendorClock
from tests.fakes.conversation import NewCitizen, NoSuch
from tests.fakes.faults import Faults, LinkFaults
from tests.fakes.pace import Pace
from tests.fakes.telegram_server.errors import bad_request, forbidden, too_many

DOWNLOAD_LIMIT = 20 * 1024 * 1024


class TelegramFaults(LinkFaults):
    """The faults of Telegram, and its limits.

    After «My bot is hitting limits» of the vendor's FAQ: one message a second in a chat, short bursts
    forgiven, and about thirty a second overall.
    """

    chat_per_second: float = Field(1, gt=0)
    chat_burst: float = Field(5, ge=1)
    overall_per_second: float = Field(30, gt=0)
    #: Post each update so many times more.
    duplicate_updates: int = Field(0, ge=0, le=20)
    #: The first delay before an update is posted again, in the vendor's seconds; it doubles each time.
    retry_seconds: float = Field(1, gt=0)
    longest_retry_seconds: float = Field(60, gt=0)
    #: How long a webhook may take, in our seconds.
    timeout_seconds: float = Field(60, gt=0)


@dataclass
class Citizen:
    user_id: int
    first_name: str
    username: str
    phone: str
    blocked: bool = False

    @property
    def user(self) -> dict[str, Any]:
        user: dict[str, Any] = {"id": self.user_id, "is_bot": False, "first_name": self.first_name}
        if self.username:
            user["username"] = self.username
        return {**user, "language_code": "es"}


@dataclass
class Chat:
    """A private chat (its id is the citizen's) or a group (its id is negative)."""

    id: int
    kind: str
    name: str
    #: Telegram's own objects, by message id.
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    #: The keyboard in place of the letters, as the bot last set it.
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list)
    #: Chat actions shown, such as `typing`.
    actions: list[str] = field(default_factory=list)
    has_bot: bool = True
    pace: Pace | None = None

    @property
    def public(self) -> dict[str, Any]:
        names = {"first_name": self.name} if self.kind == "private" else {"title": self.name}
        return {"id": self.id, "type": self.kind, **names}


@dataclass
class StoredFile:
    file_id: str
    path: str
    content: bytes
    content_type: str
    filename: str

    @property
    def unique_id(self) -> str:
        return f"u{self.file_id[-12:]}"


class TelegramState:
    def __init__(self, token: str, clock: VendorClock) -> None:
        self.token = token
        self.clock = clock
        self.faults = Faults(TelegramFaults())
        self.citizens: dict[int, Citizen] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.queries: dict[str, dict[str, Any]] = {}
        #: What the bot answered to presses, by query id.
        self.query_answers: dict[str, dict[str, Any]] = {}
        self.message_ids = itertools.count(101)
        self.file_ids = itertools.count(1)
        self.user_ids = itertools.count(700_000_001)
        self.group_ids = itertools.count(1)
        self.overall = Pace(clock, 30, 30)
        self.bot = {
            "id": int(token.split(":", 1)[0]),
            "is_bot": True,
            "first_name": "Chat Sonora (doble de pruebas)",
            "username": "chat_sonora_pruebas_bot",
        }

    def timestamp(self) -> int:
        return int(self.clock.now().timestamp())

    def add(self, new: NewCitizen) -> Citizen:
        """A citizen, or the one who already has this user id."""
        user_id = new.user_id or next(self.user_ids)
        phone = new.phone or f"52662{user_id % 10_000_000:07d}"
        return self.citizens.setdefault(user_id, Citizen(user_id, new.name, new.username, phone.lstrip("+")))

    def citizen(self, user_id: str | int) -> Citizen:
        """Raises NoSuch."""
        try:
            return self.citizens[int(user_id)]
        except (KeyError, ValueError):
            raise NoSuch(f"no citizen {user_id!r}") from None

    def private_chat(self, citizen: Citizen) -> Chat:
        return self.chats.setdefault(citizen.user_id, Chat(citizen.user_id, "private", citizen.first_name))

    def add_group(self, title: str) -> Chat:
        chat = Chat(-4_000_000_000 - next(self.group_ids), "group", title)
        self.chats[chat.id] = chat
        return chat

    def chat_to_write_to(self, chat_id: str) -> Chat:
        """The chat the bot may write to now. Raises TelegramError 400 or 403."""
        if not chat_id:
            raise bad_request("chat_id is empty")
        chat = self.chats.get(int(chat_id)) if chat_id.lstrip("-").isdigit() else None
        if chat is None:
            raise bad_request("chat not found")
        if chat.kind == "private" and self.citizens[chat.id].blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.has_bot:
            raise forbidden("bot is not a member of the group chat")
        return chat

    def take_pace(self, chat: Chat) -> None:
        """Count one send. Raises TelegramError 429."""
        limits = self.faults.settings
        if chat.pace is None or (chat.pace.per_second, chat.pace.burst) != (limits.chat_per_second, limits.chat_burst):
            chat.pace = Pace(self.clock, limits.chat_per_second, limits.chat_burst)
        if self.overall.per_second != limits.overall_per_second:
            self.overall = Pace(self.clock, limits.overall_per_second, max(1, limits.overall_per_second))
        wait = max(chat.pace.wait_needed(), self.overall.wait_needed())
        if wait:
            raise too_many(wait)
        chat.pace.take()
        self.overall.take()

    def new_message(self, chat: Chat, sender: dict[str, Any], **content: Any) -> dict[str, Any]:
        """A message, in its chat."""
        message_id = next(self.message_ids)
        message = {
            "message_id": message_id,
            "from": sender,
            "chat": chat.public,
            "date": self.timestamp(),
            **content,
        }
        chat.messages[message_id] = message
        return message

    def store(self, folder: str, content: bytes, content_type: str, filename: str, ending: str) -> StoredFile:
        number = next(self.file_ids)
        file = StoredFile(
            f"AgACAgEAAx{number:020d}", f"{folder}/file_{number}{ending}", content, content_type, filename
        )
        self.files[file.file_id] = file
        return file
