"""Citizens who write on the web chat, WhatsApp and Telegram, and note what they sent and what they saw."""

import hashlib
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

import httpx

from tests.chaos.site import Site
from tests.fakes.conversation import Kind
from tests.fakes.handles import Citizen

#: How long a citizen on the web goes on trying to send one message.
PATIENCE_SECONDS = 120.0
_AGAIN_SECONDS = 0.15
_numbers = count(1)


def piece_of(sha256: str) -> str:
    """A file, as something that is seen."""
    return f"[file {sha256[:16]}]"


def pieces(files: Iterable[str], texts: Iterable[str]) -> list[str]:
    """What a message with these files, by their hashes, and texts is seen as."""
    return [*(piece_of(file) for file in files if file), *(text for text in texts if text)]


class Writer(Protocol):
    """One citizen in one conversation."""

    channel: str
    #: What was sent, in order.
    sent: list[str]

    @property
    def key(self) -> str:
        """What the conversation is known by in the database: its id, or the person's on the channel."""
        ...

    def write(self, text: str) -> None: ...

    def seen(self) -> list[str]:
        """What the office said, as this citizen saw it, in order: texts, and files as `piece_of` has them."""
        ...

    def given_up(self) -> list[str]:
        """What was sent and the vendor stopped trying to bring, in order."""
        ...


@dataclass
class WebWriter:
    """As the widget does: the same client id again until it is taken; reads by long poll from its cursor on."""

    site: Site
    channel: str = "web"
    sent: list[str] = field(default_factory=list)
    #: HTTP statuses of what was not taken.
    refusals: Counter[int] = field(default_factory=Counter)
    #: The longest that any one request took, whatever it was answered.
    slowest: float = 0.0
    _heard: list[str] = field(default_factory=list)
    _cursor: str = "0"

    def __post_init__(self) -> None:
        # No connection outlives a request: each goes to the next process, as from many citizens.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.client = httpx.Client(base_url=self.site.base_url, timeout=15, limits=limits)
        answer = self.until_taken(lambda: self.client.post("/api/chat/sessions", json={})).json()
        self.session_id, self.headers = answer["session_id"], {"Authorization": f"Bearer {answer['token']}"}

    @property
    def key(self) -> str:
        return self.session_id

    def write(self, text: str) -> None:
        body = {"client_id": uuid.uuid4().hex, "text": text}
        self.sent.append(text)
        self.until_taken(lambda: self.client.post("/api/chat/messages", json=body, headers=self.headers))

    def until_taken(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        """Repeat a request until it is taken; its answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            begun = time.monotonic()
            try:
                answer = request()
            except httpx.TransportError:
                pass
            else:
                if answer.is_success:
                    return answer
                self.refusals[answer.status_code] += 1
                assert answer.json()["error"]["message"], "refused without a word"
            finally:
                self.slowest = max(self.slowest, time.monotonic() - begun)
            time.sleep(_AGAIN_SECONDS)
        raise TimeoutError("a citizen's message was not taken")

    def seen(self) -> list[str]:
        while True:
            page = self.until_taken(
                lambda: self.client.get(
                    "/api/chat/messages", params={"after": self._cursor, "wait": 0}, headers=self.headers
                )
            ).json()
            for message in page["messages"]:
                if message["author"] != "citizen":
                    self._heard += pieces(map(self._hash, message["attachments"]), [message["text"]])
            self._cursor = page["cursor"]
            if not page["more"]:
                return self._heard

    def _hash(self, attachment: dict[str, Any]) -> str:
        answer = self.until_taken(lambda: self.client.get(attachment["url"], headers=self.headers))
        return hashlib.sha256(answer.content).hexdigest()

    def given_up(self) -> list[str]:
        return []


@dataclass
class PhoneWriter:
    """A citizen with a telephone: the vendor takes what they send at once, and brings it when it can."""

    site: Site
    channel: str
    telephone: Citizen
    key: str
    sent: list[str] = field(default_factory=list)
    #: Hashes of the files that were fetched, by address.
    _files: dict[str, str] = field(default_factory=dict)

    def write(self, text: str) -> None:
        self.sent.append(text)
        self.telephone.send_text(text)

    def given_up(self) -> list[str]:
        if self.channel != "whatsapp":
            return []  # Telegram tries for a day
        calls = self.site.stand_ins.twilio.deliveries
        taken = {call["form"].get("Body") for call in calls if call["status"] == 200}
        return [text for text in self.sent if text not in taken]

    def show(self, text: str, photo: bytes) -> None:
        """Send a photo with these words under it."""
        self.sent.append(text)
        self.telephone.send_file(Kind.PHOTO, photo, content_type="image/png", filename="foto.png", caption=text)

    def seen(self) -> list[str]:
        return [
            piece
            for message in self.telephone.received
            for piece in pieces([self._hash(message.media.url)] if message.media else [], [message.text])
        ]

    def _hash(self, url: str) -> str:
        if url not in self._files:
            stand_ins = self.site.stand_ins
            vendor = stand_ins.telegram if self.channel == "telegram" else stand_ins.twilio
            self._files[url] = hashlib.sha256(vendor.client.get(url).raise_for_status().content).hexdigest()
        return self._files[url]


def on_web(site: Site) -> Writer:
    return WebWriter(site)


def on_whatsapp(site: Site) -> Writer:
    phone = f"+52662{next(_numbers):07d}"
    return PhoneWriter(site, "whatsapp", site.stand_ins.twilio.citizen(phone), phone)


def on_telegram(site: Site) -> Writer:
    telephone = site.stand_ins.telegram.citizen(f"Ciudadana {next(_numbers)}")
    return PhoneWriter(site, "telegram", telephone, telephone.id)


CHANNELS: dict[str, Callable[[Site], Writer]] = {"web": on_web, "whatsapp": on_whatsapp, "telegram": on_telegram}


def writers(site: Site, *, each: int = 2, channels: Iterable[str] = CHANNELS) -> list[Writer]:
    """Some citizens of every channel."""
    return [CHANNELS[channel](site) for channel in channels for _ in range(each)]


def new_text(writer: Writer) -> str:
    """Words that nobody has written yet."""
    return f"mensaje {len(writer.sent) + 1} {uuid.uuid4().hex[:10]}"


def write_some(writer: Writer, messages: int, *, pause: float = 0.0) -> None:
    for _ in range(messages):
        writer.write(new_text(writer))
        time.sleep(pause)


@contextmanager
def load(people: list[Writer], messages: int, *, pause: float = 0.25) -> Iterator[None]:
    """All of them write side by side while the block runs; it ends when they have written everything."""
    failures: list[BaseException] = []

    def run(writer: Writer) -> None:
        try:
            write_some(writer, messages, pause=pause)
        except BaseException as error:  # told in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(writer,), daemon=True) for writer in people]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(PATIENCE_SECONDS + 60)
    if failures:
        raise failures[0]
