"""Telegram's Bot API.

Sources: https://core.telegram.org/bots/api (Update, setWebhook's secret_token, InlineKeyboardButton's 64 bytes,
getFile's 20 MB, ResponseParameters.retry_after) and https://core.telegram.org/bots/faq (limits).
A button's `callback_data` is its place: the message that bore it says the rest.
"""

import asyncio
import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import telegram
from telegram.constants import ChatAction, ChatType
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from channels.manners import MANNERS
from channels.port import (
    Blocked,
    Button,
    ButtonPress,
    ChannelRefused,
    ContactCard,
    GroupMessage,
    Inbound,
    InboundEdit,
    InboundMessage,
    Listed,
    Location,
    Malformed,
    MediaContent,
    MediaReference,
    MediaUnavailable,
    NotAuthentic,
    Nothing,
    NotSent,
    OutboundMessage,
    Sender,
    SendFailure,
    SendOutcome,
    Sent,
    Uncertain,
    WebhookRequest,
)

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 — a header's name
DOWNLOAD_LIMIT = 20 * 1024 * 1024
_ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
#: How long one write to Telegram may take, and its answer.
SEND_SECONDS = 15.0
#: Failures that happen before a request leaves.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_GONE = ("kicked", "left")
_PRESS = "press:"


class TelegramChannel:
    name = "telegram"
    manners = MANNERS["telegram"]
    #: Telegram keeps no list to ask. Better twice in the uncertain window than never (docs/adr/0008).
    resend_when_uncertain = True

    def __init__(self, token: str, secret: str, *, base: str | None = None) -> None:
        self._secret = secret
        host = base or "https://api.telegram.org"
        self.bot = telegram.Bot(
            token,
            base_url=f"{host}/bot",
            base_file_url=f"{host}/file/bot",
            request=HTTPXRequest(
                connection_pool_size=64, read_timeout=SEND_SECONDS, write_timeout=SEND_SECONDS, media_write_timeout=60
            ),
            get_updates_request=HTTPXRequest(connection_pool_size=2, read_timeout=40),
        )

    async def close(self) -> None:
        await self.bot.shutdown()

    def verify(self, request: WebhookRequest) -> None:
        given = next((value for key, value in request.headers.items() if key.lower() == SECRET_HEADER), "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise NotAuthentic

    def sender_of(self, request: WebhookRequest) -> str:
        try:
            update = json.loads(request.body)
        except (ValueError, RecursionError):
            return ""
        told = update.values() if isinstance(update, dict) else ()
        user = next((each.get("from") for each in told if isinstance(each, dict)), None)
        return str(user.get("id", "")) if isinstance(user, dict) else ""

    def parse(self, request: WebhookRequest) -> Sequence[Inbound]:
        try:
            content = json.loads(request.body)
        except (ValueError, RecursionError) as error:  # the latter: nested beyond all measure
            raise Malformed("not JSON") from error
        if not isinstance(content, dict) or not isinstance(content.get("update_id"), int):
            raise Malformed("no update_id")
        return self.read(content)

    def read(self, update: dict[str, Any]) -> Sequence[Inbound]:
        """What an update says. Raises Malformed."""
        try:
            parsed = telegram.Update.de_json(update, self.bot)
            return [_read(parsed)]
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError, OSError, RecursionError) as error:
            # The library builds its objects from whatever comes, and fails in these ways where a field is missing.
            raise Malformed(type(error).__name__) from error

    async def send(self, message: OutboundMessage) -> SendOutcome:
        try:
            sent = await self._send(message)
        except TelegramError as error:
            return outcome_of(error)
        except OSError as error:
            return NotSent(SendFailure.REJECTED, f"file_{type(error).__name__}")
        return Sent(_message_name(sent.chat_id, sent.message_id))

    async def _send(self, message: OutboundMessage) -> telegram.Message:
        if message.file is not None:
            content = await asyncio.to_thread(Path(message.file.path).read_bytes)
            send_file = (
                self.bot.send_photo
                if message.file.content_type in {"image/jpeg", "image/png"}
                else self.bot.send_document
            )
            return await send_file(
                message.recipient, content, filename=message.file.file_name, caption=message.text[:1024] or None
            )
        return await self.bot.send_message(message.recipient, message.text, reply_markup=_keyboard(message.buttons))

    async def fetch(self, media: MediaReference, *, max_bytes: int) -> MediaContent:
        limit = min(max_bytes, DOWNLOAD_LIMIT)
        try:
            file = await self.bot.get_file(media.reference)
            if file.file_size is not None and file.file_size > limit:
                raise MediaUnavailable("too_large", is_retryable=False)
            if not (file.file_path or "").startswith(self.bot.base_file_url):
                # The library would read a path of this machine's, as a Bot API server of one's own gives it.
                raise MediaUnavailable("foreign_host", is_retryable=False)
            content = bytes(await file.download_as_bytearray())
        except (BadRequest, Forbidden, InvalidToken) as error:
            code = "too_large" if "too big" in error.message.lower() else "refused"
            raise MediaUnavailable(code, is_retryable=False) from error
        except TelegramError as error:
            raise MediaUnavailable(type(error).__name__, is_retryable=True) from error
        if len(content) > limit:
            raise MediaUnavailable("too_large", is_retryable=False)
        return MediaContent(content, media.file_name)

    async def show_typing(self, address: str, in_reply_to: str | None) -> None:
        try:
            await self.bot.send_chat_action(address, ChatAction.TYPING)
        except TelegramError:
            return  # an ornament

    async def find(self, message: OutboundMessage, since: float, known: Collection[str]) -> Sent | NotSent | None:
        return None

    async def list_since(self, since: float) -> Sequence[Listed] | None:
        return None

    async def check(self) -> str:
        return f"@{(await self._ask(self.bot.get_me())).username}"

    async def register_webhook(self, address: str) -> None:
        """Tell Telegram where to call, and with which secret. Raises ChannelRefused."""
        await self._ask(
            self.bot.set_webhook(address, secret_token=self._secret, allowed_updates=list(_ALLOWED_UPDATES))
        )

    async def remove_webhook(self) -> None:
        """Needed before polling. Raises ChannelRefused."""
        await self._ask(self.bot.delete_webhook())

    async def webhook_problem(self) -> tuple[str, int, str | None]:
        """The registered address, how many updates wait there, and Telegram's last error. Raises ChannelRefused."""
        info = await self._ask(self.bot.get_webhook_info())
        return info.url, info.pending_update_count, info.last_error_message

    async def settle(self, inbound: Inbound, *, group_refusal: str) -> None:
        try:
            if isinstance(inbound, InboundMessage) and inbound.press is not None:
                # Stops the button's spinning.
                await self.bot.answer_callback_query(inbound.external_id.removeprefix(_PRESS))
            elif isinstance(inbound, GroupMessage):
                if inbound.was_spoken_to:
                    await self.bot.send_message(inbound.address, group_refusal)
                await self.bot.leave_chat(inbound.address)
        except TelegramError:
            return  # too old a press, or a group that we are no longer in

    async def poll(self, cursor: str | None, *, wait_seconds: int) -> tuple[list[dict[str, Any]], str | None]:
        """The updates after `cursor`, oldest first, and the next cursor. Raises TelegramError."""
        updates = await self.bot.get_updates(
            offset=int(cursor) if cursor else None, timeout=wait_seconds, allowed_updates=list(_ALLOWED_UPDATES)
        )
        following = str(updates[-1].update_id + 1) if updates else cursor
        return [update.to_dict() for update in updates], following

    async def _ask(self, call: Any) -> Any:
        try:
            return await call
        except (InvalidToken, Forbidden) as error:
            raise ChannelRefused("unauthorised", "Telegram no reconoce el token. Revíselo con @BotFather.") from error
        except NetworkError as error:
            if isinstance(error, BadRequest):
                raise ChannelRefused("bad_request", f"Telegram no lo aceptó: {error.message}") from error
            raise ChannelRefused("unreachable", "No se pudo llegar a Telegram. Intente de nuevo.") from error
        except TelegramError as error:
            raise ChannelRefused(type(error).__name__, f"Telegram no lo aceptó: {error.message}") from error


def outcome_of(error: TelegramError) -> SendOutcome:
    """What the library's error means for the send."""
    match error:
        case RetryAfter():
            wait = error.retry_after
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return NotSent(SendFailure.RATE_LIMITED, "429", seconds)
        case InvalidToken():
            return NotSent(SendFailure.UNAUTHORISED, "401")
        case Forbidden():
            return NotSent(SendFailure.RECIPIENT_BLOCKED, "403")
        case ChatMigrated():
            return NotSent(SendFailure.RECIPIENT_UNREACHABLE, "chat_migrated")
        case BadRequest():
            is_unknown = "chat not found" in error.message.lower()
            return NotSent(SendFailure.RECIPIENT_UNREACHABLE if is_unknown else SendFailure.REJECTED, "400")
        case Conflict():
            return NotSent(SendFailure.UNAVAILABLE, "409")
        case NetworkError() if isinstance(error.__cause__, _NEVER_LEFT):
            return NotSent(SendFailure.UNAVAILABLE, type(error.__cause__).__name__)
        case NetworkError():
            return Uncertain(type(error.__cause__ or error).__name__)
    return NotSent(SendFailure.REJECTED, type(error).__name__)


def _keyboard(buttons: Sequence[Button]) -> telegram.InlineKeyboardMarkup | None:
    if not buttons:
        return None
    rows = [
        [telegram.InlineKeyboardButton(button.title, callback_data=str(place))] for place, button in enumerate(buttons)
    ]
    return telegram.InlineKeyboardMarkup(rows)


def _message_name(chat_id: int | str, message_id: int) -> str:
    """Message ids are unique in their chat alone."""
    return f"{chat_id}:{message_id}"


def _read(update: telegram.Update) -> Inbound:
    chat = update.effective_chat
    if chat is not None and chat.type != ChatType.PRIVATE:
        return _in_group(update, chat)
    if update.my_chat_member is not None:
        person = _sender(update.my_chat_member.from_user, update.my_chat_member.chat)
        return Blocked(person, update.my_chat_member.new_chat_member.status in _GONE)
    if update.callback_query is not None:
        return _press(update.callback_query)
    if update.edited_message is not None:
        return _edit(update.edited_message)
    if update.message is not None:
        return _message(update.message)
    return Nothing("update")


def _in_group(update: telegram.Update, chat: telegram.Chat) -> Inbound:
    if update.my_chat_member is not None and update.my_chat_member.new_chat_member.status in _GONE:
        return Nothing("left_group")
    was_added = update.my_chat_member is not None
    text = update.message.text if update.message is not None and update.message.text else ""
    return GroupMessage(str(chat.id), was_spoken_to=was_added or text.startswith("/") or "@" in text)


def _sender(user: telegram.User | None, chat: telegram.Chat) -> Sender:
    if user is None:
        raise ValueError("no sender")
    return Sender(str(user.id), str(chat.id), user.full_name[:120] or None)


def _press(query: telegram.CallbackQuery) -> Inbound:
    message = query.message
    if message is None or query.data is None or not query.data.isdigit():
        return Nothing("callback")
    place = int(query.data)
    return InboundMessage(
        external_id=f"{_PRESS}{query.id}",
        sender=_sender(query.from_user, message.chat),
        press=ButtonPress(_message_name(message.chat.id, message.message_id), place, _title(message, place)),
    )


def _title(message: telegram.MaybeInaccessibleMessage, place: int) -> str:
    markup = message.reply_markup if isinstance(message, telegram.Message) else None
    titles = [button.text for row in markup.inline_keyboard for button in row] if markup else []
    return titles[place] if place < len(titles) else ""


def _edit(message: telegram.Message) -> Inbound:
    name = _message_name(message.chat.id, message.message_id)
    moment = int(message.edit_date.timestamp()) if message.edit_date else 0
    text = message.text or message.caption
    if not text:  # a live location that moves, a changed photograph
        return Nothing("edit_without_text")
    return InboundEdit(name, f"{name}:{moment}", _sender(message.from_user, message.chat), text)


def _message(message: telegram.Message) -> InboundMessage:
    text, start = _text(message)
    media = _media(message)
    location, card = _location(message), _card(message)
    is_empty = not (text or media or location or card) and start is None
    return InboundMessage(
        external_id=_message_name(message.chat.id, message.message_id),
        sender=_sender(message.from_user, message.chat),
        text=text,
        media=media,
        location=location,
        card=card,
        unsupported=_kind(message) if is_empty else None,
        start_parameter=start,
    )


def _text(message: telegram.Message) -> tuple[str, str | None]:
    """The words, and what came with `/start` (empty where nothing did)."""
    text = message.text or message.caption or ""
    if text == "/start" or text.startswith("/start "):
        return "", text.removeprefix("/start").strip()
    return text, None


def _media(message: telegram.Message) -> tuple[MediaReference, ...]:
    if message.photo:
        return (MediaReference(message.photo[-1].file_id),)
    for file in (message.document, message.voice, message.audio, message.video, message.video_note):
        if file is not None:
            return (MediaReference(file.file_id, getattr(file, "file_name", None)),)
    return ()


def _location(message: telegram.Message) -> Location | None:
    if message.venue is not None:
        place = message.venue.location
        return Location(place.latitude, place.longitude, f"{message.venue.title}, {message.venue.address}")
    if message.location is not None:
        return Location(message.location.latitude, message.location.longitude)
    return None


def _card(message: telegram.Message) -> ContactCard | None:
    card = message.contact
    if card is None:
        return None
    is_own = card.user_id is not None and message.from_user is not None and card.user_id == message.from_user.id
    name = " ".join(part for part in (card.first_name, card.last_name) if part)
    return ContactCard(name, card.phone_number, is_own)


def _kind(message: telegram.Message) -> str:
    kinds: Mapping[str, object] = {
        "sticker": message.sticker,
        "poll": message.poll,
        "dice": message.dice,
        "game": message.game,
        "story": message.story,
    }
    return next((kind for kind, value in kinds.items() if value is not None), "unknown")
