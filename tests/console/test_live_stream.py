"""An open page looks at what rang; the inbox rings no oftener than is of use to who reads it."""

import asyncio
import time
import uuid

import pytest

from backend import live as live_module
from backend.console.live_stream import LOOK_AGAIN, Follower
from backend.live import INBOX, LiveEvents, account_topic, conversation_topic
from backend.settings import Settings


def test_a_page_looks_at_what_rang_and_now_and_then_by_itself() -> None:
    user_id, conversation_id = uuid.uuid4(), uuid.uuid4()
    follower = Follower(user_id, conversation_id, cursor=0)
    mine, account = conversation_topic(conversation_id), account_topic(user_id)
    assert follower.hear({account}) == (True, True)
    follower.inbox_has_moved = False  # it was told

    assert follower.patience() == LOOK_AGAIN
    assert follower.hear({mine}) == (False, True)
    assert not follower.inbox_has_moved
    assert follower.hear({INBOX}) == (True, False)
    assert follower.inbox_has_moved
    assert follower.hear({mine, INBOX}) == (True, True)
    assert follower.hear({account}) == (True, True)
    assert follower.hear(set()) == (True, True)


@pytest.mark.parametrize("conversation_id", [None, uuid.uuid4()])
def test_somebody_elses_conversation_moves_the_inbox_alone(conversation_id: uuid.UUID | None) -> None:
    assert Follower(uuid.uuid4(), conversation_id, cursor=0).hear({INBOX}) == (True, False)


async def test_the_inbox_rings_at_once_then_once_for_all_that_moved_meanwhile(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "INBOX_SECONDS", 0.3)
    live = LiveEvents(settings.database_url)
    one, topic = uuid.uuid4(), conversation_topic(uuid.uuid4())
    async with live.subscribe(INBOX, topic) as alarm, live.subscribe(INBOX, conversation_topic(one)) as other:
        live._dispatch(INBOX)
        began = time.monotonic()
        assert await alarm.wait(5) == await other.wait(5) == {INBOX}
        for _ in range(50):
            live._dispatch(INBOX)
        live._dispatch(topic)
        assert await alarm.wait(5) == {topic}, "the open conversation is not kept waiting"
        assert time.monotonic() - began < 0.3
        assert await alarm.wait(5) == await other.wait(5) == {INBOX}
        assert time.monotonic() - began >= 0.3
        assert await alarm.wait(0.5) == set(), "once for all of them"
        live._dispatch(INBOX)
        assert await asyncio.wait_for(alarm.wait(5), 0.2) == {INBOX}
    await live.stop()
