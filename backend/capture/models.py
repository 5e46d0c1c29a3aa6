"""Which key filed which petition, so that a form sent twice is filed once."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base


class Capture(Base):
    """A form that was filed at the desk. `key` is the page's own: the same key again is the same petition."""

    __tablename__ = "capture"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_capture_user", "user_id", "created_at"),)
