"""Where settings come from: the environment, completed for development by `VAR_DIR`.

`make run` and the commands need no configuration: secrets are made once under
`VAR_DIR/secrets.json`, and without DATABASE_URL the embedded PostgreSQL is used.
"""

import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from backend.embedded import EmbeddedPostgres
from backend.settings import Settings
from backend.vault import kek

#: Where all of these are given nothing is made up, nor written: such a place may not even be writable.
_NEEDED = ("secret_key", "internal_api_token", "bot_token", "field_key")
_SECRETS = (*_NEEDED, "backup_key")


def var_dir(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("VAR_DIR") or "var").resolve()


def development_secrets(folder: Path) -> dict[str, str]:
    """The secrets of `folder`/secrets.json, each made when first needed, readable by their owner alone."""
    path = folder / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in _SECRETS if name not in kept]
    if missing:
        kept |= {name: secrets.token_urlsafe(32) for name in missing}
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"secrets.{os.getpid()}.unfinished"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
            json.dump(kept, target)
        unfinished.replace(path)
    return kept


def complete(environment: Mapping[str, str], database_url: str) -> dict[str, str]:
    """`environment` with what development provides: secrets, the database, the bot's addresses on loopback."""
    result = {name: value for name, value in environment.items() if value}
    folder = var_dir(environment)
    result["VAR_DIR"] = str(folder)
    if not all(result.get(name.upper()) for name in _NEEDED):
        for name, value in development_secrets(folder).items():
            result.setdefault(name.upper(), value)
    result["DATABASE_URL"] = database_url
    port = result.setdefault("PORT", "8000")
    result.setdefault("INTERNAL_API_URL", f"http://127.0.0.1:{port}/internal")
    addresses = [f"http://127.0.0.1:{_free_port()}" for _ in range(int(result.get("RASA_PROCESSES", "1")))]
    result.setdefault("RASA_URL", ",".join(addresses))
    if result.get("SECOND_MODEL") and result.get("SECOND_MODEL_SHARE", "0") != "0":
        result.setdefault("SECOND_RASA_URL", f"http://127.0.0.1:{_free_port()}")
    result.setdefault("ACTIONS_URL", f"http://127.0.0.1:{_free_port()}/webhook")
    return result


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Settings of a completed environment."""
    known = {name: environment[name.upper()] for name in Settings.model_fields if environment.get(name.upper())}
    settings = Settings.model_validate(known)
    kek.install(settings.field_keys)
    return settings


@contextmanager
def command_settings(environment: Mapping[str, str]) -> Iterator[Settings]:
    """Settings for one command; the embedded PostgreSQL is found running, or runs while the command does."""
    database_url = environment.get("DATABASE_URL")
    embedded = None if database_url else EmbeddedPostgres(var_dir(environment) / "postgres")
    try:
        yield settings_from(complete(environment, database_url or (embedded.start() if embedded else "")))
    finally:
        if embedded is not None:
            embedded.release()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
