"""Another system's end of a webhook: takes requests as they come, and answers as it is told."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Taken:
    path: str
    headers: dict[str, str]
    body: bytes

    def is_signed_with(self, secret: str) -> bool:
        """As the scheme's document says, by hand: what a receiver would do."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = b".".join((self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.body))
        expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return hmac.compare_digest(expected, self.headers["webhook-signature"])


@dataclass
class Receiver:
    port: int = 0
    #: What it answers, each once; then 204.
    answers: list[bytes] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/avisos?de=sonora"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.taken.append(Taken(first.split()[1], headers, body))
        writer.write(self.answers.pop(0) if self.answers else answer(204))
        writer.close()


def answer(code: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.take, "localhost", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
