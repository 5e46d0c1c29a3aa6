"""What must reach a citizen, and the proof that it did."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column
from backend.vault.columns import SealedText


class DeliveryState(enum.StrEnum):
    """A delivery's progress. Receipts only move it forward in this order; `FAILED` is final.

    `UNCERTAIN`: the request left and no answer came; the provider is asked before anything is sent again.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class Delivery(Base):
    """An outbox row: one stored message on its way to one recipient, claimed under a lease."""

    __tablename__ = "delivery"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("message.id"))
    #: A message too long for its channel, or with files, goes in parts, in this order.
    part: Mapped[int] = mapped_column(default=0)
    #: This part's text; None: the whole message's.
    text: Mapped[str | None]
    has_buttons: Mapped[bool] = mapped_column(default=True)
    attachment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("attachment.id"))
    #: The approved template to use where free text is not allowed, by its purpose, and what fills it.
    template_purpose: Mapped[str | None] = mapped_column(String(40))
    template_values: Mapped[list[str]] = mapped_column(default=list)
    #: The template that went instead of the text, when it had to.
    template_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("message_template.id"))
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"))
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(80))
    recipient: Mapped[str] = mapped_column(SealedText("delivery.recipient"))
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState, "state"), default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_token: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(String(120))
    error_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("message_id", "part"),
        Index(
            "ix_delivery_due", "next_attempt_at", postgresql_where=sql("state IN ('pending', 'sending', 'uncertain')")
        ),
        Index("ix_delivery_provider_id", "channel", "account", "provider_id"),
        Index("ix_delivery_conversation", "conversation_id", "state"),
    )


class DeliveryAttempt(Base):
    """One try at sending, and how it ended (null while nobody knows)."""

    __tablename__ = "delivery_attempt"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    delivery_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("delivery.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(40))
    error_code: Mapped[str | None] = mapped_column(String(60))
