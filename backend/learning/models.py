"""What the bot made of each message, and what staff say that it meant."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.assistant.port import Outcome
from backend.db import Base, enum_column


class FollowUp(enum.StrEnum):
    """What the citizen did next that tells how well they were understood."""

    CONFIRMED = "confirmed"
    OTHER_READING = "other_reading"
    NEITHER = "neither"
    ASKED_FOR_PERSON = "asked_for_person"


class LabelState(enum.StrEnum):
    PENDING = "pending"
    LABELLED = "labelled"
    DISCARDED = "discarded"


class Understanding(Base):
    """One message that the bot handled. `ranking` is a list of `{"intent", "confidence"}`, the likeliest first.

    `masked_text` and `text_key` (the same for texts that read alike) are kept only where the message is worth
    a look and tells of no danger. A label belongs to all messages of a `text_key`; `label_batch` takes it back.
    """

    __tablename__ = "understanding"

    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("message.id"), primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"))
    intent: Mapped[str] = mapped_column(String(60))
    confidence: Mapped[float]
    ranking: Mapped[list[dict[str, Any]]]
    model: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[Outcome] = mapped_column(enum_column(Outcome, "outcome"))
    is_typed: Mapped[bool]
    in_form: Mapped[bool]
    is_handed_over: Mapped[bool] = mapped_column(default=False)
    follow_up: Mapped[FollowUp | None] = mapped_column(enum_column(FollowUp, "follow_up"))
    is_worth_a_look: Mapped[bool] = mapped_column(default=False)
    masked_text: Mapped[str | None]
    text_key: Mapped[str | None] = mapped_column(String(64))

    label_state: Mapped[LabelState] = mapped_column(enum_column(LabelState, "label_state"), default=LabelState.PENDING)
    label: Mapped[str | None] = mapped_column(String(60))
    label_batch: Mapped[uuid.UUID | None]
    labelled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    labelled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_understanding_conversation", "conversation_id", "created_at"),
        Index("ix_understanding_created", "created_at"),
        Index("ix_understanding_label", "label", postgresql_where=sql("label IS NOT NULL")),
        Index("ix_understanding_review", "created_at", postgresql_where=sql("is_worth_a_look")),
        # What is listed by its state and counted; what of it cannot be shown; what is learned from. Of what is pending
        # one by itself: hardly anything is, and no statistics tell.
        Index(
            "ix_understanding_pending",
            "created_at",
            postgresql_where=sql("is_worth_a_look AND text_key IS NOT NULL AND label_state = 'pending'"),
        ),
        Index(
            "ix_understanding_state",
            "label_state",
            "created_at",
            postgresql_where=sql("is_worth_a_look AND text_key IS NOT NULL"),
        ),
        Index("ix_understanding_untold", "created_at", postgresql_where=sql("is_worth_a_look AND text_key IS NULL")),
        Index("ix_understanding_labelled", "labelled_at", postgresql_where=sql("labelled_at IS NOT NULL")),
        Index(
            "ix_understanding_learned",
            "text_key",
            postgresql_where=sql("label_state = 'labelled' AND masked_text IS NOT NULL"),
        ),
        Index("ix_understanding_text_key", "text_key", postgresql_where=sql("text_key IS NOT NULL")),
        Index("ix_understanding_batch", "label_batch", postgresql_where=sql("label_batch IS NOT NULL")),
        CheckConstraint("(label_state = 'labelled') = (label IS NOT NULL)", name="label_named"),
        CheckConstraint("(label_state = 'pending') = (labelled_at IS NULL)", name="label_dated"),
    )
