"""The data keys, each wrapped by FIELD_KEY: of no use to who has but the database."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column
from backend.vault.ring import Purpose


class DataKey(Base):
    """A key by which values are sealed or indexed. A retired one stays: values that it sealed may be anywhere.

    `wrapped_by` tells which FIELD_KEY opens it, by its fingerprint.
    """

    __tablename__ = "data_key"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    purpose: Mapped[Purpose] = mapped_column(enum_column(Purpose, "purpose"))
    wrapped: Mapped[bytes]
    wrapped_by: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    retired_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("id BETWEEN 1 AND 2147483647", name="number_fits"),
        Index("uq_data_key_in_use", "purpose", unique=True, postgresql_where=sql("retired_at IS NULL")),
    )
