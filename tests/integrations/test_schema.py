"""The API does what its OpenAPI document says, whatever it is sent: no failure of ours, no other shape or status.

Every operation. CI asks as another system with every scope; `SCHEMA_AS=system,admin` as an administrator too, whose
answers are longer. `SCHEMA_EXAMPLES=200` looks longer.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle

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
from backend.catalog.models import CannedReply, Topic
from backend.conversations.models import Conversation, Message
from backend.db import Database
from backend.demo.seeding import seed
from backend.integrations import tokens
from backend.ledger.models import Interaction
from backend.registry.models import Petition
from backend.settings import Settings
from backend.turns.models import Turn
from tests.integrations.site import site
from tests.serving import in_database

__all__ = ["site"]

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "2"))
ASKS = os.environ.get("SCHEMA_AS", "system").split(",")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: Answers without an end; what they tell is in tests of their own.
STREAMS = {"GET /api/chat/stream", "GET /api/console/stream"}
#: What addresses name; every other call is about something that is there.
NAMED = {
    "folio": Petition.folio, "service_request_id": Petition.folio, "turn_id": Turn.id, "call_id": Interaction.id,
    "conversation_id": Conversation.id, "message_id": Message.id, "reply_id": CannedReply.id, "user_id": User.id,
    "service_code": Topic.key,
}  # fmt: skip


@dataclass(frozen=True)
class Keys:
    """Of those who call; what their part of the API is opened by, where that is another's. `named`: as `NAMED`."""

    admin: str
    system: str
    by_prefix: Mapping[str, str]
    named: Mapping[str, Iterator[str]]

    def of(self, who: str, path: str) -> str:
        if who == "system":
            return self.system
        return next((key for prefix, key in self.by_prefix.items() if path.startswith(prefix)), self.admin)


def _keys(site: str, settings: Settings) -> Keys:
    chat = httpx.post(f"{site}/api/chat/sessions", timeout=10).json()["token"]
    by_prefix = {"/api/chat/": chat, "/internal/": settings.internal_api_token.get_secret_value()}

    async def issue(database: Database) -> Keys:
        async with database.transaction() as session:
            by = (await session.scalars(select(User))).one()
            await seed(session)
            named = {name: (await session.scalars(select(column))).all() for name, column in NAMED.items()}
            named["user_id"] = [one for one in named["user_id"] if one != by.id]  # who calls stays as they are
            return Keys(
                await sessions.issue_token(session, by, "prueba"),
                await tokens.issue(session, by, "Prueba de la API", set(Scope), 90),
                by_prefix,
                {name: cycle(map(str, found)) for name, found in named.items()},
            )

    return in_database(settings, issue)


@pytest.mark.parametrize("who", ASKS)
def test_whatever_is_sent_the_answer_is_as_documented(site: str, settings: Settings, who: str) -> None:
    keys, is_there, tried = _keys(site, settings), cycle((True, False)), set()
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
            if next(is_there):
                path = case.path_parameters
                path.update({name: next(keys.named[name]) for name in path if name in NAMED})
            key = keys.of(who, case.operation.path)
            case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {key}"})

        send()
    assert len(tried) > 90
    assert {"POST /api/petitions", "GET /open311/v2/requests.{form}", "POST /api/chat/messages"} <= tried
