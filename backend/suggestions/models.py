"""What the classifier made of a petition's narrative, and what a person decided."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column


class Decision(enum.StrEnum):
    USED = "used"
    #: None of those suggested.
    REJECTED = "rejected"


class PetitionSuggestion(Base):
    """A petition's likely topics. `ranking` is a list of `{"topic_id", "agency_id", "confidence", "words",
    "turned", "of"}`, the likeliest first; `turned` of the last `of` petitions of the topic went to the agency.

    `text_key` tells whether the narrative is still the one that was read; `model`, which training read it.
    """

    __tablename__ = "petition_suggestion"

    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    text_key: Mapped[str] = mapped_column(String(32))
    ranking: Mapped[list[dict[str, Any]]]
    is_sure: Mapped[bool]
    model: Mapped[str] = mapped_column(String(40))
    decision: Mapped[Decision | None] = mapped_column(enum_column(Decision, "decision"))
    #: The one that was used.
    topic_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("topic.id"))
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decision_dated"),
        CheckConstraint("decision IS NULL OR (decision = 'used') = (topic_id IS NOT NULL)", name="used_topic"),
        Index("ix_petition_suggestion_decided", "decided_at"),
    )
