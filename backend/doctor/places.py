"""What lies on this machine: files and their modes, disk, model, backups."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from backend import clock
from backend.backup import keeping, postgres
from backend.backup.errors import BackupError
from backend.doctor.findings import Finding, Installation, State, broken, good, warning

ROOT = Path(__file__).resolve().parents[2]
LEAST_FREE, LEAST_RATIO = 1024**3, 0.10
#: A day, and time for the night's backup to be late.
BACKUP_AGE = timedelta(hours=26)
_FINGERPRINT = "from bot.train import fingerprint; print(fingerprint())"


def examine(found: Installation) -> Iterator[Finding]:
    yield from _modes(found)
    yield from _writable(found.settings.var_dir / "attachments")
    yield from _disk(found)
    yield from _model(found)
    yield from _backups(found)


def _modes(found: Installation) -> Iterator[Finding]:
    """Nobody else on the machine reads secrets and backups."""
    settings = found.settings
    private = [settings.var_dir / "secrets.json", *(one.path for one in keeping.kept(settings.backups_dir))]
    open_ones = [path for path in private if path.exists() and path.stat().st_mode & 0o077]
    for path in open_ones:
        yield broken("permisos", f"{path} lo pueden leer otros usuarios del equipo.", f"chmod 600 {path}")
    if not open_ones:
        yield good("permisos", "Los archivos con secretos solo los lee su dueño.")


def _writable(folder: Path) -> Iterator[Finding]:
    nearest = next(one for one in (folder, *folder.resolve().parents) if one.exists())
    if not os.access(nearest, os.W_OK):
        yield broken(
            "archivos", f"No se puede escribir en {folder}: se perderían las fotos y documentos.",
            f"Dé permiso al usuario del servicio: chown -R USUARIO {nearest}",
        )  # fmt: skip


def _disk(found: Installation) -> Iterator[Finding]:
    for name, folder in {"datos": found.settings.var_dir, "respaldos": found.settings.backups_dir}.items():
        nearest = next(one for one in (folder, *folder.resolve().parents) if one.exists())
        usage = shutil.disk_usage(nearest)
        told = f"Quedan {usage.free / 1024**3:.1f} GB libres para {name}."
        mend = "Libere o agregue espacio; vea docs/operations.md, «The database or the disk is full»."
        if usage.free < LEAST_FREE:
            yield broken("disco", told, mend)
        elif usage.free / usage.total < LEAST_RATIO:
            yield warning("disco", told, mend)
        else:
            yield good("disco", told)


def _model(found: Installation) -> Iterator[Finding]:
    """Only where the bot's sources are: in a deployment of containers its model is in its image."""
    if not (ROOT / "bot" / "train.py").is_file():
        return
    folder = found.settings.var_dir / "models"
    current = folder / "current.json"
    state = json.loads(current.read_text(encoding="utf-8")) if current.is_file() else {}
    version = str(state.get("version", ""))
    if not version or not (folder / f"{version}.tar.gz").is_file():
        yield Finding("modelo", found.grave, "No hay un modelo en uso.", "Entrénelo: make train")
        return
    inputs = subprocess.run([sys.executable, "-c", _FINGERPRINT], cwd=ROOT, capture_output=True, text=True, check=False)
    if inputs.returncode == 0 and inputs.stdout.strip() not in (version, state.get("decided_for")):
        yield warning("modelo", f"El modelo en uso ({version}) es de otros datos que los de aquí.", "make train")
    else:
        yield good("modelo", f"En uso: {version}.")


def _backups(found: Installation) -> Iterator[Finding]:
    settings = found.settings
    if settings.backup_key is None:
        yield warning(
            "respaldos", "Aquí no está BACKUP_KEY: este equipo no puede hacer ni comprobar respaldos.",
            "Está bien si los hace otro; si no, póngala en el entorno del respaldo.",
        )  # fmt: skip
    try:
        postgres.tool("pg_dump", settings.pg_bin)
    except BackupError as error:
        yield Finding("respaldos", found.grave, "No está pg_dump.", error.text)
    if settings.pg_bin is None and postgres.needs_encryption(settings.database_url):
        yield broken(
            "respaldos", "La base de datos exige conexión cifrada y el pg_dump incluido no la tiene.",
            "Instale el cliente de PostgreSQL de su sistema e indique su carpeta en PG_BIN.",
        )  # fmt: skip
    newest = keeping.newest(settings.backups_dir)
    if newest is None:
        yield Finding(
            "respaldos", found.grave, f"No hay respaldos en {settings.backups_dir}.", "python -m backend backup"
        )
        return
    age = clock.now() - newest.made_at
    told = f"El más reciente es del {clock.local(newest.made_at):%d/%m/%Y %H:%M}."
    state = found.grave if age > BACKUP_AGE else State.GOOD
    mend = "" if state is State.GOOD else "Revise la tarea nocturna y haga uno: python -m backend backup"
    yield Finding("respaldos", state, told, mend)
