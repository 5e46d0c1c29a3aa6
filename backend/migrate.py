"""Bringing the database's schema up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config

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
