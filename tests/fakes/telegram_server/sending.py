"""The methods that write into a chat."""

import mimetypes
from typing import Any

import httpx

from tests.fakes.telegram_server.errors import bad_request
from tests.fakes.telegram_server.parameters import Parameters, inline_keyboard, plain_text
from tests.fakes.telegram_server.state import Chat, StoredFile, TelegramState

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
PHOTO_LIMIT = 10 * 1024 * 1024
FILE_LIMIT = 50 * 1024 * 1024
_CHAT_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip


class Sending:
    def __init__(self, state: TelegramState) -> None:
        self._state = state

    async def send_message(self, given: Parameters) -> dict[str, Any]:
        text = plain_text(given.text("text"), given.text("parse_mode"))
        if not text.strip():
            raise bad_request("message text is empty")
        if len(text) > TEXT_LIMIT:
            raise bad_request("message is too long")
        return self._send(given, text=text)

    async def send_photo(self, given: Parameters) -> dict[str, Any]:
        file = await self._file(given, "photo", "photos", PHOTO_LIMIT)
        return self._send(given, photo=photo_sizes(file), **self._caption(given))

    async def send_document(self, given: Parameters) -> dict[str, Any]:
        file = await self._file(given, "document", "documents", FILE_LIMIT)
        return self._send(given, document=described(file, "document"), **self._caption(given))

    async def send_voice(self, given: Parameters) -> dict[str, Any]:
        file = await self._file(given, "voice", "voice", FILE_LIMIT)
        return self._send(given, voice=described(file, "voice"), **self._caption(given))

    async def send_location(self, given: Parameters) -> dict[str, Any]:
        place = {name: float(given.text(name)) for name in ("latitude", "longitude")}
        return self._send(given, location=place)

    async def send_chat_action(self, given: Parameters) -> bool:
        chat = self._state.chat_to_write_to(given.text("chat_id"))
        if given.text("action") not in _CHAT_ACTIONS:
            raise bad_request("wrong parameter action in request")
        chat.actions.append(given.text("action"))
        return True

    async def edit_text(self, given: Parameters) -> dict[str, Any]:
        message, rows = self._to_edit(given)
        text = plain_text(given.text("text"), given.text("parse_mode"))
        if not 0 < len(text) <= TEXT_LIMIT:
            raise bad_request("MESSAGE_TOO_LONG" if text else "message text is empty")
        return self._edit(message, {"text": text}, rows)

    async def edit_markup(self, given: Parameters) -> dict[str, Any]:
        message, rows = self._to_edit(given)
        return self._edit(message, {}, rows)

    async def delete_message(self, given: Parameters) -> bool:
        chat = self._state.chat_to_write_to(given.text("chat_id"))
        if chat.messages.pop(given.integer("message_id"), None) is None:
            raise bad_request("message to delete not found")
        return True

    def _to_edit(self, given: Parameters) -> tuple[dict[str, Any], list[list[dict[str, Any]]] | None]:
        chat = self._state.chat_to_write_to(given.text("chat_id"))
        message = chat.messages.get(given.integer("message_id"))
        if message is None:
            raise bad_request("message to edit not found")
        if not message["from"]["is_bot"]:
            raise bad_request("message can't be edited")
        return message, inline_keyboard(given.object("reply_markup"))

    def _edit(
        self, message: dict[str, Any], changes: dict[str, Any], rows: list[list[dict[str, Any]]] | None
    ) -> dict[str, Any]:
        markup = {"inline_keyboard": rows} if rows else None
        same_text = all(message.get(name) == value for name, value in changes.items())
        if same_text and message.get("reply_markup") == markup:
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the same "
                "as a current content and reply markup of the message"
            )
        message.update(changes, edit_date=self._state.timestamp())
        message.pop("reply_markup", None)
        if markup:
            message["reply_markup"] = markup
        return message

    def _caption(self, given: Parameters) -> dict[str, str]:
        caption = plain_text(given.text("caption"), given.text("parse_mode"))
        if len(caption) > CAPTION_LIMIT:
            raise bad_request("message caption is too long")
        return {"caption": caption} if caption else {}

    def _send(self, given: Parameters, **content: Any) -> dict[str, Any]:
        chat = self._state.chat_to_write_to(given.text("chat_id"))
        markup = given.object("reply_markup")
        rows = inline_keyboard(markup)
        replied = self._replied(chat, given)
        self._state.take_pace(chat)
        if rows:
            content["reply_markup"] = {"inline_keyboard": rows}
        if replied:
            content["reply_to_message"] = replied
        if isinstance(markup, dict) and "keyboard" in markup:
            chat.keyboard = [
                [button if isinstance(button, dict) else {"text": button} for button in row]
                for row in markup["keyboard"]
            ]
        elif isinstance(markup, dict) and markup.get("remove_keyboard"):
            chat.keyboard = []
        return self._state.new_message(chat, self._state.bot, **content)

    @staticmethod
    def _replied(chat: Chat, given: Parameters) -> dict[str, Any] | None:
        parameters = given.object("reply_parameters") or {}
        message_id = parameters.get("message_id") or given.integer("reply_to_message_id")
        if not message_id:
            return None
        original = chat.messages.get(int(message_id))
        if original is None and not parameters.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
        return {name: value for name, value in (original or {}).items() if name != "reply_to_message"} or None

    async def _file(self, given: Parameters, name: str, folder: str, limit: int) -> StoredFile:
        """A file that was uploaded, named by its id, or to be fetched from an address."""
        wanted = given.text(name)
        upload = given.uploads.get(wanted.removeprefix("attach://") or name) or given.uploads.get(name)
        if upload is not None:
            if len(upload.content) > limit:
                raise bad_request("file is too big")
            if not upload.content:
                raise bad_request("file must be non-empty")
            ending = mimetypes.guess_extension(upload.content_type) or ""
            return self._state.store(folder, upload.content, upload.content_type, upload.filename, ending)
        if wanted in self._state.files:
            return self._state.files[wanted]
        if wanted.startswith(("http://", "https://")):
            return await self._fetched(wanted, folder, limit)
        if not wanted:
            raise bad_request(f"there is no {name} in the request")
        raise bad_request("wrong remote file identifier specified: Wrong string length")

    async def _fetched(self, url: str, folder: str, limit: int) -> StoredFile:
        try:
            async with httpx.AsyncClient(timeout=15, trust_env=False, follow_redirects=True) as client:
                answer = await client.get(url)
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL):
            raise bad_request("failed to get HTTP URL content") from None
        if len(answer.content) > min(limit, 20 * 1024 * 1024):
            raise bad_request("wrong file identifier/HTTP URL specified")
        kind = answer.headers.get("content-type", "application/octet-stream").split(";")[0]
        name = url.rsplit("/", 1)[-1].split("?", maxsplit=1)[0]
        return self._state.store(folder, answer.content, kind, name, mimetypes.guess_extension(kind) or "")


def described(file: StoredFile, kind: str) -> dict[str, Any]:
    """A file as it stands in a message."""
    result: dict[str, Any] = {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.content),
        "mime_type": file.content_type,
    }
    if kind in ("voice", "audio", "video"):
        result["duration"] = 3
    if kind in ("document", "audio", "video") and file.filename:
        result["file_name"] = file.filename
    if kind == "video":
        result |= {"width": 640, "height": 360}
    if kind == "sticker":
        del result["mime_type"]
        result |= {
            "type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": "👍",
        }  # fmt: skip
    return result


def photo_sizes(file: StoredFile) -> list[dict[str, Any]]:
    """A photo in three sizes, the best last. (Here all three have the same bytes.)"""
    return [
        {
            "file_id": file.file_id,
            "file_unique_id": f"{file.unique_id}{width}",
            "file_size": len(file.content),
            "width": width,
            "height": width * 3 // 4,
        }
        for width in (90, 320, 1280)
    ]
