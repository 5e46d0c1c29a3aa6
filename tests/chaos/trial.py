"""One fault, tried: people write while it happens, and the oracle has the last word."""

from collections.abc import Callable, Sequence

from tests.chaos.oracle import SETTLE_SECONDS, Tally, judge
from tests.chaos.site import Site
from tests.chaos.table import Table
from tests.chaos.traffic import Writer, load


def under(
    site: Site,
    table: Table,
    fault: str,
    people: Sequence[Writer],
    messages: int,
    happen: Callable[[], None],
    *,
    pause: float = 0.25,
    seconds: float = SETTLE_SECONDS,
) -> dict[str, Tally]:
    """What the oracle found, by channel, after everybody wrote `messages` while the fault happened."""
    try:
        with load(list(people), messages, pause=pause):
            happen()
    except Exception as error:
        error.add_note("\n".join(site.tails()))  # nobody else has it
        raise
    return told(site, table, fault, people, seconds=seconds)


def told(
    site: Site, table: Table, fault: str, people: Sequence[Writer], *, seconds: float = SETTLE_SECONDS
) -> dict[str, Tally]:
    """The oracle's findings, kept in the table."""
    found = judge(site, people, seconds=seconds)
    name = f"{fault} [without: {site.removed}]" if site.removed else fault
    table.add(name, found, is_broken=bool(site.removed))
    return found


def is_good(found: dict[str, Tally]) -> bool:
    """Nothing lost, out of order or twice, on any channel."""
    return bool(found) and all(tally.is_good for tally in found.values())
