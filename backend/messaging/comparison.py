"""The vendor's list of messages against what is stored, and that against what the console shows."""

import enum
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.models import AdminEvent
from backend.conversations.models import Author, Message
from backend.conversations.views import transcript
from backend.messaging.models import ChannelAccount
from backend.outbox.models import Delivery, DeliveryState
from channels.port import Listed

#: How far apart two equal messages to one person may be and still be one that went twice.
_TWICE_WITHIN = timedelta(hours=1)
_PAGE = 500


class Finding(enum.StrEnum):
    """What is wrong with a message, the gravest first; `FINE`: nothing; `TEST`: one sent from the setup page."""

    NOT_STORED = "not_stored"
    NOT_AT_VENDOR = "not_at_vendor"
    DOUBLED = "doubled"
    NOT_SHOWN = "not_shown"
    OTHER_STATE = "other_state"
    TEST = "test"
    FINE = "fine"


@dataclass(frozen=True)
class Stored:
    """A message of ours by the vendor's name for it. `state` is None for a citizen's."""

    provider_id: str
    is_inbound: bool
    message_id: UUID
    conversation_id: UUID
    counterpart: str
    state: DeliveryState | None
    at: datetime


@dataclass(frozen=True)
class Row:
    """One message, wherever it is. `counterpart` is a number's last four characters, and no more."""

    provider_id: str
    is_inbound: bool
    at: datetime
    counterpart: str
    vendor_state: str | None
    our_state: DeliveryState | None
    is_stored: bool
    times_shown: int
    conversation_id: UUID | None
    finding: Finding


@dataclass(frozen=True)
class Ours:
    """What we have of a list: rows by the vendor's name, how often each is shown, and tests from the setup page."""

    stored: Mapping[str, Sequence[Stored]]
    shown: Mapping[UUID, int]
    tests: Collection[str]


#: Twilio's words. What is still on its way (queued, sending, …) contradicts nothing.
_VENDOR_STATES = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "failed": DeliveryState.FAILED,
    "undelivered": DeliveryState.FAILED,
    "canceled": DeliveryState.FAILED,
}
_RANK = {DeliveryState.SENT: 1, DeliveryState.DELIVERED: 2, DeliveryState.READ: 3}


async def missing_inbound(session: AsyncSession, account: ChannelAccount, listed: Sequence[Listed]) -> list[Listed]:
    """The citizens' messages of a list (the newest first, as vendors list) that are not stored, the oldest first."""
    inbound = {one.provider_id: one for one in listed if one.is_inbound}
    known = await session.scalars(
        select(Message.external_id).where(
            Message.channel == account.channel,
            Message.account == account.account,
            Message.external_id.in_(inbound),
        )
    )
    for external_id in known:
        inbound.pop(external_id or "", None)
    # A list's times are whole seconds: within one, its own order tells which came first.
    as_listed_backwards = list(inbound.values())[::-1]
    return sorted(as_listed_backwards, key=lambda one: one.at)


async def behind(session: AsyncSession, account: ChannelAccount, listed: Sequence[Listed]) -> list[Listed]:
    """Our messages of a list that have come further, or failed, and we do not know."""
    outbound = {one.provider_id: one for one in listed if not one.is_inbound}
    query = select(Delivery.provider_id, Delivery.state).where(
        Delivery.channel == account.channel,
        Delivery.account == account.account,
        Delivery.provider_id.in_(outbound),
        Delivery.state != DeliveryState.FAILED,
    )
    rows = await session.execute(query)
    return [outbound[name] for name, state in rows if name and _contradicts(outbound[name].state, state)]


async def ours(
    session: AsyncSession, account: ChannelAccount, listed: Sequence[Listed], since: datetime, until: datetime
) -> Ours:
    """What is stored of `listed` or in the period, and how often the console shows each."""
    ids = {one.provider_id for one in listed}
    rows = [*await _inbound(session, account, ids, since, until), *await _outbound(session, account, ids, since, until)]
    stored: dict[str, list[Stored]] = {}
    for row in rows:
        stored.setdefault(row.provider_id, []).append(row)
    tests = await session.scalars(
        select(AdminEvent.detail["provider_id"].astext).where(
            AdminEvent.subject_id == account.id, AdminEvent.kind == "channel_tested"
        )
    )
    return Ours(stored, await _shown(session, rows), {name for name in tests if name})


async def _inbound(
    session: AsyncSession, account: ChannelAccount, ids: Collection[str], since: datetime, until: datetime
) -> list[Stored]:
    query = select(Message).where(
        Message.channel == account.channel,
        Message.account == account.account,
        Message.author == Author.CITIZEN,
        Message.external_id.is_not(None),
        or_(Message.external_id.in_(ids), and_(Message.created_at >= since, Message.created_at <= until)),
    )
    return [
        Stored(message.external_id or "", True, message.id, message.conversation_id, "", None, message.created_at)
        for message in await session.scalars(query)
    ]


async def _outbound(
    session: AsyncSession, account: ChannelAccount, ids: Collection[str], since: datetime, until: datetime
) -> list[Stored]:
    query = select(Delivery).where(
        Delivery.channel == account.channel,
        Delivery.account == account.account,
        Delivery.provider_id.is_not(None),
        or_(Delivery.provider_id.in_(ids), and_(Delivery.sent_at >= since, Delivery.sent_at <= until)),
    )
    return [
        Stored(
            delivery.provider_id or "",
            False,
            delivery.message_id,
            delivery.conversation_id,
            delivery.recipient,
            delivery.state,
            delivery.sent_at or delivery.created_at,
        )
        for delivery in await session.scalars(query)
    ]


async def _shown(session: AsyncSession, rows: Iterable[Stored]) -> Mapping[UUID, int]:
    """How often the console's transcript shows each message."""
    first_seqs: dict[UUID, int] = {}
    by_message = {row.message_id for row in rows}
    places = await session.execute(
        select(Message.conversation_id, Message.seq).where(Message.id.in_(by_message)).order_by(Message.seq)
    )
    for conversation_id, seq in places:
        first_seqs.setdefault(conversation_id, seq)
    shown: Counter[UUID] = Counter()
    for conversation_id, first in first_seqs.items():
        after = first - 1
        while page := await transcript(session, conversation_id, after_seq=after, limit=_PAGE):
            shown.update(view.id for view in page if view.id in by_message)
            after = page[-1].seq
    return shown


def compare(listed: Sequence[Listed], known: Ours, since: datetime, until: datetime) -> list[Row]:
    """Every message of the period, the newest first. `listed` may begin earlier: it serves to recognise."""
    copies = _copies(listed, known)
    rows = [_listed_row(one, known, is_copy=one.provider_id in copies) for one in listed if _within(one, since, until)]
    there = {one.provider_id for one in listed}
    for provider_id, stored in known.stored.items():
        if provider_id not in there and since <= stored[0].at <= until:
            rows.append(_unlisted_row(stored[0], known))
    return sorted(rows, key=lambda row: row.at, reverse=True)


def _within(one: Listed, since: datetime, until: datetime) -> bool:
    return since <= datetime.fromtimestamp(one.at, UTC) <= until


def _copies(listed: Sequence[Listed], known: Ours) -> set[str]:
    """Messages at the vendor that we know nothing of and that say what one of ours said to the same person."""
    said: dict[tuple[str, str], list[float]] = {}
    for one in listed:
        if not one.is_inbound and one.provider_id in known.stored:
            said.setdefault((one.counterpart, one.text), []).append(one.at)
    return {
        one.provider_id
        for one in listed
        if not one.is_inbound
        and one.provider_id not in known.stored
        and any(abs(one.at - at) <= _TWICE_WITHIN.total_seconds() for at in said.get((one.counterpart, one.text), ()))
    }


def _listed_row(one: Listed, known: Ours, *, is_copy: bool) -> Row:
    stored = known.stored.get(one.provider_id, ())
    first = stored[0] if stored else None
    times_shown = known.shown.get(first.message_id, 0) if first else 0
    return Row(
        provider_id=one.provider_id,
        is_inbound=one.is_inbound,
        at=datetime.fromtimestamp(one.at, UTC),
        counterpart=one.counterpart[-4:],
        vendor_state=one.state,
        our_state=first.state if first else None,
        is_stored=first is not None,
        times_shown=times_shown,
        conversation_id=first.conversation_id if first else None,
        finding=_finding(one, known, stored, times_shown, is_copy=is_copy),
    )


def _finding(one: Listed, known: Ours, stored: Sequence[Stored], times_shown: int, *, is_copy: bool) -> Finding:
    if is_copy or len(stored) > 1 or times_shown > 1:
        return Finding.DOUBLED
    if not stored:
        return Finding.TEST if one.provider_id in known.tests else Finding.NOT_STORED
    if times_shown == 0:
        return Finding.NOT_SHOWN
    return Finding.OTHER_STATE if _contradicts(one.state, stored[0].state) else Finding.FINE


def _contradicts(vendor_word: str, our_state: DeliveryState | None) -> bool:
    """Whether we lag behind the vendor, or one says failed and the other not. Ahead: a receipt overtook the list."""
    theirs = _VENDOR_STATES.get(vendor_word)
    if our_state is None or theirs is None:
        return False
    if DeliveryState.FAILED in (theirs, our_state):
        return theirs is not our_state
    return _RANK[theirs] > _RANK.get(our_state, 0)


def _unlisted_row(one: Stored, known: Ours) -> Row:
    return Row(
        provider_id=one.provider_id,
        is_inbound=one.is_inbound,
        at=one.at,
        counterpart=one.counterpart[-4:],
        vendor_state=None,
        our_state=one.state,
        is_stored=True,
        times_shown=known.shown.get(one.message_id, 0),
        conversation_id=one.conversation_id,
        finding=Finding.NOT_AT_VENDOR,
    )
