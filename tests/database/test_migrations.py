"""Migrations make exactly what the models say, and each can be taken back."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from backend.catalog import service as catalog
from backend.catalog.models import Municipality
from backend.db import Database, sqlalchemy_url
from backend.migrate import configuration, migrate
from backend.models import metadata

REVISIONS = [
    script.revision
    for script in reversed(list(ScriptDirectory.from_config(configuration("postgresql://")).walk_revisions()))
]
#: What the database says of each table: columns, constraints (CHECKs too, which Alembic does not compare; not the
#: triggers that PostgreSQL counts among them: triggers are the migrations' alone), indexes.
SCHEMA = """
SELECT 'column', table_name, column_name,
       concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default, generation_expression)
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 't'
UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
"""


def _is_ours(table: str) -> bool:
    return not table.startswith("procrastinate_") and table != "alembic_version"


def _schema(url: str) -> set[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return {row for row in connection.execute(SCHEMA) if _is_ours(row[1])}


def _left_over(url: str) -> list[tuple[Any, ...]]:
    """Every relation, function and type of ours or the queue's, and every schema that is not PostgreSQL's."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relname NOT LIKE 'alembic_version%'"
            " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " UNION ALL SELECT typname FROM pg_type"
            " WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')"
            " UNION ALL SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'"
            " AND nspname NOT IN ('public', 'information_schema')"
        ).fetchall()


def test_models_and_migrations_agree(empty: str) -> None:
    migrate(empty)
    engine = create_engine(sqlalchemy_url(empty))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: kind != "table" or _is_ours(name or ""),
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_migrated_database_is_to_the_letter_what_the_models_make(new_database: Callable[[], str]) -> None:
    """CHECKs among it: a value added to an enumeration needs its migration."""
    migrated, made = new_database(), new_database()
    migrate(migrated)
    engine = create_engine(sqlalchemy_url(made))
    metadata.create_all(engine)
    engine.dispose()
    assert _schema(migrated) ^ _schema(made) == set()
    assert len(_schema(migrated)) > 200


def test_everything_goes_down_leaves_nothing_and_comes_up_again_the_same(empty: str) -> None:
    migrate(empty)
    before = _schema(empty)
    command.downgrade(configuration(empty), "base")
    assert _left_over(empty) == []
    migrate(empty)
    assert _schema(empty) == before


def test_each_migration_goes_down_and_up_by_itself(empty: str) -> None:
    """One after another in one database: each alone would apply all that came before it anew."""
    config = configuration(empty)
    for revision in REVISIONS:
        command.upgrade(config, revision)
        before = _schema(empty)
        command.downgrade(config, "-1")
        command.upgrade(config, revision)
        assert _schema(empty) == before, revision


def test_revisions_are_numbered_in_a_row() -> None:
    assert [int(revision) for revision in REVISIONS] == list(range(1, len(REVISIONS) + 1))


def test_migrating_what_is_migrated_keeps_what_is_in_it(empty: str) -> None:
    migrate(empty)

    async def seed_and_count() -> int:
        database = Database(empty)
        async with database.transaction() as session:
            await catalog.seed(session)
            places = await catalog.municipalities(session)
        await database.close()
        return len(places)

    assert asyncio.run(seed_and_count()) == 72
    migrate(empty)
    with psycopg.connect(empty) as connection:
        assert connection.execute(f"SELECT count(*) FROM {Municipality.__tablename__}").fetchone() == (72,)


async def test_several_servers_may_migrate_at_once(empty: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(_migrate_in_process, empty) for _ in range(3)))
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISIONS[-1],)]


def _migrate_in_process(url: str) -> None:
    """Each in a process of its own, as servers are: Alembic's context is a process's global."""
    import subprocess
    import sys

    code = f"from backend.migrate import migrate; migrate({url!r})"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
