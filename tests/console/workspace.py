"""Petitions as the workspace's tests want them."""

from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.agents import service as agents
from backend.db import Database
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionKind

NARRATIVE = "No hay agua en la colonia desde el lunes"


def day(ahead: int) -> date:
    """So many days from today, on the office's clock."""
    return clock.local(clock.now()).date() + timedelta(days=ahead)


async def user_id(database: Database, username: str) -> Any:
    async with database.transaction() as session:
        return (await agents.find_user(session, username)).id


async def file(
    database: Database, narrative: str = NARRATIVE, *, name: str | None = "Rosaura Félix", **values: Any
) -> str:
    """A petition on paper, then changed to `values` behind everybody's back; its folio."""
    async with database.transaction() as session:
        new = petitions.NewPetition(
            kind=values.pop("kind", PetitionKind.PETICION),
            channel=values.pop("channel", EntryChannel.PRESENCIAL),
            narrative=narrative,
            name=name,
            phone="+526621234567" if name else None,
        )
        petition = await petitions.file(session, new, actor=ActorKind.STAFF)
        for attribute, value in values.items():
            setattr(petition, attribute, value)
        return petition.folio


async def get(database: Database, folio: str) -> Petition:
    async with database.transaction() as session:
        return await petitions.get(session, folio)
