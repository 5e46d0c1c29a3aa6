"""Answers already given to other systems, so that a repeated request has no second effect."""

from datetime import datetime

from sqlalchemy import String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base


class ApiAnswer(Base):
    """The answer to a request by its idempotency key. It may hold an access code, so it is sealed."""

    __tablename__ = "api_answer"

    #: SHA-256 of who asked, how, where, and their key.
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: HMAC of the body: the same key for another body is a mistake.
    body_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(60))
    sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
