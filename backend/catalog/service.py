"""Catalogs: seeding them, the office's state, and finding places, topics and agencies."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.catalog import office
from backend.catalog.models import (
    Agency,
    AgencyLevel,
    BusinessHours,
    CannedReply,
    Holiday,
    Municipality,
    OfficeArea,
    Topic,
)
from backend.catalog.places import PlaceMatch, match_municipality
from backend.conversations.models import Conversation, Owner
from backend.errors import Conflict, InvalidInput, NotFound
from backend.text import fold

__all__ = ["PlaceMatch", "match_municipality"]

SEED = Path(__file__).parent / "seed"


@dataclass(frozen=True)
class OfficeState:
    """Whether somebody is there, now and next. `phone` is empty where the office has given none."""

    open: bool
    person_available: bool
    waiting: int
    hours_text: str
    next_opening_text: str
    address: str
    phone: str


@dataclass(frozen=True)
class HoursSpan:
    weekday: int
    opens: time
    closes: time


def _yaml(name: str) -> Any:
    return yaml.safe_load((SEED / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _office_facts() -> tuple[str, str]:
    facts = _yaml("office.yml")
    return str(facts["address"]), str(facts["phone"])


async def seed(session: AsyncSession) -> None:
    """Add what the catalogs lack, by key. What is there stays as staff left it; hours only where there are none."""
    await _seed_municipalities(session)
    await _seed_agencies(session)
    await _seed_topics(session)
    await _seed_office(session)
    for row in _yaml("canned_replies.yml"):
        await _add(session, CannedReply, "shortcut", row)


async def _seed_municipalities(session: AsyncSession) -> None:
    with (SEED / "municipalities.csv").open(encoding="utf-8") as source:
        for row in csv.DictReader(source):
            values = {
                "id": row["inegi_key"],
                "name": row["name"],
                "seat": row["seat"],
                "population_2020": int(row["population_2020"]),
                "aliases": [alias for alias in row["aliases"].split("|") if alias],
            }
            await _add(session, Municipality, "id", values)


async def _seed_agencies(session: AsyncSession) -> None:
    for row in _yaml("agencies.yml"):
        values = {
            "key": row["key"],
            "name": row["name"],
            "short_name": row["short"],
            "level": AgencyLevel(row["level"]),
            "aliases": row.get("aliases", []),
            "valid_from": row.get("valid_from"),
        }
        await _add(session, Agency, "key", values)


async def _seed_topics(session: AsyncSession) -> None:
    agencies = dict((await session.execute(select(Agency.key, Agency.id))).all())
    for row in _yaml("topics.yml"):
        values = {
            "key": row["key"],
            "name": row["name"],
            "keywords": row["words"],
            "default_agency_id": agencies[row["agency"]],
        }
        await _add(session, Topic, "key", values)


async def _seed_office(session: AsyncSession) -> None:
    facts = _yaml("office.yml")
    for day, name in facts["holidays"].items():
        await _add(session, Holiday, "day", {"day": day, "name": name})
    for area in facts["areas"]:
        await _add(session, OfficeArea, "key", {"key": area["key"], "name": area["name"], "short_name": area["short"]})
    if await session.scalar(select(func.count()).select_from(BusinessHours)):
        return
    for span in facts["hours"]:
        for weekday in span["weekdays"]:
            session.add(
                BusinessHours(
                    weekday=weekday,
                    opens=time.fromisoformat(span["opens"]),
                    closes=time.fromisoformat(span["closes"]),
                )
            )
    await session.flush()


async def _add(session: AsyncSession, model: type[Any], key: str, values: dict[str, Any]) -> None:
    await session.execute(insert(model).values(**values).on_conflict_do_nothing(index_elements=[key]))


async def office_state(session: AsyncSession, moment: datetime) -> OfficeState:
    """The office at `moment`. A person is there in office hours, or when an agent is available at any hour."""
    schedule = await office.load(session)
    is_open = schedule.is_open(moment)
    has_agent = bool(await agents.available_agents(session))
    waiting = await session.scalar(
        select(func.count()).select_from(Conversation).where(Conversation.owner == Owner.QUEUE)
    )
    address, phone = _office_facts()
    return OfficeState(
        open=is_open,
        person_available=is_open or has_agent,
        waiting=waiting or 0,
        hours_text=office.hours_text(schedule),
        next_opening_text=office.opening_text(schedule, moment),
        address=address,
        phone=phone,
    )


async def replace_hours(session: AsyncSession, spans: list[HoursSpan]) -> None:
    """The office's hours from now on. Raises InvalidInput for a span that ends before it begins, or overlaps."""
    for span in spans:
        if span.opens >= span.closes:
            raise InvalidInput("La hora de cierre debe ser posterior a la de apertura.")
        if any(
            other is not span
            and other.weekday == span.weekday
            and other.opens < span.closes
            and span.opens < other.closes
            for other in spans
        ):
            raise InvalidInput("Hay horarios que se enciman en el mismo día.")
    await session.execute(delete(BusinessHours))
    session.add_all(BusinessHours(weekday=span.weekday, opens=span.opens, closes=span.closes) for span in spans)
    await session.flush()


async def hours(session: AsyncSession) -> list[HoursSpan]:
    rows = await session.scalars(select(BusinessHours).order_by(BusinessHours.weekday, BusinessHours.opens))
    return [HoursSpan(row.weekday, row.opens, row.closes) for row in rows]


async def holidays(session: AsyncSession, since: date) -> list[Holiday]:
    return list(await session.scalars(select(Holiday).where(Holiday.day >= since).order_by(Holiday.day)))


async def municipalities(session: AsyncSession) -> list[Municipality]:
    return list(await session.scalars(select(Municipality).order_by(Municipality.name)))


async def agencies(session: AsyncSession, *, also: UUID | None = None) -> list[Agency]:
    """The agencies in use, by name; `also` one that a petition keeps though it is in use no more."""
    is_offered = or_(Agency.is_active, Agency.id == also) if also else Agency.is_active
    return list(await session.scalars(select(Agency).where(is_offered).order_by(Agency.name)))


async def topics(session: AsyncSession) -> list[Topic]:
    return list(await session.scalars(select(Topic).where(Topic.is_active).order_by(Topic.name)))


async def areas(session: AsyncSession, *, only_active: bool = True) -> list[OfficeArea]:
    """The office's areas, in the organisation manual's order."""
    query = select(OfficeArea).order_by(OfficeArea.key)
    return list(await session.scalars(query.where(OfficeArea.is_active) if only_active else query))


async def suggest_topic(session: AsyncSession, narrative: str) -> Topic | None:
    """The topic most of whose words the narrative has; None when it has none of any."""
    (likely,) = await suggest_topics(session, [narrative])
    return likely


async def suggest_topics(session: AsyncSession, narratives: Sequence[str]) -> list[Topic | None]:
    """`suggest_topic` for each of many."""
    known = await topics(session)
    return [_likely(known, f" {fold(narrative)} ") for narrative in narratives]


def _likely(known: Sequence[Topic], told: str) -> Topic | None:
    scores = [sum(len(word) for word in topic.keywords if f" {word}" in told) for topic in known]
    most = max(scores, default=0)
    return known[scores.index(most)] if most else None


async def canned_replies(session: AsyncSession, *, only_active: bool = True) -> list[CannedReply]:
    query = select(CannedReply).order_by(CannedReply.shortcut)
    return list(await session.scalars(query.where(CannedReply.is_active) if only_active else query))


async def save_canned_reply(
    session: AsyncSession, *, reply_id: UUID | None, shortcut: str, title: str, text: str, is_active: bool = True
) -> CannedReply:
    """Add or change a canned reply. Raises Conflict when another has the shortcut."""
    taken = await session.scalar(select(CannedReply).where(CannedReply.shortcut == shortcut))
    if taken is not None and taken.id != reply_id:
        raise Conflict("Ya hay una respuesta con ese atajo.")
    reply = await session.get(CannedReply, reply_id) if reply_id else CannedReply()
    if reply is None:
        raise NotFound("Esa respuesta no existe.")
    reply.shortcut, reply.title, reply.text, reply.is_active = shortcut, title, text, is_active
    session.add(reply)
    await session.flush()
    return reply
