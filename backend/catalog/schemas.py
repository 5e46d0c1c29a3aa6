"""Shapes of the catalogs API."""

from datetime import time
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from backend.catalog.models import AgencyLevel


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class MunicipalityOut(_Out):
    id: str = Field(description="INEGI key.")
    name: str
    seat: str
    population_2020: int


class AgencyOut(_Out):
    id: UUID
    key: str
    name: str
    short_name: str
    level: AgencyLevel


class TopicOut(_Out):
    id: UUID
    key: str
    name: str
    default_agency_id: UUID | None


class CannedReplyIn(BaseModel):
    shortcut: str = Field(min_length=1, max_length=40, pattern=r"^[a-z0-9-]+$")
    title: str = Field(min_length=1, max_length=120)
    text: str = Field(min_length=1, max_length=4000)
    is_active: bool = True


class CannedReplyOut(_Out):
    id: UUID
    shortcut: str
    title: str
    text: str
    is_active: bool


#: On the office's clock. JSON Schema's own `time` wants an offset, which opening hours have none of.
_TimeOfDay = Annotated[
    time, WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d(:\d\d)?$", "examples": ["08:00"]})
]


class Span(_Out):
    weekday: int = Field(ge=0, le=6, description="Monday is 0.")
    opens: _TimeOfDay
    closes: _TimeOfDay


class OfficeOut(_Out):
    open: bool
    person_available: bool
    waiting: int
    hours_text: str
    next_opening_text: str
    address: str
    phone: str
