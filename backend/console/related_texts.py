"""The console's words for duplicates, merges, groups and neighbours who joined."""

from backend.notices.ways import Problem
from backend.related.telling import NO_CHAT

#: What a page says after a form was accepted.
NOTICES = {
    "unida": "Las peticiones quedaron unidas. Se le avisó a la persona.",
    "separada": "La unión se deshizo. La petición vuelve a analizarse.",
    "relacionada": "Las peticiones quedaron relacionadas.",
    "sin_relacion": "Las peticiones ya no están relacionadas.",
    "sumada": "La persona quedó sumada a esta petición.",
    "grupo": "El grupo se guardó.",
    "grupo_quitada": "La petición salió del grupo.",
}

SUPPORTER_PROBLEMS = {
    NO_CHAT: "Se sumó sin chat: avísele por teléfono.",
    Problem.OPTED_OUT.value: "Pidió no recibir avisos.",
    Problem.BLOCKED.value: "Bloqueó nuestros mensajes.",
    Problem.NO_TEMPLATE.value: "Pasaron 24 horas y no hay plantilla aprobada.",
}


def supporter_problem(code: str | None) -> str:
    """Why somebody who joined could not be told."""
    return SUPPORTER_PROBLEMS.get(code or "", "No se le pudo avisar.") if code else ""
