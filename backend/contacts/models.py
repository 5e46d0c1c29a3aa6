"""Who a conversation is with, across channels."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base


class Contact(Base):
    """One citizen, whatever the channel: every conversation belongs to one. Known or not by name or telephone."""

    __tablename__ = "contact"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    #: Where notices go first; none: where the citizen wrote last.
    preferred_conversation_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("conversation.id", use_alter=True, name="fk_contact_preferred_conversation_id_conversation")
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LinkCode(Base):
    """A code shown in one channel, to be typed in another within minutes, once. Kept as its HMAC."""

    __tablename__ = "link_code"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversation.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_link_code_code_hash", "code_hash"),)


class LinkAttempt(Base):
    """A wrong link code, kept to limit guessing."""

    __tablename__ = "link_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_link_attempt_conversation", "conversation_id", "at"),)
