"""What is blocked opens in the console to whoever gave a reason, and to nobody else: one guard for every route."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import auth, sessions
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
    things = await _things(tx, request.path_params)
    if not any(map(blocking.is_blocked, things)):
        return
    user_id = await _who(request, tx)
    for thing in things if user_id is not None else ():
        assert user_id is not None, "as the loop has it"
        await blocking.require_open(tx, thing, user_id)


async def _things(session: AsyncSession, named: dict[str, str]) -> Sequence[Petition | Conversation]:
    if (folio := folios.parse(str(named.get("folio", "")))) is not None:
        petition = await session.scalar(select(Petition).where(Petition.folio == folio))
        return [petition] if petition is not None else []
    if (conversation_id := known_uuid(str(named.get("conversation_id", "")))) is not None:
        conversation = await session.get(Conversation, conversation_id)
        return [conversation] if conversation is not None else []
    attachment_id = known_uuid(str(named.get("attachment_id", "")))
    attachment = await session.get(Attachment, attachment_id) if attachment_id else None
    if attachment is None:
        return []
    found = await session.get(Petition, attachment.petition_id) if attachment.petition_id else None
    return [found] if found is not None else [await session.get_one(Conversation, attachment.conversation_id)]


async def _who(request: Request, session: AsyncSession) -> UUID | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return (await auth.of_token(request, session, token)).id
    cookie = request.cookies.get(auth.COOKIE)
    found = await sessions.find_session(session, cookie) if cookie else None
    return found[1].id if found is not None else None


def page_of(request: Request) -> str | None:
    """Where a reason is given for what a page's address names; None where it is no page of a folio."""
    folio = folios.parse(str(request.path_params.get("folio", "")))
    return f"/consola/bloqueados/{Thing.PETITION}/{folio}" if folio else None
