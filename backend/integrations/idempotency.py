"""One effect a key: the answer to a POST is kept, sealed, in the transaction of its effect, for a week."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.db import Database
from backend.integrations.errors import KeyReused
from backend.integrations.models import ApiAnswer
from backend.messaging import credentials
from backend.settings import Settings

KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Intent:
    """A POST as idempotency sees it: where, with what, and its caller's key, if any."""

    where: str
    body: bytes
    key: str | None
    secret: bytes


async def _request(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=8,
            max_length=200,
            description="Yours, one for each intended effect: the same again gives the same answer, once done.",
        ),
    ] = None,
) -> Intent:
    settings: Settings = request.app.state.settings
    return Intent(f"{request.method} {request.url.path}", await request.body(), key, settings.key)


#: The request's idempotency key with what it stands for.
Once = Annotated[Intent, Depends(_request)]


async def once(session: AsyncSession, asked: Intent, user: User, effect: Callable[[], Awaitable[Response]]) -> Response:
    """The answer kept for the key, or the effect's, made now and kept. Simultaneous requests wait for the first.

    Raises KeyReused for the same key with another body. An error is not kept: its transaction is undone.
    """
    if asked.key is None:
        return await effect()
    key = hashlib.sha256(f"{user.id} {asked.where} {asked.key}".encode()).hexdigest()
    digest = hmac.new(asked.secret, b"idempotency:" + asked.body, hashlib.sha256).hexdigest()
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    kept = await session.get(ApiAnswer, key)
    if kept is not None:
        if not hmac.compare_digest(kept.body_digest, digest):
            raise KeyReused
        body = credentials.unseal(asked.secret, kept.sealed)["body"]
        return Response(body, kept.status, media_type=kept.media_type, headers={"Idempotency-Replayed": "true"})
    answer = await effect()
    session.add(
        ApiAnswer(
            key=key,
            body_digest=digest,
            status=answer.status_code,
            media_type=answer.media_type or "application/json",
            sealed=credentials.seal(asked.secret, {"body": bytes(answer.body).decode()}),
            created_at=clock.now(),
        )
    )
    await session.flush()
    return answer


async def forget_old(database: Database) -> None:
    """Drop what was kept for longer than anybody tries again."""
    async with database.transaction() as session:
        await session.execute(delete(ApiAnswer).where(ApiAnswer.created_at < clock.now() - KEPT))
