"""Keys change while the product works; a wrong one is told, and nothing is lost."""

import asyncio
import base64

import pytest
from sqlalchemy import select, update

from backend.db import Database
from backend.models import metadata
from backend.registry.models import Person
from backend.vault import kek, ring, rotation
from backend.vault.errors import FieldKeyMissing, WrongFieldKey
from backend.vault.ring import Purpose


def _phone(number: int, round_: int = 0) -> str:
    return f"+52662{round_:02d}{number:05d}"


async def _add(database: Database, count: int, first: int = 0) -> None:
    async with database.transaction() as session:
        session.add_all(
            Person(full_name=f"Persona {number}", phone=_phone(number)) for number in range(first, first + count)
        )


async def _phones(database: Database) -> dict[str, str | None]:
    async with database.transaction() as session:
        return dict((await session.execute(select(Person.full_name, Person.phone))).all())


async def _values(database: Database) -> dict[bool, int]:
    """How many values the key in use seals, and how many retired ones."""
    async with database.transaction() as session:
        keys = await rotation.status(session, metadata)
    fields = [key for key in keys if key.purpose is Purpose.FIELDS]
    return {
        is_used: sum(key.values or 0 for key in fields if (key.retired_at is None) is is_used)
        for is_used in (True, False)
    }


async def test_turning_keys_while_another_process_writes_and_reads_loses_nothing(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 20)
    # A keyring of its own, as another process has, that learns of a new key only by meeting it.
    elsewhere = Database(f"{database_url}&application_name=elsewhere")
    monkeypatch.setattr(ring, "STALE_AFTER", 3600.0)
    await _add(database, 200)
    await _add(elsewhere, 1, first=200)
    expected = {f"Persona {number}": _phone(number) for number in range(201)}
    wrote_last = asyncio.Event()

    async def write_and_read() -> None:
        for round_ in range(1, 60):
            number = (round_ * 37) % 200
            async with elsewhere.transaction() as session:
                name, phone = f"Persona {number}", _phone(number, round_)
                known = await session.scalar(select(Person.full_name).where(Person.phone == expected[name]))
                assert known == name
                await session.execute(update(Person).where(Person.full_name == name).values(phone=phone))
            expected[name] = phone
        wrote_last.set()

    async def turn() -> None:
        await rotation.new_key(database)
        with pytest.raises(InterruptedError):
            await rotation.reseal_all(database, metadata, tell=_interrupted)
        await rotation.reseal_all(database, metadata, pause=wrote_last.wait)

    await asyncio.gather(turn(), write_and_read())
    assert await _values(database) == {True: 201, False: 0}
    assert await _phones(Database(f"{database_url}&application_name=afterwards")) == expected
    await elsewhere.close()


def _interrupted(where: str, count: int) -> None:
    raise InterruptedError


async def test_a_process_seals_by_a_new_key_as_soon_as_it_looks_again(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Database(f"{database_url}&application_name=elsewhere")
    await _add(elsewhere, 1)
    await rotation.new_key(database)
    await _add(elsewhere, 1, first=1)
    assert await _values(database) == {True: 0, False: 2}
    monkeypatch.setattr(ring, "STALE_AFTER", -1.0)
    await _add(elsewhere, 1, first=2)
    assert await _values(database) == {True: 1, False: 2}
    await elsewhere.close()


@pytest.mark.usefixtures("own_keys")
async def test_another_field_key_wraps_what_the_one_before_wrapped(database: Database, database_url: str) -> None:
    await _add(database, 3)
    before, new = kek.installed(), kek.FieldKeys.parse(kek.new_key())
    kek.install(new)
    with pytest.raises(WrongFieldKey, match="FIELD_KEY_PREVIOUS"):
        ring.Keyring(database_url).check()
    kek.install(kek.FieldKeys(new.current, before.current))
    assert await rotation.rewrap(database) == 2
    assert await rotation.rewrap(database) == 0
    kek.install(new)
    afterwards = Database(f"{database_url}&application_name=afterwards")
    assert list((await _phones(afterwards)).values()) == [_phone(number) for number in range(3)]
    await afterwards.close()


@pytest.mark.parametrize("wrong", [None, "", "no es base64", base64.b64encode(b"corta").decode()])
def test_what_is_no_key_is_refused_by_its_name(wrong: str | None) -> None:
    with pytest.raises(FieldKeyMissing, match="FIELD_KEY"):
        kek.FieldKeys.parse(wrong)


def test_a_key_is_read_with_either_alphabet_and_told_to_nobody() -> None:
    key = bytes(range(224, 256))
    plain, safe = base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode().rstrip("=")
    assert kek.FieldKeys.parse(plain) == kek.FieldKeys.parse(safe)
    assert "current" not in repr(kek.FieldKeys.parse(plain))
