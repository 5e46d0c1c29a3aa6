"""WhatsApp's templates: texts approved beforehand, for what must be said outside the 24 hours.

A template's first submission and its state come from the vendor, so what asks it opens its own transactions, with
none open while the vendor answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.messaging import template_texts
from backend.messaging.models import ChannelAccount, MessageTemplate, TemplatePurpose, TemplateState

log = structlog.get_logger(__name__)

REFRESH_EVERY = timedelta(minutes=10)
#: WhatsApp's words (https://www.twilio.com/docs/content/whatsapp-template-approval-statuses) as our states.
_STATES: Mapping[str, TemplateState] = {
    "unsubmitted": TemplateState.UNSUBMITTED,
    "received": TemplateState.PENDING,
    "pending": TemplateState.PENDING,
    "approved": TemplateState.APPROVED,
    "rejected": TemplateState.REJECTED,
    # Approved once and taken back for its quality: not to be sent.
    "paused": TemplateState.REJECTED,
    "disabled": TemplateState.REJECTED,
}
_TAKEN_BACK = {"paused": "WhatsApp la pausó por su calidad.", "disabled": "WhatsApp la desactivó."}


@runtime_checkable
class TemplateChannel(Protocol):
    """An adapter whose vendor approves templates."""

    async def submit_template(self, name: str, text: str, samples: Sequence[str]) -> str: ...
    async def template_state(self, content_sid: str) -> tuple[str, str | None]: ...


@dataclass(frozen=True)
class PurposeTemplates:
    """A purpose's template in use, if any, and the version under way: a draft, pending or rejected, if newer."""

    in_use: MessageTemplate | None
    newest: MessageTemplate | None

    @property
    def text(self) -> str | None:
        return self.newest.text if self.newest is not None else None


async def approved(
    session: AsyncSession, channel: str, account: str, purpose: TemplatePurpose
) -> MessageTemplate | None:
    """The approved template of this purpose for an account (by its name in conversations); None: there is none."""
    return await session.scalar(
        select(MessageTemplate)
        .join(ChannelAccount, ChannelAccount.id == MessageTemplate.account_id)
        .where(
            ChannelAccount.channel == channel,
            ChannelAccount.account == account,
            MessageTemplate.purpose == purpose,
            MessageTemplate.state == TemplateState.APPROVED,
        )
        .order_by(MessageTemplate.version.desc())
        .limit(1)
    )


def render(template: MessageTemplate, values: Sequence[str]) -> str:
    """What the citizen reads of a template filled with `values`. Raises ValueError where one lacks."""
    return template_texts.filled(template.text, values)
