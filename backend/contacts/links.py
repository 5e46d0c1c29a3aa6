"""Link codes: shown in one channel, typed in another, they prove that both are one person's."""

import enum
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.contacts import service as contacts
from backend.contacts.models import LinkAttempt, LinkCode
from backend.contacts.service import JoinHow
from backend.conversations import messages
from backend.conversations.models import Conversation
from backend.messaging.models import ChannelAccount
from backend.registry.folios import CODE_ALPHABET

CODE_LENGTH = 6
LIFETIME = timedelta(minutes=15)
MAX_ATTEMPTS = 5
WINDOW = timedelta(minutes=15)

#: The word that goes before a code, and what goes before it in a Telegram start parameter.
WORD = "VINCULAR"
START = "link_"


class LinkResult(enum.Enum):
    JOINED = enum.auto()
    #: The two were one person's already.
    ALREADY = enum.auto()
    #: It was typed where it was shown; it is still good elsewhere.
    SAME_PLACE = enum.auto()
    #: Wrong, used or too old: nobody is told which.
    REFUSED = enum.auto()
    TOO_MANY = enum.auto()


@dataclass(frozen=True)
class Redeemed:
    """`origin` is the conversation in which the code was shown, when it was good."""

    result: LinkResult
    origin: Conversation | None = None


@dataclass(frozen=True)
class DeepLink:
    """Opens a channel with the code already written."""

    channel: str
    url: str


def _digest(secret: bytes, code: str) -> str:
    return hmac.new(secret, f"link-code:{code}".encode(), hashlib.sha256).hexdigest()


async def issue(session: AsyncSession, conversation_id: UUID, secret: bytes) -> str:
    """A new code for a conversation; those it had before are good no more."""
    moment = clock.now()
    await session.execute(
        update(LinkCode)
        .where(LinkCode.conversation_id == conversation_id, LinkCode.used_at.is_(None), LinkCode.expires_at > moment)
        .values(expires_at=moment)
    )
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    session.add(
        LinkCode(
            conversation_id=conversation_id,
            code_hash=_digest(secret, code),
            expires_at=moment + LIFETIME,
            created_at=moment,
        )
    )
    await session.flush()
    return code


async def redeem(session: AsyncSession, conversation: Conversation, typed: str, secret: bytes) -> Redeemed:
    """Join the locked `conversation` with the one where the code was shown. Each code serves once.

    Five wrong ones in a quarter of an hour, and not even a right one serves for that long.
    """
    if await _attempts(session, conversation.id) >= MAX_ATTEMPTS:
        return Redeemed(LinkResult.TOO_MANY)
    found = await session.scalar(
        select(LinkCode)
        .where(
            LinkCode.code_hash == _digest(secret, re.sub(r"[^0-9A-Z]", "", typed.upper())),
            LinkCode.used_at.is_(None),
            LinkCode.expires_at > clock.now(),
        )
        .with_for_update()
        .limit(1)
    )
    if found is None:
        session.add(LinkAttempt(conversation_id=conversation.id, at=clock.now()))
        await session.flush()
        return Redeemed(LinkResult.REFUSED)
    if found.conversation_id == conversation.id:
        return Redeemed(LinkResult.SAME_PLACE)
    found.used_at, found.used_by_id = clock.now(), conversation.id
    origin = await messages.lock(session, found.conversation_id)
    is_new = await contacts.join(session, origin, conversation, JoinHow.CODE)
    return Redeemed(LinkResult.JOINED if is_new else LinkResult.ALREADY, origin)


async def _attempts(session: AsyncSession, conversation_id: UUID) -> int:
    count = await session.scalar(
        select(func.count())
        .select_from(LinkAttempt)
        .where(LinkAttempt.conversation_id == conversation_id, LinkAttempt.at > clock.now() - WINDOW)
    )
    return count or 0


async def deep_links(session: AsyncSession, conversation: Conversation, code: str) -> list[DeepLink]:
    """Addresses that open the other channels in use with the code in them."""
    accounts = await session.scalars(
        select(ChannelAccount).where(ChannelAccount.is_on).order_by(ChannelAccount.channel.desc(), ChannelAccount.name)
    )
    links = []
    for account in accounts:
        if (account.channel, account.account) == (conversation.channel, conversation.account):
            continue
        url = _url(account, code)
        if url is not None:
            links.append(DeepLink(account.channel, url))
    return links


def _url(account: ChannelAccount, code: str) -> str | None:
    match account.channel:
        case "whatsapp":
            digits = re.sub(r"\D", "", account.account)
            return f"https://wa.me/{digits}?text={quote(f'{WORD} {code}')}"
        case "telegram":
            username = str(account.options.get("username") or "").removeprefix("@")
            return f"https://t.me/{username}?start={START}{code}" if username else None
        case _:
            return None


async def other_channels_are_on(session: AsyncSession, conversation: Conversation) -> bool:
    """Whether there is another channel to go on in."""
    return bool(await deep_links(session, conversation, ""))
