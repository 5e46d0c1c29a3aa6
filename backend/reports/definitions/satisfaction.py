"""Satisfacción de la ciudadanía: its own word, apart from the agency's."""

from sqlalchemy import Boolean, and_

from backend.ledger.models import Interaction
from backend.registry.models import PetitionEvent, PetitionStatus
from backend.reports.definitions.petitions import CONCLUSIONS, SATISFACTORY
from backend.reports.figures import ALL, TIMES, By, Chart, Figure, Report
from backend.reports.measures import Mean, Share, Unit
from backend.reports.sources import CONCLUDED, CONTACTS, VERDICTS, concluded_as

_RATED = Interaction.score.is_not(None)
_SOLVED = PetitionEvent.detail["solved"].astext.cast(Boolean)
_TOLD_SATISFACTORY = concluded_as(PetitionStatus.CONCLUIDA_SATISFACTORIA)

REPORT = Report(
    key="satisfaccion",
    title="Satisfacción de la ciudadanía",
    summary="Lo que dice la persona va aparte de lo que dice la dependencia: cómo la atendieron y si se resolvió.",
    by=(By.CHANNEL, By.AREA, By.AGENT, By.MUNICIPALITY, By.TOPIC, By.AGENCY, *TIMES),
    columns=("calificados", "calificacion", "si_se_resolvio", "no_se_resolvio", "desmentidas", "satisfactorias"),
    charts=(
        Chart("Calificación por fecha", ("calificacion",)),
        Chart("¿Se resolvió?, según la persona", ("si_se_resolvio", "no_se_resolvio")),
    ),
    figures=(
        Figure(
            "calificados",
            "Contactos calificados",
            "Chats y llamadas que la persona calificó, según cuándo empezaron.",
            CONTACTS,
            _RATED,
        ),
        Figure(
            "calificacion",
            "Calificación",
            "El promedio de esas calificaciones, de 1 (muy mala) a 5 (excelente).",
            CONTACTS,
            _RATED,
            Mean(Interaction.score),
            Unit.SCORE,
            more_is_better=True,
        ),
        Figure(
            "proporcion_buenas",
            "Parte con 4 o 5",
            "De los contactos calificados, los que recibieron 4 o 5.",
            CONTACTS,
            Interaction.score >= 4,
            Share(_RATED),
            Unit.SHARE,
            more_is_better=True,
        ),
        Figure(
            "proporcion_malas",
            "Parte con 1 o 2",
            "De los contactos calificados, los que recibieron 1 o 2.",
            CONTACTS,
            Interaction.score <= 2,
            Share(_RATED),
            Unit.SHARE,
            more_is_better=False,
        ),
        Figure(
            "si_se_resolvio",
            "Sí se resolvió, según la persona",
            "Veces que la persona respondió en el periodo que su petición sí se resolvió. De varias respuestas sobre "
            "una misma conclusión cuenta la última.",
            VERDICTS,
            _SOLVED,
            more_is_better=True,
        ),
        Figure(
            "no_se_resolvio",
            "No se resolvió, según la persona",
            "Veces que respondió que no se resolvió.",
            VERDICTS,
            ~_SOLVED,
            more_is_better=False,
        ),
        Figure(
            "proporcion_resueltas",
            "Parte resuelta, según la persona",
            "Respuestas de que sí se resolvió entre todas las respuestas.",
            VERDICTS,
            _SOLVED,
            Share(ALL),
            Unit.SHARE,
            more_is_better=True,
        ),
        Figure(
            "desmentidas",
            "Satisfactorias que la persona desmintió",
            "Respuestas de que no se resolvió sobre una conclusión que la dependencia dio por satisfactoria.",
            VERDICTS,
            and_(~_SOLVED, _TOLD_SATISFACTORY),
            more_is_better=False,
        ),
        Figure(
            "satisfactorias",
            "Satisfactorias, según la dependencia",
            "Peticiones que se concluyeron en el periodo como satisfactorias, según la dependencia.",
            CONCLUDED,
            SATISFACTORY,
        ),
        Figure(
            "proporcion_satisfactorias",
            "Parte satisfactoria, según la dependencia",
            "Concluidas satisfactorias entre concluidas, satisfactorias o no.",
            CONCLUDED,
            SATISFACTORY,
            Share(CONCLUSIONS),
            Unit.SHARE,
        ),
    ),
)
