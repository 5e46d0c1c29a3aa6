"""Sealed columns: text for Python, ciphertext for the database, equality for SQL."""

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import aliased

from backend import clock
from backend.conversations import inbox
from backend.db import Database
from backend.ledger.models import Direction, Interaction, InteractionKind, Source
from backend.registry.models import Person
from backend.vault.columns import ending_of
from backend.vault.errors import Unreadable

PHONE, EMAIL, CURP = "+526621234567", "ana.soto@correo.mx", "NUPM800101MSRXXR09"
HELD = text("SELECT coalesce(string_agg(person::text, ''), '') FROM person")


async def test_what_is_sealed_is_found_by_what_it_is_and_is_nowhere_to_be_read(database: Database) -> None:
    moment = clock.now()
    async with database.transaction() as session:
        ana = Person(full_name="Ana Soto", phone=PHONE, email=EMAIL, curp=CURP)
        session.add_all([ana, Person(full_name="Luis Ruiz", phone="+526449998877"), Person(full_name="Sin datos")])
        session.add(
            Interaction(
                kind=InteractionKind.CALL,
                direction=Direction.INBOUND,
                channel="telefono",
                source=Source.CONSOLE,
                started_at=moment,
                phone=PHONE,
            )
        )
    other, names = aliased(Person), select(Person.full_name).order_by(Person.full_name)
    wanted = {
        "equal": (Person.phone == PHONE, ["Ana Soto"]),
        "other case": (Person.email == EMAIL.upper(), ["Ana Soto"]),
        "other": (Person.phone != PHONE, ["Luis Ruiz"]),
        "none": (Person.phone.is_(None), ["Sin datos"]),
        "some": (Person.curp.is_not(None), ["Ana Soto"]),
        "among": (Person.phone.in_([PHONE, "+526449998877"]), ["Ana Soto", "Luis Ruiz"]),
        "among none": (Person.phone.in_([]), []),
        "ending": (ending_of(Person.phone) == "8877", ["Luis Ruiz"]),
        "joined": (Person.phone == select(Interaction).subquery().c.phone, ["Ana Soto"]),
        "itself": (select(other.id).where(other.phone == Person.phone).exists(), ["Ana Soto", "Luis Ruiz"]),
        "first of two": (func.coalesce(Person.email, Person.curp) == EMAIL, ["Ana Soto"]),
    }
    async with database.transaction() as session:
        found = {name: list(await session.scalars(names.where(condition))) for name, (condition, _) in wanted.items()}
        held = await session.scalar(HELD)
        read = (await session.scalars(select(Person).where(Person.id == ana.id))).one()
        assert (read.phone, read.email, read.curp) == (PHONE, EMAIL, CURP)
    assert found == {name: names for name, (_, names) in wanted.items()}
    assert not [value for value in (PHONE, PHONE[3:], EMAIL, CURP) if value.encode().hex() in held or value in held]


def test_whatever_would_look_at_ciphertext_is_refused_when_it_is_written() -> None:
    for wrong in (
        lambda: Person.phone.like("%662%"),
        lambda: Person.phone.contains("662"),
        lambda: Person.phone > PHONE,
        lambda: Person.phone == Person.full_name,
        lambda: Person.phone.in_(select(Person.phone)),
    ):
        with pytest.raises(TypeError, match="sealed column"):
            wrong()


async def test_a_value_that_was_moved_changed_or_given_another_index_does_not_open(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Person(full_name="Ana Soto", email=EMAIL, curp=CURP, phone=PHONE))
    for change in (
        "curp = email",
        "phone = set_byte(phone, 10, get_byte(phone, 10) # 1)",
        "phone = set_byte(phone, 0, 9)",
        "phone = set_byte(phone, 2, get_byte(phone, 2) # 1)",
        "phone = substr(phone, 1, length(phone) - 1)",
    ):
        with pytest.raises(Unreadable):
            async with database.transaction() as session:
                await session.execute(text(f"UPDATE person SET {change}"))
                (await session.scalars(select(Person))).one()


async def test_a_chat_that_is_opened_twice_is_one(database: Database) -> None:
    async with database.transaction() as session:
        opened = [
            await inbox.open_conversation(session, channel="sms", account="AC1", external_user_id=PHONE)
            for _ in range(2)
        ]
        await session.execute(update(Person).values(phone=None))
    assert opened[0].id == opened[1].id
    assert opened[0].external_user_id == PHONE
