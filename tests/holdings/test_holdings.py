"""Everything held on a person is found, copied and can be taken away: by the models' foreign keys, table by table."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from backend import clock
from backend.conversations.files import FileStore
from backend.db import Base, Database
from backend.holdings import export, subject, tables, wiping
from backend.holdings.tables import BY_TABLE, HELD, NOT_HELD, UNTIED
from backend.models import metadata
from backend.registry.models import Person, PetitionEvent
from backend.settings import Settings
from tests.holdings.planting import plant
from tests.staff import add_staff

_ROOTS = ("person", "conversation", "petition", "contact")


def _reachable() -> set[str]:
    """Tables that foreign keys lead from to a person, a conversation or a petition."""
    found = set(_ROOTS)
    while True:
        more = {
            table.name
            for table in metadata.tables.values()
            if any(key.column.table.name in found for column in table.columns for key in column.foreign_keys)
        } - found
        if not more:
            return found
        found |= more


def test_every_table_that_leads_to_a_person_has_a_decision() -> None:
    reachable = _reachable()
    assert reachable - set(BY_TABLE) - set(NOT_HELD) == set(), "decide in holdings.tables what these hold"
    assert set(NOT_HELD) <= reachable
    assert set(UNTIED) <= set(metadata.tables)
    before: set[str] = set()
    for held in HELD:
        assert not held.via or held.table in reachable
        for column in metadata.tables[held.table].columns:
            for key in column.foreign_keys:
                target = key.column.table.name
                if target in reachable and held.table != "person":
                    assert column.name in held.via or column.name in held.apart, (held.table, column.name)
                if column.name in held.via:
                    assert target in before, (held.table, column.name)
        assert set(held.wipe) <= set(metadata.tables[held.table].columns.keys())
        before.add(held.table)


async def test_what_is_planted_everywhere_is_in_the_copy_and_goes_when_it_is_taken_away(
    database: Database, settings: Settings
) -> None:
    await add_staff(database, "ana")
    store = FileStore(settings.attachments_dir, max_bytes=1_000_000)
    kept = await store.keep_made(b"%PDF-1.4 prueba", "credencial.pdf", "application/pdf")
    async with database.transaction() as session:
        planted = await plant(session)
        person_id = planted.keys["person"]["id"]
        await session.execute(
            text("UPDATE attachment SET sha256 = :sha, file_name = 'credencial.pdf'"), {"sha": kept.sha256}
        )
        other = Person(full_name="Otra Persona Ajena")
        session.add(other)
    async with database.transaction() as session:
        found = await subject.of(session, person_id)
        assert {table for table, rows in found.rows.items() if rows} == set(BY_TABLE)
        made = b"".join(export.stream(found, store, datetime(2026, 11, 20, tzinfo=UTC), "CS-2026-1"))
    archive = zipfile.ZipFile(io.BytesIO(made))
    assert archive.testzip() is None
    assert archive.read("resumen.pdf").startswith(b"%PDF")
    data = archive.read("datos.json").decode()
    gone = {("attachment", "file_name"), ("attachment", "sha256")}
    missing = {where for where, word in planted.words.items() if word not in data} - gone
    assert missing == set()
    assert "Otra Persona Ajena" not in data
    assert [name for name in archive.namelist() if name.startswith("archivos/")] == ["archivos/0001-credencial.pdf"]
    for name in tables.HIDDEN:
        assert f'"{name}":' not in data
    await _wiped(database, store, person_id, kept.sha256, json.loads(data))


async def _wiped(database: Database, store: FileStore, person_id: object, sha256: str, before: dict) -> None:  # type: ignore[type-arg]
    async with database.transaction() as session:
        named = await wiping.wipe(session, (await subject.of(session, person_id)).rows)  # type: ignore[arg-type]
        # The rest of the transaction may not change what is kept for ever.
        with pytest.raises(DBAPIError):
            async with session.begin_nested():
                await session.execute(update(PetitionEvent).values(text="otra cosa"))
    async with database.transaction() as session:
        assert sha256 in named
        await wiping.discard(session, store, named, clock.now() + timedelta(minutes=1))
        assert not store.path(sha256).exists()
        for held in HELD:
            rows = (await session.scalars(select(held.model))).all()
            assert len(rows) == len(before[held.table]["registros"]) + (held.table == "person"), held.table
            row = next(one for one in rows if getattr(one, "full_name", "") != "Otra Persona Ajena")
            for name in held.wipe:
                assert "zq" not in str(getattr(row, name)), (held.table, name)
                assert getattr(row, name) not in ("+526621234567",)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE petition_event SET kind = 'note', text = ''",
        "UPDATE interaction_change SET at = now(), reason = ''",
        "UPDATE letter SET number = 7, subject = ''",
        "UPDATE task_event SET kind = 'creada', at = now()",
        "UPDATE arco_event SET kind = 'nota', text = ''",
    ],
)
async def test_even_retention_changes_nothing_but_personal_data_of_a_history(
    database: Database, statement: str
) -> None:
    await add_staff(database, "ana")
    async with database.transaction() as session:
        await plant(session)
    async with database.transaction() as session:
        with pytest.raises(DBAPIError):
            async with session.begin_nested():
                await session.execute(text("SET LOCAL chat_sonora.retention = 'on'"))
                await session.execute(text(statement))


def test_models_say_which_of_their_columns_are_hidden() -> None:
    columns = {one.key for held in HELD for one in inspect(held.model).column_attrs}
    assert columns >= tables.HIDDEN
    assert Base.metadata is metadata
