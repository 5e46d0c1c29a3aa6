"""The log's address: which calls, and from where in the list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from backend.agents.models import User
from backend.calls.queries import CallFilter, Cursor
from backend.console.petition_filters import MINE, midnight
from backend.console.typed_forms import choice, day_or_none, known_uuid
from backend.ledger.models import Direction, InteractionKind, Outcome, Purpose, Source
from backend.text import strip_control

PERIODS = {"hoy": "Hoy", "ayer": "Ayer", "7": "Últimos 7 días", "30": "Últimos 30 días", "anio": "Este año"}
_NAMES = ("buscar", "numero", "periodo", "desde", "hasta", "clase", "direccion", "proposito", "resultado", "agente",
          "area", "municipio", "origen")  # fmt: skip
#: What is shown before one opens «Más filtros».
_IN_SIGHT = frozenset({"buscar", "numero", "periodo", "direccion", "proposito"})
_LONGEST = 100


@dataclass(frozen=True)
class Listing:
    """What an address asks for. Names and words that the log does not know are left out."""

    values: Mapping[str, str]
    before: Cursor | None = None
    after: Cursor | None = None

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Listing":
        given = {name: strip_control(raw).strip()[:_LONGEST] for name, raw in pairs}
        return cls(
            {name: given[name] for name in _NAMES if given.get(name)},
            Cursor.parse(given.get("antes", "")),
            Cursor.parse(given.get("despues", "")),
        )

    @property
    def query(self) -> str:
        """The query string without the place in the list."""
        return urlencode(self.values)

    def one(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def hidden_count(self) -> int:
        return len(set(self.values) - _IN_SIGHT)

    def filter(self, user: User, today: date) -> CallFilter:
        """The calls that the address means for `user` on `today`."""
        first, last = self._period(today)
        agent: UUID | None = user.id if self.one("agente") == MINE else known_uuid(self.one("agente"))
        return CallFilter(
            since=midnight(first),
            before=midnight(last + timedelta(days=1)) if last and last < date.max else None,
            kind=choice(InteractionKind, self.one("clase")),
            direction=choice(Direction, self.one("direccion")),
            purpose=choice(Purpose, self.one("proposito")),
            outcome=choice(Outcome, self.one("resultado")),
            source=choice(Source, self.one("origen")),
            agent_id=agent,
            area_id=known_uuid(self.one("area")),
            municipality_id=self.one("municipio") or None,
            digits="".join(char for char in self.one("numero") if char.isascii() and char.isdigit())[-15:],
            words=self.one("buscar"),
        )

    def _period(self, today: date) -> tuple[date | None, date | None]:
        match self.one("periodo"):
            case "hoy":
                return today, today
            case "ayer":
                return today - timedelta(days=1), today - timedelta(days=1)
            case "7" | "30" as days:
                return today - timedelta(days=int(days) - 1), today
            case "anio":
                return today.replace(month=1, day=1), today
        return day_or_none(self.one("desde")), day_or_none(self.one("hasta"))
