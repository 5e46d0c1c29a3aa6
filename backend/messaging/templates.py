"""Approved templates, by purpose."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.messaging.models import ChannelAccount, MessageTemplate, TemplateState


async def approved(session: AsyncSession, channel: str, account: str, purpose: str) -> MessageTemplate | None:
    """The template to use on this account for this purpose; None where WhatsApp has approved none."""
    return await session.scalar(
        select(MessageTemplate)
        .join(ChannelAccount, ChannelAccount.id == MessageTemplate.account_id)
        .where(
            ChannelAccount.channel == channel,
            ChannelAccount.account == account,
            MessageTemplate.purpose == purpose,
            MessageTemplate.state == TemplateState.APPROVED,
        )
    )
