"""Everybody who may come to a door of ours: nobody, a citizen, each role, people's tokens, integrations' keys."""

import uuid
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI

from backend.agents import service as agents
from backend.agents import sessions
from backend.agents.models import Role, Scope, User
from backend.board import service as board
from backend.console.pages_board import DISPLAY_COOKIE
from backend.conversations import service as conversations
from backend.db import Database
from backend.integrations import tokens as keys
from backend.settings import Settings
from backend.widget import tokens as chat_tokens
from tests.console.turned import add_liaison
from tests.staff import BASE, PASSWORD, add_staff, browser, sign_in


@dataclass(frozen=True)
class Caller:
    """One of them. `headers` go with every call; whoever has a session shows its CSRF token too."""

    name: str
    client: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, **more: str) -> httpx.Response:
        """With a form that says nothing, from our own page; `more` are headers."""
        form = {"content": b"nada=1"} if method != "GET" else {}
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self.headers, **more}
        return await self.client.request(method, path, headers=headers, **form)


async def everybody(app: FastAPI, database: Database, settings: Settings) -> tuple[dict[str, Caller], str]:
    """Them by name, and the conversation of the citizen among them."""
    people = {"liaison": "wendy", "auditor": "olga", "analyst": "ana", "head": "hilda", "admin": "adela"}
    async with database.transaction() as session:
        await add_liaison(session, "cea", "wendy")
    roles = {"olga": Role.AUDITOR, "ana": Role.ANALYST, "hilda": Role.HEAD, "adela": Role.ADMIN}
    for username, role in roles.items():
        await add_staff(database, username, role)
    async with database.transaction() as session:
        _, one_time = await agents.create_user(session, username="nora", full_name="Nora", role=Role.ADMIN)
        admin = await agents.find_user(session, "adela")
        bearers = {
            f"key_{scope}": await keys.issue(session, admin, scope.value, {scope}, 90)
            for scope in (Scope.READ, Scope.WRITE)  # the third scope opens nothing by itself, and is not given alone
        }
        screen = await board.add_display(session, admin, "Sala")
        for name, username in people.items():
            if name != "head":
                user: User = await agents.find_user(session, username)
                bearers[f"{name}_token"] = await sessions.issue_token(session, user, "prueba")
        conversation = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
        )
    bearers["citizen"] = chat_tokens.issue(settings.key, conversation.id)
    bearers["bot"] = settings.internal_api_token.get_secret_value()
    found = [Caller("nobody", browser(app)), Caller("screen", browser(app), {"Cookie": f"{DISPLAY_COOKIE}={screen}"})]
    found += [Caller(name, browser(app), {"Authorization": f"Bearer {key}"}) for name, key in bearers.items()]
    for name, username in {**people, "newcomer": "nora"}.items():
        staff = await sign_in(app, username, one_time or "" if name == "newcomer" else PASSWORD)
        found.append(Caller(name, staff.client, {"X-CSRF-Token": staff.csrf, "Origin": BASE}))
    return {caller.name: caller for caller in found}, str(conversation.id)
