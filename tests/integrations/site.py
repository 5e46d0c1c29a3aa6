"""The product's web side on loopback, with an administrator."""

from collections.abc import Iterator

import pytest

from backend.agents.models import Role
from backend.settings import Settings
from tests.serving import in_database, serving
from tests.staff import add_staff


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """Its address. Webhooks may go to this machine."""
    in_database(settings, lambda database: add_staff(database, "adela", Role.ADMIN))
    with serving(settings.model_copy(update={"webhooks_to_loopback": True})) as address:
        yield address
