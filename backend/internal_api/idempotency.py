"""One effect a key: the answer of the first call is kept in the transaction of its effect."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import bindparam, delete, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.db import Database
from backend.errors import Unauthenticated
from backend.internal_api.models import IdempotentAnswer
from backend.settings import Settings

#: A turn is tried again within minutes; where nobody mended the worker over a long weekend, then.
KEPT = timedelta(days=7)
_WAIT = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
#: Nothing where the key has its answer already.
_KEEP_WITHOUT_DISK = (
    insert(IdempotentAnswer)
    .values(key=bindparam("key"), answer=bindparam("answer"))
    .on_conflict_do_nothing()
    .returning(func.set_config("synchronous_commit", "off", True))
)
_bearer = HTTPBearer(auto_error=False, scheme_name="InternalToken")


async def _key(
    request: Request, key: Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=200)]
) -> str:
    """The key within its address: one key for two conversations, or two actions, is two calls."""
    return hashlib.sha256(f"{request.url.path} {key}".encode()).hexdigest()


async def _key_if_given(
    request: Request,
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=200)] = None,
) -> str | None:
    return None if key is None else await _key(request, key)


Key = Annotated[str, Depends(_key)]
KeyIfGiven = Annotated[str | None, Depends(_key_if_given)]
Out = TypeVar("Out", bound=BaseModel)


async def _require_service(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    settings: Settings = request.app.state.settings
    expected = settings.internal_api_token.get_secret_value().encode()
    given = credentials.credentials.encode() if credentials else b""
    if not hmac.compare_digest(given, expected):
        raise Unauthenticated


ServiceOnly = Depends(_require_service)


async def once(session: AsyncSession, key: str, model: type[Out], effect: Callable[[], Awaitable[Out]]) -> Out:
    """The answer to `key`: kept from the first call, or made now and kept. Simultaneous calls wait.

    The body is not compared: the bot's key names a message and an action, which say one thing.
    """
    await session.execute(_WAIT, {"key": key})
    earlier = await session.get(IdempotentAnswer, key)
    if earlier is not None:
        return model.model_validate(earlier.answer)
    answer = await effect()
    session.add(IdempotentAnswer(key=key, answer=answer.model_dump(mode="json")))
    await session.flush()
    return answer


async def read_once(
    session: AsyncSession,
    key: str,
    model: type[Out],
    read: Callable[[], Awaitable[Out]],
    *,
    is_kept: Callable[[Out], bool],
) -> Out:
    """What was read for `key` at first, where that was kept; else what is read now, kept for the next if `is_kept`.

    Reading changes nothing, so it is done before anybody looks whether it was: whoever keeps it first is right. It
    waits for no disk: where PostgreSQL falls and loses it, all that came of it, later, is lost as well.
    """
    found = await read()
    if is_kept(found):
        row = {"key": key, "answer": found.model_dump(mode="json")}
        if await session.scalar(_KEEP_WITHOUT_DISK, row) is not None:
            return found
    earlier = await session.get(IdempotentAnswer, key)
    return found if earlier is None else model.model_validate(earlier.answer)


async def forget_old(database: Database) -> None:
    """Drop what was kept for longer than any turn is run again: it may say what a citizen told."""
    async with database.transaction() as session:
        await session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created_at < clock.now() - KEPT))
