"""Bringing the database's schema up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from backend.db import sqlalchemy_url

ROOT = Path(__file__).resolve().parents[1]


def configuration(database_url: str) -> Config:
    """Alembic's configuration for the database at `database_url`."""
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", sqlalchemy_url(database_url).replace("%", "%%"))
    return config


def migrate(database_url: str) -> None:
    """Apply every migration that is missing. Safe when several processes start at once."""
    command.upgrade(configuration(database_url), "head")
