"""A petition's history in words: what changed from what to what, with the catalogs' names instead of keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backend.agents.models import User
from backend.catalog.models import Agency, Municipality, Topic
from backend.console import due_texts, texts
from backend.registry.models import PetitionEvent, PetitionEventKind, PetitionKind, Priority
from backend.registry.queries import EventRow

EMPTY = "—"

FIELDS = {
    "kind": "Tipo",
    "narrative": "Asunto",
    "priority": "Prioridad",
    "municipality_id": "Municipio",
    "colonia": "Colonia",
    "postal_code": "Código postal",
    "street": "Calle y número",
    "place_reference": "Referencia",
    "topic_id": "Tema",
    "agency_id": "Dependencia",
    "assignee_id": "Responsable",
    "channel": "Medio de entrada",
}
_CATALOGS: Mapping[str, tuple[InstrumentedAttribute[Any], InstrumentedAttribute[str]]] = {
    "municipality_id": (Municipality.id, Municipality.name),
    "topic_id": (Topic.id, Topic.name),
    "agency_id": (Agency.id, Agency.short_name),
    "assignee_id": (User.id, User.full_name),
}
_WORDS: Mapping[str, Callable[[str], str]] = {
    "kind": lambda value: texts.PETITION_KINDS[PetitionKind(value)],
    "priority": lambda value: texts.PRIORITIES[Priority(value)],
}
_OUTCOMES = {"atendida": "Atendida", "no_fue_posible": "No fue posible"}
#: What an event tells beside its text, by the key of its detail; keys that are not here are for programs.
FACTS: Mapping[str, str] = {
    "agency": "Dependencia",
    "outcome": "Resultado",
    "due_on": "Fecha límite",
    "petition_due_on": "La petición vence",
    "until": "Hasta",
    "number": "Número",
    "file_name": "Archivo",
    "folio": "Folio",
    "to": "Para",
    "asked": "Se le pidió",
    "added": "Se puso",
    "removed": "Se quitó",
    "group": "Grupo",
    "step": "Paso",
}


@dataclass(frozen=True)
class Change:
    """One datum before and after; `is_long` for what takes more than a line."""

    field: str
    before: str
    after: str

    @property
    def is_long(self) -> bool:
        return len(self.before) + len(self.after) > 160


@dataclass(frozen=True)
class Line:
    """An event as the page tells it."""

    id: int
    title: str
    who: str
    at: datetime
    text: str
    changes: Sequence[Change]
    facts: Sequence[tuple[str, str]]


async def lines(session: AsyncSession, rows: Sequence[EventRow]) -> list[Line]:
    """The history of a petition, in the order given."""
    names = await _names(session, [row.event for row in rows])
    return [
        Line(
            id=row.event.id,
            title=title(row.event),
            who=row.user_name or texts.ACTORS[row.event.actor],
            at=row.at,
            text=row.event.text,
            changes=_changes(row.event, names),
            facts=_facts(row.event),
        )
        for row in rows
    ]


def title(event: PetitionEvent) -> str:
    """What happened, in a few words."""
    if event.from_status and event.to_status:
        return f"{texts.PETITION_STATUSES[event.from_status]} → {texts.PETITION_STATUSES[event.to_status]}"
    if event.kind is PetitionEventKind.CITIZEN_VERDICT and "solved" in event.detail:
        return f"Según la persona: {'sí' if event.detail['solved'] else 'no'} se resolvió"
    return texts.PETITION_EVENTS[event.kind]


def _is_change(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"from", "to"}


async def _names(session: AsyncSession, events: Sequence[PetitionEvent]) -> dict[tuple[str, str], str]:
    """The catalogs' names for every key that the events' changes hold, by field and key."""
    wanted: dict[str, set[str]] = {}
    for event in events:
        for field in _CATALOGS.keys() & event.detail.keys():
            if _is_change(event.detail[field]):
                wanted.setdefault(field, set()).update(one for one in event.detail[field].values() if one)
    found = {}
    for field, keys in wanted.items():
        column, name = _CATALOGS[field]
        ids = keys if field == "municipality_id" else {UUID(key) for key in keys}
        for key, told in await session.execute(select(column, name).where(column.in_(ids))):
            found[field, str(key)] = told
    return found


def _changes(event: PetitionEvent, names: Mapping[tuple[str, str], str]) -> list[Change]:
    return [
        Change(label, *(_word(field, event.detail[field][side], names) for side in ("from", "to")))
        for field, label in FIELDS.items()
        if _is_change(event.detail.get(field))
    ]


def _word(field: str, value: object, names: Mapping[tuple[str, str], str]) -> str:
    if value is None or value == "":
        return EMPTY
    told = str(value)
    if field in _CATALOGS:
        return names.get((field, told), EMPTY)
    return _WORDS[field](told) if field in _WORDS else told


def _facts(event: PetitionEvent) -> list[tuple[str, str]]:
    return [
        (label, _fact(key, event.detail[key]))
        for key, label in FACTS.items()
        if isinstance(event.detail.get(key), str | int) and event.detail[key] != ""
    ]


def _fact(key: str, value: str | int) -> str:
    if key in ("due_on", "petition_due_on", "until"):
        try:
            return due_texts.short_day(date.fromisoformat(str(value)))
        except ValueError:
            return str(value)
    return _OUTCOMES.get(str(value), str(value)) if key == "outcome" else str(value)
