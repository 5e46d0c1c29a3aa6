"""The console in a real server, and somebody who has petitioned before."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import pytest

from backend.agents.models import Role
from backend.db import Database
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, PetitionKind
from backend.settings import Settings
from tests import serving
from tests.staff import add_staff

T = TypeVar("T")


@pytest.fixture
def in_database(settings: Settings) -> Callable[[Callable[[Database], Awaitable[T]]], T]:
    return partial(serving.in_database, settings)


async def people(database: Database) -> None:
    """Ana and Hilda of the staff, and Rosa, who has a petition already."""
    await add_staff(database, "ana")
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        new = petitions.NewPetition(
            kind=PetitionKind.PETICION,
            channel=EntryChannel.CALL_CENTER,
            narrative="No pasa la basura desde hace una semana",
            name="Rosa María Félix Duarte",
            phone="+526621112233",
            email="rosa@example.com",
        )
        await petitions.file(session, new, actor=ActorKind.STAFF)
