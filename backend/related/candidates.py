"""Likely duplicates of a petition: a few hundred taken by indexes, then scored one by one (docs/adr/0015)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, TextualSelect, any_, bindparam, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlalchemy.types import String, TypeEngine, Uuid

from backend import clock
from backend.catalog import service as catalog
from backend.catalog.models import Municipality
from backend.registry.models import Person, Petition, PetitionKind, PetitionStatus
from backend.related import scoring
from backend.related.scoring import LIKELY, Score, Side
from backend.text import fold
from backend.vault import blind
from backend.vault.blind import Kind
from backend.vault.columns import BlindIndex, index_of, index_sql

#: Petitions told longer ago than this are not looked at.
WINDOW = timedelta(days=180)
#: How many each way of looking brings at most, newest first.
_A_WAY = 60
#: Words are looked for, the rarest first, that so large a share of all petitions has together; and those that are not
#: among the common ones. What one in ten has («solicito», «ahora») costs most of the search and tells nothing.
_SHARE = 0.03
SHOWN = 8

#: The narrative's lexemes with the share of petitions that have each, as the last ANALYZE found; the rarest first.
_RARITY = text("""
    WITH common AS MATERIALIZED (
      SELECT listed.word, listed.share
        FROM pg_stats stats,
             unnest(stats.most_common_elems::text::text[], stats.most_common_elem_freqs) AS listed(word, share)
       WHERE stats.tablename = 'petition' AND stats.attname = 'search' AND stats.schemaname = current_schema()
    )
    SELECT told.word, coalesce(common.share, 0) AS share
      FROM unnest(tsvector_to_array(to_tsvector('spanish', :told))) AS told(word)
      LEFT JOIN common ON common.word = told.word
     WHERE told.word ~ '^[a-z]{3,}$'
     ORDER BY coalesce(common.share, 0), length(told.word) DESC
     LIMIT 12
""")
#: Each way by an index, into a set of its own before it is sorted: so the planner never walks the whole table by date.
_CONTACTS = (Kind.PHONE, Kind.EMAIL, Kind.CURP)
_SAME_CONTACT = " OR ".join(f"{index_sql(f'person.{kind.value}')} = :{kind.value}" for kind in _CONTACTS)
_BY_PERSON = f"""
    SELECT petition.id, petition.created_at FROM petition JOIN person ON person.id = petition.person_id
     WHERE ({_SAME_CONTACT} OR person.id = :person_id)
       AND petition.created_at > :since
"""  # noqa: S608 (our own words)
_BY_PLACE = """
    SELECT id, created_at FROM petition
     WHERE municipality_id = :municipality AND translate(lower(colonia), 'áéíóúüñ', 'aeiouun') = :place
       AND created_at > :since
     ORDER BY created_at DESC LIMIT :most
"""
_BY_WORDS = """
    SELECT id, created_at FROM petition
     WHERE search @@ CAST(:told AS tsquery) AND created_at > :since
       AND (municipality_id = :municipality OR :municipality IS NULL)
"""
_TYPES: dict[str, TypeEngine[Any]] = {
    **{kind.value: BlindIndex(kind) for kind in _CONTACTS},
    "person_id": Uuid(),
    "municipality": String(),
    "place": String(),
    "told": String(),
}


@dataclass(frozen=True)
class Wanted:
    """What is known of a petition whose like is looked for; `but` are left out."""

    kind: PetitionKind
    narrative: str
    municipality_id: str | None = None
    colonia: str | None = None
    street: str | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    curp: str | None = None
    person_id: UUID | None = None
    but: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Candidate:
    petition: Petition
    person: Person | None
    municipality: str | None
    score: Score


async def candidates(
    session: AsyncSession, wanted: Wanted, *, least: float = LIKELY, limit: int = SHOWN
) -> list[Candidate]:
    """The petitions of the last half year that are likely the same, the likeliest first."""
    found = await _sides(session, await _ids(session, wanted))
    topic = await catalog.suggest_topic(session, wanted.narrative)
    new = Side(
        kind=wanted.kind,
        narrative=wanted.narrative,
        municipality_id=wanted.municipality_id,
        colonia=wanted.colonia,
        street=wanted.street,
        name=wanted.name,
        contacts=_contacts(*_indexes(wanted), wanted.person_id),
        topic=str(topic.id) if topic else None,
        told_at=clock.now(),
    )
    others = [id_ for id_ in found if id_ not in wanted.but]
    scores = dict(zip(others, scoring.compare_all(new, [found[id_] for id_ in others]), strict=True))
    likely = [id_ for id_, score in scores.items() if score.points >= least]
    likely.sort(key=lambda id_: (-scores[id_].points, -_moment(found[id_])))
    rows = {row[0].id: row for row in await _rows(session, likely[:limit])}
    return [Candidate(*rows[id_], scores[id_]) for id_ in likely[:limit]]


def _moment(side: Side) -> float:
    return side.told_at.timestamp() if side.told_at else 0.0


def of_petition(petition: Petition, person: Person | None, but: frozenset[UUID] = frozenset()) -> Wanted:
    """What to look for, given a petition that is filed already."""
    return Wanted(
        kind=petition.kind,
        narrative=petition.narrative,
        municipality_id=petition.municipality_id,
        colonia=petition.colonia,
        street=petition.street,
        name=person.full_name if person else None,
        phone=person.phone if person else None,
        email=person.email if person else None,
        curp=person.curp if person else None,
        person_id=petition.person_id,
        but=but | {petition.id},
    )


def _indexes(wanted: Wanted) -> list[bytes]:
    ways = zip(_CONTACTS, (wanted.phone, wanted.email, wanted.curp), strict=True)
    return [blind.index(kind, value) for kind, value in ways if value]


def _contacts(*ways: bytes | UUID | None) -> frozenset[bytes | UUID]:
    return frozenset(way for way in ways if way)


async def _ids(session: AsyncSession, wanted: Wanted) -> Sequence[UUID]:
    told = (await session.execute(_RARITY, {"told": fold(wanted.narrative)})).all()
    place_words = re.findall(r"[a-z0-9]{3,}", scoring.place_key(wanted.colonia)) if wanted.colonia else []
    values = {
        "phone": wanted.phone,
        "email": wanted.email,
        "curp": wanted.curp,
        "person_id": wanted.person_id,
        "municipality": wanted.municipality_id,
        "place": fold(wanted.colonia) if wanted.colonia else None,
        "since": clock.now() - WINDOW,
        "most": _A_WAY,
    }
    ways = []
    if any((wanted.phone, wanted.email, wanted.curp, wanted.person_id)):
        ways.append(_BY_PERSON)
    if wanted.municipality_id and wanted.colonia:
        ways.append(_BY_PLACE)
    if told_alike := _told_alike(_rare([(word, share) for word, share in told]), place_words):
        # One look for both: each reads the same words' places in the index.
        ways.append(_BY_WORDS)
        values["told"] = told_alike
    if not ways:
        return []
    return (await session.scalars(_union(ways), values)).all()


def _rare(shares: Sequence[tuple[str, float]]) -> list[str]:
    """Of a narrative's words with their shares, the rarest first, those to look for."""
    together = list(accumulate(share for _, share in shares))
    return [word for (word, _), sum_ in zip(shares, together, strict=True) if sum_ <= _SHARE] or [
        word for word, _ in shares[:1]
    ]


def _union(ways: Sequence[str]) -> TextualSelect:
    sets = ", ".join(f"way{number} AS MATERIALIZED ({way})" for number, way in enumerate(ways))
    newest = " UNION ".join(
        f"(SELECT id FROM way{number} ORDER BY created_at DESC LIMIT :most)"  # noqa: S608 (our own words)
        for number, _ in enumerate(ways)
    )
    query = f"WITH {sets} {newest}"
    typed = [bindparam(name, type_=kind) for name, kind in _TYPES.items() if f":{name}" in query]
    return text(query).bindparams(*typed).columns(id=Uuid())


def _told_alike(lexemes: Sequence[str], place_words: Sequence[str]) -> str:
    """Two of the words anywhere, or any of them in a colonia that has all of these.

    A colonia's words are looked for whole: their beginnings took three times as long and found hardly more.
    """
    ways = [f"('{one}' & '{other}')" for number, one in enumerate(lexemes) for other in lexemes[number + 1 :]]
    if lexemes and place_words:
        told = " | ".join(f"'{lexeme}'" for lexeme in lexemes)
        placed = " & ".join(f"'{word}'" for word in place_words)
        ways.append(f"(({told}) & ({placed}))")
    return " | ".join(ways)


async def _sides(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Side]:
    """What is compared of each, and no more: whole rows of hundreds took longer than to find them.

    Telephones and the like are compared by their indexes: nothing is unsealed for it.
    """
    told = (
        Petition.kind, Petition.narrative, Petition.municipality_id, Petition.colonia, Petition.street,
        Petition.topic_id, Petition.created_at,
    )  # fmt: skip
    whose = (Person.full_name, index_of(Person.phone), index_of(Person.email), index_of(Person.curp), Person.id)
    rows = await session.execute(
        select(Petition.id, *told, *whose)
        .outerjoin(Person, Person.id == Petition.person_id)
        # One value: a list of them would be another statement for each number of ids, and parsed anew.
        .where(Petition.id == any_(literal(ids, ARRAY(Uuid()))), Petition.status != PetitionStatus.CANCELADA)
    )
    return {
        id_: Side(
            kind=kind,
            narrative=narrative,
            municipality_id=municipality_id,
            colonia=colonia,
            street=street,
            name=name,
            contacts=_contacts(*ways),
            topic=str(topic_id) if topic_id else None,
            told_at=told_at,
        )
        for id_, kind, narrative, municipality_id, colonia, street, topic_id, told_at, name, *ways in rows
    }


async def _rows(session: AsyncSession, ids: Sequence[UUID]) -> list[tuple[Petition, Person | None, str | None]]:
    rows = await session.execute(
        select(Petition, Person, Municipality.name)
        .outerjoin(Person, Person.id == Petition.person_id)
        .outerjoin(Municipality, Municipality.id == Petition.municipality_id)
        .where(Petition.id.in_(ids))
        .options(defer(Petition.search), defer(Petition.search_text))
    )
    return [(petition, person, place) for petition, person, place in rows]
