"""Shapes of the registry that several APIs share."""

from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend.privacy import masks
from backend.registry.models import EntryChannel, PetitionKind, Priority


class PersonOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    full_name: str
    phone: str | None = Field(description="E.164.")
    email: str | None
    curp: str | None

    def masked(self) -> Self:
        """As it is told to staff who do not attend the person (`privacy.reach`)."""
        return self.model_copy(
            update={
                "phone": masks.phone(self.phone) if self.phone else None,
                "email": masks.email(self.email) if self.email else None,
                "curp": masks.curp(self.curp) if self.curp else None,
            }
        )


class PlaceOut(BaseModel):
    id: str = Field(description="INEGI key.")
    name: str


class PetitionIn(BaseModel):
    """A petition that staff register. Answers are checked as the bot's are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "peticion",
                    "channel": "integracion",
                    "narrative": "Hay una fuga de agua frente a la primaria desde el lunes.",
                    "municipality": "Hermosillo",
                    "colonia": "Centro",
                    "name": "Ana Luz Soto",
                    "phone": "662 123 4567",
                }
            ]
        }
    )

    kind: PetitionKind
    channel: EntryChannel
    narrative: str = Field(min_length=10, max_length=4000)
    municipality: str | None = Field(None, max_length=120, description="Name, nickname or INEGI key.")
    colonia: str | None = Field(None, max_length=120)
    name: str | None = Field(None, max_length=120, description="Absent: anonymous.")
    phone: str | None = Field(None, max_length=40)
    email: str | None = Field(None, max_length=254)
    curp: str | None = Field(None, max_length=20)
    tipo_acta: str | None = Field(None, max_length=20)
    priority: Priority = Priority.NORMAL
    conversation_id: UUID | None = Field(None, description="For the office's staff alone.")
