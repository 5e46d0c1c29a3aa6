"""What the Informe tells: the reports' figures, in the order of the office's own responsibilities.

Only figures of what happened in the quarter: those that depend on the day on which one looks («vencidas», «siguen
abiertas») would differ tomorrow without anybody having corrected anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.reports.definitions import REPORTS
from backend.reports.figures import Figure, Report


@dataclass(frozen=True)
class Entry:
    """A figure of the Informe; `key` is its report's and its own."""

    key: str
    report: Report
    figure: Figure


@dataclass(frozen=True)
class Section:
    title: str
    entries: tuple[Entry, ...]


def _section(title: str, report: str, *figures: str) -> Section:
    found = REPORTS[report]
    return Section(title, tuple(Entry(f"{report}.{key}", found, found.figure(key)) for key in figures))


SECTIONS: tuple[Section, ...] = (
    _section("Ciudadanía atendida", "contactos", "recibidos", "atendidos", "proporcion_atendidos"),
    _section(
        "Llamadas",
        "llamadas",
        "recibidas",
        "atendidas",
        "abandonadas",
        "realizadas",
        "transferidas",
        "informativas",
        "felicitacion",
        "proporcion_atendidas",
        "espera_mediana",
    ),
    _section(
        "Chat Sonora",
        "chats",
        "recibidos",
        "atendidos",
        "por_bot",
        "por_persona",
        "abandonados",
        "espera_mediana",
    ),
    _section(
        "Peticiones",
        "peticiones",
        "registradas",
        "terminadas",
        "satisfactorias",
        "no_satisfactorias",
        "proporcion_a_tiempo",
        "dias_habiles_mediana",
    ),
    _section("Satisfacción", "satisfaccion", "calificados", "calificacion", "proporcion_resueltas"),
    _section("Asistente virtual", "bot", "mensajes", "proporcion_entendidos", "proporcion_solo"),
)
#: Whose Informe it is, as the organisation manual numbers the office's areas.
DEPARTMENT = "03.07.02.01"
ENTRIES: Mapping[str, Entry] = {entry.key: entry for section in SECTIONS for entry in section.entries}
