"""A citizen, timed: of the public chat, to the answer on their stream; on WhatsApp, until the vendor has the answer."""

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg

from tests.end_to_end.office import ProductOffice
from tests.end_to_end.telephone import PATIENCE_SECONDS, TelephoneCitizen
from tests.fakes.handles import TwilioServer

_LOOK_AGAIN_SECONDS = 0.01
_numbers = itertools.count(1)


class Citizen:
    """One chat session and its open stream."""

    def __init__(self, client: httpx.AsyncClient, token: str, stream: httpx.Response) -> None:
        self._client = client
        self._headers = _headers(token)
        self._messages = _messages_of(stream)

    async def ask(self, text: str) -> float:
        """Seconds from sending to the answer. Its replies come together: they are stored together."""
        client_id, is_heard = uuid.uuid4().hex, False
        begun = time.perf_counter()
        body = {"client_id": client_id, "text": text}
        answer = await self._client.post("/api/chat/messages", json=body, headers=self._headers)
        answer.raise_for_status()
        async for message in self._messages:
            if message["author"] != "citizen" and is_heard:
                return time.perf_counter() - begun
            is_heard = is_heard or message["client_id"] == client_id
        raise ConnectionError("the stream ended before the answer")


async def _messages_of(stream: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    event = ""
    async for line in stream.aiter_lines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: ") and event == "message":
            yield json.loads(line.removeprefix("data: "))


async def open_session(client: httpx.AsyncClient) -> tuple[str, str]:
    """A new conversation's id, and the token that opens it."""
    answer = await client.post("/api/chat/sessions", json={})
    answer.raise_for_status()
    session = answer.json()
    return session["session_id"], session["token"]


@asynccontextmanager
async def a_citizen(client: httpx.AsyncClient) -> AsyncIterator[Citizen]:
    """Somebody who has the chat open."""
    _, token = await open_session(client)
    async with client.stream("GET", "/api/chat/stream", headers=_headers(token)) as stream:
        stream.raise_for_status()
        yield Citizen(client, token, stream)


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class WhatsAppCitizen:
    """Somebody on the vendor's stand-in. Lets a turn come to its end before the next, out of the time that is told."""

    def __init__(self, telephone: TelephoneCitizen) -> None:
        self._telephone = telephone

    async def ask(self, text: str) -> float:
        """Seconds from sending to the vendor's having the first answer; looked for every hundredth of one."""
        return await asyncio.to_thread(self._ask, text)

    def _ask(self, text: str) -> float:
        begun, told = time.perf_counter(), self._count()
        self._telephone.telephone.send_text(text)
        self._telephone.sent += 1
        while self._count() == told:
            if time.perf_counter() - begun > PATIENCE_SECONDS:
                raise TimeoutError(f"nobody answered «{text}»")
            time.sleep(_LOOK_AGAIN_SECONDS)
        seconds = time.perf_counter() - begun
        self._telephone.replies()
        return seconds

    def _count(self) -> int:
        return sum(not message.from_citizen for message in self._telephone.telephone.conversation)


@asynccontextmanager
async def a_citizen_on_whatsapp(twilio: TwilioServer, database_url: str) -> AsyncIterator[WhatsAppCitizen]:
    """Somebody whose telephone the office does not know yet."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        telephone = twilio.citizen(f"+521998{next(_numbers):07}", name="Ciudadana", hides_phone=True)
        yield WhatsAppCitizen(TelephoneCitizen(telephone, ProductOffice(connection, "whatsapp")))
