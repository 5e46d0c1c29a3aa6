"""Rasa's calls to the action server share connections, and are otherwise what they were."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot.connectors import action_calls

CALL = {"next_action": "action_prueba", "tracker": {"slots": {"asunto": "«hondo» 🚧"}, "at": 1795389028.7667875}}


@dataclass
class ActionServer:
    """Answers with what it was told; remembers over which connections."""

    address: str = ""
    status: int = 200
    told: list[Any] = field(default_factory=list)
    connections: list[Any] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.connections.append(request.transport)
        self.told.append(await request.json())
        return web.json_response({"events": [], "responses": []}, status=self.status)


@pytest.fixture
async def actions(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ActionServer]:
    monkeypatch.setattr(EndpointConfig, "session", EndpointConfig.session)
    monkeypatch.setattr(action_calls, "_connector", None)
    action_calls.keep_connections()
    actions, app = ActionServer(), web.Application()
    app.router.add_post("/webhook", actions.answer)
    async with TestServer(app) as server:
        actions.address = str(server.make_url("/webhook"))
        yield actions
        await action_calls.end_connections()


async def _call(actions: ActionServer) -> Any:
    return await EndpointConfig(actions.address).request(method="post", json=CALL, timeout=10)


async def test_calls_one_after_another_go_over_one_connection(actions: ActionServer) -> None:
    for _ in range(3):
        assert await _call(actions) == {"events": [], "responses": []}
    assert actions.told == [CALL] * 3
    assert len(set(actions.connections)) == 1


async def test_calls_at_once_do_not_wait_for_each_other(actions: ActionServer) -> None:
    await asyncio.gather(*(_call(actions) for _ in range(5)))
    assert len(set(actions.connections)) == 5


async def test_a_connection_that_the_server_ended_is_replaced(actions: ActionServer) -> None:
    await _call(actions)
    actions.connections[0].close()
    await asyncio.sleep(0.05)
    await _call(actions)
    assert len(set(actions.connections)) == 2


async def test_a_call_that_fails_says_how_and_the_next_is_made(actions: ActionServer) -> None:
    actions.status = 500
    with pytest.raises(ClientResponseError) as failed:
        await _call(actions)
    assert failed.value.status == 500
    actions.status = 200
    assert await _call(actions) == {"events": [], "responses": []}
