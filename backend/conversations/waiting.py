"""A citizen who writes while waiting for a person: heard, and told what to expect."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.assistant.port import ReplyButton
from backend.catalog import service as catalog
from backend.conversations import messages, ownership
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author, Conversation, Message
from backend.text import fold

BACK_PAYLOAD = "/volver_al_asistente"
_BACK_WORDS = frozenset({
    "asistente", "volver al asistente", "seguir con el asistente", "cancelar", "cancela", "cancelar espera", "volver",
    "regresar", "ya no", "ya no quiero", "ya no espero", "ya no quiero esperar", "mejor no", "no quiero esperar",
})  # fmt: skip
_REMIND_EVERY = timedelta(minutes=10)
_BACK_BUTTON = ReplyButton("Seguir con el asistente", BACK_PAYLOAD)


async def hear(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Keep the message for the person who will come; go back to the bot if the citizen asks for it."""
    if message.payload == BACK_PAYLOAD or fold(message.text).strip(" .!") in _BACK_WORDS:
        await ownership.leave_queue(session, conversation)
        return
    office = await catalog.office_state(session, clock.now())
    if not office.person_available and await _is_time_to_remind(session, conversation):
        text = (
            "Su mensaje quedó guardado y lo leerá una persona. Ahora no hay nadie disponible; "
            f"abrimos {office.next_opening_text}. Mientras tanto puede seguir con el asistente."
        )
        await messages.append(session, conversation, NewMessage(Author.SYSTEM, text=text, buttons=(_BACK_BUTTON,)))


async def _is_time_to_remind(session: AsyncSession, conversation: Conversation) -> bool:
    last = await session.scalar(
        select(Message.created_at)
        .where(Message.conversation_id == conversation.id, Message.author == Author.SYSTEM)
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return last is None or clock.now() - last > _REMIND_EVERY
