"""PostgreSQL restarted under load, gone, and frozen."""

import time

import pytest

from tests.chaos.site import Site
from tests.chaos.table import FULL, Table
from tests.chaos.traffic import WebWriter, writers
from tests.chaos.trial import is_good, under

EACH, MESSAGES = (4, 40) if FULL else (1, 6)
RESTARTS = 5 if FULL else 1
#: Long enough for a call to be refused: at once where there is no server, at the deadline where it is frozen.
AWAY_SECONDS = {"gone": 60, "frozen": 60} if FULL else {"gone": 4, "frozen": 7}
#: The office's word: an answer, or for a vendor a refusal, within this.
LIMIT_SECONDS = 10.0


@pytest.mark.timeout(600)
def test_a_restart_in_mid_sentence_loses_nothing(site: Site, table: Table) -> None:
    def restart() -> None:
        for _ in range(RESTARTS):
            time.sleep(0.5)
            site.server.restart_at_once()

    found = under(site, table, "PostgreSQL restart -m immediate", writers(site, each=EACH), MESSAGES, restart)
    assert is_good(found), found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", ["gone", "frozen"])
def test_without_a_database_everybody_is_refused_in_time_and_nothing_is_lost(
    site: Site, table: Table, how: str
) -> None:
    people = writers(site, each=EACH)
    during: list[dict[str, object]] = []

    def take_away() -> None:
        time.sleep(0.5)
        with site.server.gone() if how == "gone" else site.server.frozen():
            time.sleep(0.2)
            begun = len(site.stand_ins.telegram.deliveries)
            time.sleep(AWAY_SECONDS[how])
            during.extend(site.stand_ins.telegram.deliveries[begun:])

    found = under(site, table, f"PostgreSQL {how} for {AWAY_SECONDS[how]} s", people, MESSAGES, take_away)
    assert is_good(found), found
    assert {call["status"] for call in during} == {503}, "a vendor was told something else than to come back"
    web = [writer for writer in people if isinstance(writer, WebWriter)]
    assert all(set(writer.refusals) <= {503} for writer in web), [writer.refusals for writer in web]
    assert max(writer.slowest for writer in web) < LIMIT_SECONDS
