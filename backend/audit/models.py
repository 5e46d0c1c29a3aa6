"""The audit trail: who did what to which thing, as a chain of hashes; and how the chain was last found."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend import words
from backend.db import Base

#: The words of what was noted.
DETAIL_WORDS = words.vector("detail::text")


class AdminEvent(Base):
    """Something that an auditor may ask for. Never with a secret in it, nor a citizen's name or data.

    A trigger refuses every change and deletion. Another one seals the row as its transaction commits
    (docs/adr/0025): `seq` is its place without gaps, and `hash` covers the row and `previous_hash`.
    `user_id` None: nobody signed in did it (a failed sign-in, a command, the product itself).
    """

    __tablename__ = "admin_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[uuid.UUID]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    seq: Mapped[int | None] = mapped_column(BigInteger)
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("seq"),
        # No two rows follow the same one: the chain cannot fork, whoever writes.
        UniqueConstraint("previous_hash"),
        Index("ix_admin_event_subject", "subject_id", "at"),
        Index("ix_admin_event_user", "user_id", "id"),
        Index("ix_admin_event_kind", "kind", "id"),
        Index("ix_admin_event_at", "at"),
        Index(
            "ix_admin_event_words",
            sql(f"({DETAIL_WORDS})"),  # nosemgrep: sql-from-a-string (our own words)
            postgresql_using="gin",
        ),
    )


class AuditState(Base):
    """One row: up to where the chain was verified, what was wrong, and which head was last told outside."""

    __tablename__ = "audit_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    checked_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    checked_hash: Mapped[str] = mapped_column(String(64))
    checked_at: Mapped[datetime | None]
    #: When the chain was last walked from its first row.
    walked_at: Mapped[datetime | None]
    #: What was found wrong first, for people; None: nothing.
    problem: Mapped[str | None] = mapped_column(String(300))
    anchored_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    anchored_at: Mapped[datetime | None]
    mailed_on: Mapped[date | None]

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
