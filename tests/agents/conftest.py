"""The application with an analyst, a head and an administrator."""

import pytest
from fastapi import FastAPI

from backend.agents.models import Role
from backend.app import create_app
from backend.db import Database
from backend.settings import Settings
from tests.staff import add_staff


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await add_staff(database, "ana")
    await add_staff(database, "hilda", Role.HEAD)
    await add_staff(database, "adela", Role.ADMIN)
    return create_app(settings)
