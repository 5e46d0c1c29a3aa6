"""The scripted intake: takes a petition with plain questions while the bot cannot answer.

No understanding, so no guessing. It writes into the same draft as the bot's form and
the agents' form (design, section 4.8): what the citizen already said is not asked
again, and whoever comes next goes on from there.
"""

import json

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.assistant import choices
from backend.assistant.port import Handoff, Reply, ReplyButton, TurnResult
from backend.catalog import service as catalog
from backend.conversations.models import Author, Conversation, HandoffReason, Message
from backend.conversations.offered import pressed
from backend.privacy import service as privacy
from backend.registry import intake
from backend.registry import service as registry
from backend.registry.models import PetitionKind
from backend.text import fold

GAVE_UP = "Perdón, no pude procesar su mensaje. Una persona de la oficina lo leerá y le contestará aquí."
_SORRY = "Por el momento el asistente tiene una falla. Su mensaje quedó guardado."
_BACK = "El asistente le atiende de nuevo. ¿En qué más puedo ayudarle?"

_START, _PERSON, _CANCEL, _YES, _NO, _CORRECT = (
    "/registrar_peticion",
    "/hablar_con_persona",
    "/cancelar",
    "/afirmar",
    "/negar",
    "/corregir",
)
_OFFER = (ReplyButton("Registrar una petición", _START), ReplyButton("Hablar con una persona", _PERSON))
_CONSENT = (ReplyButton("Acepto", _YES), ReplyButton("No acepto", _NO))
_CONFIRM = (
    ReplyButton("Sí, registrar", _YES),
    ReplyButton("Corregir", _CORRECT),
    ReplyButton("Cancelar", _CANCEL),
)
#: Words that ask for something which no button need have offered.
_COMMANDS = {
    "corregir": _CORRECT, "cancelar": _CANCEL,
    "persona": _PERSON, "hablar con una persona": _PERSON, "quiero hablar con una persona": _PERSON,
    "registrar": _START, "registrar una peticion": _START, "quiero registrar una peticion": _START,
}  # fmt: skip


async def is_under_way(session: AsyncSession, conversation: Conversation) -> bool:
    """Whether the script has a petition in hand and so goes on even if the bot is back."""
    return await registry.current_draft(session, conversation.id) is not None


async def take_over_turn(
    session: AsyncSession, conversation: Conversation, message: Message, secret: bytes
) -> TurnResult:
    """The bot failed on `message`: apologise, and go on with the petition in hand, or offer to take one."""
    if message.author is Author.CONTROL:
        return _say(_BACK)
    draft = await registry.current_draft(session, conversation.id)
    filed = await _filed_untold(session, message, secret) if draft is None else None
    if filed is not None:
        return _told(filed)
    is_new = not conversation.in_scripted_intake
    conversation.in_scripted_intake = True
    payload = (await pressed(session, message)).payload
    if draft is not None or _command(payload, message.text) in (_START, _PERSON):
        result = await go_on(session, conversation, message, payload, secret)
        apology = (Reply(f"{_SORRY} Sigo con preguntas sencillas."),) if is_new else ()
        return TurnResult((*apology, *result.replies), result.handoff)
    return TurnResult((Reply(f"{_SORRY} ¿Qué prefiere?", _OFFER),))


async def _filed_untold(session: AsyncSession, message: Message, secret: bytes) -> registry.Filed | None:
    """What the bot filed in the turn that failed, so that it never told of it."""
    filed = await registry.filed_since(session, message.conversation_id, message.created_at, secret)
    if filed is None:
        return None
    is_told = select(Message.id).where(
        Message.conversation_id == message.conversation_id,
        Message.author != Author.CITIZEN,
        Message.text.contains(filed.folio),
    )
    return None if await session.scalar(is_told.limit(1)) is not None else filed


async def go_on(
    session: AsyncSession, conversation: Conversation, message: Message, payload: str | None, secret: bytes
) -> TurnResult:
    """The next step of the script, given the citizen's `message`.

    `payload`: of the button pressed, or typed. `secret` is what access codes derive from.
    """
    command = _command(payload, message.text)
    if command == _PERSON:
        return await _person(session)
    if command == _CANCEL:
        return await _cancel(session, conversation)
    draft = await registry.current_draft(session, conversation.id)
    if draft is None:
        await registry.open_draft(session, conversation.id, PetitionKind.PETICION, {})
        return await _ask(session, conversation)
    if conversation.consent_at is None:
        return await _hear_consent(session, conversation, command)
    if not draft.missing:
        return await _hear_confirmation(session, conversation, command, secret)
    if message.payload is not None and command is not None:
        return await _ask(session, conversation)  # a button of another matter answers no question
    return await _hear_answer(
        session, conversation, draft.awaiting or draft.missing[0], _answer_in(payload, message.text)
    )


def _command(payload: str | None, text: str) -> str | None:
    """What is asked of the script: by a button that is no answer, or by a few words."""
    if payload is not None:
        return None if payload.startswith(choices.VALUE) else payload
    return _COMMANDS.get(fold(text).strip(" .!¡"))


def _answer_in(payload: str | None, text: str) -> str:
    """The value of the option chosen, or the words typed."""
    if payload is None or not payload.startswith(choices.VALUE):
        return text
    return str(json.loads(payload.removeprefix(choices.VALUE))["valor"])


def _say(text: str, *buttons: ReplyButton) -> TurnResult:
    return TurnResult((Reply(text, buttons),))


async def _ask(session: AsyncSession, conversation: Conversation) -> TurnResult:
    """Ask for consent, for what is missing, or for confirmation: whichever comes next."""
    if conversation.consent_at is None:
        return _say(privacy.short_notice(), *_CONSENT)
    draft = await registry.current_draft(session, conversation.id)
    assert draft is not None, "only asked with a petition in hand"
    if draft.next is None:
        return _say(f"{draft.summary}\n\n¿Está correcto?", *_CONFIRM)
    return _say(intake.QUESTIONS[draft.next.name], *map(choices.button, draft.next.options))


async def _hear_consent(session: AsyncSession, conversation: Conversation, command: str | None) -> TurnResult:
    if command == _YES:
        await privacy.record_consent(session, conversation.id, accepted=True)
        return await _ask(session, conversation)
    if command == _NO:
        await registry.cancel_draft(session, conversation.id)
        return _say("Está bien, no registro ningún dato. Si gusta, puede hablar con una persona.", _OFFER[1])
    return await _ask(session, conversation)


async def _hear_answer(session: AsyncSession, conversation: Conversation, field: str, raw: str) -> TurnResult:
    answer = await registry.answer(session, conversation.id, field, raw)
    if answer.accepted:
        return await _ask(session, conversation)
    problem = intake.PROBLEMS[answer.problem or "empty"]
    if answer.suggestion is not None:
        return _say(
            f"{problem} ¿Quiso decir {answer.suggestion.title}?",
            choices.button(intake.Option(f"Sí, {answer.suggestion.title}", answer.suggestion.value)),
        )
    return _say(f"{problem} {intake.QUESTIONS[field]}", *map(choices.button, answer.options))


async def _hear_confirmation(
    session: AsyncSession, conversation: Conversation, command: str | None, secret: bytes
) -> TurnResult:
    if command in (_CORRECT, _NO):
        await registry.restart_draft(session, conversation.id)
        result = await _ask(session, conversation)
        return TurnResult((Reply("Empecemos de nuevo para corregir."), *result.replies))
    if command != _YES:
        return await _ask(session, conversation)
    filed = await registry.file_draft(session, conversation.id, secret)
    conversation.in_scripted_intake = False
    return _told(filed)


def _told(filed: registry.Filed) -> TurnResult:
    return _say(
        f"Listo, su petición quedó registrada.\nFolio: {filed.folio}\nClave de acceso: {filed.access_code}\n"
        "Guarde ambos: con ellos puede preguntar aquí mismo cómo va."
    )


async def _cancel(session: AsyncSession, conversation: Conversation) -> TurnResult:
    await registry.cancel_draft(session, conversation.id)
    conversation.in_scripted_intake = False
    return _say("Cancelado, no registré nada. ¿Qué desea hacer?", *_OFFER)


async def _person(session: AsyncSession) -> TurnResult:
    office = await catalog.office_state(session, clock.now())
    when = (
        "Le comunico con una persona. Espere, por favor."
        if office.person_available
        else f"Ahora no hay personas disponibles; abrimos {office.next_opening_text}. "
        "Su conversación quedó en la lista y le contestarán aquí."
    )
    return TurnResult((Reply(when),), Handoff(HandoffReason.REQUESTED))
