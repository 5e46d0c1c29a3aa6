"""What a form says of a call, a visit or a chat, checked field by field: each error names its field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import DESK_ROLES, User
from backend.catalog.models import OfficeArea, Topic
from backend.ledger.models import AttendedBy, Direction, InteractionKind, Outcome, Purpose
from backend.registry import intake, petitions
from backend.registry.errors import PetitionNotFound
from backend.registry.models import Person
from backend.text import strip_control

NAME_MAX, NOTES_MAX, WITH_MAX = 200, 4000, 160
#: The field of the form in which each of the ledger's columns is typed.
FIELDS = {
    "phone": "telefono",
    "caller_name": "nombre",
    "person_id": "persona",
    "channel": "canal",
    "direction": "direccion",
    "purpose": "proposito",
    "outcome": "resultado",
    "transfer_area_id": "area",
    "transfer_to": "con_quien",
    "petition_id": "folio",
    "municipality_id": "municipio",
    "topic_id": "tema",
    "notes": "notas",
    "agent_id": "agente",
    "started_at": "inicio",
    "answered_at": "contesto",
    "ended_at": "termino",
}
#: Where each kind is had; a chat's may be chosen, as it was held where the console does not see.
CHANNELS = {
    InteractionKind.CALL: ("telefono",),
    InteractionKind.WALK_IN: ("presencial",),
    InteractionKind.CHAT: ("redes_sociales", "whatsapp", "telegram", "sms"),
}
#: How each direction may end, in the order in which they are offered; the first is what usually happens.
OUTCOMES = {
    Direction.INBOUND: (
        Outcome.ATTENDED, Outcome.TRANSFERRED, Outcome.ABANDONED, Outcome.VOICEMAIL, Outcome.FAILED,
    ),
    Direction.OUTBOUND: (
        Outcome.ATTENDED, Outcome.TRANSFERRED, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.VOICEMAIL,
        Outcome.WRONG_NUMBER, Outcome.FAILED,
    ),
}  # fmt: skip
#: In these a person of ours spoke with the citizen.
SPOKEN = frozenset({Outcome.ATTENDED, Outcome.TRANSFERRED})


@dataclass(frozen=True)
class Entry:
    """The ledger's values by column, and the problems by field of the form."""

    values: dict[str, Any]
    problems: dict[str, str]


def attended_by(outcome: Outcome) -> AttendedBy:
    return AttendedBy.PERSON if outcome in SPOKEN else AttendedBy.NOBODY


async def read(session: AsyncSession, kind: InteractionKind, typed: Mapping[str, str]) -> Entry:
    """Everything that the form says but for its times. What is wrong has no value, and a problem instead."""
    reader = _Reader(session, kind, typed)
    await reader.read()
    return Entry(reader.values, reader.problems)


def read_times(typed: Mapping[str, str]) -> Entry:
    """When it began, was answered and ended, on the office's clock; nothing of it may be to come."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for column in ("started_at", "answered_at", "ended_at"):
        name = FIELDS[column]
        raw = typed.get(name, "").strip()
        moment = _moment(raw)
        if moment is None and (raw or column != "answered_at"):
            problems[name] = "Escriba el día y la hora."
        elif moment is not None and moment > clock.now():
            problems[name] = "Esa hora todavía no llega."
        values[column] = moment
    return Entry(values, problems)


def _moment(raw: str) -> datetime | None:
    try:
        return datetime.fromisoformat(raw).replace(tzinfo=clock.HERMOSILLO)
    except ValueError:
        return None


@dataclass
class _Reader:
    session: AsyncSession
    kind: InteractionKind
    typed: Mapping[str, str]

    def __post_init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.problems: dict[str, str] = {}

    async def read(self) -> None:
        self._choices()
        self._texts()
        self._telephone()
        await self._row("person_id", Person, "Esa persona ya no está.")
        await self._row("transfer_area_id", OfficeArea, "Elija el área.")
        await self._row("topic_id", Topic, "Elija el tema.")
        await self._petition()
        await self._municipality()
        if "agente" in self.typed:
            await self._agent()
        self._transferred()

    def _raw(self, column: str) -> str:
        return strip_control(self.typed.get(FIELDS[column], "")).strip()

    def _choices(self) -> None:
        direction = self._raw("direction")
        self.values["direction"] = Direction(direction) if direction in set(Direction) else Direction.INBOUND
        purpose, outcome, channel = self._raw("purpose"), self._raw("outcome"), self._raw("channel")
        self.values["purpose"] = Purpose(purpose) if purpose in set(Purpose) else None
        self.values["outcome"] = Outcome(outcome) if outcome in set(Outcome) else Outcome.ATTENDED
        channels = CHANNELS[self.kind]
        self.values["channel"] = channel if channel in channels else channels[0]

    def _texts(self) -> None:
        self.values["caller_name"] = self._raw("caller_name")[:NAME_MAX] or None
        self.values["transfer_to"] = self._raw("transfer_to")[:WITH_MAX] or None
        self.values["notes"] = self._raw("notes").replace("\r\n", "\n")[:NOTES_MAX]

    def _telephone(self) -> None:
        raw = self._raw("phone")
        number = intake.phone(raw) if raw else None
        if raw and number is None:
            self.problems["telefono"] = "Ese teléfono no está completo. Escriba los 10 dígitos, o déjelo vacío."
        else:
            self.values["phone"] = number

    async def _row(self, column: str, model: type[Any], problem: str) -> None:
        raw = self._raw(column)
        found = await self.session.get(model, identity) if (identity := _uuid(raw)) else None
        if raw and found is None:
            self.problems[FIELDS[column]] = problem
        else:
            self.values[column] = found.id if found else None

    async def _petition(self) -> None:
        self.values["petition_id"] = None
        if raw := self._raw("petition_id"):
            try:
                self.values["petition_id"] = (await petitions.get(self.session, raw)).id
            except PetitionNotFound:
                del self.values["petition_id"]
                self.problems["folio"] = "No existe ese folio. Revíselo, o déjelo vacío."

    async def _municipality(self) -> None:
        self.values["municipality_id"] = None
        if raw := self._raw("municipality_id"):
            checked = await intake.check(self.session, "municipio", raw)
            if checked.value is None:
                del self.values["municipality_id"]
                self.problems["municipio"] = "No encontré ese municipio de Sonora."
            else:
                self.values["municipality_id"] = checked.value

    async def _agent(self) -> None:
        """Who attended; the area is theirs as it is now."""
        identity = _uuid(self._raw("agent_id"))
        agent = await self.session.get(User, identity) if identity else None
        if agent is None or agent.role not in DESK_ROLES or agent.is_system:
            self.problems["agente"] = "Elija quién atendió."
        else:
            self.values |= {"agent_id": agent.id, "area_id": agent.area_id}

    def _transferred(self) -> None:
        """What came in to be passed on, or was given an area, was passed on."""
        is_passed_on = self.values["purpose"] is Purpose.TRANSFER or self.values.get("transfer_area_id") is not None
        if is_passed_on and self.values["outcome"] is Outcome.ATTENDED:
            self.values["outcome"] = Outcome.TRANSFERRED


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None
