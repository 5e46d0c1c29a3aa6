"""Members of staff in a browser, for tests of the accounts and the console."""

import re
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from backend.agents import service as agents
from backend.agents.models import Role
from backend.db import Database

BASE = "https://testserver"
PASSWORD = "una-contrasena-larga"


async def add_staff(database: Database, username: str, role: Role = Role.ANALYST) -> None:
    async with database.transaction() as session:
        await agents.create_user(session, username=username, full_name=username.title(), role=role, password=PASSWORD)


def browser(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE)


@dataclass
class Staff:
    """Somebody signed in: every request that changes something carries the CSRF token."""

    client: httpx.AsyncClient
    csrf: str

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.client.post(path, json=body, headers={"X-CSRF-Token": self.csrf, "Origin": BASE})

    async def submit(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.post(path, data={"csrf_token": self.csrf, **fields}, headers={"Origin": BASE})


async def sign_in(app: FastAPI, username: str, password: str = PASSWORD) -> Staff:
    client = browser(app)
    answer = await client.post("/api/auth/login", json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    return Staff(client, answer.json()["csrf_token"])


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]*)"', page)
    assert found is not None
    return found[1]
