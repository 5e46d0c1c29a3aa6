"""Labels that staff put on petitions, and views of the list that they keep."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base


class Label(Base):
    """A word of the office's own. `folded` is the name as it is compared: one label a word, however it is typed."""

    __tablename__ = "label"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(40))
    folded: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PetitionLabel(Base):
    """That a petition bears a label; who put it there is in the petition's events."""

    __tablename__ = "petition_label"

    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    label_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("label.id"), primary_key=True)

    __table_args__ = (Index("ix_petition_label_label", "label_id", "petition_id"),)


class SavedView(Base):
    """Filters, order and columns of the list under a name: the query string of its address."""

    __tablename__ = "saved_view"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[str] = mapped_column(String(2000))
    #: Everybody sees it; the head alone may share.
    is_shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("owner_id", "name"),
        Index("ix_saved_view_shared", "is_shared"),
    )
