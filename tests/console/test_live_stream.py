"""An open page looks at what rang, and at the inbox no oftener than is of use to who reads it."""

import time
import uuid

import pytest

from backend.console.live_stream import INBOX_SECONDS, LOOK_AGAIN, Follower
from backend.live import INBOX, account_topic, conversation_topic


def test_the_inbox_is_looked_at_once_a_second_and_the_open_conversation_at_once() -> None:
    user_id, conversation_id = uuid.uuid4(), uuid.uuid4()
    follower = Follower(user_id, conversation_id, cursor=0)
    mine, account = conversation_topic(conversation_id), account_topic(user_id)
    assert follower.hear({account}) == (True, True)
    follower.inbox_has_moved, follower.inbox_due_at = False, time.monotonic() + INBOX_SECONDS  # it was looked at

    assert follower.patience() == LOOK_AGAIN
    assert follower.hear({mine}) == (False, True)
    assert follower.hear({INBOX}) == (False, False)
    assert 0 < follower.patience() <= INBOX_SECONDS  # what was put off is not forgotten
    assert follower.hear({mine, INBOX}) == (False, True)
    assert follower.hear({account}) == (True, True)  # what they may see has changed: at once
    assert follower.hear(set()) == (True, True)

    follower.inbox_due_at = time.monotonic()
    assert follower.hear({mine}) == (True, True)


@pytest.mark.parametrize("conversation_id", [None, uuid.uuid4()])
def test_somebody_elses_conversation_moves_the_inbox_alone(conversation_id: uuid.UUID | None) -> None:
    assert Follower(uuid.uuid4(), conversation_id, cursor=0).hear({INBOX}) == (True, False)
