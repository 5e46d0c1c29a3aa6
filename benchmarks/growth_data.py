"""An office with so many conversations, invented (`growth.sql`): the same rows for the same numbers, sealed as the
product seals them. What only the product can seal or write is made here, copied in, and referred to by its number."""

import json
import random
import re
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import yaml

from backend import clock
from backend.registry import folios
from backend.vault import ring
from backend.vault.blind import Kind
from backend.vault.columns import sealed_text
from backend.vault.sealing import seal
from benchmarks import registry_data
from benchmarks.registry_data import COLONIAS, EXAMPLES, FAMILY, GIVEN, SEED, STREETS

#: Of what `growth.sql` and this module make; a database of another version is made anew.
VERSION = 2
_STATEMENTS = Path(__file__).with_name("growth.sql")
#: Where statements stop to let folios be made, whose check character SQL does not know.
_FOLIOS = "-- folios --\n"
#: As `growth.tells` has it.
_SENTENCES = 256
_TABLES = """
CREATE SCHEMA growth;
CREATE TABLE growth.size (n int, moment timestamptz, version int);
CREATE TABLE growth.contact_made (i int, channel text, external_user_id bytea, phone bytea);
CREATE TABLE growth.person_made (i int, name text, phone bytea, email bytea, words text);
CREATE TABLE growth.phone (k int, interaction bytea, task bytea, reason bytea);
CREATE TABLE growth.sealed (recipient bytea, address bytea, draft bytea, change bytea);
CREATE TABLE growth.told (place int, sentence text);
CREATE TABLE growth.words (given text[], family text[], streets text[], colonias text[]);
CREATE TABLE growth.filed_folio (year int, number int);
CREATE TABLE growth.folio (year int, number int, folio text);
"""
_SETTINGS = ("synchronous_commit = off", "session_replication_role = replica", "jit = off", "work_mem = '256MB'",
             "maintenance_work_mem = '1GB'")  # fmt: skip


def conversations_of(connection: psycopg.Connection[Any]) -> int | None:
    """How many a database was filled with by this version; None: it was not, or not to the end."""
    known = connection.execute("SELECT to_regclass('growth.size') IS NOT NULL").fetchone()
    if known is None or not known[0]:
        return None
    row = connection.execute("SELECT n FROM growth.size WHERE version = %s", (VERSION,)).fetchone()
    return row[0] if row else None


def load(url: str, count: int) -> float:
    """Fill a migrated and seeded database; the seconds that it took. The database's owner must be a superuser."""
    began = time.monotonic()
    ring.use(ring.Keyring(url))
    before, after = _STATEMENTS.read_text(encoding="utf-8").split(_FOLIOS)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLES)
        for setting in _SETTINGS:
            connection.execute(f"SET {setting}")
        connection.execute("INSERT INTO growth.size VALUES (%s, %s, 0)", (count, clock.now()))
        _make(connection, count)
        tables = _filled(before + after)
        # Made at the end, which is far quicker; until then nothing may read by them.
        connection.execute(
            "UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = ANY(%s::regclass[])", (tables,)
        )
        _run(connection, before, began)
        _make_folios(connection)
        _run(connection, after, began)
        for table in tables:
            connection.execute(f'REINDEX TABLE "{table}"')
            print(f"{time.monotonic() - began:6.0f} s  indexes of {table}", flush=True)
        connection.execute("VACUUM ANALYZE")
        connection.execute("UPDATE growth.size SET version = %s", (VERSION,))
    return time.monotonic() - began


def moment_of(connection: psycopg.Connection[Any]) -> datetime:
    """When the newest conversation began."""
    row = connection.execute("SELECT growth.at(1)").fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


def _filled(statements: str) -> list[str]:
    """The product's tables that the statements fill with rows of ids."""
    tables = re.findall(r"^INSERT INTO (\w+) \(", statements, re.MULTILINE)
    return sorted(set(tables) - {"staff_user", "letter_template"})


def _run(connection: psycopg.Connection[Any], statements: str, began: float) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            connection.execute(statement)
            lines = [line for line in statement.strip().splitlines() if not line.startswith("--")]
            print(f"{time.monotonic() - began:6.0f} s  {' '.join(lines[0].split()[:3])}", flush=True)


def _make(connection: psycopg.Connection[Any], count: int) -> None:
    pick = random.Random(SEED)
    told: dict[str, str] = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    sentences = [sentence for one in told.values() for sentence in one.strip().splitlines()]
    _copy(connection, "told", enumerate(pick.sample(sentences, _SENTENCES)))
    connection.execute("INSERT INTO growth.words VALUES (%s, %s, %s, %s)", (GIVEN, FAMILY, STREETS, COLONIAS))
    connection.execute("INSERT INTO growth.sealed VALUES (%s, %s, %s, %s)", _few())
    _copy(connection, "contact_made", _contacts(count))
    inventor = registry_data.Inventor(registry_data.Catalog([], [], [], []))
    people = enumerate(inventor.people(-(-count // 8)), start=1)
    _copy(connection, "person_made", ((i, one.name, *registry_data.sealed(one), one.text) for i, one in people))
    _copy(connection, "phone", _phones(count // 10 + 1, pick))


def _few() -> tuple[bytes, ...]:
    """Sealed values by which nothing is found: each row of a table has the same."""
    change = json.dumps({"purpose": ["queja", "peticion"]}).encode()
    return (
        seal("delivery.recipient", b"+526621234567"), seal("email_message.to_address", b"enlace@dependencia.example"),
        seal("petition_draft.fields", b"{}"), seal("interaction_change.fields", change),
    )  # fmt: skip


def _contacts(count: int) -> Iterator[tuple[Any, ...]]:
    for number in range(1, count + 1):
        channel, phone = ("web", "whatsapp", "telegram")[number % 3], None
        who = f"{number:032x}" if channel == "web" else str(7_000_000_000 + number)
        if channel == "whatsapp":
            who = f"+521{6_620_000_000 + number}"
            phone = sealed_text("conversation.verified_phone", Kind.PHONE, who)
        yield number, channel, sealed_text("conversation.external_user_id", Kind.CHANNEL_USER, who), phone


def _phones(count: int, pick: random.Random) -> Iterator[tuple[Any, ...]]:
    columns = ("interaction.phone", "call_task.phone", "call_reason.phone")
    for number in range(1, count + 1):
        phone = f"+52{pick.randrange(10**9) + 6 * 10**9}"
        yield number, *(sealed_text(column, Kind.PHONE, phone) for column in columns)


def _make_folios(connection: psycopg.Connection[Any]) -> None:
    wanted = connection.execute("SELECT year, number FROM growth.filed_folio").fetchall()
    _copy(connection, "folio", ((year, number, folios.make(year, number)) for year, number in wanted))


def _copy(connection: psycopg.Connection[Any], table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor().copy(f"COPY growth.{table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
