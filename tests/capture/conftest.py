"""The console in a real server, and somebody who has petitioned before."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
import uvicorn

from backend.agents.models import Role
from backend.app import create_app
from backend.db import Database
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, PetitionKind
from backend.settings import Settings
from tests.staff import add_staff

T = TypeVar("T")


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = create_app(settings.model_copy(update={"public_url": address}))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=0))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield address
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def in_database(settings: Settings) -> Callable[[Callable[[Database], Awaitable[T]]], T]:
    """Does something in the database from a browser's test, whose loop is Playwright's."""

    async def work(do: Callable[[Database], Awaitable[T]]) -> T:
        database = Database(settings.database_url)
        try:
            return await do(database)
        finally:
            await database.close()

    def run(do: Callable[[Database], Awaitable[T]]) -> T:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(work(do))).result()

    return run


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
