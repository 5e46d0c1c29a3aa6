"""The quarter's goals, the Informe's editions with what was frozen in each, and reports sent on a schedule."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from backend import clock
from backend.db import Base, enum_column


class QuarterGoal(Base):
    """What the department is to reach of a figure (`report.figure`) in a quarter, in the figure's own unit."""

    __tablename__ = "quarter_goal"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quarter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    figure: Mapped[str] = mapped_column(String(80), primary_key=True)
    target: Mapped[float]
    set_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    set_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("quarter BETWEEN 1 AND 4", name="quarter_range"),
        CheckConstraint("target >= 0", name="target_range"),
    )


class Edition(Base):
    """An edition of a quarter's Informe. Until it is closed its texts may be written; then it never changes.

    `content` is all that the document shows, in canonical form; `sha256` is over it. A correction is the next edition.
    """

    __tablename__ = "quarter_edition"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    year: Mapped[int]
    quarter: Mapped[int]
    number: Mapped[int]
    #: Why there is another edition; empty for the first.
    reason: Mapped[str] = mapped_column(String(1000), default="")
    #: The head's texts and signatures by name, as `narrative.FIELDS` lists them.
    texts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    content: Mapped[str | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=clock.now)
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("year", "quarter", "number"),
        CheckConstraint("quarter BETWEEN 1 AND 4", name="quarter_range"),
        CheckConstraint(
            "(closed_at IS NULL) = (content IS NULL) AND (closed_at IS NULL) = (sha256 IS NULL)"
            " AND (closed_at IS NULL) = (closed_by IS NULL)",
            name="closed_is_whole",
        ),
    )


class FrozenRows(Base):
    """The rows behind a figure as they were when its edition was closed: `frozen.pack` says how. Never changed."""

    __tablename__ = "quarter_rows"

    edition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter_edition.id"), primary_key=True)
    figure: Mapped[str] = mapped_column(String(80), primary_key=True)
    rows: Mapped[bytes] = mapped_column(LargeBinary)


class Frequency(enum.StrEnum):
    WEEKLY = "semanal"
    MONTHLY = "mensual"
    QUARTERLY = "trimestral"


class Schedule(Base):
    """A report that goes out by itself once its period is over: `informe`, or one of `reports.definitions`."""

    __tablename__ = "report_schedule"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    report: Mapped[str] = mapped_column(String(60))
    frequency: Mapped[Frequency] = mapped_column(enum_column(Frequency, "frequency"))
    #: `pdf`, `xlsx`.
    formats: Mapped[list[str]]
    #: Staff by id; each one's address is looked up when it goes out.
    user_ids: Mapped[list[str]]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    #: Nothing that was due before goes out.
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DispatchState(enum.StrEnum):
    MADE = "hecho"
    FAILED = "fallido"


class Dispatch(Base):
    """A schedule's report of one period: made once, however many workers look. `problem` is a code."""

    __tablename__ = "report_dispatch"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    schedule_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report_schedule.id"))
    #: As `reports.periods.Period.key`.
    period: Mapped[str] = mapped_column(String(30))
    state: Mapped[DispatchState] = mapped_column(enum_column(DispatchState, "state"))
    problem: Mapped[str] = mapped_column(String(60), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("schedule_id", "period"),
        Index("ix_report_dispatch_at", "at"),
    )


class DispatchMail(Base):
    """An e-mail of a dispatch, and to whom it was."""

    __tablename__ = "report_dispatch_mail"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    dispatch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report_dispatch.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    #: None: this person had no address.
    email_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("email_message.id"))

    __table_args__ = (UniqueConstraint("dispatch_id", "user_id"),)
