"""Each trial on a build that lacks the protection it is about: the oracle must complain, or it proves nothing."""

import time
from collections.abc import Iterator

import pytest

from tests.chaos import points, removals
from tests.chaos.bot import Manner
from tests.chaos.cache import guessed, with_redis
from tests.chaos.oracle import Tally, judge
from tests.chaos.rasas import Rasas
from tests.chaos.reader import StreamReader
from tests.chaos.site import Site
from tests.chaos.staff import head_of
from tests.chaos.table import FULL, Table
from tests.chaos.test_crashes import killed
from tests.chaos.test_imports import MANY, change_of_many, filed_twice, imported
from tests.chaos.test_redis import TOO_MANY, TRIES
from tests.chaos.test_scale_out import Trial
from tests.chaos.test_streams import boundaries, heard_in_pieces
from tests.chaos.traffic import WebWriter, on_telegram, on_web, on_whatsapp, write_some, writers
from tests.chaos.trial import under
from tests.redis_server import RedisServer

#: Without a protection, something never comes to its end: no use in waiting for it.
SHORT_WAIT = 8.0
in_full = pytest.mark.skipif(not FULL, reason="the full size alone: make chaos")

pytestmark = pytest.mark.timeout(300)


def without(protection: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("site", [protection], indirect=True, ids=[protection])


@pytest.fixture
def site(any_site: Site, request: pytest.FixtureRequest) -> Iterator[Site]:
    """The build without the protection that the test names."""
    any_site.become(request.param)
    yield any_site
    any_site.calm()
    # What this build left half done is no business of the next test's.
    any_site.server.execute("DELETE FROM arrival")
    any_site.server.execute("UPDATE message SET handled_at = now() WHERE handled_at IS NULL")
    # What is being recorded at this moment comes to its end by itself.
    any_site.server.execute(
        "UPDATE delivery SET state = 'failed' WHERE id IN (SELECT id FROM delivery"
        " WHERE state IN ('pending', 'sending', 'uncertain') FOR UPDATE SKIP LOCKED)"
    )


@without(removals.REPEATS_KNOWN)
def test_repeats_known(site: Site, table: Table) -> None:
    """Telegram's call comes three times: three messages."""
    site.stand_ins.telegram.faults(duplicate_updates=2)
    found = under(site, table, "vendors call three times", [on_telegram(site)], 2, lambda: None)
    assert found["telegram"].twice > 0


@without(removals.CLAIM_DURABLE)
def test_claim_durable(site: Site, table: Table) -> None:
    """Telegram has taken it, the dispatcher dies, and the next one sends it for the first time, as it thinks."""
    point = "dispatcher: vendor accepted, nothing recorded"
    found = under(site, table, f"kill -9, {point}", [on_telegram(site)], 3, lambda: killed(site, point, 1))
    assert found["telegram"].twice > 0


@without(removals.TURN_LEASED)
def test_turn_leased(site: Site, table: Table) -> None:
    """Both workers have the same conversation's turns at once."""
    site.bot.seconds = 0.8
    before = site.bot.overlaps()
    found = under(site, table, "two workers", [on_web(site)], 3, lambda: None)
    time.sleep(2 * site.bot.seconds)  # the turns under way end: before, nobody knows with what they overlap
    overlaps = site.bot.overlaps() - before
    table.add(f"two workers [without: {site.removed}]", {"web": Tally(disordered=overlaps)}, is_broken=True)
    assert found and overlaps > 0


@in_full
@without(removals.COMMIT_FIRST)
def test_commit_first(site: Site, table: Table) -> None:
    """Telegram was told 200, and what it brought is gone."""
    point = "web: call verified, not committed"
    people = [on_telegram(site), on_telegram(site)]
    found = under(site, table, f"kill -9, {point}", people, 6, lambda: killed(site, point, 1), seconds=SHORT_WAIT)
    assert found["telegram"].lost > 0


@in_full
@without(removals.ARRIVAL_KEPT)
def test_arrival_kept(site: Site, table: Table) -> None:
    """Telegram was told 200, the worker took the call away to read it, and died."""
    point = "worker: call accepted, not yet read"
    found = under(
        site, table, f"kill -9, {point}", [on_telegram(site)], 4, lambda: killed(site, point, 1), seconds=SHORT_WAIT
    )
    assert found["telegram"].lost > 0


@in_full
@without(removals.LEASE_ENDS)
def test_lease_ends(site: Site, table: Table) -> None:
    """The turn of a worker that died is nobody's any more."""
    point = "worker: bot answered, nothing stored"
    found = under(
        site, table, f"kill -9, {point}", [on_web(site)], 2, lambda: killed(site, point, 1), seconds=SHORT_WAIT
    )
    assert found["web"].lost > 0


@in_full
@without(removals.DELIVERY_LEASED)
def test_delivery_leased(site: Site, table: Table) -> None:
    """Two dispatchers send the same message."""
    site.stand_ins.telegram.faults(slow_seconds=0.7)
    found = under(site, table, "a slow vendor", [on_telegram(site)], 3, lambda: None, seconds=10)
    assert found["telegram"].twice > 0


@in_full
@without(removals.ONE_BY_ONE)
def test_one_by_one(site: Site, table: Table) -> None:
    """A message that did not get through at once is overtaken by the next."""
    site.stand_ins.telegram.faults(drop_sends=1)
    found = under(site, table, "vendor cuts before it takes", [on_telegram(site)], 4, lambda: None, pause=0.05)
    assert found["telegram"].disordered > 0


@in_full
@without(removals.CAUGHT_UP)
def test_caught_up(site: Site, table: Table) -> None:
    """Twilio tries thrice at a dead address and never again; each try is held for two seconds before it is refused."""

    def go() -> None:
        time.sleep(0.2)
        with site.server.gone():
            time.sleep(12)

    found = under(site, table, "PostgreSQL gone", [on_whatsapp(site)], 6, go, seconds=SHORT_WAIT)
    assert found["whatsapp"].lost > 0


@in_full
@without(removals.DEADLINE)
def test_deadline(site: Site, table: Table) -> None:
    """With a database that hangs, citizens hang too."""
    writer = WebWriter(site)

    def freeze() -> None:
        time.sleep(0.3)
        with site.server.frozen():
            time.sleep(20)

    found = under(site, table, "PostgreSQL frozen", [writer], 4, freeze)
    assert found and writer.slowest > 10


@in_full
@without(removals.EMPTY_FAILS)
def test_empty_fails(site: Site, table: Table) -> None:
    """The bot says nothing, and neither do we."""
    site.bot.manner = Manner.SILENT
    people = writers(site, each=1)
    found = under(site, table, "Rasa silent", people, 1, lambda: None, seconds=SHORT_WAIT)
    assert all(tally.lost > 0 for tally in found.values())


@in_full
@without(removals.COUNTS_ALONG)
def test_counts_along(site: Site) -> None:
    """Redis dies, and whoever guesses a folio's code may go on for ever."""
    with with_redis(site) as redis:
        redis.kill()
        assert TOO_MANY not in guessed(site, TRIES)


@in_full
@without(removals.TURN_LIMITED)
def test_turn_limited(site: Site, table: Table) -> None:
    """The bot hangs, and the citizen waits."""
    site.bot.manner = Manner.HUNG
    found = under(site, table, "Rasa hung", [on_web(site)], 1, lambda: None, seconds=10)
    assert found["web"].lost > 0


@in_full
@without(removals.STREAM_RESUMES)
def test_stream_resumes(site: Site, table: Table) -> None:
    """Whoever comes back hears it all again."""
    writer = WebWriter(site)
    write_some(writer, 3)
    judge(site, [writer])
    cuts = boundaries(StreamReader(writer).listen(until=9))
    found = heard_in_pieces(site, writer, cuts[-4:])
    table.add(f"event stream cut [without: {site.removed}]", {"web": found}, is_broken=True)
    assert found.twice > 0


@in_full
@without(removals.TURN_MOVES)
def test_turn_moves(site: Site, rasas: Rasas, redis_server: RedisServer, table: Table) -> None:
    """A Rasa dies, and its citizens are put off with the script though another is well."""
    trial = Trial(site, rasas, redis_server, table)
    trial.under("a Rasa killed", trial.a_rasa_dies)
    assert trial.scripted


@in_full
@without(removals.PINNED)
def test_pinned(site: Site, rasas: Rasas, redis_server: RedisServer, table: Table) -> None:
    """Both Rasas have turns of one conversation, though each is well."""
    trial = Trial(site, rasas, redis_server, table)
    assert trial.under("a Rasa killed", trial.a_rasa_dies).spread.strayed > 0


def test_every_protection_has_its_trial() -> None:
    marks = [
        mark
        for name, value in globals().items()
        if name.startswith("test_")
        for mark in getattr(value, "pytestmark", [])
    ]
    tried = {mark.args[1][0] for mark in marks if mark.name == "parametrize"}
    assert tried == set(removals.ALL)


@in_full
@without(removals.IMPORT_CLAIMED)
def test_import_claimed(site: Site) -> None:
    """Both workers file the same rows of the spreadsheet."""
    with head_of(site) as head:
        batch = imported(head, 2_000, "Pide que le pinten", seconds=300)
    assert filed_twice(site, batch) > 0


@in_full
@without(removals.MANY_AT_ONCE)
def test_many_at_once(site: Site) -> None:
    """The process dies among 200 petitions, and some are changed."""
    assert 0 < change_of_many(site, points.MANY_CHANGED).at_first < MANY


@in_full
@without(removals.LEFT_AS_IT_IS)
def test_left_as_it_is(site: Site) -> None:
    """The change was made, and who saw no answer clicks again: the histories tell it twice."""
    assert change_of_many(site, points.ANSWER_UNSENT).told_twice == MANY
