"""kill -9 of a process at every point at which something is half done."""

import time

import pytest

from tests.chaos import points
from tests.chaos.site import Site
from tests.chaos.table import FULL, Table
from tests.chaos.traffic import PhoneWriter, Writer, new_text, on_telegram, writers
from tests.chaos.trial import is_good, told, under
from tests.end_to_end.conversation import PNG

OF_FILES = "worker: file on disk, nothing stored"
SHORT = (
    points.ANSWER_UNSENT,
    "worker: call accepted, not yet read",
    "worker: bot answered, nothing stored",
    "dispatcher: vendor accepted, nothing recorded",
)
EVERYWHERE = tuple(name for name in points.NAMES if name not in (OF_FILES, points.MANY_CHANGED))
TIMES, EACH, MESSAGES = (4, 4, 40) if FULL else (1, 1, 6)


def killed(site: Site, point: str, times: int = TIMES) -> None:
    """Processes die at the point, one after another, each when the one before is back."""
    for _ in range(times):
        time.sleep(0.4)
        site.arm(point)
        site.wait_fired(point)
        site.wait_whole()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("point", EVERYWHERE if FULL else SHORT)
def test_nothing_is_lost_when_a_process_dies(site: Site, table: Table, point: str) -> None:
    people = writers(site, each=EACH)
    found = under(site, table, f"kill -9, {point}", people, MESSAGES, lambda: killed(site, point))
    assert is_good(found), found
    assert site.bot.overlaps() == 0
    assert found["web"].uncertain == found["whatsapp"].uncertain == 0


@pytest.mark.skipif(not FULL, reason="the full size alone: make chaos")
def test_a_file_half_stored_is_had_again(site: Site, table: Table) -> None:
    people: list[Writer] = [on_telegram(site) for _ in range(EACH)]
    site.arm(OF_FILES)
    for writer in people:
        assert isinstance(writer, PhoneWriter)
        writer.show(new_text(writer), PNG)
    site.wait_fired(OF_FILES)
    found = told(site, table, f"kill -9, {OF_FILES}", people)
    assert is_good(found), found
    assert site.server.execute(
        "SELECT count(*), count(DISTINCT message_id) FROM attachment a JOIN message m ON m.id = a.message_id"
        " WHERE m.text = ANY(%s)",
        [text for writer in people for text in writer.sent],
    ) == [(EACH, EACH)]
