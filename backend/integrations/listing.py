"""Petitions in the order of their last change, page by page, at the same cost wherever the page lies.

A page begins after the last row of the one before (keyset), by `(updated_at, id)`, which an index holds.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.catalog.models import Agency, Municipality, Topic
from backend.integrations.errors import CursorRefused
from backend.registry import folios
from backend.registry.models import EntryChannel, Person, Petition, PetitionKind, PetitionStatus
from backend.text import fold


@dataclass(frozen=True)
class Wanted:
    """Which petitions; what is absent does not narrow. Ranges take their beginning and leave out their end."""

    statuses: Sequence[PetitionStatus] = ()
    kind: PetitionKind | None = None
    channel: EntryChannel | None = None
    municipality_id: str | None = None
    agency_key: str | None = None
    topic_key: str | None = None
    updated_since: datetime | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    search: str = ""
    newest_first: bool = False


@dataclass(frozen=True)
class Row:
    petition: Petition
    person: Person | None
    municipality: str | None
    topic: Topic | None
    agency: Agency | None
    assignee: str | None


@dataclass(frozen=True)
class Slice:
    """A page, and where the next one begins; None on the last."""

    rows: Sequence[Row]
    next_cursor: str | None


def rows() -> Select[Petition, Person, str, Topic, Agency, str]:
    return (
        select(Petition, Person, Municipality.name, Topic, Agency, User.full_name)
        .outerjoin(Person, Person.id == Petition.person_id)
        .outerjoin(Municipality, Municipality.id == Petition.municipality_id)
        .outerjoin(Topic, Topic.id == Petition.topic_id)
        .outerjoin(Agency, Agency.id == Petition.agency_id)
        .outerjoin(User, User.id == Petition.assignee_id)
    )


async def page(session: AsyncSession, wanted: Wanted, *, cursor: str | None, limit: int) -> Slice:
    """At most `limit` petitions after `cursor`. Raises CursorRefused."""
    place = tuple_(Petition.updated_at, Petition.id)
    conditions = [Petition.withheld_at.is_(None), *await _conditions(session, wanted)]
    if cursor is not None:
        after = _read(cursor, wanted)
        conditions.append(place < after if wanted.newest_first else place > after)
    order = (
        (Petition.updated_at.desc(), Petition.id.desc()) if wanted.newest_first else (Petition.updated_at, Petition.id)
    )
    found = await session.execute(rows().where(*conditions).order_by(*order).limit(limit + 1))
    listed = [Row(*row) for row in found]
    has_more = len(listed) > limit
    listed = listed[:limit]
    return Slice(listed, _write(listed[-1].petition, wanted) if has_more else None)


async def _conditions(session: AsyncSession, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.statuses:
        conditions.append(Petition.status.in_(wanted.statuses))
    if wanted.kind is not None:
        conditions.append(Petition.kind == wanted.kind)
    if wanted.channel is not None:
        conditions.append(Petition.channel == wanted.channel)
    if wanted.municipality_id is not None:
        conditions.append(Petition.municipality_id == wanted.municipality_id)
    if wanted.agency_key is not None:
        # The key's id is looked up first: with a constant the planner can walk the agency's index in order.
        agency = await session.scalar(select(Agency.id).where(Agency.key == wanted.agency_key))
        conditions.append(Petition.agency_id == (agency or UUID(int=0)))
    if wanted.topic_key is not None:
        topic = await session.scalar(select(Topic.id).where(Topic.key == wanted.topic_key))
        conditions.append(Petition.topic_id == (topic or UUID(int=0)))
    return [*conditions, *_times(wanted), *_search(wanted.search)]


def _times(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.updated_since is not None:
        conditions.append(Petition.updated_at >= wanted.updated_since)
    if wanted.created_from is not None:
        conditions.append(Petition.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        conditions.append(Petition.created_at < wanted.created_to)
    return conditions


def _search(typed: str) -> list[ColumnElement[bool]]:
    """A folio exactly, else words, in Spanish."""
    folded = fold(typed)
    if not folded:
        return []
    folio = folios.parse(typed)
    if folio is not None:
        return [Petition.folio == folio]
    return [Petition.search.op("@@")(func.websearch_to_tsquery("spanish", folded))]


def _write(last: Petition, wanted: Wanted) -> str:
    told = [last.updated_at.isoformat(), str(last.id), wanted.newest_first]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _read(cursor: str, wanted: Wanted) -> tuple[datetime, UUID]:
    try:
        told = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        moment, petition_id, newest_first = told
        place = datetime.fromisoformat(moment), UUID(petition_id)
    except (binascii.Error, ValueError, TypeError, AttributeError) as error:
        raise CursorRefused from error
    if newest_first is not wanted.newest_first or place[0].tzinfo is None:
        raise CursorRefused
    return place
