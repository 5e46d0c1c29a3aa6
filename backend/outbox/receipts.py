"""Receipts: how far a message has come. They arrive in any order and only move a delivery forward."""

from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Message
from backend.live import INBOX, conversation_topic
from backend.outbox.models import Delivery, DeliveryState
from backend.outbox.service import settle_failure
from backend.wakeups import notify
from channels.port import Receipt, ReceiptState, SendFailure

log = structlog.get_logger(__name__)

_ON_THE_WAY = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNCERTAIN)
_EARLIER: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    DeliveryState.SENT: _ON_THE_WAY,
    DeliveryState.DELIVERED: (*_ON_THE_WAY, DeliveryState.SENT),
    DeliveryState.READ: (*_ON_THE_WAY, DeliveryState.SENT, DeliveryState.DELIVERED),
}
_STATES = {
    ReceiptState.SENT: DeliveryState.SENT,
    ReceiptState.DELIVERED: DeliveryState.DELIVERED,
    ReceiptState.READ: DeliveryState.READ,
}


async def advance(session: AsyncSession, conversation_id: UUID, up_to_seq: int, state: DeliveryState) -> None:
    """The citizen has got (or read) everything up to `up_to_seq`. Never moves a delivery back."""
    moment = clock.now()
    stamp = {"delivered_at": moment} if state is DeliveryState.DELIVERED else {"read_at": moment}
    await session.execute(
        update(Delivery)
        .where(
            Delivery.conversation_id == conversation_id,
            Delivery.state.in_(_EARLIER[state]),
            Delivery.message_id.in_(
                select(Message.id).where(Message.conversation_id == conversation_id, Message.seq <= up_to_seq)
            ),
        )
        .values(state=state, lease_token=None, lease_until=None, **stamp)
        .execution_options(synchronize_session=False)
    )


async def receive(session: AsyncSession, channel: str, account: str, receipt: Receipt) -> None:
    """A vendor's word on one message. It settles an uncertain send too; an older send's failure is no news."""
    delivery = await _delivery(session, channel, account, receipt)
    if delivery is None:
        log.info("receipt_of_unknown_message", channel=channel)
        return
    is_this_send = delivery.provider_id in (None, receipt.provider_id)
    if receipt.state is ReceiptState.FAILED:
        if is_this_send and delivery.state in _EARLIER[DeliveryState.DELIVERED]:
            failure = receipt.failure or SendFailure.REJECTED
            await settle_failure(session, delivery, failure, receipt.code or failure.value)
    else:
        _advance_one(delivery, _STATES[receipt.state], receipt.provider_id)
    await session.flush()
    await notify(session, conversation_topic(delivery.conversation_id), INBOX)


def _advance_one(delivery: Delivery, state: DeliveryState, provider_id: str) -> None:
    moment = clock.now()
    delivery.provider_id = delivery.provider_id or provider_id
    delivery.sent_at = delivery.sent_at or moment
    if state is not DeliveryState.SENT:
        delivery.delivered_at = delivery.delivered_at or moment
    if state is DeliveryState.READ:
        delivery.read_at = delivery.read_at or moment
    if delivery.state in _EARLIER[state]:
        delivery.state, delivery.error_code = state, None
        delivery.lease_token = delivery.lease_until = None


async def _delivery(session: AsyncSession, channel: str, account: str, receipt: Receipt) -> Delivery | None:
    """By our own id, which the vendor gives back; else by the vendor's."""
    query = select(Delivery).where(Delivery.channel == channel, Delivery.account == account).with_for_update()
    ours = _uuid(receipt.delivery_id)
    if ours is not None:
        found = await session.scalar(query.where(Delivery.id == ours))
        if found is not None:
            return found
    return await session.scalar(query.where(Delivery.provider_id == receipt.provider_id))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
