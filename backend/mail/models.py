"""What must go out by e-mail, and what became of it."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column
from backend.vault.columns import SealedText


class MailState(enum.StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    #: For good: refused by the receiving server, or tried in vain for two days. Staff may ask for another try.
    FAILED = "failed"
    #: E-mail was off when it was due. It does not go by itself later, when it may be stale: staff may ask for it.
    OFF = "off"


class EmailMessage(Base):
    """One e-mail to one address, claimed under a lease.

    `text` bears nothing personal, though a file that goes along may: whoever reads it signs in at `link`, a path of
    our own site, to see more.
    `message_id` is given at the first attempt and stays, so that a receiver recognises a repetition.
    """

    __tablename__ = "email_message"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    to_address: Mapped[str] = mapped_column(SealedText("email_message.to_address"))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    link: Mapped[str] = mapped_column(String(200), default="")
    #: Files of the store: `file_name`, `content_type`, `size`, `sha256` each.
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"), index=True)
    turn_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("turn.id"), index=True)
    state: Mapped[MailState] = mapped_column(enum_column(MailState, "state"), default=MailState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_token: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    message_id: Mapped[str | None] = mapped_column(String(200), unique=True)
    #: A code: SMTP's number, or a word of ours (`smtp.Problem`). Never the server's text, which may name people.
    last_error: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_email_message_due", "next_attempt_at", postgresql_where=sql("state IN ('pending', 'sending')")),
    )
