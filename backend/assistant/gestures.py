"""What is no words: a place, a shared telephone, a voice note, a kind that we cannot read.

Met before the bot sees the message, so that it works while the bot is away too. A question under way is asked
again after the answer: the citizen finds their place.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.assistant import choices
from backend.assistant.port import Reply, ReplyButton, TurnResult
from backend.conversations import media
from backend.conversations.models import Attachment, Conversation, Message
from backend.registry import intake
from backend.registry import service as registry
from backend.registry.drafts import DraftView

_USE_PLACE, _LEAVE_PLACE = PAYLOADS = ("/usar_ubicacion", "/dejar_ubicacion")
_REGISTER = ReplyButton("Registrar una petición", "/registrar_peticion")
_PERSON = ReplyButton("Hablar con una persona", "/hablar_con_persona")

_KINDS = {"sticker": "un sticker", "poll": "una encuesta", "dice": "un dado", "story": "una historia"}
_UNREADABLE = (
    "Recibí {kind}, que no puedo leer. Entiendo texto, fotos, documentos PDF, ubicaciones y contactos. "
    "¿Me lo escribe, por favor?"
)
_VOICE = "Recibí su nota de voz. Yo no puedo escucharla, pero quedó guardada y una persona de la oficina puede oírla."
_VOICE_IN_FORM = "Guardé su nota de voz con la petición. Para seguir necesito que me lo escriba."
_MEDIA_PROBLEMS = {
    "too_large": "Su archivo es demasiado grande para recibirlo aquí. Envíe uno más pequeño, por favor.",
    "demasiado_grande": "Su archivo es demasiado grande para recibirlo aquí. Envíe uno más pequeño, por favor.",
    "archivo_con_virus": "No guardé su archivo: parece tener un virus. Revíselo, por favor, o envíe otro.",
    "tipo_no_admitido": "No puedo guardar ese tipo de archivo. Envíe una foto o un PDF, por favor.",
}
_MEDIA_LOST = "No pude abrir el archivo que envió. Inténtelo de nuevo, por favor."


async def answer(
    session: AsyncSession, conversation: Conversation, message: Message, payload: str | None
) -> TurnResult | None:
    """The answer to a gesture; None where the message is words, or something that the bot understands.

    `payload`: of the button pressed, or of the one whose number or title was typed.
    """
    if payload in PAYLOADS:
        return await _settle_place(session, conversation, is_there=payload == _USE_PLACE)
    if "location" in message.extra:
        return await _place(session, conversation)
    if "card" in message.extra:
        return await _card(session, conversation, message.extra["card"])
    if "unsupported" in message.extra:
        kind = _KINDS.get(str(message.extra["unsupported"]), "un tipo de mensaje")
        return await _then_ask_again(session, conversation, _UNREADABLE.format(kind=kind))
    if "files" in message.extra:
        return await _files(session, conversation, message)
    return None


async def phone_typed(session: AsyncSession, conversation: Conversation, message: Message) -> str | None:
    """The telephone of a shared card, where a telephone is what was asked for: as good as typed."""
    if "card" not in message.extra:
        return None
    draft = await registry.current_draft(session, conversation.id)
    if draft is None or draft.awaiting != "contacto":
        return None
    return intake.phone(str(message.extra["card"]["phone"]))


async def _place(session: AsyncSession, conversation: Conversation) -> TurnResult:
    draft = await registry.current_draft(session, conversation.id)
    if draft is None:
        text = "Recibí su ubicación. Si quiere reportar algo de ese lugar, registro su petición y se la anexo."
        return _say(text, _REGISTER, _PERSON)
    buttons = (ReplyButton("Sí, es ahí", _USE_PLACE), ReplyButton("No, otro lugar", _LEAVE_PLACE))
    return _say("Recibí su ubicación. ¿Es el lugar de su petición?", *buttons)


async def _settle_place(session: AsyncSession, conversation: Conversation, *, is_there: bool) -> TurnResult:
    if not is_there:
        return await _then_ask_again(session, conversation, "Está bien, no la anexo.")
    found = await session.scalar(
        select(Message.extra["location"])
        .where(Message.conversation_id == conversation.id, Message.extra.has_key("location"))
        .order_by(Message.seq.desc())
        .limit(1)
    )
    draft = await registry.current_draft(session, conversation.id)
    if found is None or draft is None:
        return _say("No tengo una petición abierta para anexarla.", _REGISTER)
    await registry.note_place(session, conversation.id, found)
    return await _then_ask_again(session, conversation, "Listo, anexé la ubicación a su petición.")


async def _card(session: AsyncSession, conversation: Conversation, card: dict[str, Any]) -> TurnResult | None:
    if intake.phone(str(card["phone"])) is None:
        return await _then_ask_again(session, conversation, "Recibí el contacto, pero su teléfono no está completo.")
    draft = await registry.current_draft(session, conversation.id)
    if draft is not None and draft.awaiting == "contacto":
        return None  # goes to the bot as if typed
    if draft is not None:
        return await _then_ask_again(session, conversation, "Recibí el contacto. Se lo pediré en un momento.")
    text = "Recibí el contacto. Cuando registre una petición puede compartirlo para que le avisemos ahí."
    return _say(text, _REGISTER, _PERSON)


async def _files(session: AsyncSession, conversation: Conversation, message: Message) -> TurnResult | None:
    """Files that could not be had, and those that only a person can take in."""
    stored = (await session.scalars(select(Attachment.content_type).where(Attachment.message_id == message.id))).all()
    problems = await media.problems(session, message.id)
    if problems and not stored:
        text = _MEDIA_PROBLEMS.get(problems[0], _MEDIA_LOST)
        return await _then_ask_again(session, conversation, text)
    is_to_be_heard = all(kind.startswith(("audio/", "video/")) for kind in stored)
    if message.text or not stored or not is_to_be_heard:
        return None
    if await registry.current_draft(session, conversation.id) is not None:
        return await _then_ask_again(session, conversation, _VOICE_IN_FORM)
    return _say(f"{_VOICE} ¿Qué prefiere?", _PERSON, ReplyButton("Escribirlo yo", "/ayuda"))


async def _then_ask_again(session: AsyncSession, conversation: Conversation, text: str) -> TurnResult:
    draft = await registry.current_draft(session, conversation.id)
    question = _question(draft) if draft is not None else None
    return TurnResult((Reply(text), *((question,) if question else ())))


def _question(draft: DraftView) -> Reply | None:
    """What is asked for now, with its choices as the form offers them."""
    if draft.awaiting is None or draft.awaiting not in intake.QUESTIONS:
        return None
    options = intake.OPTIONS.get(draft.awaiting, ())
    return Reply(intake.QUESTIONS[draft.awaiting], tuple(map(choices.button, options)))


def _say(text: str, *buttons: ReplyButton) -> TurnResult:
    return TurnResult((Reply(text, buttons),))
