"""Redis killed, frozen and flushed under load: nothing is lost, everybody is answered, and limits still limit."""

import time
from collections import Counter

import pytest

from backend.registry.guessing import PER_FOLIO
from tests.chaos.cache import guessed, with_redis
from tests.chaos.site import Site
from tests.chaos.table import FULL, Table
from tests.chaos.traffic import WebWriter, writers
from tests.chaos.trial import is_good, under

EACH, MESSAGES = (4, 40) if FULL else (1, 8)
AWAY_SECONDS = 20.0 if FULL else 1.0
PATIENCE_SECONDS = 20.0
WEBS = 2
WRONG, TOO_MANY = 404, 429
#: More tries than all webs together allow.
TRIES = WEBS * PER_FOLIO + 6


@pytest.mark.timeout(600)
def test_redis_killed_frozen_and_flushed(site: Site, table: Table) -> None:
    with with_redis(site) as redis:
        people = writers(site, each=EACH)
        assert guessed(site, TRIES) == {WRONG: PER_FOLIO, TOO_MANY: TRIES - PER_FOLIO}  # one count over all webs

        def happen() -> None:
            redis.kill()
            while_away = guessed(site, TRIES)
            assert set(while_away) == {WRONG, TOO_MANY}
            assert while_away[WRONG] <= WEBS * PER_FOLIO
            time.sleep(AWAY_SECONDS)
            redis.start()
            with redis.frozen():
                time.sleep(AWAY_SECONDS)
            redis.flush()

        found = under(site, table, "Redis killed, back, frozen, flushed", people, MESSAGES, happen, pause=0.4)
        assert is_good(found), found
        assert not [writer.refusals for writer in people if isinstance(writer, WebWriter) and writer.refusals]
        assert _counted_once_met(site) == {WRONG: PER_FOLIO, TOO_MANY: TRIES - PER_FOLIO}


def _counted_once_met(site: Site) -> Counter[int]:
    """What a guesser is answered when all webs have met Redis again, which each looks for by itself."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while (counted := guessed(site, TRIES))[WRONG] > PER_FOLIO and time.monotonic() < give_up_at:
        time.sleep(0.5)
    return counted
