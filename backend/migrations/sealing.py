"""Sealing what a table's columns hold already, and opening it again: for migrations."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic import op

from backend.vault import ring

#: Rows read, turned and written at once.
BATCH = 20_000
Turn = Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """A column to turn into another of the same name: `new` is its type after, `turn` what becomes of a value."""

    name: str
    new: sa.types.TypeEngine[Any]
    turn: Turn
    nullable: bool = True


def connection() -> psycopg.Connection[Any]:
    """The migration's own connection, as psycopg has it."""
    found = op.get_bind().connection.driver_connection
    assert isinstance(found, psycopg.Connection), "migrations run by psycopg"
    return found


def hold_keys() -> None:
    """Seal by the keys that this transaction sees, be they its own."""
    keyring = ring.Keyring("")
    keyring.take(connection().execute(ring.READ_KEYS).fetchall())
    ring.use(keyring)


def has_rows(table: str, condition: str = "true") -> bool:
    return connection().execute(f"SELECT FROM {table} WHERE {condition} LIMIT 1").fetchone() is not None


def turn_columns(table: str, key: Sequence[str], columns: Sequence[Column]) -> None:
    """Replace columns by others of their names, every value turned. The table is written anew, so that nothing of
    what it held before stays in its file."""
    for column in columns:
        op.add_column(table, sa.Column(f"{column.name}_turned", column.new, nullable=True))
    names = [column.name for column in columns]
    is_changed = False
    for rows in batches(table, key, names):
        turned = []
        for row in rows:
            values = zip(columns, row[len(key) :], strict=True)
            turned.append((*row[: len(key)], *(_turned(column, value) for column, value in values)))
        write(table, key, [f"{name}_turned" for name in names], turned)
        is_changed = True
    for column in columns:
        op.drop_column(table, column.name)
        op.alter_column(table, f"{column.name}_turned", new_column_name=column.name)
        if not column.nullable:
            op.alter_column(table, column.name, nullable=False)
    if is_changed:
        wipe(table)


def _turned(column: Column, value: Any) -> Any:
    return None if value is None else column.turn(value)


def wipe(table: str) -> None:
    """Write a table anew without what was deleted from it; and let the planner's statistics, samples of values among
    them, forget too."""
    op.execute(f"CLUSTER {table} USING pk_{table}")
    op.execute(f"ANALYZE {table}")


def batches(
    table: str, key: Sequence[str], columns: Sequence[str], condition: str = "true"
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows with their key in its order, some thousands at a time."""
    keys, last = ", ".join(key), None
    while True:
        after = f"({keys}) > ({', '.join(['%s'] * len(key))})" if last else "true"
        rows = (
            connection()
            .execute(
                f"SELECT {keys}, {', '.join(columns)} FROM {table}"  # noqa: S608 (our own names)
                f" WHERE {after} AND ({condition}) ORDER BY {keys} LIMIT {BATCH}",
                last,
            )
            .fetchall()
        )
        if not rows:
            return
        yield rows
        last = rows[-1][: len(key)]


def write(table: str, key: Sequence[str], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Set columns of rows by their keys."""
    bare, names = connection(), [*key, *columns]
    bare.execute(
        f"CREATE TEMP TABLE turning ON COMMIT DROP AS SELECT {', '.join(names)} FROM {table} LIMIT 0"  # noqa: S608
    )
    with bare.cursor() as cursor, cursor.copy(f"COPY turning ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    own, same = (
        ", ".join(f"{name} = turning.{name}" for name in columns),
        " AND ".join(f"{table}.{name} = turning.{name}" for name in key),
    )
    bare.execute(f"UPDATE {table} SET {own} FROM turning WHERE {same}")  # noqa: S608
    bare.execute("DROP TABLE turning")
