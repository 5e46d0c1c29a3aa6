"""A backup taken while citizens write: restored elsewhere, nothing that was acknowledged before it is missing."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from backend.app import create_app
from backend.backup import keeping, making, restoring
from backend.backup.encryption import PIECE, DecryptingReader, EncryptingWriter
from backend.backup.errors import BackupError, Damaged
from backend.db import Database
from backend.models import metadata
from backend.registry import service as registry
from backend.registry.models import PetitionKind
from backend.settings import Settings
from tests.database.conftest import empty, new_database
from tests.registry.conftest import ANSWERS, open_conversation
from tests.staff import browser
from tests.widget.support import picture

__all__ = ["empty", "new_database"]

KEY = b"una-clave-de-respaldos-0123456789abcdef"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"backup_key": SecretStr(KEY.decode())})


class Writer:
    """A citizen who does not stop writing; `acknowledged` are the texts that were answered 202."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)
        self.client = browser(self.app)
        self.acknowledged: list[str] = []

    async def begin(self) -> None:
        token = (await self.client.post("/api/chat/sessions")).json()["token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    async def write(self) -> None:
        text = f"mensaje {len(self.acknowledged)}"
        answer = await self.client.post("/api/chat/messages", json={"client_id": text.replace(" ", "-"), "text": text})
        assert answer.status_code == 202, answer.text
        self.acknowledged.append(text)

    async def write_until(self, done: "asyncio.Future[object]") -> None:
        while not done.done():
            await self.write()

    async def texts(self, settings: Settings) -> list[str]:
        """What this citizen reads at a product with `settings`."""
        async with asking(settings) as elsewhere:
            elsewhere.headers["Authorization"] = self.client.headers["Authorization"]
            page = (await elsewhere.get("/api/chat/messages", params={"after": 0})).json()
        return [message["text"] for message in page["messages"]]


@asynccontextmanager
async def asking(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a product with `settings`, which lets go of its database afterwards."""
    app = create_app(settings)
    yield browser(app)
    await app.state.database.close()


async def _petition(database: Database, settings: Settings) -> registry.Filed:
    conversation_id = await open_conversation(database)
    async with database.transaction() as session:
        await registry.open_draft(session, conversation_id, PetitionKind.PETICION, ANSWERS)
        return await registry.file_draft(session, conversation_id, settings.key)


async def test_what_was_acknowledged_before_a_backup_is_there_where_it_is_restored(
    database: Database, settings: Settings, empty: str, new_database: Callable[[], str], tmp_path: Path
) -> None:
    filed = await _petition(database, settings)
    writer = Writer(settings)
    await writer.begin()
    photo = picture()
    sent = await writer.client.post(
        "/api/chat/attachments", files={"file": ("foto.png", photo, "image/png")}, data={"client_id": "f"}
    )
    assert sent.status_code == 202
    for _ in range(5):
        await writer.write()
    before = list(writer.acknowledged)
    making_it = asyncio.ensure_future(asyncio.to_thread(making.make, settings))
    await writer.write_until(making_it)
    made = making_it.result()
    assert len(writer.acknowledged) > len(before), "nobody wrote meanwhile"
    assert made.path.stat().st_mode & 0o077 == 0
    content = made.path.read_bytes()
    assert b"mensaje 1" not in content and photo not in content

    proof = await asyncio.to_thread(restoring.prove, made.path, KEY, database_url=new_database())
    assert (proof.differences, proof.missing) == ([], [])

    elsewhere = settings.model_copy(update={"database_url": empty, "var_dir": tmp_path / "elsewhere"})
    await asyncio.to_thread(restoring.restore, elsewhere, made.path, KEY, replace=False)
    read = await writer.texts(elsewhere)
    assert [text for text in before if text not in read] == []
    [kept] = (elsewhere.var_dir / "attachments").iterdir()
    assert kept.read_bytes() == photo
    async with asking(elsewhere) as client:
        page = await client.post("/folio", data={"folio": filed.folio, "clave": filed.access_code})
    assert page.status_code == 200 and filed.folio in page.text

    await _is_refused_where_it_would_do_harm(elsewhere, made.path)


async def _is_refused_where_it_would_do_harm(elsewhere: Settings, path: Path) -> None:
    """A database with something in it, another key, a product that runs; and what is replaced is set aside."""
    other = elsewhere.model_copy(update={"secret_key": SecretStr("otra-clave-muy-distinta-0123456789abc")})
    with psycopg.connect(elsewhere.database_url, autocommit=True) as connection:
        problems = " ".join(restoring.plan(other, path, KEY, replace=False).problems)
        for word in ("no está vacía", "SECRET_KEY", "Detenga el producto"):
            assert word in problems
        connection.execute("UPDATE public.message SET text = 'dañado'")
    assert restoring.plan(elsewhere, path, KEY, replace=True).problems == []
    with pytest.raises(Damaged):
        restoring.plan(elsewhere, path, b"otra-clave", replace=True)
    with pytest.raises(Damaged):
        restoring.restore(elsewhere, path, b"otra-clave", replace=True)
    assert restoring.plan(elsewhere, path, KEY, replace=False).problems != [], "what was there is put back"
    await asyncio.to_thread(restoring.restore, elsewhere, path, KEY, replace=True)
    restoring.silence(elsewhere.database_url)
    with psycopg.connect(elsewhere.database_url) as connection:
        schemas = [row[0] for row in connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '_antes_'")]
        assert sorted(name.split("_antes_")[0] for name in schemas) == ["public", "rasa"]
        for schema, is_damaged in (("public", False), (min(schemas), True)):
            row = connection.execute(f"SELECT bool_and(text = 'dañado') FROM {schema}.message").fetchone()
            assert row == (is_damaged,)


def _encrypted(content: bytes) -> bytes:
    target = io.BytesIO()
    writer = EncryptingWriter(target, KEY)
    writer.write(content)
    writer.finish()
    return target.getvalue()


def _decrypted(content: bytes, key: bytes = KEY) -> bytes:
    return DecryptingReader(io.BytesIO(content), key).read()


@pytest.mark.parametrize("size", [0, 5, PIECE, 2 * PIECE + 1])
def test_what_is_encrypted_comes_back(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert _decrypted(_encrypted(content)) == content


def test_a_backup_that_was_touched_is_refused() -> None:
    whole = _encrypted(b"a" * PIECE + b"b" * PIECE + b"c")
    head, piece = whole[: -(2 * (PIECE + 16) + 17)], PIECE + 16
    first, second, last = (
        whole[len(head) :][begin:end] for begin, end in ((0, piece), (piece, 2 * piece), (2 * piece, None))
    )
    flipped = whole[:-1] + bytes([whole[-1] ^ 1])
    for harmed in (whole[:-17], whole[: -(piece + 17)], head + second + first + last, head + first + last, flipped):
        with pytest.raises(Damaged):
            _decrypted(harmed)
    with pytest.raises(Damaged, match="BACKUP_KEY"):
        _decrypted(whole, b"otra")
    with pytest.raises(Damaged, match="no es un respaldo"):
        _decrypted(b"cualquier cosa")


def test_only_the_newest_backups_stay_and_nothing_else_is_touched(tmp_path: Path) -> None:
    names = [f"chat-sonora-202611{day:02}T093000Z.backup" for day in range(1, 6)]
    for name in (*names, "apuntes.txt", "chat-sonora-20261101T093000Z.partial"):
        (tmp_path / name).touch()
    assert [path.name for path in keeping.let_go(tmp_path, 2)] == names[:3]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*names[3:], "apuntes.txt", "chat-sonora-20261101T093000Z.partial"]
    )


def test_without_a_key_no_backup_is_made(settings: Settings) -> None:
    with pytest.raises(BackupError, match="BACKUP_KEY"):
        making.make(settings.model_copy(update={"backup_key": None}))


def test_every_column_that_names_a_file_is_known() -> None:
    known = {f"{table}.{column}" for columns in restoring.NAMED.values() for table, column in columns}
    #: A report's own hash, of no file.
    known.add("quarter_edition.sha256")
    columns = {f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns}
    assert {name for name in columns if re.search(r"\.(\w+_)?sha256$", name)} == known
