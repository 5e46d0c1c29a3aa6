"""Templates with their versions, the letters made from them, and the numbers these take."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column


class LetterKind(enum.StrEnum):
    OFICIO = "oficio_canalizacion"
    ATTENTION = "carta_atencion"
    CONCLUSION = "respuesta"
    AUDIENCE = "audiencia"
    SOCIAL_HELP = "apoyo_social"
    CIVIL_REGISTRY = "registro_civil"
    NO_RECORD = "no_antecedentes"
    LEGAL_ADVICE = "asesoria"


class Series(enum.StrEnum):
    """Numbers of their own: oficios go to agencies, cartas to citizens."""

    OFICIO = "oficio"
    CARTA = "carta"


class Letterhead(Base):
    """What every letter bears above and below its text. One row."""

    __tablename__ = "letterhead"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    institution: Mapped[str] = mapped_column(String(160))
    office: Mapped[str] = mapped_column(String(160))
    department: Mapped[str] = mapped_column(String(160))
    address: Mapped[str] = mapped_column(String(200))
    #: Where it is dated: «Hermosillo, Sonora».
    place: Mapped[str] = mapped_column(String(80))
    signer_name: Mapped[str] = mapped_column(String(160))
    signer_title: Mapped[str] = mapped_column(String(160))
    #: One a line, after «C.c.p.».
    copies: Mapped[str] = mapped_column(String(600))

    __table_args__ = (CheckConstraint("id = 1", name="one"),)


class LetterSeries(Base):
    """How a series' numbers are written: `prefix/0123/2026`."""

    __tablename__ = "letter_series"

    key: Mapped[Series] = mapped_column(enum_column(Series, "key"), primary_key=True)
    prefix: Mapped[str] = mapped_column(String(30), unique=True)


class LetterCounter(Base):
    """The last number given in a series and a year; its row lock makes them gapless."""

    __tablename__ = "letter_counter"

    series: Mapped[Series] = mapped_column(enum_column(Series, "series"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class LetterTemplate(Base):
    """One version of a kind's text. Never changed: the newest is in use, letters keep theirs."""

    __tablename__ = "letter_template"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    kind: Mapped[LetterKind] = mapped_column(enum_column(LetterKind, "kind"))
    version: Mapped[int]
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str]
    #: Who wrote it; nobody for the one that the product brings.
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("kind", "version"),)


class LetterBatch(Base):
    """Oficios made by one click. `outcomes`: what became of each turn; empty until all were tried."""

    __tablename__ = "letter_batch"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcomes: Mapped[list[dict[str, Any]]] = mapped_column(default=list)


class Letter(Base):
    """A letter as it went out. Nothing of it changes but that it may be cancelled, once; its number stays taken."""

    __tablename__ = "letter"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    kind: Mapped[LetterKind] = mapped_column(enum_column(LetterKind, "kind"))
    series: Mapped[Series] = mapped_column(enum_column(Series, "series"))
    year: Mapped[int]
    number: Mapped[int]
    #: The number as it is written on the letter.
    reference: Mapped[str] = mapped_column(String(60), unique=True)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), index=True)
    turn_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("turn.id"))
    template_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("letter_template.id"))
    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("letter_batch.id"), index=True)
    #: The click that asked for it: the same one again makes nothing.
    request_key: Mapped[uuid.UUID] = mapped_column(unique=True)
    addressee: Mapped[str] = mapped_column(String(400))
    subject: Mapped[str] = mapped_column(String(300))
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    pdf_size: Mapped[int]
    docx_sha256: Mapped[str] = mapped_column(String(64))
    docx_size: Mapped[int]
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    made_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    cancel_reason: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (
        UniqueConstraint("series", "year", "number"),
        Index("uq_letter_turn_live", "turn_id", unique=True, postgresql_where=sql("cancelled_at IS NULL")),
        Index("ix_letter_made_at", "made_at"),
    )
