"""A notice, and each way by which it was tried."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column


class NoticeWay(enum.StrEnum):
    """In the order in which they are tried."""

    CHAT = "chat"
    TEMPLATE = "template"
    SMS = "sms"
    CALL_TASK = "call_task"


class Notice(Base):
    """What a citizen must be told of a petition's event. One an event."""

    __tablename__ = "notice"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), index=True)
    event_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("petition_event.id"), unique=True)
    text: Mapped[str]
    #: What fills the approved template, where one must go instead of the text.
    template_purpose: Mapped[str] = mapped_column(String(40))
    template_values: Mapped[list[str]] = mapped_column(default=list)
    #: Attempts from this place on are of the round under way; those before, of rounds that staff began anew.
    round_start: Mapped[int] = mapped_column(default=0)
    #: Since when nothing more is tried: it arrived, or no way is left.
    settled_at: Mapped[datetime | None]
    #: When some way's proof was first seen; None: not yet, or it came after the notice was settled without.
    arrived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_notice_open", "created_at", postgresql_where=sql("settled_at IS NULL")),
        Index("ix_notice_settled", "settled_at"),
        # Few among all: whatever is not known to have arrived is looked up here, and its proofs looked at.
        Index("ix_notice_unproved", "created_at", postgresql_where=sql("arrived_at IS NULL")),
    )


class NoticeAttempt(Base):
    """One way tried. How it fares is told by its message's deliveries, or by its call task."""

    __tablename__ = "notice_attempt"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    notice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notice.id"), index=True)
    position: Mapped[int]
    way: Mapped[NoticeWay] = mapped_column(enum_column(NoticeWay, "way"))
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversation.id"))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("message.id"), index=True)
    call_reason_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("call_reason.id"), index=True)
    #: Why it could not even be tried (see `notices.ways.Problem`); None: it was.
    problem: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("notice_id", "position"),)
