"""Every conversation file, held with the real product over each channel: the same words, the same outcome."""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.holding import CHANNELS, Hall
from tests.end_to_end.product import ROOT, Product
from tests.end_to_end.stand_ins import StandIns, register, settings_of
from tests.said import say

FOLDER = Path(os.environ.get("CONVERSATIONS_DIR") or Path(__file__).parent / "conversations")
#: CONVERSATION_CHANNELS names some of them, with commas between.
HELD_ON = tuple((os.environ.get("CONVERSATION_CHANNELS") or ",".join(CHANNELS)).split(","))
FILES = sorted((ROOT / FOLDER).glob("*.yml"))
#: Unless channels were named, the telephones share the files between them: each is held on the web and on one more.
TELEPHONES = () if os.environ.get("CONVERSATION_CHANNELS") else ("whatsapp", "telegram")
PAIRS = [
    pytest.param(channel, path, id=f"{channel}-{path.stem}")
    for channel in HELD_ON
    for number, path in enumerate(FILES)
    if channel not in TELEPHONES or TELEPHONES[number % 2] == channel
]
#: The whole channel's conversations are held at once: the slowest may be the first asked for.
SECONDS = 900

Outcomes = dict[str, dict[Path, Future[None]]]


@pytest.fixture(scope="module")
def hall(product: Product, client: httpx.Client, staff: httpx.Client, stand_ins: StandIns) -> Hall:
    register(stand_ins, settings_of(stand_ins, product.var_dir, product.port, product.database_url))
    return Hall(product, client, staff, stand_ins)


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, hall: Hall) -> Iterator[Outcomes]:
    """By channel: of each file that was selected. A channel is begun when its first file is asked for."""
    begun: Outcomes = {}
    yield begun
    for channel, (took, count) in hall.took.items():
        say(request.config, f"{channel}: {count} conversations in {took:.0f} s")


def _selected(request: pytest.FixtureRequest, channel: str) -> list[Path]:
    """The files that this session holds on a channel."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    params = [call.params for call in calls if call is not None and {"channel", "path"} <= set(call.params)]
    return [one["path"] for one in params if one["channel"] == channel]


@pytest.mark.product
@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize(("channel", "path"), PAIRS)
def test_conversation(channel: str, path: Path, hall: Hall, outcomes: Outcomes, request: pytest.FixtureRequest) -> None:
    if channel not in outcomes:
        outcomes[channel] = hall.hold(channel, _selected(request, channel))
    outcomes[channel][path].result(SECONDS)


def test_there_are_conversations_to_hold() -> None:
    assert FILES, f"no *.yml in {FOLDER}"
