"""Broken installations: each thing that is wrong is found, and how to mend it is said."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from alembic import command
from psycopg.sql import SQL, Identifier
from pydantic import SecretStr
from typer.testing import CliRunner

from backend import clock
from backend.__main__ import app
from backend.agents.models import Role
from backend.agents.service import create_user
from backend.backup import keeping
from backend.conversations import service as conversations
from backend.db import Database
from backend.doctor.cli import diagnose
from backend.doctor.findings import Finding, State
from backend.messaging import accounts
from backend.migrate import configuration, head
from backend.settings import Settings
from tests.conversations.conftest import open_one
from tests.end_to_end.product import free_port
from tests.fakes.handles import TelegramServer
from tests.serving import serving
from tests.stand_ins import telegram

__all__ = ["telegram"]

STRONG = {
    "SECRET_KEY": "kP3vX9qLw7Zr2TnB8mYc5HdJ4sFgA6eU1oQiRtWx",
    "INTERNAL_API_TOKEN": "Zr2TnB8mYc5HdJ4sFgA6eU1oQiRtWxkP3vX9qLw7",
    "BOT_TOKEN": "HdJ4sFgA6eU1oQiRtWxkP3vX9qLw7Zr2TnB8mYc5",
    "BACKUP_KEY": "A6eU1oQiRtWxkP3vX9qLw7Zr2TnB8mYc5HdJ4sFg",
    "FIELD_KEY": os.environ["FIELD_KEY"],
}


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "VAR_DIR", "PORT", "PUBLIC_URL", *(STRONG.keys() - {"FIELD_KEY"})):
        monkeypatch.delenv(name, raising=False)


def _told(found: list[Finding], state: State = State.BROKEN) -> str:
    return "\n".join(f"{one.name}: {one.told} → {one.mend}" for one in found if one.state is state)


def test_what_is_missing_is_named_and_nothing_is_made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIELD_KEY")
    found = diagnose({"DATABASE_URL": "postgresql://nadie@127.0.0.1:1/nada", "VAR_DIR": str(tmp_path), "PORT": "ocho"})
    told = _told(found)
    for name in ("SECRET_KEY", "FIELD_KEY", "INTERNAL_API_TOKEN", "BOT_TOKEN", "PORT"):
        assert name in told
    assert "ocho" not in told
    assert list(tmp_path.iterdir()) == []


def test_a_neglected_installation_is_told_what_to_mend(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / keeping.name_at(clock.now().replace(year=2020))).touch(mode=0o644)
    (tmp_path / "backups" / keeping.name_at(clock.now().replace(year=2020))).chmod(0o644)
    environment = {
        "DATABASE_URL": "postgresql://nadie:clave-de-la-base@127.0.0.1:1/nada?sslmode=require",
        "VAR_DIR": str(tmp_path),
        "SECRET_KEY": "secret" * 8,
        "FIELD_KEY": STRONG["FIELD_KEY"],
        "INTERNAL_API_TOKEN": "abcdefghijklmnop",
        "BOT_TOKEN": "abcdefghijklmnop",
        "TRUSTED_PROXIES": "*",
        "TWILIO_API_URL": "http://127.0.0.1:1",
        "SMPT_URL": "smtp://correo",
        "PORT": str(free_port()),
        "RASA_URL": "http://127.0.0.1:1,http://127.0.0.1:2",
    }
    found = diagnose(environment)
    told, warned = _told(found), _told(found, State.WARNING)
    for wrong in (
        "SECRET_KEY es débil",
        "BOT_TOKEN, INTERNAL_API_TOKEN son el mismo",
        "TRUSTED_PROXIES",
        "TWILIO_API_URL",
        "no es https",
        "base de datos: No responde",
        "chmod 600",
        "PG_BIN",
        "El más reciente es del",
        "bot: No responde en http://127.0.0.1:1/",
        "bot: No responde en http://127.0.0.1:2/",
    ):
        assert wrong in told, wrong
    for odd in ("¿Quiso poner SMTP_URL?", "no está en marcha", "BACKUP_KEY"):
        assert odd in warned, odd
    everything = "\n".join(f"{one.told}{one.mend}" for one in found)
    for secret in ("clave-de-la-base", "abcdefghijklmnop", "secretsecret"):
        assert secret not in everything


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A sound installation, its product running."""
    settings.var_dir.mkdir(parents=True)
    backups = settings.var_dir / "backups"
    backups.mkdir()
    (backups / keeping.name_at(clock.now())).touch(mode=0o600)
    strong = {name.lower(): SecretStr(value) for name, value in STRONG.items()}
    with serving(settings.model_copy(update=strong)) as address:
        yield {
            **STRONG,
            "DATABASE_URL": settings.database_url,
            "VAR_DIR": str(settings.var_dir),
            "PORT": address.rsplit(":", 1)[1],
            "PUBLIC_URL": address,
        }


def test_a_sound_installation_is_told_so_and_then_each_thing_that_breaks(
    environment: dict[str, str], settings: Settings, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = diagnose(environment)
    # Where this test runs there is neither https nor, in a folder just made, a model.
    assert {one.name for one in found if one.state is State.BROKEN} <= {"dirección pública", "modelo"}
    good = _told(found, State.GOOD)
    for well in (
        "redis: No se usa",
        f"esquema al día ({head()})",
        "El producto responde",
        "ninguno con retraso",
        "5 secretos",
        "No escribe lo que dicen las personas",
    ):
        assert well in good

    asyncio.run(_break(settings, telegram))
    environment |= {
        "REDIS_URL": "redis://:clave-de-redis@redis.invalid:6379/0",
        "SMTP_URL": "smtp://127.0.0.1:1",
        "MAIL_FROM": "avisos@example.mx",
        "TELEGRAM_API_URL": telegram.base_url,
    }
    found = diagnose(environment)
    told = _told(found)
    for wrong in (
        "«turns» está detenida",
        "correo: El servidor 127.0.0.1:1",
        "redis: No responde",
        "El proveedor llama a otra dirección",
    ):
        assert wrong in told, wrong
    warned = _told(found, State.WARNING)
    assert "log_statement = all" in warned and "SET log_statement = 'none'; SELECT pg_reload" in warned
    assert "clave-de-redis" not in told
    assert "credenciales no se pueden leer" in _told(diagnose(environment | {"SECRET_KEY": STRONG["SECRET_KEY"][::-1]}))

    ready = f"{environment['PUBLIC_URL']}/health/ready"
    assert httpx.get(ready).json() == {"database": True, "migrated": True, "live_events": True}
    command.downgrade(configuration(settings.database_url), "-1")
    assert (httpx.get(ready).status_code, httpx.get(ready).json()["migrated"]) == (503, False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke(app, ["doctor", "--json"])
    assert run.exit_code == 1
    findings = json.loads(run.stdout)["findings"]
    assert [one["mend"] for one in findings if "esquema" in one["told"].lower()] == ["python -m backend migrate"]


async def _break(settings: Settings, telegram: TelegramServer) -> None:
    """A message nobody took up, an account whose vendor calls elsewhere, and a database that logs what it is asked."""
    database = Database(settings.database_url)
    keyed = settings.model_copy(update={"secret_key": SecretStr(STRONG["SECRET_KEY"]), "public_url": "https://chat.mx"})
    try:
        async with database.transaction() as session:
            admin, _ = await create_user(session, username="adela", full_name="Adela", role=Role.ADMIN)
            account = await accounts.create(session, keyed, admin, "telegram", "Bot", {"token": telegram.token})
            account.is_on = True
        conversation_id = await open_one(database)
        async with database.transaction() as session:
            await conversations.receive(session, conversation_id, external_id="m-1", text="hola")
    finally:
        await database.close()
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        logs_all = SQL("ALTER DATABASE {} SET log_statement = 'all'")
        connection.execute(logs_all.format(Identifier(connection.info.dbname)))
        connection.execute("UPDATE message SET created_at = now() - interval '1 hour', handled_at = NULL")
