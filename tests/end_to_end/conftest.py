"""One product for all end-to-end tests, with its real model, database, worker and bot."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.product import Product, free_port, model_path

ANALYST = "ana.prueba"


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("product"), free_port(), model_path())
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
