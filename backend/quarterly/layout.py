"""What page, PDF and DOCX of the Informe write alike: its headings, cells, signatures and proof."""

from collections.abc import Sequence

from backend import clock
from backend.quarterly.content import Informe, Line
from backend.quarterly.wording import difference_text
from backend.reports.wording import NOTHING, value_text

COLUMNS = ("Cifra", "Trimestre anterior", "Logrado", "Meta", "Variación", "Cumplimiento")
#: The texts before the figures, and after them, with their headings.
BEFORE, AFTER = ("introduction",), ("achievements", "difficulties", "actions")
_HEADINGS = {
    "introduction": "Presentación",
    "achievements": "Logros",
    "difficulties": "Dificultades",
    "actions": "Acciones para el siguiente trimestre",
}
_ROLES = (("prepared", "Elaboró"), ("reviewed", "Revisó"), ("approved", "Autorizó"))


def subtitle(informe: Informe) -> str:
    """`Tercer trimestre de 2026 · del 01/07/2026 al 30/09/2026`."""
    period = informe.period
    return f"{period.name} · del {period.first:%d/%m/%Y} al {period.last:%d/%m/%Y}"


def goals_told(informe: Informe) -> str:
    """How many goals were reached."""
    met, judged = informe.met
    if not judged:
        return "No se fijaron metas para este trimestre."
    return f"Metas cumplidas: {met} de {judged}."


def narrative(informe: Informe, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The texts that were written, each with its heading and by its paragraphs."""
    return [
        (_HEADINGS[name], [one.strip() for one in informe.texts[name].split("\n\n") if one.strip()])
        for name in names
        if informe.texts.get(name)
    ]


def cells(line: Line) -> tuple[str, ...]:
    """A table's row, as `COLUMNS` names it."""
    fulfilled = NOTHING if line.fulfilment is None else f"{line.fulfilment:.1f} %"
    goal = value_text(line.target, line.unit)
    return (
        line.name,
        value_text(line.before, line.unit),
        value_text(line.value, line.unit),
        f"{goal} o menos" if line.target is not None and line.is_at_most else goal,
        difference_text(line.variance, line.unit),
        fulfilled,
    )


def signatures(informe: Informe) -> list[tuple[str, str, str]]:
    """Who signs: role, name and title; the roles nobody was named for are left out, but for the first."""
    signed = [
        (role, informe.texts.get(f"{key}_name", ""), informe.texts.get(f"{key}_title", "")) for key, role in _ROLES
    ]
    return [one for place, one in enumerate(signed) if one[1] or not place]


def proof(informe: Informe) -> list[str]:
    """What lets anybody check a closed edition."""
    if informe.closed_at is None:
        return ["Borrador: las cifras son las de hoy y pueden cambiar hasta que el trimestre se cierre."]
    here = clock.local(informe.closed_at)
    return [
        f"Cerrado el {here:%d/%m/%Y} a las {here:%H:%M} por {informe.closed_by}. Las cifras y los registros de cada "
        "una quedaron guardados ese día; las correcciones posteriores se informan aparte.",
        f"Huella SHA-256 del contenido: {informe.sha256}",
    ]


def foot(informe: Informe) -> str:
    """The line under each page."""
    return f"Huella {informe.sha256[:16]}…" if informe.sha256 else informe.address
