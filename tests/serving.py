"""The product's web side on loopback, for a browser: its own thread, as Playwright's loop runs in the test's."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest
import uvicorn
from fastapi import FastAPI

from backend.app import create_app
from backend.db import Database
from backend.settings import Settings

T = TypeVar("T")


@contextmanager
def listening(make: Callable[[str], FastAPI]) -> Iterator[str]:
    """The address at which an application that `make` makes for it answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(make(address), log_level="warning", timeout_graceful_shutdown=0))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The address at which the product with these settings answers."""
    with listening(lambda address: create_app(settings.model_copy(update={"public_url": address}))) as address:
        yield address


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    with serving(settings) as address:
        yield address


def in_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Do something in the database from a browser's test."""

    async def do() -> T:
        database = Database(settings.database_url)
        try:
            return await work(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, do()).result()
