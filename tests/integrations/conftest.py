"""Other systems with keys of every kind, and an administrator who gave them."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from backend.agents.models import Role, Scope, User
from backend.app import create_app
from backend.db import Database
from backend.integrations import tokens
from backend.settings import Settings
from tests.staff import Staff, add_staff, browser, sign_in

NARRATIVE = "Soy Juan Pérez López y no hay agua en mi colonia, llámenme al 662 123 4567"
NEW = {
    "kind": "peticion",
    "channel": "integracion",
    "narrative": NARRATIVE,
    "municipality": "Hermosillo",
    "colonia": "Centro",
    "name": "Juan Pérez López",
    "phone": "662 123 4567",
}

Connect = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await add_staff(database, "ana")
    await add_staff(database, "adela", Role.ADMIN)
    return create_app(settings.model_copy(update={"webhooks_to_loopback": True}))


@pytest.fixture
async def adela(app: FastAPI) -> Staff:
    return await sign_in(app, "adela")


@pytest.fixture
def connect(app: FastAPI, database: Database) -> Connect:
    """A client of another system, whose key has the given scopes."""

    async def connect(*scopes: Scope) -> httpx.AsyncClient:
        async with database.transaction() as session:
            by = (await session.scalars(select(User).where(User.username == "adela"))).one()
            key = await tokens.issue(session, by, "Ayuntamiento de prueba", scopes, 90)
        client = browser(app)
        client.headers["Authorization"] = f"Bearer {key}"
        return client

    return connect
