"""What the board promises and when it alarms, and the screens that may show it."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base


class BoardSettings(Base):
    """The office's service level and alarms: one row, which the head edits.

    The level is met when `*_target` per cent of those who asked for a person were attended within `*_seconds`.
    """

    __tablename__ = "board_settings"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chat_target: Mapped[int]
    chat_seconds: Mapped[int]
    call_target: Mapped[int]
    call_seconds: Mapped[int]
    #: Alarms: the longest wait, an emergency that nobody took, failures of the bot in the last ten minutes.
    wait_seconds: Mapped[int]
    emergency_seconds: Mapped[int]
    bot_failures: Mapped[int]
    #: Notices of the last days that reached nobody.
    undelivered_notices: Mapped[int]

    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("chat_target BETWEEN 1 AND 100 AND call_target BETWEEN 1 AND 100", name="targets"),
    )


class DisplayToken(Base):
    """A wall screen's key, which opens the board and nothing else; only its SHA-256 is kept."""

    __tablename__ = "display_token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))

    __table_args__ = (Index("ix_display_token_live", "created_at", postgresql_where=sql("revoked_at IS NULL")),)
