"""Two of each, with two real Rasas: one of each is killed under load, and no citizen is the worse for it."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from tests.chaos.bot import overlaps
from tests.chaos.oracle import Tally
from tests.chaos.petitioners import FOLIO, Petitioner, petitioning
from tests.chaos.rasas import Had, Rasas
from tests.chaos.site import Site
from tests.chaos.table import FULL, Table
from tests.chaos.trial import is_good, told
from tests.redis_server import RedisServer

EACH, ROUNDS = (4, 4) if FULL else (2, 1)
#: Turns between one fault and the next: however slow the machine, each fault meets people in mid-petition.
_TURNS_BETWEEN = 12

_PATIENCE_SECONDS = 120.0
#: The real bot's turns take longer than the stand-in's, and while one of two Rasas starts, longer still.
_TIMES = {"TURN_TIMEOUT": "13", "LEASE_SECONDS": "16"}

_FILED = "SELECT count(*) FROM petition WHERE conversation_id IN (SELECT id FROM conversation WHERE created_at >= %s)"
_SCRIPTED = "SELECT count(*) FROM conversation_event WHERE kind = 'bot_failed' AND at >= %s"


@dataclass(frozen=True)
class Spread:
    """Who had which turns, by the Rasas' diaries."""

    by_rasa: Counter[str]
    #: How often a conversation went to the other Rasa when its own had died; and how often though it had not.
    moved: int
    strayed: int
    #: Messages whose turn was had to its end more than once; turns at once in one conversation.
    twice: int
    overlaps: int


@dataclass
class Seen:
    """What came of it. `scripted`: turns that no Rasa had, though one was well."""

    found: dict[str, Tally]
    people: Sequence[Petitioner]
    filed: int
    scripted: int
    spread: Spread


@dataclass
class Faults:
    """One of each is killed, then the next."""

    site: Site
    rasas: Rasas
    redis: RedisServer
    #: When which Rasa died.
    deaths: list[tuple[str, float]] = field(default_factory=list)
    scripted: int = 0

    def happen(self) -> None:
        for number in range(ROUNDS):
            self._let_talk()
            self._kill_a_rasa(number % len(self.rasas.bots))
            self.site.kill(("web-0", "web-1")[number % 2])
            self._let_talk()
            self.site.kill(("worker-2", "worker-3")[number % 2])
            self._let_talk()
            self.redis.kill()
            self._let_talk()
            self.redis.start()
            self.site.server.restart_at_once()
            self._let_talk()
            self.rasas.wait_ready()

    def _kill_a_rasa(self, number: int) -> None:
        [(begun,)] = self.site.server.execute("SELECT now()")
        self.deaths.append((self.rasas.kill(number), time.monotonic()))
        self._let_talk()
        [(scripted,)] = self.site.server.execute(_SCRIPTED, begun)
        self.scripted += int(str(scripted))

    def _let_talk(self) -> None:
        wanted, deadline = len(self.rasas.turns()) + _TURNS_BETWEEN, time.monotonic() + _PATIENCE_SECONDS
        while len(self.rasas.turns()) < wanted:
            assert time.monotonic() < deadline, "nobody is answered any more"
            time.sleep(0.1)


def one_of_each(site: Site, rasas: Rasas, redis: RedisServer, table: Table) -> Seen:
    """Citizens file petitions on every channel while one of each dies."""
    site.become(site.removed, {**rasas.environment, **_TIMES, "REDIS_URL": redis.url})
    rasas.wait_ready()
    had_before, [(begun,)] = len(rasas.turns()), site.server.execute("SELECT now()")
    faults = Faults(site, rasas, redis)
    with petitioning(site, each=EACH) as people:
        faults.happen()
    found = told(site, table, "one of each killed, two real Rasas", [person.writer for person in people])
    [(filed,)] = site.server.execute(_FILED, begun)
    return Seen(found, people, int(str(filed)), faults.scripted, spread(rasas.turns()[had_before:], faults.deaths))


def spread(turns: Sequence[Had], deaths: Sequence[tuple[str, float]]) -> Spread:
    conversations = defaultdict[str, list[Had]](list)
    for turn in turns:
        conversations[turn.conversation_id].append(turn)
    changes = [
        any(name == one.rasa and one.begun < died < other.begun for name, died in deaths)
        for had in conversations.values()
        for one, other in pairwise(had)
        if one.rasa != other.rasa
    ]
    ended = Counter(turn.message_id for turn in turns if turn.ended)
    return Spread(
        Counter(turn.rasa for turn in turns),
        moved=sum(changes),
        strayed=len(changes) - sum(changes),
        twice=sum(times > 1 for times in ended.values()),
        overlaps=overlaps(turns),
    )


@pytest.mark.timeout(900)
def test_one_of_each_dies_and_nobody_is_the_worse_for_it(
    site: Site, rasas: Rasas, redis_server: RedisServer, table: Table
) -> None:
    seen = one_of_each(site, rasas, redis_server, table)
    assert is_good(seen.found), seen.found
    assert seen.filed == len(seen.people)
    assert {person.asked(FOLIO) for person in seen.people} == {1}, "each is told a folio, once"
    assert seen.scripted == 0, "a Rasa was well, and the script was asked"
    had = seen.spread
    assert len(had.by_rasa) == 2 and had.moved > 0, had
    assert (had.strayed, had.twice, had.overlaps) == (0, 0, 0), had
    # Whoever was moved is asked nothing again: what one Rasa heard the other remembers.
    assert {person.asked("¿En qué municipio es?") for person in seen.people} == {1}
