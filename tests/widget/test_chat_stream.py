"""Server-sent events over a real socket: httpx's ASGI transport would wait for the stream's end."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from backend.conversations.messages import NewMessage
from backend.conversations.models import Author
from tests.widget.conftest import Citizen

#: Far beyond what any step needs; only a hang reaches it.
PATIENCE = 60


@dataclass(frozen=True)
class Event:
    name: str
    id: str
    data: dict[str, Any]


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    """Where the application listens. Its own fixture has started it already."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


async def events(response: httpx.Response) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif not line and fields:
            yield Event(fields.get("event", "message"), fields.get("id", ""), json.loads(fields.get("data", "{}")))
            fields = {}


async def follow(address: str, citizen: Citizen, until: str, **headers: str) -> list[Event]:
    """Everything that the stream tells until a message with the text `until`."""
    told: list[Event] = []
    own = {"Authorization": f"Bearer {citizen.token}"} | headers
    async with (
        asyncio.timeout(PATIENCE),
        httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client,
        client.stream("GET", "/api/chat/stream", headers=own) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        async for event in events(response):
            told.append(event)
            if event.data.get("text") == until:
                return told
    return told


def texts(told: list[Event]) -> list[str]:
    return [event.data["text"] for event in told if event.name == "message"]


async def test_a_stream_tells_what_was_said_and_what_comes(address: str, citizen: Citizen) -> None:
    await citizen.send("hola")
    following = asyncio.create_task(follow(address, citizen, "fin"))
    await citizen.hear(NewMessage(Author.BOT, text="buenas"))
    await citizen.hear(NewMessage(Author.NOTE, text="nota privada"))
    await citizen.hear(NewMessage(Author.BOT, text="fin"))
    told = await following
    assert texts(told) == ["hola", "buenas", "fin"]
    assert [event.id for event in told if event.name == "message"] == ["1", "2", "4"]


async def test_a_stream_resumes_after_the_last_event_and_loses_nothing(address: str, citizen: Citizen) -> None:
    await citizen.hear(NewMessage(Author.BOT, text="uno"), NewMessage(Author.BOT, text="dos"))
    last = (await follow(address, citizen, "dos"))[-1].id
    await citizen.hear(NewMessage(Author.BOT, text="tres\ncon dos líneas"), NewMessage(Author.BOT, text="cuatro"))
    resumed = await follow(address, citizen, "cuatro", **{"Last-Event-ID": last})
    assert texts(resumed) == ["tres\ncon dos líneas", "cuatro"]


async def test_a_stream_tells_the_status_when_it_changes(address: str, citizen: Citizen) -> None:
    async with (
        asyncio.timeout(PATIENCE),
        httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client,
        client.stream("GET", "/api/chat/stream", headers={"Authorization": f"Bearer {citizen.token}"}) as response,
    ):
        told = events(response)
        assert (await anext(told)).data["busy"] is False
        await citizen.send("hola")
        assert (await anext(told)).data["text"] == "hola"
        assert (await anext(told)).data["busy"] is True
        await citizen.answered()
        assert (await anext(told)).data["text"] == "eco: hola"
        assert (await anext(told)).data["busy"] is False


@pytest.mark.parametrize(
    ("headers", "status"), [({"Authorization": "Bearer x"}, 401), ({"Last-Event-ID": "ayer"}, 422)]
)
async def test_a_stream_that_cannot_begin_is_refused_at_once(
    address: str, citizen: Citizen, headers: dict[str, str], status: int
) -> None:
    own = {"Authorization": f"Bearer {citizen.token}"} | headers
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client:
        answer = await client.get("/api/chat/stream", headers=own)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
