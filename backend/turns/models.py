"""Turns: a petition passed to an agency, each with a state of its own. Its history is in the petition's events."""

import enum
import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, NamesFile, enum_column


class TurnState(enum.StrEnum):
    SENT = "turnado"
    ACKNOWLEDGED = "recibido"
    ANSWERED = "contestado"
    #: Refused for competence: it is not the agency's.
    RETURNED = "devuelto"
    WITHDRAWN = "retirado"


#: The agency still owes an answer.
OPEN = (TurnState.SENT, TurnState.ACKNOWLEDGED)
#: As the indexes have it.
_IS_OPEN = "state IN ('turnado', 'recibido')"
_IS_UNLETTERED = f"{_IS_OPEN} AND NOT has_letter"
#: Before every day: of a turn that was never looked at.
NEVER = date(2000, 1, 1)


class TurnOutcome(enum.StrEnum):
    """What the agency says of the matter; what the citizen says is kept apart."""

    ATTENDED = "atendida"
    NOT_POSSIBLE = "no_fue_posible"


class Turn(Base):
    """A petition at an agency. `replaces_id`: the returned turn that this one follows."""

    __tablename__ = "turn"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), index=True)
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("agency.id"))
    state: Mapped[TurnState] = mapped_column(enum_column(TurnState, "state"), default=TurnState.SENT)
    #: What the agency is asked to do.
    instructions: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date]
    replaces_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("turn.id"))
    outcome: Mapped[TurnOutcome | None] = mapped_column(enum_column(TurnOutcome, "outcome"))
    #: The agency's answer, or why it sent the turn back.
    answer: Mapped[str] = mapped_column(default="")
    extension_until: Mapped[date | None]
    extension_reason: Mapped[str] = mapped_column(String(600), default="")
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    acknowledged_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    #: The latest reminder for the present due date (`reminders.step`), when it was made, and since when the turn is
    #: before the head; a new due date clears all three.
    reminded_step: Mapped[int | None]
    reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    #: When it was last seen whether to remind of it: each open one is looked at once a day.
    looked_on: Mapped[date] = mapped_column(server_default=sql("'2000-01-01'"))
    #: Whether it has an oficio that was not cancelled.
    has_letter: Mapped[bool] = mapped_column(server_default=sql("false"))
    #: When the agency last told something that nobody of the office has seen yet.
    news_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_turn_news", "news_at", postgresql_where=sql("news_at IS NOT NULL")),
        Index("ix_turn_agency_state", "agency_id", "state", "due_on"),
        Index("ix_turn_created", "created_at"),
        Index("ix_turn_agency_closed", "agency_id", sql("closed_at DESC NULLS FIRST"), "due_on", "id"),
        Index(
            "uq_turn_open",
            "petition_id",
            "agency_id",
            unique=True,
            postgresql_where=sql(_IS_OPEN),
        ),
        # What the worker looks at, a handful at a time, and the oficios that are to be made.
        Index("ix_turn_open_looked", "looked_on", "due_on", "id", postgresql_where=sql(_IS_OPEN)),
        Index("ix_turn_unlettered", "due_on", "created_at", "id", postgresql_where=sql(_IS_UNLETTERED)),
    )


class TurnFile(NamesFile, Base):
    """What an agency shows for what it tells: a photo, a document. The bytes lie with the other attachments."""

    __tablename__ = "turn_file"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    turn_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("turn.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TurnDocument(Base):
    """A document of the expediente that staff chose to show to a turn's agency; none is shown otherwise."""

    __tablename__ = "turn_document"

    turn_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("turn.id"), primary_key=True)
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier_document.id"), primary_key=True)
    shared_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    shared_at: Mapped[datetime] = mapped_column(server_default=func.now())
