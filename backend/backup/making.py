"""Making a backup while the product works: everything as of one moment."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from backend import VERSION, clock
from backend.backup import archive, keeping, postgres
from backend.backup.errors import BackupError
from backend.backup.manifest import Manifest, fingerprints
from backend.settings import Settings

#: What lies beside the database and must not be lost, by its folder under VAR_DIR. Development's secrets are not among
#: it: who finds a backup and its key must still lack them.
FOLDERS = ("attachments", "imports", "models", "audit")
#: What is being written just now, or is nothing to keep.
_PASSING = ("upload-", "made-", "unfinished")
_PASSING_ENDS = (".log", ".unfinished", ".partial")


@dataclass(frozen=True)
class Made:
    path: Path
    size: int
    manifest: Manifest
    let_go: Sequence[Path]


def passphrase_of(settings: Settings) -> bytes:
    """Raises BackupError."""
    if settings.backup_key is None:
        raise BackupError(
            "Falta BACKUP_KEY, la clave con la que se cifran los respaldos. "
            "Genere una (openssl rand -base64 32), guárdela fuera de este equipo y póngala en el entorno."
        )
    return settings.backup_key.get_secret_value().encode()


def make(settings: Settings, folder: Path | None = None, *, keep: int | None = None) -> Made:
    """Write a backup, read it back, and let the oldest go. Raises BackupError."""
    passphrase = passphrase_of(settings)
    folder = folder or settings.backups_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / keeping.name_at(clock.now())
    partial = path.with_suffix(".partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            with archive.writing(target, passphrase) as writer, postgres.connect(settings.database_url) as connection:
                manifest = _fill(writer, connection, settings)
            target.flush()
            os.fsync(target.fileno())
        # A backup that nobody can read is none: better known now.
        archive.read(partial, passphrase)
        partial.replace(path)
    except OSError as error:
        raise BackupError(f"No se pudo escribir el respaldo en {folder}: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return Made(path, path.stat().st_size, manifest, keeping.let_go(folder, keep or settings.backup_keep))


def _fill(writer: archive.Writer, connection: psycopg.Connection, settings: Settings) -> Manifest:
    """The snapshot comes first: a file is always written before the row that names it."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    row = connection.execute(
        "SELECT pg_export_snapshot(), clock_timestamp(), current_setting('server_version')"
    ).fetchone()
    assert row is not None
    manifest = Manifest(
        taken_at=row[1].isoformat(),
        version=VERSION,
        revision=revision_of(connection),
        server=str(row[2]),
        keys=fingerprints(settings),
    )
    for name, path in _files(settings.var_dir):
        entry = writer.add_file(name, path)
        if entry is not None:
            manifest.files[name] = entry
    with postgres.dumping(settings.database_url, str(row[0]), settings.pg_bin) as dump:
        manifest.dump = writer.add_dump(dump)
    manifest.tables = postgres.tables(connection)
    writer.add_manifest(manifest)
    return manifest


def revision_of(connection: psycopg.Connection) -> str:
    """The schema's revision. Raises BackupError where there is none: nothing of ours is here."""
    if connection.execute("SELECT to_regclass('public.alembic_version')").fetchone() == (None,):
        raise BackupError("Esta base de datos no tiene nada de Chat Sonora. Revise DATABASE_URL.")
    row = connection.execute("SELECT version_num FROM public.alembic_version").fetchone()
    return str(row[0]) if row is not None else ""


def _files(var_dir: Path) -> Iterator[tuple[str, Path]]:
    for folder in FOLDERS:
        for path in sorted((var_dir / folder).rglob("*")):
            is_passing = path.name.startswith(_PASSING) or path.name.endswith(_PASSING_ENDS)
            if path.is_file() and not path.is_symlink() and not is_passing:
                yield str(path.relative_to(var_dir)), path
