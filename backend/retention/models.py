"""How long things are kept where an administrator changed it, what must not go, and what was done each day."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base


class RetentionTerm(Base):
    """A rule's terms as an administrator set them; a rule without a row has those of `rules.RULES`."""

    __tablename__ = "retention_term"

    rule: Mapped[str] = mapped_column(String(40), primary_key=True)
    keep_days: Mapped[int]
    blocked_days: Mapped[int]
    set_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    set_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint("keep_days > 0 AND blocked_days >= 0", name="days"),)


class LegalHold(Base):
    """Nothing of a person, a petition or a conversation is taken away while this stands."""

    __tablename__ = "legal_hold"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"), index=True)
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    set_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    set_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lifted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    lifted_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("num_nonnulls(person_id, petition_id, conversation_id) = 1", name="on_one_thing"),
        Index("ix_legal_hold_standing", "set_at", postgresql_where=sql("lifted_at IS NULL")),
    )


class RetentionRun(Base):
    """What a day's round did: counts by rule, nothing personal. The database refuses to change or delete it."""

    __tablename__ = "retention_run"

    day: Mapped[date] = mapped_column(primary_key=True)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class RetentionProgress(Base):
    """What the round under way did so far: written with each of its transactions, so that one that was killed is told
    of by the round that goes on."""

    __tablename__ = "retention_progress"

    step: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int]
