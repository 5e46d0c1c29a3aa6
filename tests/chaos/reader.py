"""The widget's reader on the event stream, cut wherever a test likes, and resumed by its cursor."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.traffic import WebWriter

_READ_SECONDS = 10.0


@dataclass
class StreamReader:
    """Keeps what it heard; a half event is no event, as EventSource has it."""

    writer: WebWriter
    cursor: str = "0"
    heard: list[dict[str, Any]] = field(default_factory=list)

    def listen(self, *, most_bytes: int | None = None, until: int | None = None) -> bytes:
        """One connection: until so many bytes came, or so many messages were heard in all. The bytes it got."""
        headers = {**self.writer.headers, "Last-Event-ID": self.cursor}
        got = b""
        with httpx.stream(
            "GET", f"{self.writer.site.base_url}/api/chat/stream", headers=headers, timeout=_READ_SECONDS
        ) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_raw():
                got += chunk if most_bytes is None else chunk[: most_bytes - len(got)]
                if most_bytes is not None and len(got) >= most_bytes:
                    break
                if until is not None and len(self.heard) + got.count(b"event: message") >= until and _is_whole(got):
                    break
        for event in got.decode(errors="ignore").split("\r\n\r\n")[:-1]:
            self._take(event)
        return got

    def _take(self, event: str) -> None:
        lines = dict(line.split(": ", 1) for line in event.split("\r\n") if ": " in line and not line.startswith(":"))
        if lines.get("event") == "message":
            self.cursor = lines["id"]
            self.heard.append(json.loads(lines["data"]))

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.heard]


def _is_whole(got: bytes) -> bool:
    return got.endswith(b"\r\n\r\n")
