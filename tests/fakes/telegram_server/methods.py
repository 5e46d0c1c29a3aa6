"""The Bot API's methods by name."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.telegram_server.errors import bad_request
from tests.fakes.telegram_server.parameters import Parameters
from tests.fakes.telegram_server.sending import Sending
from tests.fakes.telegram_server.state import DOWNLOAD_LIMIT, TelegramState
from tests.fakes.telegram_server.updates import Updates, Webhook

Method = Callable[[Parameters], Awaitable[Any]]
_SECRET = re.compile(r"^[A-Za-z0-9_-]{0,256}$")
_NOTICE_LIMIT = 200


class Methods:
    def __init__(self, state: TelegramState, updates: Updates) -> None:
        self._state = state
        self._updates = updates
        sending = Sending(state)
        self._by_name: dict[str, Method] = {
            "getme": self._get_me,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._webhook_info,
            "getupdates": self._get_updates,
            "getfile": self._get_file,
            "getchat": self._get_chat,
            "leavechat": self._leave_chat,
            "answercallbackquery": self._answer_callback_query,
            "setmycommands": self._accept,
            "deletemycommands": self._accept,
            "sendmessage": sending.send_message,
            "sendphoto": sending.send_photo,
            "senddocument": sending.send_document,
            "sendvoice": sending.send_voice,
            "sendlocation": sending.send_location,
            "sendchataction": sending.send_chat_action,
            "editmessagetext": sending.edit_text,
            "editmessagereplymarkup": sending.edit_markup,
            "deletemessage": sending.delete_message,
        }

    def named(self, name: str) -> Method | None:
        """A method; case does not matter."""
        return self._by_name.get(name.lower())

    async def _accept(self, given: Parameters) -> bool:
        return True

    async def _get_me(self, given: Parameters) -> dict[str, Any]:
        abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return {**self._state.bot, **abilities}

    async def _set_webhook(self, given: Parameters) -> bool:
        """Loopback may be plain HTTP here, as with the vendor's own local server."""
        url = given.text("url")
        parts = urlsplit(url)
        if url and parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1"):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        secret = given.text("secret_token")
        if not _SECRET.match(secret):
            raise bad_request("secret token contains unallowed characters")
        connections = given.integer("max_connections", 40)
        if not 1 <= connections <= 100:
            raise bad_request("wrong max_connections specified")
        kept = self._updates.allowed
        allowed = given.object("allowed_updates")
        webhook = Webhook(url, secret, connections, kept if allowed is None else allowed) if url else None
        self._updates.set_webhook(webhook, drop_pending=given.flag("drop_pending_updates"))
        return True

    async def _delete_webhook(self, given: Parameters) -> bool:
        self._updates.set_webhook(None, drop_pending=given.flag("drop_pending_updates"))
        return True

    async def _webhook_info(self, given: Parameters) -> dict[str, Any]:
        return self._updates.info()

    async def _get_updates(self, given: Parameters) -> list[dict[str, Any]]:
        allowed = given.object("allowed_updates")
        if allowed is not None:
            self._updates.allowed = allowed
        limit = min(100, max(1, given.integer("limit", 100)))
        return await self._updates.poll(given.integer("offset"), limit, given.integer("timeout"))

    async def _get_file(self, given: Parameters) -> dict[str, Any]:
        file = self._state.files.get(given.text("file_id"))
        if file is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        if len(file.content) > DOWNLOAD_LIMIT:
            raise bad_request("file is too big")
        return {
            "file_id": file.file_id,
            "file_unique_id": file.unique_id,
            "file_size": len(file.content),
            "file_path": file.path,
        }

    async def _get_chat(self, given: Parameters) -> dict[str, Any]:
        chat = self._state.chat_to_write_to(given.text("chat_id"))
        return {**chat.public, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": {}}

    async def _leave_chat(self, given: Parameters) -> bool:
        self._state.chat_to_write_to(given.text("chat_id")).has_bot = False
        return True

    async def _answer_callback_query(self, given: Parameters) -> bool:
        query_id = given.text("callback_query_id")
        if query_id not in self._state.queries or query_id in self._state.query_answers:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        if len(given.text("text")) > _NOTICE_LIMIT:
            raise bad_request("MESSAGE_TOO_LONG")
        self._state.query_answers[query_id] = {"text": given.text("text"), "show_alert": given.flag("show_alert")}
        return True
