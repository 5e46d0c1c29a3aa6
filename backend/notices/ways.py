"""By which ways a notice may go, in their order, and why one cannot be taken."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import phonenumbers
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contacts import service as contacts
from backend.contacts.models import Contact
from backend.conversations.models import Conversation
from backend.messaging import window
from backend.messaging.models import ChannelAccount, MessageTemplate, TemplateState
from backend.notices.models import Notice, NoticeWay
from backend.registry.models import Person, Petition

WEB, SMS = "web", "sms"


class Problem(enum.StrEnum):
    """Why a way was not even tried."""

    OPTED_OUT = "opted_out"
    BLOCKED = "blocked"
    NO_TEMPLATE = "no_template"
    SMS_OFF = "sms_off"
    NOT_A_MOBILE = "not_a_mobile"
    NO_PHONE = "no_phone"
    ANONYMOUS = "anonymous"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Step:
    """One way to try. Without a `problem` it can be tried now; `conversation` is None where it must be opened first."""

    way: NoticeWay
    conversation: Conversation | None = None
    account: str | None = None
    phone: str | None = None
    problem: Problem | None = None

    @property
    def key(self) -> tuple[NoticeWay, UUID | None]:
        """What tells this step from the notice's others. There is but one SMS and one call."""
        is_one = self.way in (NoticeWay.SMS, NoticeWay.CALL_TASK)
        return self.way, None if is_one or self.conversation is None else self.conversation.id


async def chain(session: AsyncSession, notice: Notice, petition: Petition) -> list[Step]:
    """Every way to the petition's citizen, first things first.

    Their conversations outside the web (and the web one, if they prefer it), SMS, the web chat, where
    a message waits until they come back, and a call.
    """
    person = await session.get(Person, petition.person_id) if petition.person_id else None
    phone = person.phone if person else None
    conversations, waits = await _conversations(session, petition, phone)
    written = [await in_writing(session, one, notice.template_purpose) for one in conversations]
    if phone is not None:
        written.append(await by_sms(session, phone))
    written += [await in_writing(session, one, notice.template_purpose) for one in waits]
    return [*written, _call(person)]


async def _conversations(
    session: AsyncSession, petition: Petition, phone: str | None
) -> tuple[list[Conversation], list[Conversation]]:
    """The citizen's conversations where a message reaches them, and those where it waits for them.

    Theirs are those of the contact who filed the petition, and those whose channel vouches for the telephone given
    in it. A name typed alike proves nothing.
    """
    origin = await session.get(Conversation, petition.conversation_id) if petition.conversation_id else None
    found: list[Conversation] = []
    preferred = None
    if origin is not None:
        contact = await session.get_one(Contact, origin.contact_id)
        preferred = contact.preferred_conversation_id
        first = await contacts.notice_conversation(session, contact.id)
        found += [first] if first is not None else []
    theirs = [Conversation.contact_id == origin.contact_id] if origin is not None else []
    theirs += [and_(Conversation.verified_phone == phone, Conversation.channel != SMS)] if phone else []
    if theirs:
        query = select(Conversation).where(or_(*theirs)).order_by(Conversation.last_citizen_at.desc().nulls_last())
        found += [one for one in await session.scalars(query.limit(20)) if one not in found]
    found = [one for one in found if one.channel != SMS or one.external_user_id != phone]
    waits = [one for one in found if one.channel == WEB and one.id != preferred]
    return [one for one in found if one not in waits], waits


async def in_writing(session: AsyncSession, conversation: Conversation, purpose: str) -> Step:
    """How to write to a conversation now: as text, by template once its window closed, or not at all."""
    barred = _barred(conversation)
    if barred is not None or window.is_open(conversation):
        return Step(NoticeWay.CHAT, conversation, problem=barred)
    has_template = await session.scalar(
        select(MessageTemplate.id)
        .join(ChannelAccount, ChannelAccount.id == MessageTemplate.account_id)
        .where(
            ChannelAccount.channel == conversation.channel,
            ChannelAccount.account == conversation.account,
            MessageTemplate.purpose == purpose,
            MessageTemplate.state == TemplateState.APPROVED,
            MessageTemplate.content_sid.is_not(None),
        )
    )
    return Step(NoticeWay.TEMPLATE, conversation, problem=None if has_template else Problem.NO_TEMPLATE)


def _barred(conversation: Conversation) -> Problem | None:
    if conversation.opted_out_at is not None:
        return Problem.OPTED_OUT
    return Problem.BLOCKED if conversation.blocked_at is not None else None


async def by_sms(session: AsyncSession, phone: str) -> Step:
    """SMS to the petition's telephone, unless whoever has it asked us, on any channel, to stop."""
    if not is_mobile(phone):
        return Step(NoticeWay.SMS, phone=phone, problem=Problem.NOT_A_MOBILE)
    same: Sequence[Conversation] = (
        await session.scalars(
            select(Conversation).where(
                or_(
                    Conversation.verified_phone == phone,
                    and_(Conversation.channel == SMS, Conversation.external_user_id == phone),
                )
            )
        )
    ).all()
    if any(one.opted_out_at is not None for one in same):
        return Step(NoticeWay.SMS, phone=phone, problem=Problem.OPTED_OUT)
    account = await session.scalar(
        select(ChannelAccount.account)
        .where(ChannelAccount.channel == SMS, ChannelAccount.is_on)
        .order_by(ChannelAccount.created_at)
        .limit(1)
    )
    if account is None:
        return Step(NoticeWay.SMS, phone=phone, problem=Problem.SMS_OFF)
    known = next((one for one in same if one.channel == SMS and one.account == account), None)
    barred = _barred(known) if known is not None else None
    return Step(NoticeWay.SMS, known, account=account, phone=phone, problem=barred)


def _call(person: Person | None) -> Step:
    if person is None:
        return Step(NoticeWay.CALL_TASK, problem=Problem.ANONYMOUS)
    return Step(NoticeWay.CALL_TASK, phone=person.phone, problem=None if person.phone else Problem.NO_PHONE)


def is_mobile(phone: str) -> bool:
    """Whether an SMS can reach this number (E.164). Mexico's plan no longer tells mobiles from fixed lines."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False
    return kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
