"""Chat session tokens: who holds one may read and write that conversation, and no other.

`<conversation id>.<HMAC-SHA256 of it>`: nothing to store, nothing to look up before the
signature is checked.
"""

import base64
import hashlib
import hmac
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from backend.errors import Unauthenticated
from backend.settings import Settings

_bearer = HTTPBearer(auto_error=False, scheme_name="ChatToken", description="The token of POST /api/chat/sessions.")


class UnknownSession(Unauthenticated):
    code = "sesion_desconocida"
    message = "Su sesión de chat terminó. Abra una nueva conversación."


def issue(secret: bytes, conversation_id: UUID) -> str:
    return f"{conversation_id}.{_signature(secret, conversation_id)}"


def read(secret: bytes, token: str) -> UUID:
    """The conversation that `token` opens. Raises UnknownSession."""
    head, _, signature = token.partition(".")
    try:
        conversation_id = UUID(head)
    except ValueError as error:
        raise UnknownSession from error
    if not hmac.compare_digest(signature.encode(), _signature(secret, conversation_id).encode()):
        raise UnknownSession
    return conversation_id


def _signature(secret: bytes, conversation_id: UUID) -> str:
    digest = hmac.new(secret, b"chat-session:" + conversation_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def _session(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> UUID:
    if credentials is None:
        raise UnknownSession
    settings: Settings = request.app.state.settings
    return read(settings.key, credentials.credentials)


#: The conversation of the caller's token.
ChatSession = Annotated[UUID, Depends(_session)]
