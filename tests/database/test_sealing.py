"""What a database held in the clear is sealed by its migrations, found as before, and given back when they go down."""

from collections.abc import Callable
from typing import Any

import psycopg
from alembic import command
from sqlalchemy import select

from backend.conversations.models import Conversation
from backend.db import Database
from backend.ledger.models import InteractionChange
from backend.migrate import configuration, migrate
from backend.registry import queries
from backend.registry.models import Person, PetitionDraft
from backend.registry.queries import PetitionFilter

BEFORE = "0024"
PHONE, EMAIL, CURP = "+526621234567", "Ana.Soto@correo.mx", "NUPM800101MSRXXR09"
_ID = "00000000-0000-0000-0000-00000000000"
HELD = [
    f"INSERT INTO contact (id) VALUES ('{_ID}1')",
    "INSERT INTO conversation (id, channel, account, external_user_id, contact_id, identity_id, address,"
    " verified_phone, owner, ownership_epoch, language, is_emergency, last_seq, agent_read_seq, rating_state,"
    " in_scripted_intake)"
    f" VALUES ('{_ID}1', 'whatsapp', 'AC1', '{PHONE}', '{_ID}1', '{_ID}1', 'whatsapp:{PHONE}', '{PHONE}', 'bot', 0,"
    " 'es-MX', false, 0, 0, 'none', false)",
    "INSERT INTO person (id, full_name, phone, email, curp, search_text) VALUES"
    f" ('{_ID}1', 'Ana Soto', '{PHONE}', '{EMAIL}', '{CURP}',"
    "  'ana soto 6621234567 tel7654321266 ana.soto@correo.mx nupm800101msrxxr09'),"
    f" ('{_ID}2', 'Sin Datos', NULL, NULL, NULL, 'sin datos')",
    "INSERT INTO petition (id, folio, year, number, access_nonce, kind, status, priority, channel, person_id,"
    " narrative, details, search_text) VALUES"
    f" ('{_ID}1', 'AC-2026-000001-5', 2026, 1, 'x', 'peticion', 'recibida', 'normal', 'presencial', '{_ID}1', 'Bache',"
    "  '{}', 'ac-2026-000001-5 ana soto bache 6621234567 tel7654321266 ana.soto@correo.mx nupm800101msrxxr09')",
    f"INSERT INTO interaction (id, kind, direction, channel, source, started_at, phone, notes) VALUES"
    f" ('{_ID}1', 'llamada', 'recibida', 'telefono', 'consola', now(), '{PHONE}', '')",
    f"""INSERT INTO interaction_change (interaction_id, reason, fields)
        VALUES ('{_ID}1', '', '{{"phone": [null, "{PHONE}"]}}')""",
    f"""INSERT INTO petition_draft (id, conversation_id, kind, fields, earlier_conversations, state)
        VALUES ('{_ID}1', '{_ID}1', 'peticion', '{{"contacto": "{PHONE}", "nombre": "Ñandú"}}', '[]', 'open')""",
]
TABLES = ("conversation", "person", "petition", "interaction", "interaction_change", "petition_draft")


def _rows(url: str) -> dict[str, list[dict[str, Any]]]:
    told = "SELECT to_jsonb({0}) - 'search' FROM {0} ORDER BY id"
    with psycopg.connect(url) as connection:
        return {table: [row[0] for row in connection.execute(told.format(table))] for table in TABLES}


def _readable(url: str) -> list[str]:
    """Tables in which a value can be read, as a dump has it."""
    with psycopg.connect(url) as connection:
        dumps = {
            table: str(connection.execute(f"SELECT string_agg({table}::text, '') FROM {table}").fetchone())
            for table in TABLES
        }
    values = ("6621234567", "7654321266", EMAIL.lower(), CURP.lower())
    return [table for table, dump in dumps.items() if any(value in dump.lower() for value in values)]


async def test_what_was_in_the_clear_is_sealed_found_and_given_back(new_database: Callable[[], str]) -> None:
    url = new_database()
    command.upgrade(configuration(url), BEFORE)
    with psycopg.connect(url) as connection:
        for statement in HELD:
            connection.execute(statement)
    before = _rows(url)
    assert _readable(url) == list(TABLES)
    migrate(url)
    assert _readable(url) == []
    database = Database(url)
    async with database.transaction() as session:
        ana = (await session.scalars(select(Person).where(Person.phone == PHONE, Person.email == EMAIL))).one()
        assert (ana.phone, ana.email, ana.curp) == (PHONE, EMAIL, CURP)
        for typed in ("662 123 4567", "4567", EMAIL, CURP, "ana soto bache"):
            assert (await queries.search(session, PetitionFilter(typed))).total == 1, typed
        change = (await session.scalars(select(InteractionChange))).one()
        draft = (await session.scalars(select(PetitionDraft))).one()
        chat = (await session.scalars(select(Conversation).where(Conversation.external_user_id == PHONE))).one()
        assert change.fields == {"phone": [None, PHONE]}
        assert draft.fields == {"contacto": PHONE, "nombre": "Ñandú"}
        assert (chat.address, chat.verified_phone) == (f"whatsapp:{PHONE}", PHONE)
    await database.close()
    command.downgrade(configuration(url), BEFORE)
    assert _rows(url) == before
