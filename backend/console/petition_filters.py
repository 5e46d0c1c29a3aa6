"""The list's address: which petitions, in which order, with which columns. A saved view is such an address."""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from backend import clock
from backend.agents.models import User
from backend.console.typed_forms import choice, day_or_none, known_uuid
from backend.registry import lifecycle
from backend.registry.deadlines import SOON, WorkCalendar
from backend.registry.models import EntryChannel, PetitionKind, PetitionStatus, Priority
from backend.registry.queries import Due, Order, PetitionFilter
from backend.text import strip_control

E = TypeVar("E", bound=enum.StrEnum)

#: The filter's word for petitions whose latest notice has no proof.
UNTOLD = "sin_entregar"
#: Among the states: all that are not closed.
UNDER_WAY = "abiertas"
MINE, NOBODYS = "yo", "nadie"
_LONGEST = 100
_MOST_PAGES = 100_000


class When(enum.StrEnum):
    """A filter by due date."""

    OVERDUE = "vencida"
    SOON = "por_vencer"
    THIS_WEEK = "semana"
    ON_TIME = "en_tiempo"
    PAUSED = "en_pausa"
    NONE = "sin_plazo"


class Filed(enum.StrEnum):
    """A filter by day of registration, from a day that moves with today."""

    TODAY = "hoy"
    YESTERDAY = "ayer"
    WEEK = "7"
    MONTH = "30"
    YEAR = "anio"


WHENS = {
    When.OVERDUE: "Vencidas",
    When.SOON: "Por vencer",
    When.THIS_WEEK: "Vencen esta semana",
    When.ON_TIME: "En tiempo",
    When.PAUSED: "En pausa",
    When.NONE: "Sin plazo",
}
FILED = {
    Filed.TODAY: "Hoy",
    Filed.YESTERDAY: "Ayer",
    Filed.WEEK: "Últimos 7 días",
    Filed.MONTH: "Últimos 30 días",
    Filed.YEAR: "Este año",
}
ORDERS = {
    Order.NEWEST: "Más recientes",
    Order.OLDEST: "Más antiguas",
    Order.DUE: "Lo que vence primero",
    Order.CHANGED: "Último movimiento",
    Order.PRIORITY: "Prioridad",
}
#: Columns that may be shown beside folio and state; the first ones are, unless one chooses.
COLUMNS = {
    "persona": "Persona",
    "asunto": "Asunto",
    "municipio": "Municipio",
    "responsable": "Responsable",
    "vence": "Vence",
    "registro": "Registro",
    "tema": "Tema",
    "dependencia": "Dependencia",
    "medio": "Medio",
    "movimiento": "Último movimiento",
}
USUAL_COLUMNS = ("persona", "asunto", "municipio", "responsable", "vence", "registro")
#: Every name that an address may hold, in the order in which a view keeps them; these of them several times.
NAMES = ("buscar", "estado", "tipo", "municipio", "dependencia", "tema", "responsable", "etiqueta", "medio",
         "prioridad", "plazo", "registro", "desde", "hasta", "avisos", "orden", "columna")  # fmt: skip
_SEVERAL = frozenset({"estado", "columna"})
#: What is shown before one opens «Más filtros».
_IN_SIGHT = frozenset({"buscar", "estado", "responsable", "plazo", "orden"})

#: Views that everybody has from the first day.
DEFAULT_VIEWS = (
    ("Todas", ""),
    ("Mías", f"estado={UNDER_WAY}&responsable={MINE}"),
    ("Vencidas", f"plazo={When.OVERDUE.value}&orden={Order.DUE.value}"),
    ("Por vencer esta semana", f"plazo={When.THIS_WEEK.value}&orden={Order.DUE.value}"),
    ("Sin asignar", f"estado={UNDER_WAY}&responsable={NOBODYS}"),
    ("Nuevas hoy", f"registro={Filed.TODAY.value}"),
)


@dataclass(frozen=True)
class Listing:
    """What an address asks for. Names and words that the list does not know are left out."""

    values: Mapping[str, tuple[str, ...]]
    page: int = 1

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Listing":
        """From an address's parameters."""
        given: dict[str, list[str]] = {}
        page = 1
        for name, raw in pairs:
            value = strip_control(raw).strip()[:_LONGEST]
            if name == "pagina" and value.isascii() and value.isdigit():
                page = min(max(1, int(value)), _MOST_PAGES)
            if name in NAMES and value and value not in given.get(name, []):
                given.setdefault(name, []).append(value)
        if given.get("avisos") != [UNTOLD]:
            given.pop("avisos", None)
        if set(given.get("columna", ())) == set(USUAL_COLUMNS):
            del given["columna"]
        ordered = {name: given[name] for name in NAMES if name in given}
        return cls(
            {name: tuple(sorted(many) if name in _SEVERAL else many[-1:]) for name, many in ordered.items()}, page
        )

    @classmethod
    def parse(cls, query: str) -> "Listing":
        """From a query string, with or without its question mark."""
        return cls.of(parse_qsl(query.removeprefix("?")))

    @property
    def query(self) -> str:
        """The canonical query string, without the page: what a saved view keeps, and by which views are compared."""
        return urlencode([(name, one) for name, many in self.values.items() for one in many])

    def one(self, name: str) -> str:
        return self.values.get(name, ("",))[-1]

    def all(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())

    @property
    def columns(self) -> Sequence[str]:
        """The columns to show, in their own order."""
        chosen = [name for name in COLUMNS if name in self.all("columna")]
        return chosen or USUAL_COLUMNS

    @property
    def hidden_count(self) -> int:
        """How many filters are set that stand under «Más filtros»."""
        return len(set(self.values) - _IN_SIGHT - {"columna"})

    @property
    def is_filtered(self) -> bool:
        return bool(set(self.values) - {"orden", "columna"})

    def filter(self, user: User, work: WorkCalendar, today: date) -> PetitionFilter:
        """The petitions that the address means for `user` on `today`."""
        since, before = self._filed(today)
        responsible = self.one("responsable")
        return PetitionFilter(
            search=self.one("buscar"),
            kind=choice(PetitionKind, self.one("tipo")),
            municipality_id=self.one("municipio") or None,
            page=self.page,
            is_untold=bool(self.one("avisos")),
            statuses=self._statuses(),
            channel=choice(EntryChannel, self.one("medio")),
            agency_id=known_uuid(self.one("dependencia")),
            topic_id=known_uuid(self.one("tema")),
            assignee_id=user.id if responsible == MINE else known_uuid(responsible),
            is_unassigned=responsible == NOBODYS,
            label_id=known_uuid(self.one("etiqueta")),
            priority=choice(Priority, self.one("prioridad")),
            due=_due(choice(When, self.one("plazo")), work, today),
            since=since,
            before=before,
            order=choice(Order, self.one("orden")) or Order.NEWEST,
        )

    def _statuses(self) -> frozenset[PetitionStatus]:
        named = {choice(PetitionStatus, raw) for raw in self.all("estado")} - {None}
        under_way = set(PetitionStatus) - lifecycle.CLOSED if UNDER_WAY in self.all("estado") else set()
        return frozenset(one for one in named | under_way if one is not None)

    def _filed(self, today: date) -> tuple[datetime | None, datetime | None]:
        first, last = day_or_none(self.one("desde")), day_or_none(self.one("hasta"))
        match choice(Filed, self.one("registro")):
            case Filed.TODAY:
                first = today
            case Filed.YESTERDAY:
                first = last = today - timedelta(days=1)
            case Filed.WEEK:
                first = today - timedelta(days=6)
            case Filed.MONTH:
                first = today - timedelta(days=29)
            case Filed.YEAR:
                first = today.replace(month=1, day=1)
        return midnight(first), midnight(last + timedelta(days=1)) if last and last < date.max else None


def midnight(day: date | None) -> datetime | None:
    """A day's beginning on the office's clock."""
    return datetime.combine(day, time(), clock.HERMOSILLO) if day is not None else None


def _due(when: When | None, work: WorkCalendar, today: date) -> Due | None:
    soon = work.add(today, SOON)
    # The days until the next working day are as near as it is.
    while work.why_not(soon + timedelta(days=1)) is not None:
        soon += timedelta(days=1)
    match when:
        case When.OVERDUE:
            return Due(last=today - timedelta(days=1))
        case When.SOON:
            return Due(first=today, last=soon)
        case When.THIS_WEEK:
            return Due(first=today, last=today + timedelta(days=6 - today.weekday()))
        case When.ON_TIME:
            return Due(first=soon + timedelta(days=1))
        case When.PAUSED:
            return Due(is_paused=True)
        case When.NONE:
            return Due(is_none=True)
    return None
