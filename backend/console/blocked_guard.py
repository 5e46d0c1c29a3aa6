"""What is blocked opens in the console to whoever gave a reason, and to nobody else: one guard for every route."""

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import auth, sessions
from backend.agents.models import User
from backend.console.typed_forms import known_uuid
from backend.conversations.models import Attachment, Conversation
from backend.db import Tx
from backend.registry import folios
from backend.registry.models import Petition
from backend.retention import blocking
from backend.retention.blocking import Thing


async def guard(request: Request, tx: Tx) -> None:
    """Refuse a route about a folio, a conversation or a file that is blocked. Raises Blocked.

    Who is nobody's session passes: the route itself refuses them.
    """
    thing = await _named(tx, request.path_params)
    if thing is None or not blocking.is_blocked(thing):
        return
    user = await _who(request, tx)
    if user is not None:
        await blocking.require_open(tx, user, thing)


async def _named(session: AsyncSession, names: dict[str, str]) -> Petition | Conversation | None:
    if (folio := folios.parse(str(names.get("folio", "")))) is not None:
        return await session.scalar(select(Petition).where(Petition.folio == folio))
    if (conversation_id := known_uuid(str(names.get("conversation_id", "")))) is not None:
        return await session.get(Conversation, conversation_id)
    attachment_id = known_uuid(str(names.get("attachment_id", "")))
    attachment = await session.get(Attachment, attachment_id) if attachment_id else None
    if attachment is None:
        return None
    if attachment.petition_id is not None:
        return await session.get_one(Petition, attachment.petition_id)
    return await session.get_one(Conversation, attachment.conversation_id)


async def _who(request: Request, session: AsyncSession) -> User | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await auth.of_token(request, session, token)
    cookie = request.cookies.get(auth.COOKIE)
    found = await sessions.find_session(session, cookie) if cookie else None
    return found[1] if found is not None else None


def page_of(request: Request) -> str | None:
    """Where a reason is given for what a page's address names; None where it is no page of a folio."""
    folio = folios.parse(str(request.path_params.get("folio", "")))
    return f"/consola/bloqueados/{Thing.PETITION}/{folio}" if folio else None
