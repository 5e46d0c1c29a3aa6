"""A notice, and each way by which it was tried."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, func
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
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class NoticeAttempt(Base):
    """One way tried. How it fares is told by its message's deliveries, or by its call task."""

    __tablename__ = "notice_attempt"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    notice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notice.id"), index=True)
    position: Mapped[int]
    way: Mapped[NoticeWay] = mapped_column(enum_column(NoticeWay, "way"))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("message.id"), index=True)
    callback_task_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("callback_task.id"))
    #: Why it could not even be tried, or why the next way was.
    problem: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("notice_id", "position"),)
