"""What operators see of a day's work, and that it is nobody's business who wrote what."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import select, update

from backend import clock
from backend.agents.models import Presence, PresenceState, Role, User
from backend.app import create_app
from backend.conversations.models import Message
from backend.conversations.taking import HEARING, SWEEP, TurnTaker
from backend.conversations.turns import Advancer
from backend.db import Database
from backend.monitoring import chores, metrics
from backend.settings import Settings
from backend.webhooks import polling
from backend.worker import Worker
from channels.manners import MANNERS
from tests.end_to_end.product import free_port
from tests.fake_assistant import FakeAssistant
from tests.heartbeats import last_done
from tests.staff import add_staff, browser
from tests.waiting import until

ROOT = Path(__file__).parents[2]
TOKEN = "un-token-para-leer-las-medidas-0123456789"
WORDS = ("Zacarías", "Quihuis", "6621234567", "AC-2026-000123-K")


def _samples(text: str) -> dict[str, list[tuple[Mapping[str, str], float]]]:
    found: dict[str, list[tuple[Mapping[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def _value(text: str, name: str, **labels: str) -> float | None:
    values = [value for told, value in _samples(text).get(name, []) if labels.items() <= told.items()]
    assert len(values) <= 1, (name, labels, values)
    return values[0] if values else None


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"metrics_port": free_port(), "metrics_token": SecretStr(TOKEN)})


async def test_a_days_work_is_measured_and_names_nobody(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Our own chat has nothing to send; here it stands for a vendor's channel, which has.
    monkeypatch.setitem(MANNERS, "web", replace(MANNERS["web"], is_read_where_stored=False))
    app, assistant = create_app(settings), FakeAssistant()
    worker = Worker(settings, assistant)
    address = f"http://127.0.0.1:{settings.metrics_port}"
    async with app.router.lifespan_context(app), httpx.AsyncClient() as prometheus:
        at_first = generate_latest(metrics.REGISTRY).decode()
        client = browser(app)
        token = (await client.post("/api/chat/sessions")).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        said = await client.post("/api/chat/messages", json={"client_id": "m", "text": " ".join(WORDS)})
        assert said.status_code == 202
        assert (await client.get(f"/no/existe/{WORDS[3]}?nombre={WORDS[0]}")).status_code == 404
        async with database.transaction() as session:
            await session.execute(update(Message).values(created_at=clock.now() - timedelta(minutes=10)))

        await _present(database)
        await worker.measures.take()
        assert (await prometheus.get(f"{address}/metrics")).status_code == 401
        authorised = {"Authorization": f"Bearer {TOKEN}"}
        before = (await prometheus.get(f"{address}/metrics", headers=authorised)).text
        assert _value(before, "chat_sonora_queue_waiting", queue="turns") == 1
        assert 600 <= (_value(before, "chat_sonora_queue_overdue_seconds", queue="turns") or 0) < 700
        assert _value(before, "chat_sonora_queue_waiting", queue="outbox_web") == 0
        assert _value(before, "chat_sonora_agents_available") == 1

        await worker.turns.sweep()
        await worker.turns.finish()
        await worker.dispatcher.send_all_due()
        await worker.measures.take()
        after = (await prometheus.get(f"{address}/metrics", headers=authorised)).text
        for path in ("live", "ready"):
            assert (await prometheus.get(f"{address}/health/{path}")).status_code == 200
    await worker.close()

    def grew(name: str, **labels: str) -> float:
        return (_value(after, name, **labels) or 0) - (_value(at_first, name, **labels) or 0)

    assert _value(after, "chat_sonora_queue_waiting", queue="turns") == 0
    assert grew("chat_sonora_bot_turns_total", outcome="answered", rasa="rasa:5005") == 1
    assert grew("chat_sonora_delivery_seconds_count", channel="web") == 1
    assert grew("chat_sonora_deliveries_total", channel="web", outcome="sent") == 1
    assert grew("chat_sonora_http_requests_total", method="POST", route="/api/chat/messages", status="202") == 1
    assert grew("chat_sonora_http_requests_total", method="GET", route="other", status="404") == 1
    assert _value(after, "chat_sonora_bot_up", rasa="rasa:5005") == 1
    assert _value(after, "chat_sonora_database_connections", state="in_use") is not None
    assert not [word for word in WORDS if word in after]
    _alerts_read_what_is_told(after)


async def _present(database: Database) -> None:
    """An analyst and an auditor, both at work: the one takes chats."""
    await add_staff(database, "ana")
    await add_staff(database, "aurora", Role.AUDITOR)
    async with database.transaction() as session:
        for user_id in await session.scalars(select(User.id)):
            session.add(Presence(user_id=user_id, state=PresenceState.AVAILABLE))


def _alerts_read_what_is_told(text: str) -> None:
    """Every alert asks for something that exists, and its runbook does too."""
    families = {family.name for family in text_string_to_metric_families(text)}
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    headings = re.findall(r"^## (.+)$", (ROOT / "docs/operations.md").read_text("utf-8"), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    for rule in rules:
        for name in re.findall(r"chat_sonora_\w+", rule["expr"]):
            assert re.sub(r"_(total|bucket)$", "", name) in families, (rule["alert"], name)
        assert rule["annotations"]["runbook_url"].removeprefix("docs/operations.md#") in anchors, rule["alert"]


def test_a_chore_that_fails_does_not_count_as_done() -> None:
    def told() -> float | None:
        return last_done("dishes")

    chores.expect("dishes", 60.0)
    expected = told()
    with pytest.raises(RuntimeError), chores.watched("dishes"):
        raise RuntimeError
    assert told() == expected
    with chores.watched("dishes"):
        pass
    assert (told() or 0) > (expected or 0)


def test_measures_for_other_machines_need_a_token(settings: Settings) -> None:
    with pytest.raises(ValueError, match="METRICS_TOKEN"):
        Settings.model_validate(settings.model_dump() | {"metrics_host": "10.1.2.3", "metrics_token": None})


async def test_what_a_worker_does_all_the_time_tells_that_it_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of work by a name of its own, whether there is any or not; so an operator sees which one stopped."""
    monkeypatch.setattr(polling, "LOOK_FOR_ACCOUNTS_SECONDS", 0.05)
    worker = Worker(settings, FakeAssistant())
    names = [HEARING, "arrivals", "media", "polling", *(f"outbox_{channel}" for channel in MANNERS)]
    await worker.live.start()
    tasks = [
        asyncio.create_task(worker.turns.run(worker.live, idle_seconds=0.05, stop_seconds=1)),
        asyncio.create_task(worker.arrivals.run(worker.live, idle_seconds=0.05)),
        asyncio.create_task(worker.media.run(worker.live, idle_seconds=0.05)),
        asyncio.create_task(worker.dispatcher.run(worker.live, idle_seconds=0.05)),
        asyncio.create_task(worker.poller.run()),
    ]
    await until(lambda: all(last_done(name) is not None for name in names))
    at_first = {name: last_done(name) for name in names}
    await until(lambda: all(last_done(name) != at_first[name] for name in names))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await worker.close()
    every = [metrics.REGISTRY.get_sample_value("chat_sonora_chore_interval_seconds", {"chore": name}) for name in names]
    assert every == [0.05] * len(names)


async def test_a_long_sweep_tells_with_each_look_that_it_goes_on(database: Database) -> None:
    """A backlog takes longer than a chore may be late."""
    taker = TurnTaker(database, Advancer(database, FakeAssistant(), secret=b"test", lease_seconds=15, turn_seconds=8))
    began = time.time()
    await taker.sweep()
    assert (last_done(SWEEP) or 0) >= began
