"""Work that a process of tests does once: each test opens clients and databases of its own, and would do it again."""

import functools
from collections.abc import Iterator

import pytest
from httpx._transports import default as httpx_transport
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.ext.asyncio import create_async_engine

from backend import db


@pytest.fixture(scope="session", autouse=True)
def authorities_read_once() -> Iterator[None]:
    """The certificate authorities, which every HTTP client reads when it is opened: 20 ms each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx_transport, "create_ssl_context", functools.cache(httpx_transport.create_ssl_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """SQLAlchemy's compiled statements, kept as by one long-lived engine.

    It keeps them by engine and by dialect; all of ours speak to the same kind of server, so they are as one.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PGDialectAsync_psycopg, "__eq__", lambda self, other: type(self) is type(other))
        patch.setattr(PGDialectAsync_psycopg, "__hash__", lambda self: hash(type(self)))
        options = {"compiled_cache": {}}
        patch.setattr(db, "create_async_engine", functools.partial(create_async_engine, execution_options=options))
        yield
