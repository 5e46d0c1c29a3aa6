"""The one door by which reconciliation stores what it found: as if the vendor's call had come."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.conversations import service as conversations
from backend.messaging.models import ChannelAccount
from backend.text import strip_control
from channels.port import Inbound, InboundMessage


async def store(session: AsyncSession, account: ChannelAccount, inbound: Inbound) -> None:
    """Store what a vendor told, once. A repeat changes nothing; what is no message is passed by."""
    if not isinstance(inbound, InboundMessage):
        return
    conversation = await conversations.open_conversation(
        session,
        channel=account.channel,
        account=account.account,
        external_user_id=inbound.sender.external_user_id,
    )
    conversation.address, conversation.verified_phone = inbound.sender.address, inbound.sender.verified_phone
    text = strip_control(inbound.text).strip() or "(sin texto)"
    await conversations.receive(session, conversation.id, external_id=inbound.external_id, text=text)
