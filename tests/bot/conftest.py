"""What the actions' tests stand on: a stand-in backend, and a conversation with it."""

from collections.abc import AsyncIterator

import pytest

from bot.actions import backend_client
from tests.bot.office import Office
from tests.bot.talk import Talk


@pytest.fixture
async def office(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """The backend, as the actions' one connection pool reaches it."""
    office = Office()
    async with office.client() as http:
        monkeypatch.setattr(backend_client, "_shared", http)
        yield office


@pytest.fixture
def talk(office: Office) -> Talk:
    return Talk()
