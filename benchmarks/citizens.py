"""A citizen of the public chat, timed: what is sent, until the answer is on their event stream."""

import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx


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
