"""Petitions as service requests: services are topics, a request's id is its folio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.catalog import service as catalog
from backend.catalog.models import Agency, Municipality, Topic
from backend.errors import InvalidInput, NotFound
from backend.learning import masking
from backend.registry import folios, intake, lifecycle, petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionKind

#: What the standard is for; a petition of another kind is no service request.
KINDS = (PetitionKind.PETICION, PetitionKind.QUEJA)
#: The standard's own limits of a query.
SPAN = timedelta(days=90)
MOST = 1000
#: Coordinates are told to about a hundred metres where a key may not see personal data.
_COARSE = 3
#: The attributes of every service, besides what the standard asks for.
MUNICIPALITY, COLONIA, KIND = "municipio", "colonia", "tipo"


class ServiceNotFound(NotFound):
    code = "servicio_no_encontrado"
    message = "service_code no encontrado."


class RequestNotFound(NotFound):
    code = "solicitud_no_encontrada"
    message = "service_request_id no encontrado."


@dataclass(frozen=True)
class Asked:
    """A new request, as the form has it. Coordinates are both there or neither."""

    service_code: str
    description: str
    attributes: Mapping[str, str]
    lat: float | None = None
    long: float | None = None
    address: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    media_url: str = ""


@dataclass(frozen=True)
class Query:
    """Which requests; of `ids`, nothing else counts."""

    ids: Sequence[str] = ()
    service_codes: Sequence[str] = ()
    statuses: Sequence[str] = ()
    start: datetime | None = None
    end: datetime | None = None
    page: int = 1
    page_size: int = MOST


async def services(session: AsyncSession) -> list[dict[str, Any]]:
    return [
        {
            "service_code": topic.key,
            "service_name": topic.name,
            "description": f"Peticiones y quejas sobre: {topic.name.lower()}.",
            "metadata": True,
            "type": "realtime",
            "keywords": ", ".join(topic.keywords),
            "group": agency.short_name if agency else "",
        }
        for topic, agency in await _topics(session)
    ]


async def _topics(session: AsyncSession) -> Sequence[tuple[Topic, Agency | None]]:
    rows = await session.execute(
        select(Topic, Agency)
        .outerjoin(Agency, Agency.id == Topic.default_agency_id)
        .where(Topic.is_active)
        .order_by(Topic.name)
    )
    return [(topic, agency) for topic, agency in rows]


async def topic_of(session: AsyncSession, code: str) -> Topic:
    """Raises ServiceNotFound."""
    topic: Topic | None = await session.scalar(
        select(Topic).where(Topic.key == code.replace("\0", ""), Topic.is_active)
    )
    if topic is None:
        raise ServiceNotFound
    return topic


async def definition(session: AsyncSession, code: str) -> dict[str, Any]:
    """What a service asks for. All services ask the same. Raises ServiceNotFound."""
    topic = await topic_of(session, code)
    places = [{"key": one.id, "name": one.name} for one in await catalog.municipalities(session)]
    kinds = [{"key": kind.value, "name": intake.KIND_TEXTS[kind]} for kind in KINDS]
    asked: tuple[tuple[str, str, str, str, list[dict[str, str]]], ...] = (
        (MUNICIPALITY, "singlevaluelist", "Municipio donde ocurre", "Elija uno de la lista", places),
        (COLONIA, "string", "Colonia o localidad", "", []),
        (KIND, "singlevaluelist", "Petición o queja", "Sin elegir: petición", kinds),
    )
    attributes = [
        {
            "variable": True,
            "code": attribute,
            "datatype": datatype,
            "required": False,
            "datatype_description": hint,
            "order": order,
            "description": description,
            "values": values,
        }
        for order, (attribute, datatype, description, hint, values) in enumerate(asked, 1)
    ]
    return {"service_code": topic.key, "attributes": attributes}


async def file(session: AsyncSession, asked: Asked, user: User) -> Petition:
    """Register a request as a petition. Raises ServiceNotFound, and InvalidInput naming what is wrong."""
    topic = await topic_of(session, asked.service_code)
    kind = asked.attributes.get(KIND) or PetitionKind.PETICION
    if kind not in KINDS:
        raise InvalidInput(f"attribute[{KIND}]: elija un valor de la lista.")
    narrative = await _checked(session, "narrativa", "description", asked.description)
    if narrative is None:
        raise InvalidInput("description es obligatorio.")
    municipality = await _municipality(session, asked)
    petition = await petitions.file(
        session,
        petitions.NewPetition(
            kind=PetitionKind(kind),
            channel=EntryChannel.INTEGRACION,
            narrative=narrative,
            municipality_id=municipality,
            colonia=await _checked(session, "colonia", f"attribute[{COLONIA}]", asked.attributes.get(COLONIA, "")),
            place_reference=asked.address[:300] or None,
            name=await _checked(session, "nombre", "first_name", asked.name),
            phone=await _checked(session, "telefono", "phone", asked.phone),
            email=await _checked(session, "correo", "email", asked.email),
            details=_details(asked),
        ),
        actor=ActorKind.STAFF,
        user_id=user.id,
    )
    # Whoever asks has said what it is about: no guess is better.
    petition.topic_id, petition.agency_id = topic.id, topic.default_agency_id or petition.agency_id
    await session.flush()
    return petition


def _details(asked: Asked) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if asked.lat is not None and asked.long is not None:
        details |= {"lat": asked.lat, "long": asked.long}
    if asked.media_url:
        details["media_url"] = asked.media_url  # for people to open, or not: never fetched
    return details


async def _checked(session: AsyncSession, field: str, name: str, raw: str) -> str | None:
    """An answer as the bot's are checked; None where there is none. Raises InvalidInput."""
    if not raw.strip():
        return None
    checked = await intake.check(session, field, raw)
    if checked.value is None:
        raise InvalidInput(f"{name}: {intake.PROBLEMS[checked.problem or 'empty']}")
    return None if checked.value == intake.SKIPPED else checked.value


async def _municipality(session: AsyncSession, asked: Asked) -> str | None:
    """As chosen; else the one that a part of the address names, the last part first."""
    chosen = asked.attributes.get(MUNICIPALITY, "").strip()
    if chosen:
        known = await session.get(Municipality, chosen)
        matched = known or (await catalog.match_municipality(session, chosen)).municipality
        if matched is None:
            raise InvalidInput(f"attribute[{MUNICIPALITY}]: elija un valor de la lista.")
        return matched.id
    for part in reversed(asked.address.split(",")[-4:]):
        found = (await catalog.match_municipality(session, part)).municipality if part.strip() else None
        if found is not None:
            return found.id
    return None


async def requests(session: AsyncSession, query: Query, *, sees_persons: bool) -> list[dict[str, Any]]:
    """Requests, newest first, within the standard's limits: ninety days, a thousand."""
    size = max(1, min(query.page_size, MOST))
    rows = await session.execute(
        _rows()
        .where(*_conditions(query))
        .order_by(Petition.created_at.desc(), Petition.number.desc())
        .limit(size)
        .offset((query.page - 1) * size)
    )
    return [_told(*row, sees_persons=sees_persons) for row in rows]


async def one(session: AsyncSession, folio: str, *, sees_persons: bool) -> dict[str, Any]:
    """Raises RequestNotFound."""
    found = await requests(session, Query(ids=[folio]), sees_persons=sees_persons)
    if not found:
        raise RequestNotFound
    return found[0]


def _rows() -> Select[Petition, Topic, Agency, str]:
    return (
        select(Petition, Topic, Agency, Municipality.name)
        .join(Topic, Topic.id == Petition.topic_id)
        .outerjoin(Agency, Agency.id == Petition.agency_id)
        .outerjoin(Municipality, Municipality.id == Petition.municipality_id)
        .where(Petition.kind.in_(KINDS), Petition.withheld_at.is_(None))
    )


def _conditions(query: Query) -> list[ColumnElement[bool]]:
    if query.ids:
        known = [folio for folio in map(folios.parse, query.ids) if folio is not None]
        return [Petition.folio.in_(known)]
    start, end = _span(query)
    conditions: list[ColumnElement[bool]] = [Petition.created_at >= start, Petition.created_at <= end]
    if query.service_codes:
        conditions.append(Topic.key.in_(query.service_codes))
    is_closed = Petition.status.in_(lifecycle.CLOSED)
    if set(query.statuses) == {"closed"}:
        conditions.append(is_closed)
    elif set(query.statuses) == {"open"}:
        conditions.append(~is_closed)
    return conditions


def _span(query: Query) -> tuple[datetime, datetime]:
    """The ninety days up to the end, or from the beginning. Raises InvalidInput for a longer span."""
    moment = clock.now()
    try:
        if query.start is not None and query.end is not None:
            if query.end - query.start > SPAN:
                raise InvalidInput("Entre start_date y end_date no puede haber más de 90 días.")
            return query.start, query.end
        if query.start is not None:
            return query.start, query.start + SPAN
        end = query.end or moment
        return end - SPAN, end
    except OverflowError as error:
        raise InvalidInput("start_date y end_date deben ser fechas reales.") from error


def _told(
    petition: Petition, topic: Topic, agency: Agency | None, municipality: str | None, *, sees_persons: bool
) -> dict[str, Any]:
    where = [petition.colonia, municipality, "Sonora"]
    if sees_persons:
        where = [petition.street, petition.place_reference, *where]
    return {
        "service_request_id": petition.folio,
        "status": "closed" if petition.status in lifecycle.CLOSED else "open",
        "status_notes": petitions.STATUS_TEXTS[petition.status][1],
        "service_name": topic.name,
        "service_code": topic.key,
        "description": petition.narrative if sees_persons else masking.mask(petition.narrative),
        "agency_responsible": agency.name if agency else None,
        "service_notice": None,
        "requested_datetime": petition.created_at,
        "updated_datetime": petition.updated_at,
        "expected_datetime": _end_of(petition.due_on) if petition.due_on else None,
        "address": ", ".join(part for part in where if part),
        "address_id": None,
        "zipcode": petition.postal_code,
        "lat": _coordinate(petition, "lat", sees_persons),
        "long": _coordinate(petition, "long", sees_persons),
        "media_url": None,
    }


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), tzinfo=clock.HERMOSILLO)


def _coordinate(petition: Petition, name: str, is_exact: bool) -> float | None:
    told = petition.details.get(name)
    if not isinstance(told, int | float):
        return None
    return float(told) if is_exact else round(float(told), _COARSE)
