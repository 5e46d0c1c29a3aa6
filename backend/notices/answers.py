"""What a citizen answers to a notice, dealt with before any bot: «¿Se resolvió?», and the information asked for.

Everything is told from the conversation itself: which message of ours came right before, and its buttons.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.assistant.port import ReplyButton
from backend.conversations import messages
from backend.conversations.messages import NewMessage
from backend.conversations.models import Attachment, Author, Conversation, Message, Owner
from backend.conversations.offered import LastSaid, Pressed
from backend.notices.models import Notice, NoticeAttempt
from backend.notices.payloads import ADD, VERDICT
from backend.registry import information, petitions, verdicts
from backend.registry.models import (
    DraftState,
    Petition,
    PetitionDraft,
    PetitionEvent,
    PetitionEventKind,
    PetitionStatus,
)

#: After this many offers without a yes or no, what is written is for the assistant.
MAX_OFFERS = 2
#: A petition told to the bot this lately is what a citizen's words are about.
BUSY = timedelta(minutes=30)

#: The notice that a message of ours told, where it asks for information that is still wanted.
_THAT_ASKS = (
    select(Notice)
    .join(NoticeAttempt, NoticeAttempt.notice_id == Notice.id)
    .join(PetitionEvent, PetitionEvent.id == Notice.event_id)
    .join(Petition, Petition.id == Notice.petition_id)
    .where(
        NoticeAttempt.message_id == bindparam("message_id"),
        PetitionEvent.to_status == PetitionStatus.REQUIERE_INFORMACION,
        Petition.status == PetitionStatus.REQUIERE_INFORMACION,
    )
)
_PERSON = ReplyButton("Hablar con una persona", "/hablar_con_persona")


async def take(session: AsyncSession, conversation: Conversation, message: Message, said: Pressed) -> bool:
    """Use `message`, which says `said`, as the answer to a notice. False when it is something else."""
    payload = said.of_last
    prefix, _, rest = (payload or "").partition(":")
    name, _, answer = rest.partition(":")
    if prefix == VERDICT:
        await _keep_verdict(session, conversation, await session.get_one(Notice, UUID(name)), answer == "si")
        return True
    if prefix == ADD and answer == "no":
        text = "De acuerdo, no agregué nada. Si necesita otra cosa, escríbala."
        await _say(session, conversation, text, _PERSON)
        return True
    if prefix == ADD:
        await _add(session, conversation, message, await session.get_one(Notice, UUID(name)), int(answer))
        return True
    is_words = payload is None and not message.is_sensitive
    if not is_words or conversation.owner not in (Owner.BOT, Owner.CLOSED):
        return False
    return await _offer_to_add(session, conversation, message, said.last_said)


async def _say(session: AsyncSession, conversation: Conversation, text: str, *buttons: ReplyButton) -> None:
    await messages.append(session, conversation, NewMessage(Author.SYSTEM, text=text, buttons=buttons))


async def _locked(session: AsyncSession, notice: Notice) -> Petition:
    """The notice's petition, locked at once or not at all.

    Staff lock the petition first and the conversation after; we have the conversation already. Rather than wait for
    each other, we let the database's refusal end this transaction, and the sweep takes the message up again.
    """
    return await session.get_one(Petition, notice.petition_id, with_for_update={"nowait": True})


async def _keep_verdict(session: AsyncSession, conversation: Conversation, notice: Notice, is_solved: bool) -> None:
    """The citizen's own word on the conclusion; a No takes the follow-up up again."""
    petition = await _locked(session, notice)
    decline = ReplyButton("No, gracias", f"{ADD}:{notice.id}:no")
    try:
        await verdicts.give(session, petition, is_solved=is_solved, conclusion_id=notice.event_id)
    except verdicts.VerdictClosed:
        state = petitions.STATUS_TEXTS[petition.status][0].lower()
        text = f"Su petición {petition.folio} ya cambió: ahora está {state}. Si quiere agregar algo, escríbalo aquí."
        await _say(session, conversation, text, decline)
        return
    if is_solved:
        await _say(session, conversation, f"Gracias por decirnos. Guardamos su respuesta sobre {petition.folio}.")
        return
    text = (
        f"Lamentamos que no se haya resuelto. Su petición {petition.folio} está de nuevo en atención. "
        "Si quiere, escriba aquí qué falta o envíe una foto y la agregamos."
    )
    await _say(session, conversation, text, decline)


async def _offer_to_add(
    session: AsyncSession, conversation: Conversation, message: Message, last_said: LastSaid | None
) -> bool:
    """What comes right after we asked for information is offered to be added to that petition."""
    asked = await _asked_before(session, last_said)
    if asked is None or await _tells_a_petition(session, conversation):
        return False
    notice, since = asked
    offers = await _offers(session, conversation, notice, since)
    if any(seq > message.seq for seq in offers):
        return True  # one of several written at once: the offer made for the first holds them all
    if len(offers) >= MAX_OFFERS:
        return False
    petition = await session.get_one(Petition, notice.petition_id)
    text = f"¿Agrego {'todo esto' if offers else 'esto'} a su folio {petition.folio}?"
    buttons = (ReplyButton("Sí, agregar", f"{ADD}:{notice.id}:{since}"), ReplyButton("No", f"{ADD}:{notice.id}:no"))
    await _say(session, conversation, text, *buttons)
    return True


async def _offers(session: AsyncSession, conversation: Conversation, notice: Notice, since: int) -> Sequence[int]:
    """The places of our offers to add what was written after place `since`."""
    payload = f"{ADD}:{notice.id}:{since}"
    query = select(Message.seq).where(
        Message.conversation_id == conversation.id, Message.buttons.contains([{"payload": payload}])
    )
    return (await session.scalars(query)).all()


async def _asked_before(session: AsyncSession, last_said: LastSaid | None) -> tuple[Notice, int] | None:
    """The notice for which our last words asked for information, and the place after which the answer stands."""
    if last_said is None or last_said.author is not Author.SYSTEM:
        return None
    for button in last_said.buttons:
        prefix, _, rest = str(button["payload"]).partition(":")
        name, _, since = rest.partition(":")
        if prefix == ADD:
            return await session.get_one(Notice, UUID(name)), last_said.seq if since == "no" else int(since)
    notice = await session.scalar(_THAT_ASKS, {"message_id": last_said.message_id})
    return (notice, last_said.seq) if notice is not None else None


async def _tells_a_petition(session: AsyncSession, conversation: Conversation) -> bool:
    """Whether another petition is being told here just now: the words are for that one."""
    draft = await session.scalar(
        select(PetitionDraft.id).where(
            PetitionDraft.conversation_id == conversation.id,
            PetitionDraft.state == DraftState.OPEN,
            PetitionDraft.updated_at > clock.now() - BUSY,
        )
    )
    return draft is not None


async def _add(session: AsyncSession, conversation: Conversation, answer: Message, notice: Notice, since: int) -> None:
    """Put what was written after place `since` and was offered into the petition; one that waited goes on."""
    petition = await _locked(session, notice)
    offered_at = max(seq for seq in await _offers(session, conversation, notice, since) if seq < answer.seq)
    told = (
        await session.scalars(
            select(Message)
            .where(
                Message.conversation_id == conversation.id,
                Message.author == Author.CITIZEN,
                Message.seq > since,
                Message.seq < offered_at,
                Message.payload.is_(None),
                Message.is_sensitive.is_(False),
                Message.deleted_at.is_(None),
            )
            .order_by(Message.seq)
        )
    ).all()
    added = await _already_added(session, petition)
    new = [one for one in told if str(one.id) not in added]
    if new:
        await _keep(session, petition, notice, new)
    text = f"Gracias. Lo agregamos a su folio {petition.folio} y lo revisará una persona."
    await _say(session, conversation, text)


async def _already_added(session: AsyncSession, petition: Petition) -> set[str]:
    """The messages that an earlier press of the same button put into the petition."""
    rows = await session.scalars(
        select(PetitionEvent.detail).where(
            PetitionEvent.petition_id == petition.id, PetitionEvent.kind == PetitionEventKind.INFORMATION_ADDED
        )
    )
    return {str(name) for detail in rows for name in detail.get("message_ids", [])}


async def _keep(session: AsyncSession, petition: Petition, notice: Notice, told: list[Message]) -> None:
    ids = [one.id for one in told]
    files = (
        await session.scalars(
            update(Attachment)
            .where(Attachment.message_id.in_(ids), Attachment.petition_id.is_(None))
            .values(petition_id=petition.id)
            .returning(Attachment.id)
            .execution_options(synchronize_session=False)
        )
    ).all()
    words = [line for one in told for line in (one.text, _place(one)) if line]
    detail = {
        "notice_id": str(notice.id),
        "message_ids": [str(each) for each in ids],
        "attachment_ids": [str(each) for each in files],
    }
    await information.add(session, petition, "\n".join(words) or "Envió archivos.", detail)


def _place(message: Message) -> str:
    """A shared location as a line of text."""
    place = message.extra.get("location")
    return f"Ubicación: {place['latitude']}, {place['longitude']}" if isinstance(place, dict) else ""
