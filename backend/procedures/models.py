"""What is kept of a petition's special procedure; its shape is in `definitions`."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column
from backend.registry.models import PetitionKind


class ProcedureCase(Base):
    """The short form of a petition's procedure. A petition whose kind is changed keeps what the other kind had."""

    __tablename__ = "procedure_case"

    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    kind: Mapped[PetitionKind] = mapped_column(enum_column(PetitionKind, "kind"), primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class ProcedureStep(Base):
    """A step that was taken: never changed; one taken again is another row."""

    __tablename__ = "procedure_step"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"))
    kind: Mapped[PetitionKind] = mapped_column(enum_column(PetitionKind, "kind"))
    step: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_procedure_step_petition", "petition_id", "id"),)


class ProcedureCheck(Base):
    """A required document that somebody saw without keeping a copy: the original was shown."""

    __tablename__ = "procedure_check"

    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    requirement: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
