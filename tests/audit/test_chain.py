"""The trail cannot be changed, and who changes it all the same is found out."""

import ast
import asyncio
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import select
from typer.testing import CliRunner

from backend.__main__ import app as commands
from backend.agents import service as agents
from backend.agents.models import User
from backend.audit import anchoring, chain
from backend.audit import service as audit
from backend.audit.chain import Head
from backend.audit.models import AdminEvent
from backend.console import audit_texts
from backend.db import Database
from backend.mail.models import EmailMessage
from backend.settings import Settings
from tests.staff import add_staff

BACKEND = Path(__file__).parents[2] / "backend"


async def _write(database: Database, user: User, number: int) -> None:
    async with database.transaction() as session:
        await audit.record(session, user, "area_saved", user.id, key=f"ñ {number}", rate=1.50, tags=["b", "a"], no=None)


async def _verdict(database: Database, anchors: list[Head] | None = None) -> chain.Verdict:
    async with database.transaction() as session:
        return await chain.verify(session, anchors=anchors or [])


def _by_force(url: str, statement: str) -> None:
    """As a superuser who switches the triggers off."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)


async def test_whatever_is_done_to_the_trail_is_named(
    database: Database, database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_staff(database, "adela")
    async with database.transaction() as session:
        adela = await agents.find_user(session, "adela")
    # Side by side, and one that is rolled back: one chain, without a gap.
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await audit.record(session, adela, "area_saved", adela.id)
            _ = 1 / 0
    await asyncio.gather(*(_write(database, adela, number) for number in range(12)))
    async with database.transaction() as session:
        rows = (await session.scalars(select(AdminEvent).order_by(AdminEvent.seq))).all()
    assert [row.seq for row in rows] == list(range(1, 14))
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert await _verdict(database) == chain.Verdict(Head(13, rows[-1].hash or ""))

    for statement in ("UPDATE admin_event SET kind = 'x' WHERE seq = 5", "DELETE FROM admin_event WHERE seq = 13",
                      "TRUNCATE admin_event CASCADE", "UPDATE admin_event SET hash = NULL WHERE seq = 13"):  # fmt: skip
        with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement)

    mailing = settings.model_copy(
        update={"audit_anchor_email": "organo@sonora.gob.mx", "smtp_url": SecretStr("smtp://x"), "mail_from": "a@b.mx"}
    )
    for _ in range(2):  # the second finds nothing new to tell
        assert (await anchoring.look_after(database, mailing)).is_whole
    (anchor,) = anchoring.kept_anchors(settings.var_dir)
    async with database.transaction() as session:
        (letter,) = (await session.scalars(select(EmailMessage))).all()
    assert chain.anchors_of(letter.text) == [anchor] == [Head(13, rows[-1].hash or "")]

    await _write(database, adela, 14)
    _by_force(database_url, 'UPDATE admin_event SET detail = detail || \'{"key": "otra"}\' WHERE seq = 7')
    assert "El movimiento 7 " in ((await _verdict(database)).problem or "")
    # The look between two walks begins after the last one, and still the day's walk finds it.
    async with database.transaction() as session:
        (await anchoring.state_of(session)).walked_at = None
    assert "El movimiento 7 " in ((await anchoring.look_after(database, mailing)).problem or "")
    assert anchoring.kept_anchors(settings.var_dir) == [anchor], "a broken chain is anchored no more"

    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("VAR_DIR", str(settings.var_dir))
    told = await asyncio.to_thread(CliRunner().invoke, commands, ["audit", "verify"])
    assert (told.exit_code, "El movimiento 7 " in told.stdout) == (1, True), told.output

    # Rewritten from there on, hash by hash: the chain is whole again, and only the anchor tells.
    _by_force(
        database_url,
        """DO $$ DECLARE e admin_event; before text; BEGIN
             SELECT hash INTO before FROM admin_event WHERE seq = 6;
             UPDATE admin_event SET previous_hash = NULL WHERE seq > 6;
             FOR e IN SELECT * FROM admin_event WHERE seq > 6 ORDER BY seq LOOP
               UPDATE admin_event SET previous_hash = before, hash = admin_event_digest(before, e) WHERE id = e.id;
               before := admin_event_digest(before, e);
             END LOOP; END $$""",
    )
    assert (await _verdict(database)).is_whole
    assert "El movimiento 13 no es el que se ancló" in ((await _verdict(database, [anchor])).problem or "")

    _by_force(database_url, "DELETE FROM admin_event WHERE seq > 9")
    assert (await _verdict(database)).is_whole
    assert "hay 9 y se había anclado el 13" in ((await _verdict(database, [anchor])).problem or "")
    _by_force(database_url, "DELETE FROM admin_event WHERE seq = 4")
    assert "Falta el movimiento 4" in ((await _verdict(database)).problem or "")


def test_every_kind_that_is_recorded_is_told_in_words() -> None:
    said = {kind for path in BACKEND.rglob("*.py") for kind in _kinds(ast.parse(path.read_text(encoding="utf-8")))}
    assert len(said) > 60
    assert said - set(audit_texts.KINDS) == set()
    assert {family for family, _ in audit_texts.KINDS.values()} == set(audit_texts.FAMILIES)


def _kinds(tree: ast.AST) -> list[Any]:
    """The literal kinds of `audit.record(session, user, KIND, …)`."""
    return [
        constant.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.record"
        for constant in ast.walk(call.args[2])
        if isinstance(constant, ast.Constant) and re.fullmatch(r"[a-z_]*[a-z]", str(constant.value))
    ]
