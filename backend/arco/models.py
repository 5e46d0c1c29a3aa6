"""ARCO requests: the right, the clock, who proved to be whom, the answer, and all that happened."""

import enum
import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend import clock
from backend.db import Base, NamesFile, enum_column


class Right(enum.StrEnum):
    ACCESS = "acceso"
    RECTIFICATION = "rectificacion"
    CANCELLATION = "cancelacion"
    OPPOSITION = "oposicion"
    PORTABILITY = "portabilidad"
    #: No right of ARCO, but asked for and answered alike.
    REVOCATION = "revocacion"


class ArcoState(enum.StrEnum):
    RECEIVED = "recibida"
    UNDER_WAY = "en_proceso"
    #: The person was asked for what is missing: the clock stands.
    CLARIFYING = "en_prevencion"
    #: Told that it proceeds: now it must be carried out.
    GRANTED = "procedente"
    DONE = "cumplida"
    REFUSED = "improcedente"
    #: What was missing never came.
    NOT_FILED = "no_presentada"


#: Still to be answered.
UNANSWERED = (ArcoState.RECEIVED, ArcoState.UNDER_WAY, ArcoState.CLARIFYING)
#: Something is still owed to the person.
OPEN = (*UNANSWERED, ArcoState.GRANTED)


class Identity(enum.StrEnum):
    """The document by which the person, or who stands for them, proved to be who they say."""

    INE = "ine"
    PASSPORT = "pasaporte"
    LICENCE = "cedula_profesional"
    MILITARY = "cartilla_militar"
    SIGNATURE = "firma_electronica"
    #: With the document that gives them the power, and both identifications.
    REPRESENTATIVE = "representante"


class Refusal(enum.StrEnum):
    """Why the law lets a request be refused."""

    NOT_PROVED = "identidad_no_acreditada"
    NOT_HELD = "no_se_tienen_los_datos"
    IMPEDIMENT = "impedimento_legal"
    THIRD_PARTY = "derechos_de_tercero"
    PROCEEDINGS = "actuaciones_en_curso"
    RESOLUTION = "resolucion_de_autoridad"
    ALREADY_DONE = "ya_realizada"
    NOT_COMPETENT = "no_competente"
    OBLIGATION = "obligacion_legal_de_conservar"


class ArcoEventKind(enum.StrEnum):
    RECEIVED = "recibida"
    CLASSIFIED = "clasificada"
    ASSIGNED = "asignada"
    IDENTITY = "identidad"
    CLARIFICATION_ASKED = "prevencion"
    CLARIFICATION_GIVEN = "prevencion_atendida"
    EXTENDED = "ampliacion"
    EXPORTED = "copia_entregada"
    RECTIFIED = "datos_corregidos"
    GRANTED = "procedente"
    REFUSED = "improcedente"
    NOT_FILED = "no_presentada"
    DONE = "cumplida"
    FILE = "archivo"
    NOTE = "nota"
    REMINDED = "recordatorio"


class ArcoRequest(Base):
    """A request; its folio and words are its petition's.

    `due_on` is the day by which it must be answered and, once granted, by which it must be carried out; None while
    what is missing is awaited, and at the end.
    """

    __tablename__ = "arco_request"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), unique=True)
    #: Whose data it is about; None until somebody says so.
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    right: Mapped[Right | None] = mapped_column(enum_column(Right, "right"))
    state: Mapped[ArcoState] = mapped_column(enum_column(ArcoState, "state"), default=ArcoState.RECEIVED)
    received_on: Mapped[date]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    due_on: Mapped[date | None]
    extension_reason: Mapped[str] = mapped_column(String(1000), default="")
    identity: Mapped[Identity | None] = mapped_column(enum_column(Identity, "identity"))
    identity_note: Mapped[str] = mapped_column(String(300), default="")
    identity_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    identity_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    refusal: Mapped[Refusal | None] = mapped_column(enum_column(Refusal, "refusal"))
    answered_on: Mapped[date | None]
    done_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=clock.now)
    reminded_step: Mapped[int | None]

    __table_args__ = (
        Index(
            "ix_arco_request_open",
            "due_on",
            postgresql_where=sql("state IN ('recibida', 'en_proceso', 'en_prevencion', 'procedente')"),
        ),
        Index("ix_arco_request_received", "received_on", "id"),
        Index("ix_arco_request_state", "state", "due_on", sql("received_on DESC"), "id"),
        CheckConstraint(
            "(state IN ('procedente', 'cumplida', 'improcedente')) = (answered_on IS NOT NULL)", name="answered_has_day"
        ),
        CheckConstraint("(state = 'cumplida') = (done_on IS NOT NULL)", name="done_has_day"),
        CheckConstraint("(state = 'improcedente') = (refusal IS NOT NULL)", name="refused_for_a_reason"),
        CheckConstraint("(identity IS NULL) = (identity_at IS NULL)", name="identity_has_moment"),
        CheckConstraint("state NOT IN ('procedente', 'cumplida') OR identity IS NOT NULL", name="granted_to_somebody"),
    )


class ArcoClarification(Base):
    """What a person was asked to complete, and what they answered: from one to the other the clock stands."""

    __tablename__ = "arco_clarification"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("arco_request.id"), index=True)
    asked_on: Mapped[date]
    text: Mapped[str]
    answered_on: Mapped[date | None]
    answer: Mapped[str] = mapped_column(default="")

    __table_args__ = (CheckConstraint("answered_on >= asked_on", name="answered_after_asked"),)


class ArcoFile(NamesFile, Base):
    """A file of a request: what was shown or sent, and the resolution. The bytes lie with the other attachments."""

    __tablename__ = "arco_file"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("arco_request.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ArcoEvent(Base):
    """What happened to a request. The database itself refuses to change or delete it."""

    __tablename__ = "arco_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("arco_request.id"))
    #: None: the system.
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    kind: Mapped[ArcoEventKind] = mapped_column(enum_column(ArcoEventKind, "kind"))
    text: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_arco_event_request", "request_id", "id"),)
