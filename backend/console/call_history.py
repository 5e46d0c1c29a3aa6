"""A call's corrections in words: what each column said before and after, with names instead of keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backend.agents.models import User
from backend.catalog.models import Municipality, OfficeArea, Topic
from backend.console import call_texts
from backend.console.history import EMPTY, Change
from backend.console.rendering import moment_text
from backend.ledger.models import Direction, InteractionChange, Outcome, Purpose
from backend.privacy import masks
from backend.registry.models import Person, Petition
from backend.text import phone_text

_CATALOGS: Mapping[str, tuple[InstrumentedAttribute[Any], InstrumentedAttribute[str]]] = {
    "agent_id": (User.id, User.full_name),
    "area_id": (OfficeArea.id, OfficeArea.short_name),
    "transfer_area_id": (OfficeArea.id, OfficeArea.short_name),
    "person_id": (Person.id, Person.full_name),
    "municipality_id": (Municipality.id, Municipality.name),
    "topic_id": (Topic.id, Topic.name),
    "petition_id": (Petition.id, Petition.folio),
}
_WORDS: Mapping[str, Callable[[str], str]] = {
    "direction": lambda value: call_texts.DIRECTIONS[Direction(value)],
    "outcome": lambda value: call_texts.OUTCOMES[Outcome(value)],
    "purpose": lambda value: call_texts.PURPOSES[Purpose(value)],
    "phone": phone_text,
    **dict.fromkeys(
        ("started_at", "answered_at", "ended_at"), lambda value: moment_text(datetime.fromisoformat(value))
    ),
}


@dataclass(frozen=True)
class Line:
    """A correction as the page tells it; `who` is None for a machine that learned it late."""

    at: datetime
    who: str | None
    reason: str
    changes: Sequence[Change]


async def lines(
    session: AsyncSession, rows: Sequence[tuple[InteractionChange, str | None]], *, is_whole: bool = True
) -> list[Line]:
    """Corrections in the order given; telephones masked unless `is_whole`."""
    words = _WORDS if is_whole else {**_WORDS, "phone": masks.phone}
    names = await _names(session, [change for change, _ in rows])
    return [
        Line(
            change.at,
            who,
            change.reason,
            [
                Change(label, *(_word(column, value, names, words) for value in change.fields[column]))
                for column, label in call_texts.COLUMNS.items()
                if column in change.fields
            ],
        )
        for change, who in rows
    ]


async def _names(session: AsyncSession, changes: Sequence[InteractionChange]) -> dict[tuple[str, str], str]:
    """The catalogs' names for every key that the corrections hold, by column and key."""
    found: dict[tuple[str, str], str] = {}
    for column, (key, name) in _CATALOGS.items():
        wanted = {value for change in changes for value in change.fields.get(column, ()) if value}
        if wanted:
            ids = wanted if column == "municipality_id" else {UUID(value) for value in wanted}
            for one, told in await session.execute(select(key, name).where(key.in_(ids))):
                found[column, str(one)] = told
    return found


def _word(
    column: str, value: object, names: Mapping[tuple[str, str], str], words: Mapping[str, Callable[[str], str]]
) -> str:
    if value is None or value == "":
        return EMPTY
    if column in _CATALOGS:
        return names.get((column, str(value)), EMPTY)
    return words[column](str(value)) if column in words else str(value)
