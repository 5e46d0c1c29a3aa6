"""The API does what its OpenAPI document says, whatever it is sent: no failure of ours, no other shape or status.

Every operation. CI asks as another system with every scope; `SCHEMA_AS=system,admin` as an administrator too, whose
answers are longer. `SCHEMA_EXAMPLES=200` looks longer.
"""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from backend.agents import sessions
from backend.agents.models import Scope, User
from backend.db import Database
from backend.integrations import tokens
from backend.settings import Settings
from tests.integrations.site import site

__all__ = ["site"]

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "2"))
ASKS = os.environ.get("SCHEMA_AS", "system").split(",")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: Answers without an end; what they tell is in tests of their own.
STREAMS = {"GET /api/chat/stream", "GET /api/console/stream"}


@dataclass(frozen=True)
class Keys:
    """Of those who call; what their part of the API is opened by, where that is another's."""

    admin: str
    system: str
    by_prefix: Mapping[str, str]

    def of(self, who: str, path: str) -> str:
        if who == "system":
            return self.system
        return next((key for prefix, key in self.by_prefix.items() if path.startswith(prefix)), self.admin)


def _keys(site: str, settings: Settings) -> Keys:
    async def issue() -> tuple[str, str]:
        database = Database(settings.database_url)
        async with database.transaction() as session:
            by = (await session.scalars(select(User))).one()
            admin = await sessions.issue_token(session, by, "prueba")
            system = await tokens.issue(session, by, "Prueba de la API", set(Scope), 90)
        await database.close()
        return admin, system

    with ThreadPoolExecutor(1) as another_thread:
        admin, system = another_thread.submit(asyncio.run, issue()).result()
    chat = httpx.post(f"{site}/api/chat/sessions", timeout=10).json()["token"]
    return Keys(admin, system, {"/api/chat/": chat, "/internal/": settings.internal_api_token.get_secret_value()})


@pytest.mark.parametrize("who", ASKS)
def test_whatever_is_sent_the_answer_is_as_documented(site: str, settings: Settings, who: str) -> None:
    keys = _keys(site, settings)
    tried = set()
    for found in schemathesis.openapi.from_url(f"{site}/openapi.json", timeout=60).get_all_operations():
        operation = found.ok()
        if operation.label in STREAMS:
            continue
        tried.add(operation.label)

        @hypothesis_settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def send(case: schemathesis.Case) -> None:
            if case.query and "wait" in case.query:
                case.query["wait"] = 0
            key = keys.of(who, case.operation.path)
            case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {key}"})

        send()
    assert len(tried) > 90
    assert {"POST /api/petitions", "GET /open311/v2/requests.{form}", "POST /api/chat/messages"} <= tried
