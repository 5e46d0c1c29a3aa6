"""Two of each, with two real Rasas: one of each dies under load, or the model changes, and no citizen is the worse."""

import json
import math
import shutil
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from backend.processes import ROOT, model_in_use, model_path
from tests.chaos.bot import overlaps
from tests.chaos.oracle import Tally
from tests.chaos.petitioners import FOLIO, Petitioner, petitioning
from tests.chaos.rasas import Had, Rasas
from tests.chaos.site import Site
from tests.chaos.table import FULL, Table
from tests.chaos.trial import is_good, told
from tests.end_to_end.product import model_path as trained_model
from tests.redis_server import RedisServer

#: Citizens at a time on each channel.
EACH = 2
#: Turns between one fault and the next: however slow the machine, each fault meets people in mid-petition.
_TURNS_BETWEEN = 12

_PATIENCE_SECONDS = 240.0
#: The real bot's turns take longer than the stand-in's, and while one of two Rasas starts, longer still.
_TIMES = {"TURN_TIMEOUT": "20", "LEASE_SECONDS": "25"}

_FILED = "SELECT count(*) FROM petition WHERE conversation_id IN (SELECT id FROM conversation WHERE created_at >= %s)"
#: Turns that no Rasa had for none was reached; one that a slow machine did not end in time is another matter.
_SCRIPTED = (
    "SELECT reason, at FROM conversation_event WHERE kind = 'bot_failed' AND at >= %s"
    " AND reason NOT IN ('TimeoutError', 'ConnectTimeout', 'status_500')"
)


@dataclass(frozen=True)
class Spread:
    """Who had which turns, by the Rasas' diaries."""

    by_rasa: Counter[str]
    #: How often a conversation went to the other Rasa when its own had died; and how often though it had not, and no
    #: worker had failed to reach it.
    moved: int
    strayed: int
    #: Messages that were answered anew more than once; turns at once in one conversation.
    twice: int
    overlaps: int


@dataclass(frozen=True)
class Gone:
    """A Rasa that was away, and until when at most."""

    rasa: str
    since: float
    until: float = math.inf


@dataclass
class Seen:
    """What came of it."""

    found: dict[str, Tally]
    people: Sequence[Petitioner]
    filed: int
    spread: Spread

    def assert_nobody_is_the_worse_for_it(self) -> None:
        assert is_good(self.found), self.found
        assert self.filed == len(self.people)
        assert {person.asked(FOLIO) for person in self.people} == {1}, "each is told a folio, once"
        # Whoever was moved is asked nothing again: what one Rasa heard the other remembers.
        assert {person.asked("¿En qué municipio es?") for person in self.people} == {1}
        assert (self.spread.twice, self.spread.overlaps) == (0, 0), self.spread


@dataclass
class Trial:
    """Citizens file petitions on every channel, answered by real Rasas."""

    site: Site
    rasas: Rasas
    redis: RedisServer
    table: Table
    #: Which Rasa died when, or was ended to start anew.
    deaths: list[Gone] = field(default_factory=list)
    #: Turns that the script had though a Rasa was well: why, and when.
    scripted: list[tuple[object, ...]] = field(default_factory=list)

    def under(self, fault: str, happen: Callable[[], None]) -> Seen:
        self.site.become(self.site.removed, {**self.rasas.environment, **_TIMES, "REDIS_URL": self.redis.url})
        self.rasas.wait_ready()
        had_before, begun = len(self.rasas.turns()), self._now()
        with petitioning(self.site, each=EACH) as people:
            self.let_talk()
            happen()
            self.let_talk()
        found = told(self.site, self.table, f"{fault}, two real Rasas", [person.writer for person in people])
        [(filed,)] = self.site.server.execute(_FILED, begun)
        turns = self.rasas.turns()[had_before:]
        return Seen(found, people, int(str(filed)), spread(turns, self.deaths, self._rests()))

    def one_of_each_dies(self) -> None:
        """One after another: a Rasa, a web, a worker, Redis, PostgreSQL."""
        self.a_rasa_dies()
        self.site.kill("web-0")
        self.let_talk()
        self.site.kill("worker-2")
        self.let_talk()
        self.redis.kill()
        self.let_talk()
        self.redis.start()
        self.site.server.restart_at_once()
        self.let_talk()
        self.rasas.wait_ready()

    def a_rasa_dies(self) -> None:
        """One of two, and what the script has of its turns is counted."""
        begun = self._now()
        died = time.monotonic()
        self.deaths.append(Gone(self.rasas.kill(0), died, died))
        self.let_talk()
        self._count_scripted(begun)

    def the_model_changes(self) -> None:
        """To another version and back, which `make models` would list and `make model-rollback` undo."""
        begun, trained, other = self._now(), trained_model(), "otra-version"
        (self._var_dir / "models").mkdir(parents=True, exist_ok=True)
        for version in (own := trained.name.removesuffix(".tar.gz"), other):
            shutil.copy(trained, model_path(self.site.environment, version))
        self._choose("use", own)
        for choice in (("use", other), ("rollback",)):
            self.deaths += [Gone(*each) for each in self.rasas.take_up(self._choose(*choice))]
            self.let_talk()
        self._count_scripted(begun)

    def _choose(self, *choice: str) -> Path:
        """The model in use then."""
        command = [str(ROOT / ".venv-bot/bin/python"), "-m", "bot.models", "--var-dir", str(self._var_dir), *choice]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        model = model_in_use(self.site.environment)
        assert model is not None
        return model

    @property
    def _var_dir(self) -> Path:
        return Path(self.site.environment["VAR_DIR"])

    def let_talk(self) -> None:
        wanted, deadline = len(self.rasas.turns()) + _TURNS_BETWEEN, time.monotonic() + _PATIENCE_SECONDS
        while len(self.rasas.turns()) < wanted:
            assert time.monotonic() < deadline, "nobody is answered any more"
            time.sleep(0.1)

    def _rests(self) -> list[Gone]:
        """Which Rasa a worker did not reach in time, and until when it gave it no turns: each judges for itself."""
        began = time.time() - time.monotonic()
        rests: list[Gone] = []
        for part in self.site.parts:
            resting: dict[str, float] = {}
            for line in part.lines:
                if not any(event in line for event in ('"rasa_rests"', '"rasa_is_back"', '"worker_started"')):
                    continue
                told = json.loads(line)
                at = datetime.fromisoformat(told["timestamp"]).timestamp() - began
                if told["event"] == "rasa_rests":
                    resting[told["rasa"]] = at
                    continue
                back = [told["rasa"]] if told["event"] == "rasa_is_back" else list(resting)
                rests += [Gone(name, resting.pop(name), at) for name in back if name in resting]
            rests += [Gone(name, since) for name, since in resting.items()]
        return rests

    def _count_scripted(self, begun: object) -> None:
        self.scripted += self.site.server.execute(_SCRIPTED, begun)

    def _now(self) -> object:
        return self.site.server.execute("SELECT now()")[0][0]


def spread(turns: Sequence[Had], deaths: Sequence[Gone], rests: Sequence[Gone] = ()) -> Spread:
    def had_gone(gone: Sequence[Gone], one: Had, other: Had) -> bool:
        return any(each.rasa == one.rasa and each.since < other.begun and one.begun < each.until for each in gone)

    conversations = defaultdict[str, list[Had]](list)
    for turn in turns:
        conversations[turn.conversation_id].append(turn)
    changes = [(one, other) for had in conversations.values() for one, other in pairwise(had) if one.rasa != other.rasa]
    had = Counter(turn.message_id for turn in turns if turn.replies)
    return Spread(
        Counter(turn.rasa for turn in turns),
        moved=sum(had_gone(deaths, *change) for change in changes),
        strayed=sum(not had_gone([*deaths, *rests], *change) for change in changes),
        twice=sum(times > 1 for times in had.values()),
        overlaps=overlaps(turns),
    )


pytestmark = pytest.mark.skipif(not FULL, reason="the full size alone: make chaos")


@pytest.fixture
def trial(site: Site, rasas: Rasas, redis_server: RedisServer, table: Table) -> Trial:
    return Trial(site, rasas, redis_server, table)


@pytest.mark.timeout(1200)
def test_one_of_each_dies_and_nobody_is_the_worse_for_it(trial: Trial) -> None:
    seen = trial.under("one of each killed", trial.one_of_each_dies)
    seen.assert_nobody_is_the_worse_for_it()
    assert trial.scripted == [], "a Rasa was well, and the script was asked"
    assert len(seen.spread.by_rasa) == 2 and seen.spread.moved > 0, seen.spread
    assert seen.spread.strayed == 0, seen.spread


@pytest.mark.timeout(1200)
def test_the_model_changes_and_nobody_is_the_worse_for_it(trial: Trial) -> None:
    seen = trial.under("the model changed and back", trial.the_model_changes)
    seen.assert_nobody_is_the_worse_for_it()
    assert trial.scripted == [], "a Rasa was well, and the script was asked"
    assert seen.spread.moved > 0 and seen.spread.strayed == 0, seen.spread
