"""Requests for public information: what is asked, until when, by whom it is answered, and all that happened."""

import enum
import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend import clock
from backend.db import Base, NamesFile, enum_column


class RequestState(enum.StrEnum):
    RECEIVED = "recibida"
    UNDER_WAY = "en_proceso"
    #: Who asked was asked to make it clearer: the deadline stands.
    CLARIFYING = "en_aclaracion"
    ANSWERED = "contestada"
    #: The information is another office's: who asked was told whose.
    NOT_OURS = "no_competente"
    #: Who asked did not make it clearer in time.
    DISMISSED = "desechada"


#: Still to be answered.
OPEN = (RequestState.RECEIVED, RequestState.UNDER_WAY, RequestState.CLARIFYING)


class EventKind(enum.StrEnum):
    RECEIVED = "recibida"
    ASSIGNED = "asignada"
    EDITED = "editada"
    CLARIFICATION_ASKED = "aclaracion_pedida"
    CLARIFICATION_GIVEN = "aclaracion_recibida"
    EXTENDED = "prorroga"
    NOTE = "nota"
    FILE = "archivo"
    FIGURE = "cifra"
    CLOSED = "cerrada"
    REMINDED = "recordatorio"


class Terms(Base):
    """The one row of legal terms, in working days, each office's to edit; `why` says what they rest on."""

    __tablename__ = "info_terms"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    answer_days: Mapped[int]
    extension_days: Mapped[int]
    #: So long may who asked take to make it clearer.
    clarification_days: Mapped[int]
    #: An answered clarification begins the term anew; else it goes on where it stood.
    restarts: Mapped[bool]
    why: Mapped[str] = mapped_column(String(1000))

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class InfoRequest(Base):
    """A request for information. `due_on` is None while a clarification is awaited."""

    __tablename__ = "info_request"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    #: The national platform's.
    folio: Mapped[str] = mapped_column(String(40), unique=True)
    received_on: Mapped[date]
    text: Mapped[str]
    area_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("office_area.id"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    state: Mapped[RequestState] = mapped_column(enum_column(RequestState, "state"), default=RequestState.RECEIVED)
    #: The terms as they were when it came: a later change does not move its deadline.
    answer_days: Mapped[int]
    restarts: Mapped[bool]
    extension_days: Mapped[int] = mapped_column(default=0)
    extension_reason: Mapped[str] = mapped_column(String(1000), default="")
    due_on: Mapped[date | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_on: Mapped[date | None]
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=clock.now)
    #: The latest reminder for the present due date (`turns.reminders.step`); a new due date clears it.
    reminded_step: Mapped[int | None]

    __table_args__ = (
        Index(
            "ix_info_request_open",
            "due_on",
            postgresql_where=sql("state IN ('recibida', 'en_proceso', 'en_aclaracion')"),
        ),
        Index("ix_info_request_received", "received_on", "id"),
        Index("ix_info_request_state", "state", "due_on", sql("received_on DESC"), "id"),
        CheckConstraint(
            "(state IN ('contestada', 'no_competente', 'desechada')) = (answered_on IS NOT NULL)", name="closed_has_day"
        ),
    )


class Clarification(Base):
    """What who asked was asked back, and their answer: from one to the other the deadline stands."""

    __tablename__ = "info_clarification"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("info_request.id"), index=True)
    asked_on: Mapped[date]
    text: Mapped[str]
    answered_on: Mapped[date | None]
    answer: Mapped[str] = mapped_column(default="")

    __table_args__ = (CheckConstraint("answered_on >= asked_on", name="answered_after_asked"),)


class InfoFile(NamesFile, Base):
    """A file of a request. The bytes lie with the other attachments."""

    __tablename__ = "info_file"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("info_request.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class InfoEvent(Base):
    """What happened to a request. The database itself refuses to change or delete it."""

    __tablename__ = "info_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("info_request.id"))
    #: None: the system.
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    kind: Mapped[EventKind] = mapped_column(enum_column(EventKind, "kind"))
    text: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_info_event_request", "request_id", "id"),)
