"""The citizen's opinion after a conversation was closed: a score, then a comment if they wish."""

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.assistant.port import ReplyButton
from backend.conversations import messages
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author, Conversation, EventKind, Message, Rating, RatingState
from backend.conversations.ownership import RATING_PAYLOAD
from backend.text import fold

NO_COMMENT_PAYLOAD = "/sin_comentario"
_WORDS = {"uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5}
_SCORE = re.compile(r"^\s*([1-5])(?:\s*(?:estrellas?|puntos?))?\s*[.!]?\s*$")
_DECLINES = frozenset({"no", "no gracias", "nada", "ninguno", "ningun comentario", "asi esta bien"})


async def take(session: AsyncSession, conversation: Conversation, message: Message) -> bool:
    """Use `message` as the rating that was asked for. False when it is something else: a new matter."""
    if conversation.rating_state is RatingState.SCORE_ASKED:
        score = _score(message)
        if score is None:
            return False
        await _keep_score(session, conversation, score)
        return True
    if conversation.rating_state is RatingState.COMMENT_ASKED and message.payload in (None, NO_COMMENT_PAYLOAD):
        await _keep_comment(session, conversation, message)
        return True
    return False


def _score(message: Message) -> int | None:
    if message.payload is not None:
        head, _, score = message.payload.partition(":")
        return int(score) if head == RATING_PAYLOAD and score.isdigit() else None
    word = fold(message.text).strip(" .!")
    match = _SCORE.match(message.text)
    return int(match[1]) if match else _WORDS.get(word)


async def _keep_score(session: AsyncSession, conversation: Conversation, score: int) -> None:
    session.add(Rating(conversation_id=conversation.id, agent_id=conversation.agent_id, score=score))
    conversation.rating_state = RatingState.COMMENT_ASKED
    await messages.record(
        session, conversation, EventKind.RATED, agent_id=conversation.agent_id, detail={"score": score}
    )
    button = ReplyButton("No, gracias", NO_COMMENT_PAYLOAD)
    question = "Gracias por calificar. ¿Quiere dejar un comentario? Escríbalo aquí."
    await messages.append(session, conversation, NewMessage(Author.SYSTEM, text=question, buttons=(button,)))


async def _keep_comment(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    conversation.rating_state = RatingState.DONE
    declined = message.payload is not None or fold(message.text).strip(" .!,") in _DECLINES
    if not declined and message.text:
        latest = await _latest(session, conversation)
        latest.comment = message.text
    text = (
        "Gracias. Si necesita algo más, escríbanos aquí mismo."
        if declined
        else ("Gracias, guardamos su comentario. Si necesita algo más, escríbanos aquí mismo.")
    )
    await messages.append(session, conversation, NewMessage(Author.SYSTEM, text=text))


async def _latest(session: AsyncSession, conversation: Conversation) -> Rating:
    rating = await session.scalar(
        select(Rating).where(Rating.conversation_id == conversation.id).order_by(Rating.created_at.desc()).limit(1)
    )
    assert rating is not None, "a comment is asked for only after a score was kept"
    return rating
