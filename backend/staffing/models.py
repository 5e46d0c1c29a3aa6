"""Tasks with their history, goals of a person, the weekly shifts and what departs from them."""

import enum
import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend import clock
from backend.db import Base, enum_column


class TaskState(enum.StrEnum):
    PENDING = "pendiente"
    UNDER_WAY = "en_curso"
    DONE = "hecha"
    CANCELLED = "cancelada"


#: Still to be done.
OPEN = (TaskState.PENDING, TaskState.UNDER_WAY)


class TaskEventKind(enum.StrEnum):
    CREATED = "creada"
    EDITED = "editada"
    STATE = "estado"
    COMMENT = "comentario"


class Task(Base):
    """Something that the head asks of somebody. `petition_id`: the folio that it is about."""

    __tablename__ = "task"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    title: Mapped[str] = mapped_column(String(160))
    description: Mapped[str] = mapped_column(default="")
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    due_on: Mapped[date | None]
    state: Mapped[TaskState] = mapped_column(enum_column(TaskState, "state"), default=TaskState.PENDING)
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"), index=True)
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=clock.now)
    #: When it was done or cancelled.
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_task_user_state", "user_id", "state", "due_on"),
        Index("ix_task_open_due", "due_on", postgresql_where=sql("state IN ('pendiente', 'en_curso')")),
        Index("ix_task_created", "created_at", "id"),
    )


class TaskEvent(Base):
    """What happened to a task, comments among it. Never changed, never deleted but by retention."""

    __tablename__ = "task_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("task.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    kind: Mapped[TaskEventKind] = mapped_column(enum_column(TaskEventKind, "kind"))
    #: The comment, or the state's name.
    text: Mapped[str] = mapped_column(default="")
    #: `{field: [before, after]}` of an edit.
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_task_event_task", "task_id", "id"),)


class GoalPeriod(enum.StrEnum):
    WEEK = "semana"
    MONTH = "mes"
    QUARTER = "trimestre"


class Goal(Base):
    """What somebody is to reach of a figure in the period that begins on `starts_on`."""

    __tablename__ = "staff_goal"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    figure: Mapped[str] = mapped_column(String(60))
    period: Mapped[GoalPeriod] = mapped_column(enum_column(GoalPeriod, "period"))
    starts_on: Mapped[date]
    target: Mapped[int]
    set_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    set_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("user_id", "figure", "period", "starts_on"),
        CheckConstraint("target > 0", name="target_positive"),
    )


class Shift(Base):
    """Somebody's hours on a weekday (Monday is 0), on the office's clock; several a day are possible."""

    __tablename__ = "shift"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    starts: Mapped[time] = mapped_column(primary_key=True)
    ends: Mapped[time]

    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_range"),
        CheckConstraint("ends > starts", name="ends_after_start"),
    )


class ExceptionKind(enum.StrEnum):
    VACATION = "vacaciones"
    SICK = "incapacidad"
    LEAVE = "permiso"
    #: Works, but in the hours `starts` to `ends`.
    OTHER_HOURS = "otro_horario"


class ShiftException(Base):
    """Days on which the weekly hours do not hold; of several for a day the one made last counts."""

    __tablename__ = "shift_exception"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    first: Mapped[date]
    last: Mapped[date]
    kind: Mapped[ExceptionKind] = mapped_column(enum_column(ExceptionKind, "kind"))
    starts: Mapped[time | None]
    ends: Mapped[time | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("last >= first", name="last_after_first"),
        CheckConstraint(
            "(kind = 'otro_horario') = (starts IS NOT NULL) AND (starts IS NULL) = (ends IS NULL)",
            name="hours_if_other",
        ),
        CheckConstraint("ends > starts", name="ends_after_start"),
        Index("ix_shift_exception_user", "user_id", "last"),
    )
