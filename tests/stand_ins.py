"""The vendors' stand-ins as fixtures, one of each a module: a test writes from citizens of its own."""

from collections.abc import Iterator

import pytest

from tests.fakes.handles import TelegramServer, TwilioServer
from tests.fakes.running import running_telegram, running_twilio


@pytest.fixture(scope="module")
def twilio() -> Iterator[TwilioServer]:
    with running_twilio() as server:
        server.faults(approval_seconds=10_000_000)  # WhatsApp's reviewers are the tests
        yield server


@pytest.fixture(scope="module")
def telegram() -> Iterator[TelegramServer]:
    with running_telegram() as server:
        yield server
