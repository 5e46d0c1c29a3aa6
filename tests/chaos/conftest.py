"""One installation for all chaos tests; each test finds it whole, and free of faults."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.rasas import Rasas, running_rasas
from tests.chaos.site import Site, running_site
from tests.chaos.table import KEEPS, Table
from tests.redis_server import RedisServer, running_redis
from tests.said import say


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    table = Table()
    yield table
    say(request.config, *table.lines())
    if KEEPS:
        table.write()


@pytest.fixture(scope="session")
def any_site() -> Iterator[Site]:
    """The installation, with whatever build the last test ran."""
    with (
        tempfile.TemporaryDirectory(prefix="chat-sonora-chaos-", ignore_cleanup_errors=True) as folder,
        running_site(Path(folder)) as site,
    ):
        yield site


@pytest.fixture
def site(any_site: Site) -> Iterator[Site]:
    """The whole build, as it is shipped."""
    any_site.become()
    yield any_site
    any_site.calm()


@pytest.fixture(scope="module")
def rasas(any_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rasas]:
    """Two real ones, with the trained model."""
    with running_rasas(any_site, tmp_path_factory.mktemp("rasas")) as rasas:
        yield rasas


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server
