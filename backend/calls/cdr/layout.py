"""Which column of a file is what: Asterisk's own order, or as staff said once and kept under a name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from rapidfuzz import fuzz, process

from backend.clock import HERMOSILLO
from backend.errors import InvalidInput
from backend.text import fold

#: Asterisk's `Master.csv`, which has no headings. The last three are there with `newcdrcolumns`, and `uniqueid` and
#: `userfield` where cdr.conf asks for them.
ASTERISK = (
    "cuenta", "origen", "destino", "contexto", "identidad", "canal", "canal_destino", "aplicacion", "datos",
    "inicio", "contesto", "termino", "duracion", "conversacion", "resultado", "banderas", "identificador", "nota",
    "cuenta_destino", "grupo", "secuencia",
)  # fmt: skip
ASTERISK_NAME = "Asterisk"
#: What a column may be, in the order in which it is offered.
FIELDS: dict[str, str] = {
    "inicio": "Fecha y hora en que empezó",
    "fecha": "Fecha (si viene aparte de la hora)",
    "hora": "Hora (si viene aparte de la fecha)",
    "contesto": "Fecha y hora en que se contestó",
    "termino": "Fecha y hora en que terminó",
    "duracion": "Duración total",
    "conversacion": "Duración de la conversación",
    "espera": "Tiempo de espera",
    "origen": "Quién llama (número o extensión)",
    "destino": "A quién llama (número o extensión)",
    "extension": "Extensión que atendió",
    "resultado": "Resultado (contestada, ocupado…)",
    "identificador": "Identificador de la llamada",
    "grupo": "Identificador común de sus tramos (linkedid)",
    "identidad": "Nombre de quien llama",
    "canal": "Canal de origen",
    "canal_destino": "Canal de destino",
    "aplicacion": "Última aplicación",
}
_NAMES: Mapping[str, tuple[str, ...]] = {
    "inicio": ("inicio", "start", "fecha y hora", "calldate", "start time", "fecha inicio", "fecha/hora"),
    "fecha": ("fecha", "date", "dia"),
    "hora": ("hora", "time", "hora inicio"),
    "contesto": ("contesto", "answer", "answer time", "contestada a las", "hora de respuesta"),
    "termino": ("fin", "end", "termino", "end time", "hora fin"),
    "duracion": ("duracion", "duration", "duracion total", "tiempo total", "duracion (segundos)"),
    "conversacion": ("conversacion", "billsec", "tiempo hablado", "talk time", "tiempo de conversacion"),
    "espera": ("espera", "tiempo de espera", "ring", "wait", "ring time"),
    "origen": ("origen", "src", "source", "from", "caller", "llamante", "numero origen", "de"),
    "destino": ("destino", "dst", "destination", "to", "callee", "numero destino", "marcado", "para"),
    "extension": ("extension", "agente", "ext", "atendio", "extension que atendio"),
    "resultado": ("resultado", "disposition", "estado", "status", "tipo"),
    "identificador": ("identificador", "uniqueid", "unique id", "id", "call id", "callid"),
    "grupo": ("grupo", "linkedid", "linked id"),
    "identidad": ("identidad", "clid", "nombre", "caller id", "caller name"),
    "canal": ("canal", "channel"),
    "canal_destino": ("canal destino", "dstchannel", "destination channel"),
    "aplicacion": ("aplicacion", "lastapp"),
}
_LIKE = 88.0
#: `1763650800.42`, with or without the exchange's own name before it.
_UNIQUE_ID = re.compile(r"^(?:.+-)?\d+\.\d+$")


@dataclass(frozen=True)
class Layout:
    """How a file is read. `places` says which column is each field, from 0."""

    places: Mapping[str, int]
    has_headings: bool = True
    timezone: str = HERMOSILLO.key
    #: Dialled before a number to take a line, as 9.
    prefix: str = ""
    #: Whether 3/4/2026 is the 4th of March.
    is_month_first: bool = False

    def cell(self, cells: Sequence[str], field: str) -> str:
        place = self.places.get(field)
        return cells[place] if place is not None and place < len(cells) else ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def as_json(self) -> dict[str, Any]:
        return {
            "places": dict(self.places),
            "has_headings": self.has_headings,
            "timezone": self.timezone,
            "prefix": self.prefix,
            "is_month_first": self.is_month_first,
        }

    @property
    def options(self) -> dict[str, Any]:
        """What a mapping keeps beside its columns."""
        return {name: value for name, value in self.as_json().items() if name != "places"}


def asterisk(first_row: Sequence[str], **options: Any) -> Layout:
    """Asterisk's `Master.csv`, whose first row is told: where its calls bear no identifier, none is read."""
    places = {name: place for place, name in enumerate(ASTERISK) if name in FIELDS and place < len(first_row)}
    if not _UNIQUE_ID.match(Layout(places).cell(first_row, "identificador")):
        places.pop("identificador", None)
    return Layout(places, has_headings=False, **options)


def is_asterisk(row: Sequence[str]) -> bool:
    """Whether a file's first row is one of `Master.csv`: its sixteen columns or more, with a disposition in place."""
    return len(row) >= 16 and row[14].strip().upper() in {"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"}


def guess(headings: Sequence[str]) -> dict[str, int]:
    """The columns whose headings say what they are."""
    names = {name: field for field, words in _NAMES.items() for name in words}
    chances: list[tuple[float, int, str]] = []
    for place, heading in enumerate(headings):
        if found := process.extractOne(fold(heading), names.keys(), scorer=fuzz.ratio, score_cutoff=_LIKE):
            chances.append((found[1], place, names[found[0]]))
    guessed: dict[str, int] = {}
    for _, place, field in sorted(chances, key=lambda one: (-one[0], one[1])):
        if field not in guessed and place not in guessed.values():
            guessed[field] = place
    return guessed


def check(layout: Layout, width: int) -> None:
    """Raises InvalidInput where files could not be read so."""
    places = list(layout.places.values())
    if len(set(places)) < len(places):
        raise InvalidInput("Una columna no puede ser dos datos.")
    if any(place >= width for place in places):
        raise InvalidInput("El archivo no tiene todas esas columnas.")
    if "inicio" not in layout.places and not {"fecha", "hora"} <= layout.places.keys():
        raise InvalidInput("Diga qué columna es la fecha y hora en que empezó cada llamada.")
    if not {"origen", "destino"} <= layout.places.keys():
        raise InvalidInput("Diga qué columnas son quién llama y a quién.")
    if not {"duracion", "termino", "conversacion"} & layout.places.keys():
        raise InvalidInput("Diga qué columna es la duración, o la hora en que terminó.")
    if layout.timezone not in available_timezones():
        raise InvalidInput("No se conoce esa zona horaria.")


def kept(layout: Layout, headings: Sequence[str]) -> dict[str, str]:
    """The columns as a mapping keeps them: by heading, so that an added column does not move them."""
    if not layout.has_headings:
        return {field: f"#{place + 1}" for field, place in layout.places.items()}
    return {field: fold(headings[place]) or f"#{place + 1}" for field, place in layout.places.items()}


def of_mapping(columns: Mapping[str, str], options: Mapping[str, Any], headings: Sequence[str]) -> Layout:
    """A kept mapping on a file. Raises InvalidInput naming the headings that the file lacks."""
    folded = [fold(heading) for heading in headings]
    places: dict[str, int] = {}
    missing: list[str] = []
    for field, heading in columns.items():
        if heading.startswith("#") and heading[1:].isdigit():
            places[field] = int(heading[1:]) - 1
        elif heading in folded:
            places[field] = folded.index(heading)
        else:
            missing.append(f"«{heading}»")
    if missing:
        raise InvalidInput(f"El archivo no tiene las columnas {', '.join(missing)} de esa forma de lectura.")
    return Layout(places, **options)
