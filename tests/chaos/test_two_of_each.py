"""Two web processes and two workers on one database, and one conversation that all of them want."""

import threading

import pytest

from tests.chaos.oracle import Tally, settle, stored
from tests.chaos.site import Site
from tests.chaos.table import FULL, Table
from tests.chaos.traffic import WebWriter, new_text

MESSAGES = 200 if FULL else 24
SENDERS = 8


def crowd(site: Site) -> tuple[WebWriter, Tally]:
    """Many devices write in one conversation at once; what came of it."""
    writer = WebWriter(site)
    texts = [f"{new_text(writer)} {number}" for number in range(MESSAGES)]

    def send(mine: list[str]) -> None:
        for text in mine:
            writer.write(text)

    threads = [threading.Thread(target=send, args=(texts[start::SENDERS],)) for start in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    settle(site, [writer])
    return writer, _judged(site, writer, texts)


def _judged(site: Site, writer: WebWriter, texts: list[str]) -> Tally:
    """Nobody wrote before anybody else, so the order is that in which they were stored, for the bot and the answers."""
    rows = stored(site, writer)
    received = [row for row in rows if row.author == "citizen"]
    expected = [f"{way} {row.text}" for row in received for way in "ab"]
    seen = writer.seen()
    in_order = site.bot.order_of(writer.key) == [row.id for row in received]
    return Tally(
        sent_in=len(texts),
        came_out=len(seen),
        lost=len(set(texts) - {row.text for row in received}) + len(set(expected) - set(seen)),
        disordered=int(not in_order) + int(list(dict.fromkeys(seen)) != expected) + site.bot.overlaps(),
        twice=len(received) - len({row.text for row in received}) + len(seen) - len(set(seen)),
    )


@pytest.mark.timeout(600)
def test_many_messages_at_once_in_one_conversation(site: Site, table: Table) -> None:
    _, found = crowd(site)
    table.add(f"{MESSAGES} messages at once in one conversation", {"web": found})
    assert found.is_good, found
