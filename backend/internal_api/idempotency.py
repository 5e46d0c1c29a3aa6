"""One effect a key: the answer of the first call is kept in the transaction of its effect."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import Unauthenticated
from backend.internal_api.models import IdempotentAnswer
from backend.settings import Settings

_bearer = HTTPBearer(auto_error=False, scheme_name="InternalToken")


def _key(request: Request, key: Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=200)]) -> str:
    """The key within its address: one key for two conversations, or two actions, is two calls."""
    return hashlib.sha256(f"{request.url.path} {key}".encode()).hexdigest()


def _key_if_given(
    request: Request,
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=200)] = None,
) -> str | None:
    return None if key is None else _key(request, key)


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


async def kept(session: AsyncSession, key: str, model: type[Out]) -> Out | None:
    """What was answered to `key` before, if anything was."""
    found = await session.get(IdempotentAnswer, key)
    return None if found is None else model.model_validate(found.answer)


async def once(session: AsyncSession, key: str, model: type[Out], effect: Callable[[], Awaitable[Out]]) -> Out:
    """The answer to `key`: kept from the first call, or made now. Simultaneous calls wait for the first.

    The body is not compared: the bot's key names a message and an action, which say one thing.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    earlier = await kept(session, key, model)
    if earlier is not None:
        return earlier
    answer = await effect()
    session.add(IdempotentAnswer(key=key, answer=answer.model_dump(mode="json")))
    await session.flush()
    return answer
