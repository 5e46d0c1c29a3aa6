"""The API does what its OpenAPI document says, whatever it is sent: no failure of ours, no other shape or status.

`SCHEMA_EXAMPLES=200` looks longer.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

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

from backend.agents.models import Scope, User
from backend.db import Database
from backend.integrations import tokens
from backend.settings import Settings
from tests.integrations.site import site

__all__ = ["site"]

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "2"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_whatever_is_sent_the_answer_is_as_documented(site: str, settings: Settings) -> None:
    async def key_of_a_system() -> str:
        database = Database(settings.database_url)
        async with database.transaction() as session:
            by = (await session.scalars(select(User))).one()
            key = await tokens.issue(session, by, "Prueba de la API", set(Scope), 90)
        await database.close()
        return key

    with ThreadPoolExecutor(1) as another_thread:
        key = another_thread.submit(asyncio.run, key_of_a_system()).result()
    schema = schemathesis.openapi.from_url(f"{site}/openapi.json").include(tag=["petitions", "open311"])
    tried = []
    for found in schema.get_all_operations():
        operation = found.ok()
        tried.append(operation.label)

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
            case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {key}"})

        send()
    assert "POST /api/petitions" in tried
    assert "GET /open311/v2/requests.{form}" in tried
