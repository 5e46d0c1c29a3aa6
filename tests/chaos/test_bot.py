"""The bot dead, hung, silent, failing and talking nonsense: every citizen is answered all the same."""

import time
from datetime import timedelta

import pytest

from tests.chaos.bot import Manner
from tests.chaos.site import Site
from tests.chaos.table import FULL, Table
from tests.chaos.traffic import Writer, write_some, writers
from tests.chaos.trial import is_good, told, under

SHORT = (Manner.HUNG, Manner.EMPTY)
EACH, MESSAGES = (3, 6) if FULL else (1, 2)
LIMIT = timedelta(seconds=10)
_BACK_SECONDS = 30

_SLOWEST = (
    "SELECT max(answer.created_at - said.created_at) FROM message said"
    " JOIN LATERAL (SELECT min(created_at) AS created_at FROM message WHERE in_reply_to = said.id) answer ON true"
    " WHERE said.text = ANY(%s)"
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("manner", [one for one in Manner if one is not Manner.WELL] if FULL else SHORT)
def test_a_bot_that_fails_leaves_nobody_without_an_answer(site: Site, table: Table, manner: Manner) -> None:
    people = writers(site, each=EACH)
    site.bot.manner = manner
    found = under(site, table, f"Rasa {manner}", people, MESSAGES, lambda: None, pause=1.0)
    assert is_good(found), found
    texts = [text for writer in people for text in writer.sent]
    [(slowest,)] = site.server.execute(_SLOWEST, texts)
    assert isinstance(slowest, timedelta) and slowest < LIMIT
    site.bot.manner = Manner.WELL
    _bot_is_back(people[0])
    assert is_good(told(site, table, f"Rasa {manner}, then back", people[:1]))


def _bot_is_back(writer: Writer) -> None:
    """Its answers reach the citizen again, without anybody's doing."""
    deadline = time.monotonic() + _BACK_SECONDS
    while time.monotonic() < deadline:
        write_some(writer, 1)
        time.sleep(1.0)
        if {f"a {text}" for text in writer.sent} & set(writer.seen()):
            return
    raise TimeoutError("the bot answers again, and nobody asks it")
