"""One product for all end-to-end tests, with its real model, database, worker and bot."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.product import Product, free_port, model_path
from tests.end_to_end.stand_ins import StandIns, running_stand_ins

ANALYST = "ana.prueba"


@pytest.fixture(scope="session")
def stand_ins() -> Iterator[StandIns]:
    with running_stand_ins() as running:
        yield running


@pytest.fixture(scope="session")
def product(stand_ins: StandIns) -> Iterator[Product]:
    """Started so that it takes the stand-ins for the vendors; its accounts there are registered by who needs them.

    Not in pytest's own folder, which another session that starts closes to its database (see tests/conftest.py).
    """
    with tempfile.TemporaryDirectory(prefix="chat-sonora-product-", ignore_cleanup_errors=True) as folder:
        running = Product(Path(folder), free_port(), model_path(), extra_environment=stand_ins.environment)
        running.start()
        yield running
        running.stop()


@pytest.fixture(scope="session")
def client(product: Product) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=product.base_url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def staff(product: Product) -> Iterator[httpx.Client]:
    """A member of staff by bearer token; made by the documented commands."""
    product.command("users", "create", ANALYST, "--full-name", "Ana Prueba", "--role", "head", "--password", "x" * 12)
    token = product.command("users", "token", ANALYST).strip().splitlines()[-1].split()[-1]
    with httpx.Client(base_url=product.base_url, timeout=30, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.fixture
def folder() -> Path:
    return Path(__file__).parent
