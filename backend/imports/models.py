"""Spreadsheets of petitions: the file, each of its rows and how it fared, and mappings kept for next time."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column
from backend.vault.columns import SealedJson


class BatchState(enum.StrEnum):
    """MAPPING and READY wait for staff; READING, FILING and UNDOING are the worker's."""

    MAPPING = "mapping"
    READING = "reading"
    READY = "ready"
    FILING = "filing"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


class RowState(enum.StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    #: Likely told already, in this file or in the registry; filed only when staff ask for it.
    REPEATED = "repeated"
    FILED = "filed"
    UNDONE = "undone"
    #: Filed, and worked on since: an undo leaves it.
    KEPT = "kept"


class ImportBatch(Base):
    """A file and what is to be done with it. Its bytes lie under `VAR_DIR/imports`, named by their SHA-256."""

    __tablename__ = "import_batch"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    state: Mapped[BatchState] = mapped_column(enum_column(BatchState, "state"))
    #: Which field each column is, by the column's place: {"0": "narrativa"}.
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    headers: Mapped[list[str]] = mapped_column(default=list)
    #: What rows have that do not say it themselves: kind and channel.
    defaults: Mapped[dict[str, Any]] = mapped_column(default=dict)
    with_repeated: Mapped[bool] = mapped_column(default=False)
    #: Rows that the file has; 0 until it was read once.
    total: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    undone_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))


class ImportRow(Base):
    """A row of a file: what it says in normal form, what is wrong with it, and the petition it became."""

    __tablename__ = "import_row"

    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("import_batch.id"), primary_key=True)
    #: As the spreadsheet counts: the header is row 1.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[RowState] = mapped_column(enum_column(RowState, "state"))
    #: The narrative's first words and who says it, without accents, hashed: the same row has the same.
    fingerprint: Mapped[str] = mapped_column(String(40))
    fields: Mapped[dict[str, Any]] = mapped_column(SealedJson("import_row.fields"), default=dict)
    #: By field, in words.
    problems: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: What it repeats: a folio, or «fila 12».
    repeats: Mapped[str | None] = mapped_column(String(40))
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"), unique=True)

    __table_args__ = (
        Index("ix_import_row_state", "batch_id", "state", "number"),
        Index("ix_import_row_fingerprint", "fingerprint"),
    )


class ImportMapping(Base):
    """How staff mapped a header the last time, to be proposed the next. `header` is folded."""

    __tablename__ = "import_mapping"

    header: Mapped[str] = mapped_column(String(120), primary_key=True)
    field: Mapped[str] = mapped_column(String(40))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
