"""Going on with a conversation after WhatsApp's window has closed: only an approved template may be sent."""

import re
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.console.schemas import WindowOut
from backend.conversations import queries
from backend.conversations import service as conversations
from backend.conversations.models import Conversation, Message
from backend.errors import Conflict
from backend.messaging import templates, window
from backend.messaging.models import TemplatePurpose

_PLACE = re.compile(r"\{\{(\d+)\}\}")
_OFFICE = "Chat Sonora"


class NoTemplate(Conflict):
    code = "sin_plantilla"
    message = "No hay una plantilla aprobada para retomar conversaciones. Avise a Sistemas."


async def window_out(session: AsyncSession, conversation: Conversation, agent_id: UUID) -> WindowOut | None:
    """When the window closes (maybe in the past) and what may be sent after; None where there is no window."""
    end = window.closes_at(conversation)
    if end is None:
        return None
    filled = await _filled(session, conversation, agent_id)
    return WindowOut(closes_at=end, template=filled[0] if filled else None)


async def resume(session: AsyncSession, conversation_id: UUID, agent_id: UUID, idempotency_key: str) -> Message:
    """Send the template that asks the citizen to go on. Raises NoTemplate, AlreadyTaken, ConversationNotFound."""
    conversation = (await queries.details(session, conversation_id)).conversation
    filled = await _filled(session, conversation, agent_id)
    if filled is None:
        raise NoTemplate
    text, values = filled
    return await conversations.reply_as_agent(
        session,
        conversation_id,
        agent_id,
        text=text,
        idempotency_key=idempotency_key,
        template=(TemplatePurpose.RESUME_CONVERSATION.value, values),
    )


async def _filled(
    session: AsyncSession, conversation: Conversation, agent_id: UUID
) -> tuple[str, tuple[str, ...]] | None:
    """The template as the citizen will read it, and what fills it: first who writes, then the office."""
    template = await templates.approved(
        session, conversation.channel, conversation.account, TemplatePurpose.RESUME_CONVERSATION
    )
    if template is None:
        return None
    agent = await agents.get_user(session, agent_id)
    places = max((int(number) for number in _PLACE.findall(template.text)), default=0)
    values = (agent.full_name, *[_OFFICE] * places)[:places]
    return _PLACE.sub(lambda place: values[int(place[1]) - 1], template.text), values
