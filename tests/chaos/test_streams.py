"""The widget's event stream, cut at every boundary and resumed by its cursor: heard is what is stored."""

import re

import httpx
import pytest

from tests.chaos.oracle import Tally, judge, stored
from tests.chaos.reader import StreamReader
from tests.chaos.site import Site
from tests.chaos.table import FULL, Table
from tests.chaos.traffic import WebWriter, load, write_some

MESSAGES = 12 if FULL else 3
EVERY = 1 if FULL else 4


def heard_in_pieces(site: Site, writer: WebWriter, cuts: list[int]) -> Tally:
    """Each cut by a reader of its own, from the beginning: what they heard, against what is stored."""
    texts = [row.text for row in stored(site, writer)]
    found = Tally()
    for cut in cuts:
        reader = StreamReader(writer)
        reader.listen(most_bytes=cut)
        if len(reader.heard) < len(texts):
            reader.listen(until=len(texts))
        found += compared(texts, reader.texts)
    return found


def compared(wanted: list[str], got: list[str]) -> Tally:
    once = list(dict.fromkeys(got))
    return Tally(
        sent_in=len(wanted),
        came_out=len(got),
        lost=len(set(wanted) - set(got)),
        twice=len(got) - len(once),
        disordered=int(once != [text for text in wanted if text in set(got)]),
    )


def boundaries(whole: bytes) -> list[int]:
    """Before and after each end of a line, and in the middle of each line."""
    ends = [match.end() for match in re.finditer(rb"\r\n", whole)]
    middles = [(before + after) // 2 for before, after in zip([0, *ends], ends, strict=False)]
    return sorted({place for end in ends for place in (end - 1, end)} | set(middles) - {0})


@pytest.fixture
def writer(site: Site) -> WebWriter:
    """A citizen whose conversation has come to rest."""
    writer = WebWriter(site)
    write_some(writer, MESSAGES)
    judge(site, [writer])
    return writer


@pytest.mark.timeout(600)
def test_a_stream_cut_anywhere_goes_on_where_it_was(site: Site, table: Table, writer: WebWriter) -> None:
    whole = StreamReader(writer).listen(until=3 * MESSAGES)
    cuts = boundaries(whole)[::EVERY]
    assert len(cuts) > 2 * MESSAGES
    found = heard_in_pieces(site, writer, cuts)
    table.add(f"event stream cut at {len(cuts)} places", {"web": found})
    assert found.is_good, found


@pytest.mark.timeout(600)
def test_a_stream_cut_again_and_again_while_it_fills_up(site: Site, table: Table) -> None:
    writer = WebWriter(site)
    reader = StreamReader(writer)
    with load([writer], MESSAGES, pause=0.1):
        for size in range(150, 150 + 37 * MESSAGES, 37):
            reader.listen(most_bytes=size)
    judge(site, [writer])
    texts = [row.text for row in stored(site, writer)]
    if len(reader.heard) < len(texts):
        reader.listen(until=len(texts))
    found = compared(texts, reader.texts)
    table.add("event stream cut while it fills up", {"web": found})
    assert found.is_good, found


@pytest.mark.timeout(600)
def test_a_long_poll_given_up_in_mid_wait_misses_nothing(site: Site, table: Table) -> None:
    """Each answer that is lost on its way is asked for again by the same cursor."""
    writer, cursor, heard = WebWriter(site), "0", list[str]()
    with load([writer], MESSAGES, pause=0.1):
        for patience in (0.01, 0.02, 0.05, 0.1, 0.3) * 3:
            query = {"after": cursor, "wait": 5}
            try:
                page = httpx.get(
                    f"{site.base_url}/api/chat/messages", params=query, headers=writer.headers, timeout=patience
                ).json()
            except httpx.TimeoutException:
                continue
            heard += [message["text"] for message in page["messages"]]
            cursor = page["cursor"]
    judge(site, [writer])
    page = writer.client.get("/api/chat/messages", params={"after": cursor}, headers=writer.headers).json()
    heard += [message["text"] for message in page["messages"]]
    found = compared([row.text for row in stored(site, writer)], heard)
    table.add("long poll given up in mid-wait", {"web": found})
    assert found.is_good, found
