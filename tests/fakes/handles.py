"""A stand-in as a test holds it: typed calls over its control API, wherever it runs."""

from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

import httpx

from tests.fakes.conversation import CitizenMessage, CitizenView, Kind, MessageView, NewCitizen


class Citizen:
    """A citizen on one channel. What they send is on its way when a call returns; `settle` waits for its end."""

    def __init__(self, client: httpx.Client, view: CitizenView) -> None:
        self._client = client
        self.id = view.id
        self.name = view.name

    def _post(self, action: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._client.post(f"/_control/citizens/{quote(self.id, safe='')}/{action}", json=body or {})
        _raise(answer)
        result: dict[str, Any] = answer.json() or {}
        return result

    def send(self, message: CitizenMessage) -> str:
        """The id the vendor gave it."""
        return str(self._post("messages", message.model_dump(mode="json", exclude_defaults=True))["id"])

    def send_text(self, text: str, *, reply_to: str | None = None, group: int | None = None) -> str:
        return self.send(CitizenMessage(text=text, reply_to=reply_to, group=group))

    def send_file(
        self, kind: Kind, content: bytes, *, content_type: str = "", filename: str = "", caption: str = ""
    ) -> str:
        """A photo, document, voice note, audio, video or sticker."""
        return self.send(
            CitizenMessage(kind=kind, content=content, content_type=content_type, filename=filename, text=caption)
        )

    def send_location(self, latitude: float, longitude: float, *, label: str = "", address: str = "") -> str:
        kind = Kind.VENUE if label else Kind.LOCATION
        return self.send(
            CitizenMessage(kind=kind, latitude=latitude, longitude=longitude, label=label, address=address)
        )

    def send_contact(self, *, phone: str = "", name: str = "") -> str:
        """A contact card: the citizen's own, unless a phone is given."""
        return self.send(CitizenMessage(kind=Kind.CONTACT, phone=phone, name=name))

    def press(self, title: str, *, message_id: str | None = None) -> str:
        """Press a button by (a part of) its title, the latest offered."""
        return str(self._post("press", {"title": title, "message_id": message_id})["id"])

    def block(self) -> None:
        self._post("block")

    def unblock(self) -> None:
        self._post("unblock")

    @property
    def actions(self) -> list[str]:
        """What they saw the office do, such as `typing`."""
        answer = self._client.get(f"/_control/citizens/{quote(self.id, safe='')}/actions")
        _raise(answer)
        seen: list[str] = answer.json()
        return seen

    @property
    def conversation(self) -> list[MessageView]:
        """Everything, in order, whoever wrote it and whether it arrived or not."""
        answer = self._client.get(f"/_control/citizens/{quote(self.id, safe='')}/conversation")
        _raise(answer)
        return [MessageView.model_validate(message) for message in answer.json()]

    @property
    def received(self) -> list[MessageView]:
        """What the office wrote and the citizen got, in order."""
        return [
            message
            for message in self.conversation
            if not message.from_citizen and message.status in {"sent", "delivered", "read"}
        ]


@dataclass
class Stand:
    """A running stand-in. `with` closes its connections, not the stand-in."""

    base_url: str
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.base_url, timeout=75, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()

    def faults(self, **changes: object) -> dict[str, Any]:
        """Set faults and limits, by the names of the stand-in's settings; all of them."""
        answer = self.client.patch("/_control/faults", json=changes)
        _raise(answer)
        settings: dict[str, Any] = answer.json()
        return settings

    def speed(self, times: float) -> None:
        """Let the vendor's time run so many times as fast as ours."""
        _raise(self.client.patch("/_control/clock", json={"speed": times}))

    def advance(self, seconds: float) -> None:
        """Move the vendor's time ahead."""
        _raise(self.client.patch("/_control/clock", json={"advance_seconds": seconds}))

    def settle(self, seconds: float = 30) -> None:
        """Until every webhook and receipt has come to its end. Raises TimeoutError."""
        answer = self.client.get("/_control/idle", params={"seconds": seconds})
        _raise(answer)
        if not answer.json()["idle"]:
            raise TimeoutError(f"not settled within {seconds} s")

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        """Every attempt at a webhook, the oldest first."""
        answer = self.client.get("/_control/deliveries")
        _raise(answer)
        attempts: list[dict[str, Any]] = answer.json()
        return attempts

    def _add(self, citizen: NewCitizen) -> CitizenView:
        answer = self.client.post("/_control/citizens", json=citizen.model_dump(exclude_defaults=True))
        _raise(answer)
        return CitizenView.model_validate(answer.json())

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.client.post(path, json=body)
        _raise(answer)
        return answer.json()


class TwilioCitizen(Citizen):
    def close_window(self) -> None:
        """As if they had last written long ago: free text no longer reaches them on WhatsApp."""
        self._post("close_window")

    def fail_with(self, code: int | None) -> None:
        """Let what is sent to them fail with a code of Twilio's, or arrive again."""
        self._post("reachability", {"code": code})


@dataclass(frozen=True)
class Handset:
    """A telephone in one call: the caller's, or one that was rung. What is done there is under way on return."""

    server: "TwilioServer"
    sid: str

    def _do(self, kind: str, **details: object) -> None:
        self.server._post(f"/_control/voice/legs/{self.sid}", {"kind": kind, **details})
        self.server.settle()

    @property
    def now(self) -> dict[str, Any]:
        """The leg as the stand-in has it: status, heard, is_ringing, is_joined…"""
        answer = self.server.client.get(f"/_control/voice/legs/{self.sid}")
        _raise(answer)
        leg: dict[str, Any] = answer.json()
        return leg

    @property
    def heard(self) -> str:
        """All that was told there, a line each."""
        return "\n".join(self.now["heard"])

    def press(self, keys: str) -> None:
        self._do("keys", text=keys)

    def speak(self, words: str) -> None:
        self._do("speech", text=words)

    def leave_message(self, seconds: int = 10, *, then_hang_up: bool = False) -> None:
        self._do("recorded", seconds=seconds, then_hang_up=then_hang_up)

    def stay_silent(self) -> None:
        """Until what waits for this person goes on by itself."""
        self._do("silence")

    def answer(self) -> None:
        self._do("answer")

    def ignore(self) -> None:
        """Let it ring until it stops."""
        self._do("refuse")

    def hang_up(self) -> None:
        self._do("hang_up")


@dataclass
class TwilioServer(Stand):
    """The stand-in for Twilio, with the office's account on it."""

    account_sid: str = ""
    auth_token: str = ""
    whatsapp_number: str = ""
    sms_number: str = ""
    voice_number: str = ""

    def call(self, from_: str = "+526621234567") -> Handset:
        """Somebody calls the office's voice number, and has heard the first words on return."""
        sid = str(self._post("/_control/voice/calls", {"from_": from_})["sid"])
        self.settle()
        return Handset(self, sid)

    def rung(self, number: str) -> Handset:
        """The telephone of that number, in the latest call for which it was rung. Raises LookupError."""
        legs = self.client.get("/_control/voice/legs").json()
        found = [leg for leg in legs if leg["to"] == number]
        if not found:
            raise LookupError(f"{number} was never rung")
        return Handset(self, found[-1]["sid"])

    def manner(self, number: str, manner: str) -> None:
        """What happens when a number is rung: answer, busy, no-answer, failed; empty: `rung` decides."""
        _raise(self.client.patch("/_control/voice/manners", json={"number": number, "manner": manner}))

    def citizen(self, phone: str = "", **details: Any) -> TwilioCitizen:
        """A citizen on WhatsApp, or with `sms=True` on SMS; `hides_phone=True`: known by a user id alone."""
        return TwilioCitizen(self.client, self._add(NewCitizen(phone=phone, **details)))

    def configure(self, **changes: str) -> None:
        """Set webhook_url, sms_webhook_url, voice_url, voice_status_url, fallback_url or token."""
        _raise(self.client.patch("/_control/account", json=changes))

    def decide(self, content_sid: str, status: str = "approved") -> None:
        """Let WhatsApp approve or reject a template now."""
        _raise(self.client.patch(f"/_control/contents/{content_sid}", json={"status": status}))

    def replay(self, message_id: str, times: int = 1) -> None:
        """Post an inbound message's webhook again."""
        self._post(f"/_control/messages/{message_id}/replay", {"times": times})

    @property
    def alerts(self) -> list[dict[str, Any]]:
        alerts: list[dict[str, Any]] = self.client.get("/_control/alerts").json()
        return alerts


class TelegramCitizen(Citizen):
    def start(self, payload: str = "") -> str:
        """Open the bot, by a deep link if there is a payload."""
        return self.send_text(f"/start {payload}".strip())

    def edit(self, message_id: str, text: str) -> None:
        """Change a message already sent."""
        self._post("edit", {"message_id": message_id, "text": text})


@dataclass
class TelegramServer(Stand):
    """The stand-in for Telegram's Bot API, with the office's bot on it."""

    token: str = ""

    @property
    def bot_base_url(self) -> str:
        """For `Bot(base_url=…)`."""
        return f"{self.base_url}/bot"

    @property
    def bot_file_url(self) -> str:
        """For `Bot(base_file_url=…)`."""
        return f"{self.base_url}/file/bot"

    def citizen(self, name: str = "Ciudadana de prueba", **details: Any) -> TelegramCitizen:
        return TelegramCitizen(self.client, self._add(NewCitizen(name=name, **details)))

    def add_group(self, title: str, citizen: TelegramCitizen) -> int:
        """A group to which a citizen has just added the bot; its id, for `send_text(…, group=…)`."""
        return int(self._post("/_control/groups", {"title": title, "citizen_id": citizen.id})["id"])

    def conversation(self, chat_id: str) -> list[MessageView]:
        """Of any chat: a citizen's id or a group's."""
        return Citizen(self.client, CitizenView(id=chat_id, name="")).conversation

    def skip_update_ids(self, count: int) -> None:
        """Leave a gap in the update ids, as after a quiet week."""
        self._post("/_control/updates/skip", {"count": count})

    def replay(self, update_id: int, times: int = 1) -> None:
        """Post an update again, out of its turn."""
        self._post(f"/_control/updates/{update_id}/replay", {"times": times})

    @property
    def updates(self) -> list[dict[str, Any]]:
        """Every update there was, the oldest first."""
        updates: list[dict[str, Any]] = self.client.get("/_control/updates").json()
        return updates

    @property
    def callback_answers(self) -> dict[str, dict[str, Any]]:
        """What the bot answered to presses of a button, by callback query id."""
        answers: dict[str, dict[str, Any]] = self.client.get("/_control/callback_answers").json()
        return answers


def _raise(answer: httpx.Response) -> None:
    """Raise with what the stand-in said."""
    if answer.is_error:
        raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
