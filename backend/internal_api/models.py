"""Answers already given to the bot's actions, so that a repeated call has no second effect."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base
from backend.vault.columns import SealedJson


class IdempotentAnswer(Base):
    """The answer to an action's call, by its idempotency key."""

    __tablename__ = "idempotent_answer"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    answer: Mapped[dict[str, Any]] = mapped_column(SealedJson("idempotent_answer.answer"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
