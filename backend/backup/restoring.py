"""The way back: into a database that is empty, or beside what it holds; and the proof that a backup is good."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from backend import clock
from backend.backup import archive, postgres
from backend.backup.errors import BackupError
from backend.backup.manifest import FORMER, KEYS, Manifest, fingerprints
from backend.embedded import EmbeddedPostgres
from backend.migrate import is_known
from backend.settings import Settings

#: Columns that name a file, by the folder where it lies.
NAMED = {
    "attachments": (
        ("attachment", "sha256"),
        ("turn_file", "sha256"),
        ("dossier_document", "sha256"),
        ("info_file", "sha256"),
        ("arco_file", "sha256"),
        ("voice_recording", "sha256"),
        ("letter", "pdf_sha256"),
        ("letter", "docx_sha256"),
    ),
    "imports": (("import_batch", "sha256"), ("cdr_import", "sha256")),
}


@dataclass(frozen=True)
class Plan:
    """What a restore would do. `problems`: why it must not."""

    manifest: Manifest
    steps: Sequence[str]
    problems: Sequence[str]


@dataclass(frozen=True)
class Proof:
    """What a trial restore found. `differences`: tables that are not what was backed up."""

    manifest: Manifest
    differences: Sequence[str]
    missing: Sequence[str]

    @property
    def is_good(self) -> bool:
        return not self.differences


def plan(settings: Settings, path: Path, passphrase: bytes, *, replace: bool) -> Plan:
    """Read the whole backup and look at where it would go; nothing is changed. Raises BackupError."""
    manifest = _read(path, passphrase)
    with postgres.connect(settings.database_url) as connection:
        schemas, others = _schemas(connection), _others(connection)
    problems = []
    if others:
        problems.append(f"Hay {others} conexiones más a la base de datos. Detenga el producto y vuelva a intentar.")
    if schemas and not replace:
        problems.append("La base de datos no está vacía. Use una vacía, o agregue --replace para apartar lo que tiene.")
    if not is_known(manifest.revision):
        problems.append(
            f"El respaldo tiene un esquema ({manifest.revision}) que esta versión no conoce. "
            f"Restáurelo con la versión {manifest.version} o una más nueva."
        )
    held = set(fingerprints(settings, (*KEYS, *FORMER)).values())
    for name, fingerprint in sorted(manifest.keys.items()):
        if fingerprint not in held:
            problems.append(
                f"{name.upper()} no es la del respaldo: sin ella no se abren claves de acceso ni datos cifrados."
            )
    steps = [
        f"Respaldo del {clock.local(manifest.moment):%d/%m/%Y %H:%M:%S}, versión {manifest.version}, "
        f"esquema {manifest.revision}.",
        *(f"Apartar el esquema {name} (queda como {name}{postgres.ASIDE}…)." for name in schemas if replace),
        f"Cargar {len(manifest.tables)} tablas con {manifest.rows} renglones.",
        f"Copiar {len(manifest.files)} archivos a {settings.var_dir}.",
        "Comprobar cuentas y huellas de todo, y llevar el esquema a esta versión.",
    ]
    return Plan(manifest, steps, problems)


def restore(settings: Settings, path: Path, passphrase: bytes, *, replace: bool) -> Manifest:
    """Do what `plan` said; a database that fails to load is left as it was. Raises BackupError."""
    aside = _set_aside(settings.database_url) if replace else {}
    try:
        manifest = _load(settings.database_url, path, passphrase, settings.pg_bin, settings.var_dir)
        differences = _differences(settings.database_url, manifest)
        if differences:
            raise BackupError(f"Lo restaurado no es lo respaldado: {', '.join(differences)}.")
    except BaseException:
        _undo(settings.database_url, aside)
        raise
    return manifest


def silence(database_url: str) -> None:
    """Switch off whatever would reach somebody outside: for a copy that is only tried out."""
    with postgres.connect(database_url) as connection:
        for table in ("channel_account", "webhook_subscription"):
            connection.execute(sql.SQL("UPDATE {} SET is_on = false").format(sql.Identifier(table)))


def prove(path: Path, passphrase: bytes, *, pg_bin: Path | None = None, database_url: str | None = None) -> Proof:
    """Restore into a scratch database, compare, and throw it away. Raises BackupError.

    Without `database_url`, into a server of its own that runs for the while: neither the production server nor
    any right on it is needed.
    """
    if database_url is not None:
        return _prove(path, passphrase, pg_bin, database_url)
    with tempfile.TemporaryDirectory(prefix="chat-sonora-", ignore_cleanup_errors=True) as folder:
        server = EmbeddedPostgres(Path(folder) / "data")
        try:
            return _prove(path, passphrase, pg_bin, server.start())
        finally:
            server.stop()


def _prove(path: Path, passphrase: bytes, pg_bin: Path | None, database_url: str) -> Proof:
    manifest = _load(database_url, path, passphrase, pg_bin, None)
    with postgres.connect(database_url) as connection:
        named = _named_files(connection)
    missing = sorted(named - set(manifest.files))
    return Proof(manifest, _differences(database_url, manifest), missing)


def _read(path: Path, passphrase: bytes) -> Manifest:
    try:
        return archive.read(path, passphrase)
    except OSError as error:
        raise BackupError(f"No se pudo leer {path}: {error.strerror}.") from error


def _load(database_url: str, path: Path, passphrase: bytes, pg_bin: Path | None, var_dir: Path | None) -> Manifest:
    place = None if var_dir is None else lambda name: _Arriving(var_dir / name)
    with postgres.loading(database_url, pg_bin) as dump:
        return archive.read(path, passphrase, dump=dump, place=place)


class _Arriving:
    """A file on its way to `path`, there only once it is whole."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        handle, name = tempfile.mkstemp(dir=path.parent, prefix="made-")
        self._temporary, self._target = Path(name), os.fdopen(handle, "wb")

    def write(self, content: bytes) -> int:
        return self._target.write(content)

    def __enter__(self) -> "_Arriving":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._target.close()
        if kind is None:
            self._temporary.replace(self._path)
        else:
            self._temporary.unlink(missing_ok=True)


def _schemas(connection: psycopg.Connection) -> list[str]:
    """Schemas of somebody's: all but the system's, and `public` where there is nothing in it."""
    rows = connection.execute(
        "SELECT nspname FROM pg_namespace n WHERE nspname !~ '^(pg_|information_schema$)'"
        " AND position(%s IN nspname) = 0"
        " AND (nspname <> 'public' OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid)) ORDER BY 1",
        [postgres.ASIDE],
    )
    return [str(row[0]) for row in rows]


def _others(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    ).fetchone()
    return int(row[0]) if row is not None else 0


def _set_aside(database_url: str) -> dict[str, str]:
    """Rename what is there; the new names by the old ones."""
    stamp = clock.now().strftime("%Y%m%d_%H%M%S")
    with postgres.connect(database_url) as connection:
        aside = {name: f"{name}{postgres.ASIDE}{stamp}" for name in _schemas(connection)}
        for name, new in aside.items():
            connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(*map(sql.Identifier, (name, new))))
        connection.execute("CREATE SCHEMA IF NOT EXISTS public")
    return aside


def _undo(database_url: str, aside: dict[str, str]) -> None:
    """Put back what was set aside."""
    if not aside:
        return
    with postgres.connect(database_url) as connection:
        for name, new in aside.items():
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
            connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(*map(sql.Identifier, (new, name))))


def _differences(database_url: str, manifest: Manifest) -> list[str]:
    with postgres.connect(database_url) as connection:
        found = postgres.tables(connection)
    return sorted(name for name in found.keys() | manifest.tables if found.get(name) != manifest.tables.get(name))


def _named_files(connection: psycopg.Connection) -> set[str]:
    """Every file that rows name, as the archive would."""
    named: set[str] = set()
    for folder, columns in NAMED.items():
        for table, column in columns:
            query = sql.SQL("SELECT DISTINCT {0} FROM {1} WHERE {0} IS NOT NULL")
            rows = connection.execute(query.format(sql.Identifier(column), sql.Identifier(table)))
            named |= {f"{folder}/{row[0]}" for row in rows}
    return named
