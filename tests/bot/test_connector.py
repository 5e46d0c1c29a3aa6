"""The input channel: one turn a message id, and never an empty success."""

import asyncio
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from rasa.core.channels.channel import UserMessage
from rasa.core.tracker_store import FailSafeTrackerStore, InMemoryTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from sanic import Sanic
from sqlalchemy.exc import OperationalError

from bot.connectors.chat_sonora import ChatSonoraInput
from bot.trackers import TurnTrackerStore

TOKEN = "token-of-the-tests"
BUTTONS = [{"title": "Acepto", "payload": "/afirmar"}]
RANKING = [{"name": "saludar", "confidence": 0.9}, {"name": "ayuda", "confidence": 0.1}]
PARSED = {"intent": RANKING[0], "intent_ranking": RANKING}
HANDOFF = {"handoff": {"reason": "requested", "emergency": False}}


class Agent:
    """Has a turn as Rasa does: replies go to the message's channel, and the tracker is saved at the turn's end."""

    def __init__(self) -> None:
        self.store = TurnTrackerStore(Domain.empty(), db=":memory:")
        self.tracker_store: TrackerStore = FailSafeTrackerStore(self.store)
        self.turns: list[str] = []
        self.received: list[UserMessage] = []
        self.ready = True
        self.error: Exception | None = None
        self.is_silent = False
        self.hold: asyncio.Event | None = None
        self.processor = SimpleNamespace(model_filename="0123456789abcdef.tar.gz")

    def is_ready(self) -> bool:
        return self.ready

    async def handle(self, message: UserMessage) -> None:
        self.turns.append(message.message_id)
        self.received.append(message)
        if self.error is not None:
            raise self.error
        if self.hold is not None:
            await self.hold.wait()
        tracker = await self.tracker_store.get_or_create_tracker(message.sender_id)
        tracker.update(UserUttered(message.text, intent=RANKING[0], parse_data=PARSED, message_id=message.message_id))
        if not self.is_silent:
            text = f"Respuesta a {message.text}\n\nSegundo párrafo"
            await message.output_channel.send_response(message.sender_id, {"text": text, "buttons": BUTTONS})
            tracker.update(BotUttered(text, {"buttons": BUTTONS}))
            await message.output_channel.send_response(message.sender_id, {"custom": HANDOFF})
            tracker.update(BotUttered(None, {"custom": HANDOFF}))
        tracker.update(ActionExecuted("action_listen"))
        await self.tracker_store.save(tracker)


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture(scope="module")
def app() -> Sanic:
    """The channel's own endpoints, in a server without a port; one, for Sanic rewrites itself as it starts."""
    app = Sanic("channel", configure_logging=False)

    async def handle(message: UserMessage) -> None:
        await app.ctx.agent.handle(message)

    channel = ChatSonoraInput.from_credentials({"token": TOKEN})
    app.blueprint(channel.blueprint(handle), url_prefix="/webhooks/chat_sonora")
    app.asgi = True
    asyncio.run(app._startup())  # what an ASGI server would run; Sanic offers no public way
    return app


@pytest.fixture
async def channel(app: Sanic, agent: Agent) -> AsyncIterator[httpx.AsyncClient]:
    app.ctx.agent = agent
    headers = {"Authorization": f"Bearer {TOKEN}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot/webhooks", headers=headers) as client:
        yield client


async def post(channel: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    body = {"sender_id": "c1", "message_id": "m1", "text": "hola", **changes}
    return await channel.post("/chat_sonora/webhook", json=body)


async def test_a_turn_answers_with_its_replies(channel: httpx.AsyncClient, agent: Agent) -> None:
    response = await post(channel, metadata={"channel": "web"})
    assert response.status_code == 200
    messages = response.json()["messages"]
    assert [message.get("text") for message in messages] == ["Respuesta a hola\n\nSegundo párrafo", None]
    assert messages[0]["buttons"] == BUTTONS
    assert messages[-1]["custom"] == HANDOFF
    assert response.json()["repeated"] is False
    assert agent.received[0].metadata == {"channel": "web", "message_id": "m1"}


async def test_a_repeated_message_gets_the_same_answer_without_a_second_turn(
    channel: httpx.AsyncClient, agent: Agent
) -> None:
    first = (await post(channel)).json()["messages"]
    again = (await post(channel)).json()
    assert agent.turns == ["m1"]
    assert again["repeated"] is True
    assert [_shown(message) for message in again["messages"]] == [_shown(message) for message in first]


@pytest.mark.parametrize(("said", "is_looked_for"), [({}, True), ({"is_new": False}, True), ({"is_new": True}, False)])
async def test_whether_a_turn_was_had_is_looked_for_unless_its_message_is_new(
    channel: httpx.AsyncClient,
    agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, bool],
    is_looked_for: bool,
) -> None:
    looked: list[str] = []

    async def look(sender_id: str, message_id: str) -> bool:
        looked.append(message_id)
        return False

    monkeypatch.setattr(agent.store, "has_heard", look)
    assert (await post(channel, **said)).status_code == 200
    assert looked == ["m1"] * is_looked_for


async def test_each_answer_tells_what_was_understood_and_by_which_model(channel: httpx.AsyncClient) -> None:
    understood = {
        "intent": "saludar",
        "confidence": 0.9,
        "ranking": [{"intent": "saludar", "confidence": 0.9}, {"intent": "ayuda", "confidence": 0.1}],
        "is_typed": True,
        "in_form": False,
        "outcome": "answered",
        "model": "0123456789abcdef",
    }
    for _ in range(2):
        assert (await post(channel)).json()["understanding"] == understood


async def test_an_answer_goes_out_though_its_turn_cannot_be_stored(
    channel: httpx.AsyncClient, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(tracker: Any) -> None:
        raise OperationalError("INSERT", {}, Exception())

    monkeypatch.setattr(agent.store, "save", fail)
    answer = await post(channel)
    assert answer.status_code == 200
    assert answer.json()["understanding"] is None


async def test_where_nobody_can_tell_whether_a_turn_was_had_it_is_not_had_again(
    channel: httpx.AsyncClient, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(sender_id: str, message_id: str) -> bool:
        raise OperationalError("SELECT", {}, Exception())

    await post(channel)
    with monkeypatch.context() as away:
        away.setattr(agent.store, "has_heard", fail)
        assert (await post(channel)).status_code == 500
    assert agent.turns == ["m1"]
    assert (await post(channel)).json()["repeated"] is True


async def test_no_turn_is_had_with_trackers_that_die_with_the_process(channel: httpx.AsyncClient, agent: Agent) -> None:
    agent.tracker_store = InMemoryTrackerStore(Domain.empty())
    assert (await post(channel)).status_code == 500
    assert agent.turns == []


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return {name: message.get(name) for name in ("text", "buttons", "custom")}


async def test_a_turn_that_is_not_done_at_its_end_is_given_up_and_never_saved(
    channel: httpx.AsyncClient, agent: Agent
) -> None:
    """So that another process may have the conversation's next turn (docs/adr/0031)."""
    agent.hold = asyncio.Event()
    answer = await asyncio.wait_for(post(channel, ends_at=time.time() + 0.1), 10)
    assert (answer.status_code, answer.json()) == (500, {"error": "TimeoutError"})
    agent.hold.set()
    await asyncio.sleep(0)
    assert await agent.tracker_store.retrieve("c1") is None
    assert (await post(channel, ends_at=time.time() - 1)).status_code == 500
    assert agent.turns == ["m1"], "one that comes too late is not begun"
    answer = await post(channel, ends_at=time.time() + 60)
    assert (answer.status_code, answer.json()["repeated"]) == (200, False)


async def test_an_earlier_message_repeated_gets_its_own_answer(channel: httpx.AsyncClient, agent: Agent) -> None:
    for number in (1, 2, 3):
        await post(channel, message_id=f"m{number}", text=f"texto {number}")
    again = (await post(channel, message_id="m2", text="texto 2")).json()
    assert [message["text"] for message in again["messages"] if message.get("text")] == [
        "Respuesta a texto 2\n\nSegundo párrafo"
    ]
    assert agent.turns == ["m1", "m2", "m3"]


async def test_the_same_id_of_another_conversation_is_another_message(channel: httpx.AsyncClient, agent: Agent) -> None:
    await post(channel)
    assert (await post(channel, sender_id="c2")).json()["repeated"] is False
    assert agent.turns == ["m1", "m1"]


async def test_a_turn_that_failed_is_had_again(channel: httpx.AsyncClient, agent: Agent) -> None:
    agent.error = RuntimeError("texto privado")
    failed = await post(channel)
    assert failed.status_code == 500
    assert failed.json() == {"error": "RuntimeError"}
    agent.error = None
    assert (await post(channel)).json()["repeated"] is False
    assert agent.turns == ["m1", "m1"]


async def test_a_turn_without_replies_is_no_success(channel: httpx.AsyncClient, agent: Agent) -> None:
    agent.is_silent = True
    assert (await post(channel)).status_code == 500
    agent.is_silent = False
    assert (await post(channel)).status_code == 200


async def test_a_failure_is_logged_without_what_was_said(
    channel: httpx.AsyncClient, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    agent.error = RuntimeError("me llamo Rosa")
    await post(channel, text="me llamo Rosa")
    assert "message_id=m1" in caplog.text
    assert "Rosa" not in caplog.text


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "Basic x", "Bearer ñandú".encode()])
async def test_only_the_backend_may_call(channel: httpx.AsyncClient, agent: Agent, header: str | bytes) -> None:
    response = await channel.post(
        "/chat_sonora/webhook",
        json={"sender_id": "c1", "message_id": "m1", "text": "hola"},
        headers={"Authorization": header},
    )
    assert response.status_code == 401
    assert agent.turns == []


@pytest.mark.parametrize("missing", [{"sender_id": ""}, {"message_id": None}, {"text": None}, {"text": 7}])
async def test_an_incomplete_message_is_refused(
    channel: httpx.AsyncClient, agent: Agent, missing: dict[str, Any]
) -> None:
    assert (await post(channel, **missing)).status_code == 422
    assert agent.turns == []


async def test_health_says_whether_the_model_is_there(channel: httpx.AsyncClient, agent: Agent) -> None:
    assert (await channel.get("/chat_sonora/")).json() == {"ready": True}
    agent.ready = False
    assert (await channel.get("/chat_sonora/")).status_code == 503


@pytest.mark.parametrize("credentials", [None, {}, {"token": ""}])
def test_a_channel_without_a_token_is_refused(credentials: dict[str, str] | None) -> None:
    with pytest.raises(ValueError, match="token"):
        ChatSonoraInput.from_credentials(credentials)
