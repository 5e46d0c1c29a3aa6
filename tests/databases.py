"""Databases for tests, each a copy of the template: the next is made, and the last dropped, while a test runs."""

import itertools
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg

_numbers = itertools.count()


def address_of(server: str, name: str) -> str:
    """The address of a database of the server that answers at `server`."""
    parts = psycopg.conninfo.conninfo_to_dict(server)
    return f"postgresql://{parts.get('user')}:@/{name}?host={parts.get('host')}"


class Databases:
    """Copies of one template. Threads make and drop them: both wait more than they work.

    What somebody is still connected to, as after most tests, PostgreSQL drops when it looks again after 100 ms.
    """

    def __init__(self, server: str, template: str, makers: ThreadPoolExecutor, droppers: ThreadPoolExecutor) -> None:
        self._server, self._template, self._makers, self._droppers = server, template, makers, droppers
        self._makes, self._drops = (psycopg.connect(server, autocommit=True) for _ in range(2))
        self._next = makers.submit(self._make)
        self._dropped: Future[object] = droppers.submit(lambda: None)

    @contextmanager
    def one(self) -> Iterator[str]:
        """The address of a database that is nobody else's."""
        name, self._next = self._next.result(), self._makers.submit(self._make)
        yield address_of(self._server, name)
        self._dropped.result()  # the last one's, so that a failure is told
        self._dropped = self._droppers.submit(self._drops.execute, f"DROP DATABASE {name} WITH (FORCE)")

    def _make(self) -> str:
        name = f"test_{next(_numbers)}_{uuid.uuid4().hex[:6]}"
        # Copying files takes a third of the time of the default, which writes every block to the log.
        self._makes.execute(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY FILE_COPY")
        return name

    def close(self) -> None:
        self._dropped.result()
        self._makes.close()
        self._drops.close()


@contextmanager
def copies(server: str, template: str) -> Iterator[Databases]:
    """Copies of the template, until the end."""
    with ThreadPoolExecutor(1) as makers, ThreadPoolExecutor(1) as droppers:
        databases = Databases(server, template, makers, droppers)
        yield databases
    databases.close()
