"""Alembic's entry: migrates the database that its caller names (`sqlalchemy.url`) or DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

from backend.db import sqlalchemy_url
from backend.models import metadata
from backend.vault import kek


def include_name(name: str | None, kind: str, parents: object) -> bool:
    """Leave the queue's tables (procrastinate's own) and the bot's schema out of comparisons."""
    del parents
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or sqlalchemy_url(os.environ["DATABASE_URL"])
    kek.install_from(os.environ)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        # One migration at a time, however many servers start together.
        connection.exec_driver_sql("SELECT pg_advisory_lock(727201)")
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, include_name=include_name)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
