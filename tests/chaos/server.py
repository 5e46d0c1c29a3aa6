"""A PostgreSQL that can be killed, stopped and frozen, and comes back with what it had committed."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from backend.embedded import EmbeddedPostgres
from backend.vault import blind
from backend.vault.blind import Kind
from tests.sealed import hold_keys_of

_PATIENCE_SECONDS = 60


class Server:
    """A server of its own in a folder, with the durability that a real one has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._embedded = EmbeddedPostgres(folder)
        self.url = self._embedded.start()

    @property
    def _postmaster(self) -> psutil.Process:
        return psutil.Process(int((self._folder / "postmaster.pid").read_text().splitlines()[0]))

    def stop_at_once(self) -> None:
        """`pg_ctl stop -m immediate`: every connection dies in mid-sentence; what is next is a recovery."""
        postmaster = self._postmaster
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(_PATIENCE_SECONDS)

    def start_again(self) -> None:
        """Until it takes connections."""
        self._embedded.start()

    def restart_at_once(self) -> None:
        """`pg_ctl restart -m immediate`."""
        self.stop_at_once()
        self.start_again()

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Not there for as long as the block lasts."""
        self.stop_at_once()
        try:
            yield
        finally:
            self.start_again()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Takes connections and says nothing, as on a disk that hangs."""
        postmaster = self._postmaster
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            _signal(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                _signal(process, signal.SIGCONT)

    def execute(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def indexes_of(self, people: Sequence[str]) -> list[bytes]:
        """By what the database finds people as their channel names them: that column is sealed."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            hold_keys_of(connection)
        return [blind.index(Kind.CHANNEL_USER, one) for one in people]

    def close(self) -> None:
        self._embedded.stop()


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return
