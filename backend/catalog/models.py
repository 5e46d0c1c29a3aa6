"""Catalogs that staff may edit: places, agencies, topics, hours and canned replies."""

import enum
import uuid
from datetime import date, time

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column


class AgencyLevel(enum.StrEnum):
    STATE = "estatal"
    FEDERAL = "federal"
    MUNICIPAL = "municipal"
    CIVIL_SOCIETY = "sociedad_civil"


class Municipality(Base):
    """One of Sonora's 72 municipalities. `id` is INEGI's key (five digits, `26` and three)."""

    __tablename__ = "municipality"

    id: Mapped[str] = mapped_column(String(5), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    seat: Mapped[str] = mapped_column(String(80))
    population_2020: Mapped[int]
    aliases: Mapped[list[str]] = mapped_column(default=list)


class Agency(Base):
    """A dependencia or entidad that petitions are turned to. `key` is ours and stable."""

    __tablename__ = "agency"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str] = mapped_column(String(80))
    level: Mapped[AgencyLevel] = mapped_column(enum_column(AgencyLevel, "level"))
    aliases: Mapped[list[str]] = mapped_column(default=list)
    valid_from: Mapped[date | None]
    #: Who answers there for what is turned to it, with name and office as a letter addresses them.
    liaison_name: Mapped[str | None] = mapped_column(String(160))
    liaison_title: Mapped[str | None] = mapped_column(String(160))
    liaison_email: Mapped[str | None] = mapped_column(String(254))
    #: Working days that it has to answer a turn.
    answer_days: Mapped[int] = mapped_column(default=10, server_default="10")
    is_active: Mapped[bool] = mapped_column(default=True)


class Topic(Base):
    """What a petition is about, and who usually attends to it."""

    __tablename__ = "topic"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    keywords: Mapped[list[str]] = mapped_column(default=list)
    default_agency_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("agency.id"))
    is_active: Mapped[bool] = mapped_column(default=True)


class OfficeArea(Base):
    """An area of the office, as the organisation manual names it: staff belong to one, and calls are put through."""

    __tablename__ = "office_area"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    #: The manual's own, as `03.07.02.01`.
    key: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    short_name: Mapped[str] = mapped_column(String(60))
    extension: Mapped[str | None] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(default=True)


class BusinessHours(Base):
    """When the office attends, on America/Hermosillo's clock. `weekday`: Monday is 0."""

    __tablename__ = "business_hours"

    weekday: Mapped[int] = mapped_column(primary_key=True)
    opens: Mapped[time] = mapped_column(primary_key=True)
    closes: Mapped[time]


class Holiday(Base):
    """A day on which the office is closed."""

    __tablename__ = "holiday"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))


class CannedReply(Base):
    """A text that an agent inserts by typing `/` and its shortcut."""

    __tablename__ = "canned_reply"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    shortcut: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
