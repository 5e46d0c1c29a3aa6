"""Accounts at the vendors, what was approved there, and what was made there once and is used again."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column
from backend.vault.columns import SealedBytes


class ReceiveMode(enum.StrEnum):
    """How messages come in: the vendor calls us, or we ask it (Telegram only, where no public address exists)."""

    WEBHOOK = "webhook"
    POLL = "poll"


class ChannelAccount(Base):
    """One sender at a vendor. `account` is its name in conversations: the number in E.164, or the bot's id.

    `credentials` is the encrypted JSON of its secrets (`messaging.credentials`); `options` holds what is no secret.
    """

    __tablename__ = "channel_account"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    credentials: Mapped[bytes] = mapped_column(LargeBinary)
    receive_mode: Mapped[ReceiveMode] = mapped_column(
        enum_column(ReceiveMode, "receive_mode"), default=ReceiveMode.WEBHOOK
    )
    is_on: Mapped[bool] = mapped_column(default=True)
    #: Where a poller goes on: the vendor's own mark.
    poll_cursor: Mapped[str | None] = mapped_column(String(80))
    last_error_code: Mapped[str | None] = mapped_column(String(60))
    last_error_at: Mapped[datetime | None]
    last_inbound_at: Mapped[datetime | None]
    last_sent_at: Mapped[datetime | None]
    #: When the vendor's list was last compared with what is stored.
    reconciled_at: Mapped[datetime | None]
    updated_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (UniqueConstraint("channel", "account"),)


class TemplatePurpose(enum.StrEnum):
    """What an approved template is for; it is chosen by this, outside WhatsApp's 24-hour window."""

    STATUS_NOTICE = "status_notice"
    ASK_INFORMATION = "ask_information"
    RESUME_CONVERSATION = "resume_conversation"


class TemplateState(enum.StrEnum):
    UNSUBMITTED = "unsubmitted"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class MessageTemplate(Base):
    """One version of a WhatsApp template: `text` with `{{1}}` as the vendor has it, `content_sid` its name there.

    What was submitted is never changed: deliveries refer to it. A new text is a new version, and the approved one
    serves until the new one is approved too.
    """

    __tablename__ = "message_template"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("channel_account.id"))
    purpose: Mapped[TemplatePurpose] = mapped_column(enum_column(TemplatePurpose, "purpose"))
    version: Mapped[int] = mapped_column(default=1)
    text: Mapped[str] = mapped_column(String(1024))
    content_sid: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[TemplateState] = mapped_column(enum_column(TemplateState, "state"), default=TemplateState.UNSUBMITTED)
    rejection_reason: Mapped[str | None] = mapped_column(String(500))
    submitted_at: Mapped[datetime | None]
    #: When WhatsApp's approval or refusal was first seen.
    decided_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("account_id", "purpose", "version"),)


class ProviderContent(Base):
    """A set of buttons already made at the vendor (Twilio's Content API), found again by the digest of what it says."""

    __tablename__ = "provider_content"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("channel_account.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_sid: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


#: What an arrival's body is sealed for.
ARRIVAL_BODY = "arrival.body"


class Arrival(Base):
    """A vendor's authentic call, whole, from its acceptance until what it says is stored; then the row is gone.

    Calls of one `lane` are of one person on one account and are read in the order of their ids. `due_at` is when the
    next try is due, `attempts` how many failed through a fault of ours. No foreign key to the account: its check would
    lock the account's row with every message, and accounts are never deleted.
    """

    __tablename__ = "arrival"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    account_id: Mapped[uuid.UUID]
    lane: Mapped[int] = mapped_column(BigInteger)
    url: Mapped[str] = mapped_column(String(500))
    body: Mapped[bytes] = mapped_column(SealedBytes(ARRIVAL_BODY))
    attempts: Mapped[int] = mapped_column(server_default=sql("0"))
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_arrival_lane", "lane", "id"),)


class UnreadableWebhook(Base):
    """An authentic call that could not be read or stored, kept whole so that nothing is lost: replayed once mended."""

    __tablename__ = "unreadable_webhook"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("channel_account.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    body: Mapped[bytes] = mapped_column(SealedBytes("unreadable_webhook.body"))
    reason: Mapped[str] = mapped_column(String(60))
    replayed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
