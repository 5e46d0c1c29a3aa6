"""A method's parameters, however they came: JSON, form, multipart or query; and the markup they hold."""

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile

from tests.fakes.telegram_server.errors import bad_request

CALLBACK_DATA_BYTES = 64
MOST_BUTTONS = 100
_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote", "span",
         "tg-spoiler", "tg-emoji"}  # fmt: skip
_ACTIONS = {"url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
            "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay"}  # fmt: skip


@dataclass(frozen=True)
class Upload:
    filename: str
    content_type: str
    content: bytes


class Parameters:
    def __init__(self, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
        self._values = values
        self.uploads = uploads

    def text(self, name: str) -> str:
        value = self._values.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        value = self._values.get(name, default)
        return int(value)

    def flag(self, name: str) -> bool:
        return str(self._values.get(name, "")).lower() in {"true", "1"}

    def object(self, name: str) -> Any:
        """A JSON value, which forms carry as text; None if it is not there."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None


async def read(request: Request) -> Parameters:
    values: dict[str, Any] = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    if "json" in request.headers.get("content-type", ""):
        values |= await request.json()
    elif request.method == "POST":
        for name, value in (await request.form()).items():
            if isinstance(value, UploadFile):
                content_type = value.content_type or "application/octet-stream"
                uploads[name] = Upload(value.filename or name, content_type, await value.read())
            else:
                values[name] = value
    return Parameters(values, uploads)


def inline_keyboard(markup: Any) -> list[list[dict[str, Any]]] | None:
    """The rows of an inline keyboard; None if the markup has none. Raises TelegramError."""
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        return None
    rows: list[list[dict[str, Any]]] = markup["inline_keyboard"]
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    for button in buttons:
        if not button.get("text"):
            raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
        if len(_ACTIONS & set(button)) != 1:
            raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= CALLBACK_DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    return rows


class _Markup(HTMLParser):
    """Telegram's HTML: a few tags, all of them closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.plain: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}"')
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            raise bad_request(f'can\'t parse entities: Unexpected end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        self.plain.append(data)

    def close(self) -> None:
        super().close()
        if self._open:
            raise bad_request(
                f"can't parse entities: Can't find end tag corresponding to start tag \"{self._open[-1]}\""
            )


def plain_text(text: str, parse_mode: str) -> str:
    """What is read of a text with markup. HTML is checked; Markdown is left as it is."""
    if parse_mode.lower() != "html":
        return text
    if re.search(r"<(?![/a-zA-Z])", text):
        raise bad_request("can't parse entities: Unsupported start tag")
    markup = _Markup()
    markup.feed(text)
    markup.close()
    return "".join(markup.plain)
