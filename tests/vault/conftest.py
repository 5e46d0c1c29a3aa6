"""Keys of a test's own."""

import os
from collections.abc import Iterator

import pytest

from backend.vault import kek


@pytest.fixture
def own_keys() -> Iterator[None]:
    """What a test installs, the next does not find."""
    yield
    kek.install(kek.FieldKeys.of_environment(os.environ))
