"""Who changed the product's own settings, and who from outside the office looked at a petition."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base


class AdminEvent(Base):
    """What an administrator did to a thing, or that a liaison opened it.

    Never changed, never deleted, and never with a secret in it.
    """

    __tablename__ = "admin_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[uuid.UUID]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_admin_event_subject", "subject_id", "at"),)
