"""The product's web side on loopback, with an administrator."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn

from backend.agents.models import Role
from backend.app import create_app
from backend.db import Database
from backend.settings import Settings
from tests.staff import add_staff


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """Its address. Webhooks may go to this machine."""

    async def add_admin() -> None:
        database = Database(settings.database_url)
        await add_staff(database, "adela", Role.ADMIN)
        await database.close()

    with ThreadPoolExecutor(1) as another_thread:  # Playwright's loop runs in this one
        another_thread.submit(asyncio.run, add_admin()).result()
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(settings.model_copy(update={"webhooks_to_loopback": True}))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=0))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://localhost:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
