"""A citizen on the public chat API: says, presses, reads."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

#: Many conversations may be held at once, and on a machine that has other work.
TURN_SECONDS = 90.0
#: How long a read waits for something new; what changes without a new message is seen after it.
_READ_SECONDS = 0.5


@dataclass
class Citizen:
    """One chat session, and where its reader stands."""

    client: httpx.Client
    token: str = ""
    session_id: str = ""
    cursor: str = "0"
    owner: str = "bot"
    #: Everything the session was told, in order, the citizen's own messages too.
    heard: list[dict[str, Any]] = field(default_factory=list)

    def open(self) -> "Citizen":
        answer = self.client.post("/api/chat/sessions", json={})
        answer.raise_for_status()
        self.session_id, self.token = answer.json()["session_id"], answer.json()["token"]
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def send(self, *, client_id: str | None = None, **body: str) -> str:
        """Send a text or a payload; the message's id."""
        answer = self.client.post(
            "/api/chat/messages", json={"client_id": client_id or uuid.uuid4().hex, **body}, headers=self.headers
        )
        answer.raise_for_status()
        message_id: str = answer.json()["message_id"]
        return message_id

    def attach(self, name: str, content: bytes) -> httpx.Response:
        return self.client.post(
            "/api/chat/attachments",
            data={"client_id": uuid.uuid4().hex},
            files={"file": (name, content)},
            headers=self.headers,
        )

    def show(self, name: str, content: bytes) -> list[dict[str, Any]]:
        """Attach a file that must be taken, and hear what is said to it."""
        self.attach(name, content).raise_for_status()
        return self.replies()

    def read(self, *, wait: float = 0) -> dict[str, Any]:
        """What is new, and who answers now."""
        answer = self.client.get(
            "/api/chat/messages",
            params={"after": self.cursor, "wait": wait},
            headers=self.headers,
            timeout=wait + 15,
        )
        answer.raise_for_status()
        page: dict[str, Any] = answer.json()
        self.cursor, self.owner = page["cursor"], page["owner"]
        self.heard += page["messages"]
        return page

    def replies(self, *, seconds: float = TURN_SECONDS) -> list[dict[str, Any]]:
        """Everything said to the citizen until nothing more is to come."""
        said: list[dict[str, Any]] = []
        deadline = time.monotonic() + seconds
        page = self.read()
        while True:
            said += [message for message in page["messages"] if message["author"] != "citizen"]
            if not page["busy"]:
                return said
            if time.monotonic() > deadline:
                break
            page = self.read(wait=_READ_SECONDS)
        raise TimeoutError(f"no reply within {seconds} s; heard so far: {[m['text'] for m in said]}")

    def say(self, text: str) -> list[dict[str, Any]]:
        self.send(text=text)
        return self.replies()

    def press(self, title: str) -> list[dict[str, Any]]:
        """Press the latest button of this title."""
        self.send(payload=self.button(title))
        return self.replies()

    def button(self, title: str) -> str:
        wanted = title.casefold()
        for message in reversed(self.heard):
            for button in message["buttons"]:
                if wanted in button["title"].casefold():
                    payload: str = button["payload"]
                    return payload
        offered = [button["title"] for message in self.heard[-4:] for button in message["buttons"]]
        raise AssertionError(f"no button {title!r} was offered; the last ones: {offered}")
