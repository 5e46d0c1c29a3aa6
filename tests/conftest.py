"""What every test stands on: a real PostgreSQL, migrated once and copied for each test."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from backend.agents import passwords
from backend.catalog import service as catalog
from backend.db import Database, in_transaction
from backend.embedded import EmbeddedPostgres
from backend.migrate import migrate
from backend.settings import Settings
from backend.vault import kek
from tests.chromium import browser
from tests.databases import Databases, address_of, copies
from tests.once import authorities_read_once, statements_compiled_once
from tests.said import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown
from tests.serving import site
from tests.sharing_out import pytest_xdist_make_scheduler

__all__ = [
    "authorities_read_once",
    "browser",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "pytest_xdist_make_scheduler",
    "site",
    "statements_compiled_once",
]

#: Of the tests' databases, here and in the programs that tests start.
os.environ.setdefault("FIELD_KEY", "dGVzdHMtYXJlLXNlYWxlZC1ieS10aGlzLWtleS0wMTI")


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """argon2 with its cheapest parameters: at its own, a test that logs somebody in spends half a second on it."""
    cheap = PasswordHasher.from_parameters(CHEAPEST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", cheap)
        patch.setattr(passwords, "_NOBODY", cheap.hash("nobody"))
        yield


#: Memory as a folder, where Linux has it, and how much of it must be free to keep the tests' databases there.
_MEMORY, _ENOUGH = Path("/dev/shm"), 4 * 1024**3  # noqa: S108


def _room() -> str | None:
    """Where a throw-away server's files lie; None for the usual place.

    Each test has a database of its own, whose hundreds of files take a disk the better part of a second to copy.
    """
    has_room = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH
    return str(_MEMORY) if has_room else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A throw-away server's address.

    Not in pytest's own folder: every session that starts closes that folder to all but its owner, and so
    to the servers of the sessions under way, which root runs as another user.
    """
    with tempfile.TemporaryDirectory(prefix="chat-sonora-", dir=_room(), ignore_cleanup_errors=True) as folder:
        server = EmbeddedPostgres(Path(folder) / "data")
        address = server.start()
        with psycopg.connect(address, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # it need not outlive the machine
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("ALTER SYSTEM SET file_copy_method = clone")  # the kernel copies: half the time
            connection.execute("SELECT pg_reload_conf()")
        yield address
        server.stop()


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """A migrated and seeded database to copy."""
    kek.install_from(os.environ)
    name = "chat_sonora_template"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = address_of(postgres, name)
    migrate(url)
    asyncio.run(in_transaction(url, catalog.seed))
    return name


@pytest.fixture(scope="session")
def databases(postgres: str, template: str) -> Iterator[Databases]:
    with copies(postgres, template) as databases:
        yield databases


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A migrated database of this test's own, with the catalogs' seeds."""
    with databases.one() as address:
        yield address


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "database_url": database_url,
            "var_dir": tmp_path / "var",
            "secret_key": "test-secret-key-0123456789abcdef",
            "field_key": os.environ["FIELD_KEY"],
            "internal_api_token": "test-internal-token",
            "bot_token": "test-bot-token",
            "widget_origins": ["https://portal.example"],
            "sessions_per_minute": 10_000,
            "messages_per_minute": 10_000,
        }
    )
