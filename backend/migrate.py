"""Bringing the database's schema up to date."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from backend.db import sqlalchemy_url
from backend.vault.ring import Keyring

ROOT = Path(__file__).resolve().parents[1]


def configuration(database_url: str) -> Config:
    """Alembic's configuration for the database at `database_url`."""
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", sqlalchemy_url(database_url).replace("%", "%%"))
    return config


def migrate(database_url: str) -> None:
    """Apply every migration that is missing. Safe when several processes start at once.

    Raises FieldKeyMissing or WrongFieldKey: personal data are sealed by keys that FIELD_KEY opens.
    """
    command.upgrade(configuration(database_url), "head")
    Keyring(database_url).check()


def head() -> str:
    """The revision that this version's code needs."""
    return str(_scripts().get_current_head())


def is_known(revision: str) -> bool:
    """Whether this version has that revision: it does not where a newer one has migrated the database."""
    try:
        return _scripts().get_revision(revision) is not None
    except CommandError:
        return False


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))
