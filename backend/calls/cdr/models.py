"""Files of call detail records, their rows while they are imported, and mappings of columns kept by name."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend import clock
from backend.db import Base, enum_column


class CdrState(enum.StrEnum):
    """MAPPING and READY wait for staff; READING, JUDGING and WRITING are the worker's."""

    MAPPING = "mapping"
    READING = "reading"
    JUDGING = "judging"
    READY = "ready"
    WRITING = "writing"
    DONE = "done"
    DISCARDED = "discarded"
    FAILED = "failed"


class LegState(enum.StrEnum):
    """What a row is worth. Of READ alone nothing is known yet."""

    READ = "read"
    INVALID = "invalid"
    #: Between two extensions: no citizen took part.
    INTERNAL = "internal"
    #: To the exchange itself: a voice mailbox, a code.
    SERVICE = "service"
    #: Staff wrote the same call down while it lasted: theirs stays.
    BY_HAND = "by_hand"
    #: In the ledger already, and says the same.
    KNOWN = "known"
    #: In the ledger already, and now says something else.
    CHANGED = "changed"
    NEW = "new"


class CdrImport(Base):
    """A file and what is to be done with it. Its bytes lie with the other imports', named by their SHA-256."""

    __tablename__ = "cdr_import"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    state: Mapped[CdrState] = mapped_column(enum_column(CdrState, "state"))
    #: The first row, which may be headings.
    headers: Mapped[list[str]] = mapped_column(default=list)
    mapping_name: Mapped[str] = mapped_column(String(60), default="")
    #: How it is read, as `layout.Layout` has it.
    layout: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Written without asking anybody: a command brought it.
    is_automatic: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str] = mapped_column(String(300), default="")
    #: None: the command line.
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


class CdrLeg(Base):
    """A row of a file. What it says is kept until the import is over; then only what became of it."""

    __tablename__ = "cdr_leg"

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cdr_import.id"), primary_key=True)
    #: As the file counts: the first row is 1.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[LegState] = mapped_column(enum_column(LegState, "state"))
    #: The same for all legs of a call, and the ledger's `external_id`.
    call_key: Mapped[str] = mapped_column(String(160))
    #: As `legs.Leg` has it.
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    problem: Mapped[str] = mapped_column(String(200), default="")
    #: Written into the ledger, or found to need no writing.
    is_done: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index("ix_cdr_leg_call", "import_id", "call_key"),
        Index("ix_cdr_leg_state", "import_id", "state", "number"),
    )


class CdrMapping(Base):
    """How an exchange's files are read, told once and kept under a name."""

    __tablename__ = "cdr_mapping"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    #: Which heading, folded, is each field; or `#3` for the third column of files without headings.
    columns: Mapped[dict[str, Any]] = mapped_column(default=dict)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=clock.now)
