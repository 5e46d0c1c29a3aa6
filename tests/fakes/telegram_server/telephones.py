"""The citizens' telephones: what they do becomes updates, what the bot writes is shown."""

import mimetypes
from datetime import UTC, datetime
from typing import Any

from tests.fakes.conversation import (
    ButtonView,
    CitizenMessage,
    CitizenView,
    Kind,
    MediaView,
    MessageView,
    NewCitizen,
    NoSuch,
    SentView,
    choose,
)
from tests.fakes.telegram_server.sending import described, photo_sizes
from tests.fakes.telegram_server.state import Chat, Citizen, StoredFile, TelegramState
from tests.fakes.telegram_server.updates import Updates

_FILES = {
    Kind.PHOTO: ("photos", "image/jpeg"),
    Kind.DOCUMENT: ("documents", "application/pdf"),
    Kind.VOICE: ("voice", "audio/ogg"),
    Kind.AUDIO: ("music", "audio/mpeg"),
    Kind.VIDEO: ("videos", "video/mp4"),
    Kind.STICKER: ("stickers", "image/webp"),
}


class TelegramTelephones:
    """Implements `tests.fakes.conversation.Telephones`."""

    def __init__(self, state: TelegramState, updates: Updates) -> None:
        self._state = state
        self._updates = updates

    def add(self, citizen: NewCitizen) -> CitizenView:
        return _view(self._state.add(citizen))

    def citizens(self) -> list[CitizenView]:
        return [_view(citizen) for citizen in self._state.citizens.values()]

    def conversation(self, citizen_id: str) -> list[MessageView]:
        """Of a citizen's private chat, or of a group by its id."""
        if citizen_id.startswith("-"):
            chat = self._group(int(citizen_id))
        else:
            chat = self._state.private_chat(self._state.citizen(citizen_id))
        views = [self._message_view(message) for message in chat.messages.values()]
        if views:
            views[-1].keyboard = [button["text"] for row in chat.keyboard for button in row]
        return views

    def say(self, citizen_id: str, message: CitizenMessage) -> SentView:
        citizen = self._state.citizen(citizen_id)
        chat = self._group(message.group) if message.group else self._open(citizen)
        content = self._content(citizen, message)
        if message.reply_to and int(message.reply_to) in chat.messages:
            content["reply_to_message"] = chat.messages[int(message.reply_to)]
        if message.forwarded:
            origin = {"type": "hidden_user", "sender_user_name": "Alguien", "date": self._state.timestamp()}
            content["forward_origin"] = origin
        sent = self._state.new_message(chat, citizen.user, **content)
        self._updates.add("message", sent, chat.id)
        return SentView(id=str(sent["message_id"]))

    def press(self, citizen_id: str, title: str, message_id: str | None) -> SentView:
        """An inline button makes a callback query; one of the keyboard in place of the letters sends its text."""
        citizen = self._state.citizen(citizen_id)
        chat = self._state.private_chat(citizen)
        keyboard = [button for row in chat.keyboard for button in row if title.casefold() in button["text"].casefold()]
        offered = [
            (view.id, button) for view in map(self._message_view, chat.messages.values()) for button in view.buttons
        ]
        if keyboard and message_id is None and not any(title.casefold() in b.title.casefold() for _, b in offered[-3:]):
            return self._press_key(citizen, keyboard[0])
        owner, button = choose(offered, title, message_id)
        query_id = str(4_000_000_000_000_000_000 + len(self._state.queries))
        query = {
            "id": query_id,
            "from": citizen.user,
            "message": chat.messages[int(owner)],
            "chat_instance": str(-chat.id * 7919),
            "data": button.payload,
        }
        self._state.queries[query_id] = query
        self._updates.add("callback_query", query, chat.id)
        return SentView(id=query_id)

    def set_blocked(self, citizen_id: str, blocked: bool) -> CitizenView:
        citizen = self._state.citizen(citizen_id)
        if citizen.blocked != blocked:
            citizen.blocked = blocked
            states = ("member", "kicked") if blocked else ("kicked", "member")
            self._tell_membership(self._state.private_chat(citizen), citizen, *states)
        return _view(citizen)

    def actions(self, citizen_id: str) -> list[str]:
        return self._state.private_chat(self._state.citizen(citizen_id)).actions

    def is_idle(self) -> bool:
        return self._updates.is_idle()

    def edit(self, citizen_id: str, message_id: str, text: str) -> None:
        citizen = self._state.citizen(citizen_id)
        chat = self._state.private_chat(citizen)
        message = chat.messages.get(int(message_id))
        if message is None or message["from"]["id"] != citizen.user_id:
            raise NoSuch(f"no message {message_id} of theirs")
        message.update({"text" if "text" in message else "caption": text, "edit_date": self._state.timestamp()})
        self._updates.add("edited_message", dict(message), chat.id)

    def add_group(self, title: str, citizen_id: str) -> int:
        """A group to which a citizen has just added the bot; its id."""
        chat = self._state.add_group(title)
        self._tell_membership(chat, self._state.citizen(citizen_id), "left", "member")
        return chat.id

    def _group(self, group_id: int) -> Chat:
        if group_id not in self._state.chats:
            raise NoSuch(f"no group {group_id}")
        return self._state.chats[group_id]

    def _open(self, citizen: Citizen) -> Chat:
        """The private chat; who writes to a bot they had blocked has unblocked it."""
        if citizen.blocked:
            self.set_blocked(str(citizen.user_id), False)
        return self._state.private_chat(citizen)

    def _press_key(self, citizen: Citizen, key: dict[str, Any]) -> SentView:
        if key.get("request_contact"):
            return self.say(str(citizen.user_id), CitizenMessage(kind=Kind.CONTACT))
        if key.get("request_location"):
            place = CitizenMessage(kind=Kind.LOCATION, latitude=29.0729, longitude=-110.9559)
            return self.say(str(citizen.user_id), place)
        return self.say(str(citizen.user_id), CitizenMessage(text=key["text"]))

    def _tell_membership(self, chat: Chat, citizen: Citizen, before: str, after: str) -> None:
        def member(status: str) -> dict[str, Any]:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"user": self._state.bot, "status": status, **until}

        change = {
            "chat": chat.public,
            "from": citizen.user,
            "date": self._state.timestamp(),
            "old_chat_member": member(before),
            "new_chat_member": member(after),
        }
        self._updates.add("my_chat_member", change, chat.id)

    def _content(self, citizen: Citizen, message: CitizenMessage) -> dict[str, Any]:
        """What a message of this kind has in it."""
        caption = {"caption": message.text} if message.text else {}
        if message.kind in _FILES:
            file = self._stored(message)
            body: Any = photo_sizes(file) if message.kind is Kind.PHOTO else described(file, message.kind.value)
            return {message.kind.value: body, **({} if message.kind is Kind.STICKER else caption)}
        place = {"latitude": message.latitude, "longitude": message.longitude}
        match message.kind:
            case Kind.LOCATION:
                return {"location": place}
            case Kind.VENUE:
                venue = {"location": place, "title": message.label, "address": message.address}
                return {"location": place, "venue": venue}
            case Kind.CONTACT:
                return {"contact": _contact(citizen, message)}
            case Kind.POLL:
                return {"poll": _poll(message.text)}
        entities = []
        if message.text.startswith("/"):
            entities = [{"type": "bot_command", "offset": 0, "length": len(message.text.split()[0])}]
        return {"text": message.text, **({"entities": entities} if entities else {})}

    def _stored(self, message: CitizenMessage) -> StoredFile:
        folder, usual = _FILES[message.kind]
        content_type = message.content_type or usual
        ending = mimetypes.guess_extension(content_type) or ""
        return self._state.store(folder, message.content, content_type, message.filename, ending)

    def _message_view(self, message: dict[str, Any]) -> MessageView:
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = [
            ButtonView(title=button["text"], payload=button.get("callback_data", ""), url=button.get("url", ""))
            for row in rows
            for button in row
        ]
        place = message.get("location")
        shown = message.get("text") or message.get("caption") or ""
        if place:
            shown = f"{place['latitude']}, {place['longitude']}"
        if "contact" in message:
            shown = f"{message['contact']['first_name']}: {message['contact']['phone_number']}"
        return MessageView(
            id=str(message["message_id"]),
            from_citizen=not message["from"]["is_bot"],
            text=shown,
            buttons=buttons,
            media=self._media_view(message),
            status="sent" if message["from"]["is_bot"] else "",
            at=datetime.fromtimestamp(message["date"], UTC).isoformat(),
        )

    def _media_view(self, message: dict[str, Any]) -> MediaView | None:
        for kind in _FILES:
            body = message.get(kind.value)
            if body:
                file_id = (body[-1] if isinstance(body, list) else body)["file_id"]
                file = self._state.files[file_id]
                url = f"/file/bot{self._state.token}/{file.path}"
                return MediaView(url=url, content_type=file.content_type, filename=file.filename)
        return None


def _contact(citizen: Citizen, message: CitizenMessage) -> dict[str, Any]:
    """A contact card: of the citizen (with their user id), or of someone else."""
    if not message.phone or message.phone.lstrip("+") == citizen.phone:
        return {"phone_number": citizen.phone, "first_name": citizen.first_name, "user_id": citizen.user_id}
    return {"phone_number": message.phone.lstrip("+"), "first_name": message.name or "Contacto"}


def _poll(question: str) -> dict[str, Any]:
    options = [{"text": text, "voter_count": 0, "persistent_id": text} for text in ("Sí", "No")]
    return {
        "id": "5", "question": question or "¿Sí o no?", "options": options, "total_voter_count": 0, "is_closed": False,
        "is_anonymous": True, "type": "regular", "allows_multiple_answers": False, "allows_revoting": True,
        "members_only": False,
    }  # fmt: skip


def _view(citizen: Citizen) -> CitizenView:
    return CitizenView(id=str(citizen.user_id), name=citizen.first_name, blocked=citizen.blocked)
