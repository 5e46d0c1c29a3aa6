"""What a citizen asks about channels and notices, done without the bot, so that it works when the bot is down.

BAJA and ALTA, VINCULAR and its code, «avísenme por Telegram», and going on elsewhere with a petition begun.
"""

from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.assistant.port import ReplyButton
from backend.contacts import links, wording
from backend.contacts import service as contacts
from backend.contacts.errors import NotJoined, NotTheirs
from backend.contacts.links import LinkResult
from backend.contacts.models import Contact
from backend.conversations import messages
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author, Conversation, ConversationEvent, EventKind, Message, Owner
from backend.registry import intake
from backend.registry import service as registry

ASK_LINK = "/seguir_en_otro_canal"
PREFER = "/avisar_por:"
CONTINUE = "/seguir_peticion:"
LEAVE_DRAFT = "/dejar_peticion"

#: Where notices come unasked, and so may be refused with a word.
_PUSHED = frozenset({"whatsapp", "telegram", "sms"})
#: Longer messages are no commands.
_LONGEST = 80
_MOST_CHOICES = 3
#: Written once: every turn asks this.
_FILED = (
    select(ConversationEvent.id)
    .where(
        ConversationEvent.conversation_id == bindparam("conversation_id"),
        ConversationEvent.kind == EventKind.PETITION_FILED,
        ConversationEvent.at >= bindparam("since"),
    )
    .limit(1)
)


async def handle(
    session: AsyncSession, conversation: Conversation, message: Message, payload: str | None, secret: bytes
) -> bool:
    """Do what `message` asks about channels. True when it was such a wish, and nobody else need see it.

    `payload`: of the button pressed, or of the one whose number or title was typed.
    """
    if len(message.text) > _LONGEST:
        return False
    if await _heard_opt_word(session, conversation, message):
        return True
    code = wording.code_in(message.text, message.extra.get("start"))
    if code is not None:
        await _redeem(session, conversation, code, secret)
        return True
    if wording.unlinks(message.text):
        await _unlink(session, conversation)
        return True
    pressed = payload or ""
    if pressed.startswith(CONTINUE):
        return not await _continue(session, conversation, UUID(pressed.removeprefix(CONTINUE)))
    if pressed == LEAVE_DRAFT:
        await _say(session, conversation, wording.DRAFT_LEFT)
        return True
    if pressed == ASK_LINK or (not message.payload and wording.asks_link(message.text)):
        await _give_code(session, conversation, secret)
        return True
    return await _heard_preference(session, conversation, pressed, message.text, secret)


async def _say(
    session: AsyncSession, conversation: Conversation, text: str, buttons: tuple[ReplyButton, ...] = ()
) -> None:
    """Answer, and repeat the question of the form that this interrupted."""
    question = None if buttons else await _question_in_hand(session, conversation)
    await messages.append(
        session,
        conversation,
        NewMessage(Author.SYSTEM, text=f"{text}\n\n{question}" if question else text, buttons=buttons),
    )


async def _question_in_hand(session: AsyncSession, conversation: Conversation) -> str | None:
    if conversation.owner is not Owner.BOT or conversation.consent_at is None:
        return None
    draft = await registry.current_draft(session, conversation.id)
    return f"Seguimos. {intake.QUESTIONS[draft.next.name]}" if draft is not None and draft.next is not None else None


async def _heard_opt_word(session: AsyncSession, conversation: Conversation, message: Message) -> bool:
    """BAJA and ALTA alone in a message: obeyed at any moment, confirmed once."""
    if conversation.channel not in _PUSHED or message.payload is not None:
        return False
    if wording.opts_out(message.text):
        if conversation.opted_out_at is None:
            conversation.opted_out_at = clock.now()
            await messages.record(session, conversation, EventKind.OPTED_OUT)
            await _say(session, conversation, wording.OPTED_OUT)
        return True
    if wording.opts_in(message.text) and conversation.opted_out_at is not None:
        conversation.opted_out_at = None
        await messages.record(session, conversation, EventKind.OPTED_IN)
        await _say(session, conversation, wording.OPTED_IN)
        return True
    return False


async def _give_code(session: AsyncSession, conversation: Conversation, secret: bytes, intro: str = "") -> None:
    if conversation.channel == contacts.WEB and not await links.other_channels_are_on(session, conversation):
        await _say(session, conversation, wording.NOWHERE)
        return
    code = await links.issue(session, conversation.id, secret)
    elsewhere = [(link.channel, link.url) for link in await links.deep_links(session, conversation, code)]
    text = wording.code_text(code, elsewhere)
    await _say(session, conversation, f"{intro}\n{text}".strip())


async def _redeem(session: AsyncSession, conversation: Conversation, typed: str, secret: bytes) -> None:
    redeemed = await links.redeem(session, conversation, typed, secret)
    answers = {
        LinkResult.REFUSED: wording.CODE_REFUSED,
        LinkResult.TOO_MANY: wording.CODE_TOO_MANY,
        LinkResult.SAME_PLACE: wording.CODE_SAME_PLACE,
        LinkResult.ALREADY: wording.ALREADY_LINKED,
    }
    origin = redeemed.origin
    if origin is None or redeemed.result is not LinkResult.JOINED:
        await _say(session, conversation, answers[redeemed.result])
    else:
        await _say(session, conversation, wording.linked_here(origin.channel))
        there = NewMessage(Author.SYSTEM, text=wording.linked_there(conversation.channel))
        await messages.append(session, origin, there)
    if origin is not None:
        await _offer_draft(session, conversation, origin)


async def _offer_draft(session: AsyncSession, conversation: Conversation, origin: Conversation) -> None:
    """The petition begun where the code was shown may go on here, if none is in hand here."""
    draft = await registry.current_draft(session, origin.id)
    if draft is None or await registry.current_draft(session, conversation.id) is not None:
        return
    buttons = (ReplyButton("Sí, seguir aquí", f"{CONTINUE}{draft.id}"), ReplyButton("No, gracias", LEAVE_DRAFT))
    await _say(session, conversation, wording.draft_offer(intake.KIND_TEXTS[draft.kind], origin.channel), buttons)


async def _continue(session: AsyncSession, conversation: Conversation, draft_id: UUID) -> bool:
    """Bring the petition here. True when the bot is to go on with it."""
    origin_id = await registry.move_draft(session, draft_id, conversation)
    if origin_id is None:
        await _say(session, conversation, wording.DRAFT_GONE)
        return False
    origin = await messages.lock(session, origin_id)
    origin.in_scripted_intake = False
    told = NewMessage(Author.SYSTEM, text=wording.draft_moved(conversation.channel))
    await messages.append(session, origin, told)
    return True


async def _unlink(session: AsyncSession, conversation: Conversation) -> None:
    try:
        await contacts.split(session, conversation.id)
    except NotJoined:
        await _say(session, conversation, wording.NOT_LINKED)
    else:
        await _say(session, conversation, wording.UNLINKED)


async def _heard_preference(
    session: AsyncSession, conversation: Conversation, pressed: str, text: str, secret: bytes
) -> bool:
    """Where the citizen wants to be told: chosen among their conversations, or a code for one they have not yet."""
    if pressed.startswith(PREFER):
        await _prefer(session, conversation, UUID(pressed.removeprefix(PREFER)))
        return True
    channel = wording.preferred_channel(text)
    if channel is None:
        return False
    if channel in ("here", conversation.channel):
        await _prefer(session, conversation, conversation.id)
        return True
    theirs = await contacts.conversations_of(session, conversation.contact_id)
    wanted = next((one for one in theirs if one.channel == channel), None)
    if wanted is None:
        await _give_code(session, conversation, secret, wording.not_there_yet(channel))
    else:
        await _prefer(session, conversation, wanted.id)
    return True


async def _prefer(session: AsyncSession, conversation: Conversation, wanted_id: UUID) -> None:
    try:
        await contacts.prefer(session, conversation.contact_id, wanted_id)
    except NotTheirs:  # split off since it was offered
        await _say(session, conversation, wording.NOT_LINKED)
        return
    wanted = await session.get_one(Conversation, wanted_id)
    await _say(session, conversation, wording.will_tell(wanted.channel))


async def after_turn(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Once a petition was filed in this turn: ask where to tell how it goes, where there is a choice."""
    filed = await session.scalar(_FILED, {"conversation_id": conversation.id, "since": message.created_at})
    if filed is None:
        return
    contact = await session.get_one(Contact, conversation.contact_id)
    theirs = await contacts.conversations_of(session, contact.id)
    reachable = [one for one in theirs if one.opted_out_at is None and one.blocked_at is None]
    if len(reachable) > 1 and contact.preferred_conversation_id is None:
        choices = tuple(
            ReplyButton(_choice_title(one, conversation), f"{PREFER}{one.id}") for one in reachable[:_MOST_CHOICES]
        )
        await _say(session, conversation, wording.WHERE_TO_TELL, choices)
        return
    is_only_web = len(theirs) == 1 and conversation.channel == contacts.WEB
    if is_only_web and await links.other_channels_are_on(session, conversation):
        button = ReplyButton("Seguir en otro canal", ASK_LINK)
        await _say(session, conversation, wording.OFFER_LINK, (button,))


def _choice_title(one: Conversation, here: Conversation) -> str:
    titles = {"web": "Chat del portal", "sms": "Mensaje de texto"}
    return "Por aquí" if one.id == here.id else titles.get(one.channel, wording.named(one.channel))
