"""A registry of any size, invented: the same rows for the same seed. People of Sonora, places by population, what the
topics' examples tell, a history and turns. Loaded by COPY, with indexes made after.

    python -m benchmarks.registry_data --rows 1000000 DATABASE_URL
"""

import argparse
import json
import random
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import psycopg
import yaml

from backend.registry import folios, lifecycle, searching
from backend.registry.models import EntryChannel, PetitionKind, PetitionStatus, Priority
from backend.text import fold
from backend.vault import ring
from backend.vault.blind import Kind
from backend.vault.columns import sealed_text

SEED = 20261121
#: The registry's first petition is this old.
SPAN = timedelta(days=6 * 365)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EXAMPLES = Path(__file__).resolve().parents[1] / "backend/suggestions/seed/examples.yml"

_WORDS: dict[str, str] = yaml.safe_load(Path(__file__).with_name("registry_words.yml").read_text(encoding="utf-8"))
GIVEN, FAMILY, COLONIAS, STREETS = (_WORDS[kind].split(", ") for kind in ("given", "family", "colonias", "streets"))
TAILS = (
    "Ya reportamos hace {n} días y no hemos tenido respuesta.",
    "Somos {n} familias las afectadas en la calle {street}.",
    "Mi número de reporte anterior es el {big}.",
    "Queda por la calle {street} número {house}, frente a la tienda.",
    "Les agradezco de antemano su atención, espero su pronta respuesta.",
    "Ya fui a la oficina {n} veces y me dicen que vuelva después.",
    "Hay niños y personas mayores en la casa.",
    "Ojalá que ahora sí nos hagan caso.",
    "Está entre {street} y {street2}, a un lado de la iglesia.",
    "",
)
#: How often each is met, about as the office's reports have it.
KINDS = {"peticion": 62, "queja": 14, "apoyo_social": 8, "registro_civil": 5, "audiencia": 3, "asesoria_juridica": 3,
         "carta_no_antecedentes": 2, "sugerencia": 2, "felicitacion": 1}  # fmt: skip
CHANNELS = {"whatsapp": 30, "chat_sonora": 22, "call_center": 18, "presencial": 12, "correo": 5, "redes_sociales": 5,
            "gira": 4, "telegram": 2, "correspondencia": 1, "sms": 1}  # fmt: skip
ENDED = {"concluida_satisfactoria": 66, "concluida_no_satisfactoria": 19, "improcedente": 9, "cancelada": 6}
UNDER_WAY = {"recibida": 22, "en_analisis": 18, "turnada": 28, "en_atencion": 24, "requiere_informacion": 8}
PRIORITIES = {"normal": 90, "alta": 8, "urgente": 2}


@dataclass(frozen=True)
class Topic:
    id: uuid.UUID
    agency_id: uuid.UUID
    told: Sequence[str]


@dataclass(frozen=True)
class Catalog:
    """What of the database the rows refer to."""

    topics: Sequence[Topic]
    places: Sequence[tuple[str, str]]
    populations: Sequence[int]
    staff: Sequence[uuid.UUID]


@dataclass(frozen=True)
class Person:
    id: uuid.UUID
    name: str
    phone: str | None
    email: str | None
    text: str


@dataclass(frozen=True)
class Row:
    """One petition with the rows that go with it, as tuples in the order of `COLUMNS`."""

    petition: tuple[Any, ...]
    events: Sequence[tuple[Any, ...]]
    turns: Sequence[tuple[Any, ...]]


COLUMNS = {
    "person": ("id", "full_name", "phone", "email", "search_text", "created_at"),
    "petition": ("id", "folio", "year", "number", "access_nonce", "kind", "status", "priority", "channel", "topic_id",
                 "agency_id", "person_id", "municipality_id", "colonia", "street", "narrative", "details",
                 "assignee_id", "due_on", "concluded_at", "search_text", "created_at", "updated_at"),
    "petition_event": ("petition_id", "kind", "from_status", "to_status", "actor", "user_id", "text", "detail", "at"),
    "turn": ("id", "petition_id", "agency_id", "state", "instructions", "due_on", "outcome", "answer",
             "extension_reason", "created_at", "acknowledged_at", "closed_at"),
}  # fmt: skip


class Inventor:
    """Makes people and petitions, each the same for the same seed."""

    def __init__(self, catalog: Catalog, *, seed: int = SEED) -> None:
        self._random = random.Random(seed)
        self._catalog = catalog
        # Some topics are told far more often than others: agua, bache, basura…
        self._weights = [1 / (place + 2) for place in range(len(catalog.topics))]
        self._numbers: dict[int, int] = {}

    def people(self, count: int) -> Iterator[Person]:
        for _ in range(count):
            yield self._person()

    def petitions(self, count: int, people: Sequence[Person]) -> Iterator[Row]:
        """In the order of their filing; a few people have many, one in ten is nobody's."""
        step = SPAN / count
        for number in range(count):
            at = NOW - SPAN + step * (number + self._random.random())
            person = None
            if self._random.random() > 0.1:
                person = people[int(len(people) * self._random.random() ** 1.4)]
            yield self._petition(at, person)

    def _of(self, shares: dict[str, int]) -> str:
        return self._random.choices(list(shares), list(shares.values()))[0]

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self._random.getrandbits(128), version=4)

    def _person(self) -> Person:
        pick = self._random.random
        given = [GIVEN[int(len(GIVEN) * pick() ** 2)] for _ in range(1 + (pick() < 0.45))]
        family = [FAMILY[int(len(FAMILY) * pick() ** 1.7)] for _ in range(2)]
        name = " ".join((*given, *family))
        area = self._random.choice(("662", "644", "631", "653", "642", "622", "633", "647"))
        phone = f"+52{area}{self._random.randrange(10**7):07d}" if pick() < 0.93 else None
        email = None
        if pick() < 0.3:
            email = f"{fold(given[0])}.{fold(family[0])}{self._random.randrange(1000)}@correo.example"
        text = fold(" ".join([name, *searching.contact_words(phone, email, None)]))
        return Person(self._uuid(), name, phone, email, text)

    def _petition(self, at: datetime, person: Person | None) -> Row:
        pick = self._random.choice
        topic = self._random.choices(self._catalog.topics, self._weights)[0]
        place = self._random.choices(self._catalog.places, self._catalog.populations)[0]
        street, colonia = pick(STREETS), pick(COLONIAS)
        narrative = self._narrative(topic, street)
        status = PetitionStatus(self._of(ENDED if self._random.random() < self._share_ended(at) else UNDER_WAY))
        number = self._numbers[at.year] = self._numbers.get(at.year, 0) + 1
        folio = folios.make(at.year, number)
        ended_at = at + timedelta(days=self._random.randint(1, 40)) if status in lifecycle.CLOSED else None
        due_on = (at + timedelta(days=21)).date() if status is not PetitionStatus.REQUIERE_INFORMACION else None
        told = (folio, person.text if person else "", place[1], colonia, street, narrative)
        petition_id, priority = self._uuid(), Priority(self._of(PRIORITIES))
        petition = (
            petition_id, folio, at.year, number, f"{self._random.getrandbits(128):032x}",
            PetitionKind(self._of(KINDS)).value, status.value, priority.value, EntryChannel(self._of(CHANNELS)).value,
            topic.id, topic.agency_id, person.id if person else None, place[0], colonia, street, narrative, "{}",
            pick(self._catalog.staff) if self._catalog.staff and self._random.random() < 0.8 else None,
            due_on, ended_at, fold(" ".join(told)), at, ended_at or at,
        )  # fmt: skip
        return Row(
            petition,
            list(_events(petition_id, status, at, ended_at)),
            list(self._turns(petition_id, topic, status, at, ended_at)),
        )

    def _share_ended(self, at: datetime) -> float:
        """What is older than two months is nearly always concluded."""
        return 0.985 if NOW - at > timedelta(days=60) else 0.35

    def _narrative(self, topic: Topic, street: str) -> str:
        pick = self._random
        tail = pick.choice(TAILS).format(
            n=pick.randint(2, 60), big=pick.randrange(10**6), house=pick.randint(1, 999), street=street,
            street2=pick.choice(STREETS),
        )  # fmt: skip
        second = pick.choice(topic.told) + "." if pick.random() < 0.4 else ""
        return " ".join(part for part in (pick.choice(topic.told) + ".", second, tail) if part)

    def _turns(
        self, petition_id: uuid.UUID, topic: Topic, status: PetitionStatus, at: datetime, ended_at: datetime | None
    ) -> Iterator[tuple[Any, ...]]:
        if status in (PetitionStatus.RECIBIDA, PetitionStatus.EN_ANALISIS, PetitionStatus.CANCELADA):
            return
        state = {"turnada": "turnado"}.get(status.value, "contestado" if ended_at else "recibido")
        outcome = None
        if ended_at:
            outcome = "atendida" if status is PetitionStatus.CONCLUIDA_SATISFACTORIA else "no_fue_posible"
        due_on = (at + timedelta(days=15)).date()
        yield (
            self._uuid(), petition_id, topic.agency_id, state, "", due_on, outcome,
            "Se atendió el reporte." if ended_at else "", "", at + timedelta(days=1),
            at + timedelta(days=2) if state != "turnado" else None, ended_at,
        )  # fmt: skip


def _events(
    petition_id: uuid.UUID, status: PetitionStatus, at: datetime, ended_at: datetime | None
) -> Iterator[tuple[Any, ...]]:
    """A short way through the table of transitions to where it is."""
    way = {
        "recibida": (), "en_analisis": ("en_analisis",), "turnada": ("turnada",), "cancelada": ("cancelada",),
        "improcedente": ("improcedente",), "requiere_informacion": ("requiere_informacion",),
    }.get(status.value, ("turnada", "en_atencion", status.value))  # fmt: skip
    steps = ["recibida", *dict.fromkeys(way)]
    yield (petition_id, "filed", None, "recibida", "bot", None, "", "{}", at)
    for place, (before, to) in enumerate(pairwise(steps), start=1):
        moment = ended_at if ended_at and to == steps[-1] else at + timedelta(days=place)
        yield (petition_id, "status_changed", before, to, "system", None, "Según el trámite", "{}", moment)


def read_catalog(connection: psycopg.Connection[Any]) -> Catalog:
    """The catalogs of a migrated and seeded database."""
    examples: dict[str, str] = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    topics = [
        Topic(topic_id, agency_id, examples[key].strip().splitlines())
        for topic_id, agency_id, key in connection.execute(
            "SELECT id, default_agency_id, key FROM topic WHERE key = ANY(%s) ORDER BY array_position(%s, key)",
            (list(examples), list(examples)),
        )
    ]
    places = connection.execute("SELECT id, name, population_2020 FROM municipality ORDER BY id").fetchall()
    staff = connection.execute("SELECT id FROM staff_user ORDER BY username").fetchall()
    return Catalog(topics, [row[:2] for row in places], [row[2] for row in places], [row[0] for row in staff])


def load(url: str, rows: int, *, seed: int = SEED) -> float:
    """Fill an empty registry; the seconds that it took. The database's owner must be a superuser."""
    started = time.monotonic()
    ring.use(ring.Keyring(url))
    with psycopg.connect(url) as connection:
        _add_staff(connection)
        inventor = Inventor(read_catalog(connection), seed=seed)
        # References hold by construction; checking each of six million would take most of the time.
        connection.execute("SET session_replication_role = replica")
        indexes = _drop_indexes(connection)
        people = list(inventor.people(max(1, rows * 6 // 10)))
        _copy(connection, "person", ((p.id, p.name, *sealed(p), p.text, NOW) for p in people))
        made = inventor.petitions(rows, people)
        done = 0
        while batch := list(islice(made, 20_000)):
            _copy(connection, "petition", (row.petition for row in batch))
            _copy(connection, "petition_event", (event for row in batch for event in row.events))
            _copy(connection, "turn", (turn for row in batch for turn in row.turns))
            done += len(batch)
            print(f"\r{done:,} of {rows:,} petitions, {time.monotonic() - started:.0f} s", end="", file=sys.stderr)
        connection.execute("INSERT INTO folio_counter SELECT year, max(number) FROM petition GROUP BY year")
        print(file=sys.stderr)
        for statement in indexes:
            connection.execute(statement)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE person, petition, petition_event, turn")
    return time.monotonic() - started


def sealed(person: Person) -> Iterator[bytes | None]:
    for kind in (Kind.PHONE, Kind.EMAIL):
        value = getattr(person, kind.value)
        yield sealed_text(f"person.{kind.value}", kind, value) if value else None


def _add_staff(connection: psycopg.Connection[Any]) -> None:
    """Twenty analysts; no password opens their accounts."""
    for number in range(20):
        connection.execute(
            "INSERT INTO staff_user (id, username, full_name, role, password_hash, must_change_password, is_active,"
            " failed_logins) VALUES (%s, %s, %s, 'analyst', '!', true, true, 0) ON CONFLICT DO NOTHING",
            (uuid.UUID(int=number + 1), f"analista{number + 1}", f"Analista {number + 1}"),
        )


def _copy(connection: psycopg.Connection[Any], table: str, rows: Iterator[tuple[Any, ...]]) -> None:
    columns = ", ".join(COLUMNS[table])
    with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _drop_indexes(connection: psycopg.Connection[Any]) -> list[str]:
    """Take away the indexes that no constraint needs; the statements that make them again."""
    rows = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND schemaname = 'public'"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)",
        (list(COLUMNS),),
    ).fetchall()
    for name, _ in rows:
        connection.execute(f'DROP INDEX "{name}"')
    return [statement for _, statement in rows]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="a migrated, seeded database without petitions")
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    print(json.dumps({"rows": arguments.rows, "seconds": round(load(arguments.url, arguments.rows), 1)}))
