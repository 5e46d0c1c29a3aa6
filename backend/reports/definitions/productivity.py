"""Productividad por persona."""

from sqlalchemy import and_

from backend.ledger.models import AttendedBy, Interaction, InteractionKind
from backend.registry import lifecycle
from backend.registry.models import PetitionEvent, PetitionEventKind
from backend.reports.definitions import calls
from backend.reports.figures import TIMES, By, Chart, Figure, Report
from backend.reports.measures import Distinct, Mean, Quantile, Total, Unit
from backend.reports.sources import CONTACTS, WORK, seconds_between

_CHAT = and_(Interaction.kind == InteractionKind.CHAT, Interaction.attended_by == AttendedBy.PERSON)
_CALL = Interaction.kind == InteractionKind.CALL
_VISIT = Interaction.kind == InteractionKind.WALK_IN
_Kind = PetitionEventKind

REPORT = Report(
    key="productividad",
    title="Productividad por persona",
    summary="Lo que hizo cada persona del personal. Un chat o una llamada cuenta para quien lo atendió al final.",
    by=(By.AGENT, By.AREA, By.CHANNEL, By.MUNICIPALITY, By.TOPIC, By.AGENCY, *TIMES),
    columns=("chats", "llamadas_recibidas", "llamadas_realizadas", "tiempo_hablado", "registradas", "concluidas"),
    charts=(
        Chart("Chats y llamadas por fecha", ("chats", "llamadas_recibidas", "llamadas_realizadas")),
        Chart("Chats por persona", ("chats",), By.AGENT),
    ),
    is_personal=True,
    figures=(
        Figure("chats", "Chats", "Chats que atendió.", CONTACTS, _CHAT),
        Figure(
            "chat_atencion_mediana",
            "Atención mediana de un chat",
            "Lo que pasó en la mitad de sus chats, o menos, desde que los tomó alguien hasta que terminaron.",
            CONTACTS,
            _CHAT,
            Quantile(seconds_between(Interaction.answered_at, Interaction.ended_at)),
            Unit.SECONDS,
        ),
        Figure(
            "llamadas_recibidas",
            "Llamadas recibidas",
            "Llamadas recibidas que contestó, sin las de número equivocado ni las de broma.",
            CONTACTS,
            and_(_CALL, calls.RECEIVED, calls.ANSWERED),
        ),
        Figure(
            "llamadas_realizadas",
            "Llamadas realizadas",
            "Llamadas que hizo, hayan contestado o no.",
            CONTACTS,
            and_(_CALL, calls.MADE),
        ),
        Figure(
            "tiempo_hablado",
            "Tiempo al teléfono",
            "La suma de lo que habló en llamadas contestadas.",
            CONTACTS,
            and_(_CALL, calls.REAL, calls.ANSWERED),
            Total(Interaction.person_seconds),
            Unit.SECONDS,
        ),
        Figure("visitas", "Visitas", "Personas que atendió en la oficina.", CONTACTS, _VISIT),
        Figure(
            "calificacion",
            "Calificación",
            "El promedio de lo que la ciudadanía calificó sus chats y llamadas, de 1 a 5.",
            CONTACTS,
            Interaction.agent_id.is_not(None),
            Mean(Interaction.score),
            Unit.SCORE,
            more_is_better=True,
        ),
        Figure(
            "registradas",
            "Peticiones registradas",
            "Peticiones que registró en el sistema.",
            WORK,
            PetitionEvent.kind == _Kind.FILED,
        ),
        Figure(
            "turnadas",
            "Peticiones turnadas",
            "Turnos que envió a una dependencia.",
            WORK,
            PetitionEvent.kind == _Kind.TURNED,
        ),
        Figure(
            "concluidas",
            "Peticiones terminadas",
            "Veces que dio por terminada una petición: concluida, improcedente o cancelada.",
            WORK,
            and_(PetitionEvent.kind == _Kind.STATUS_CHANGED, PetitionEvent.to_status.in_(lifecycle.CLOSED)),
        ),
        Figure(
            "avisos",
            "Avisos escritos",
            "Avisos que redactó para la persona de una petición.",
            WORK,
            PetitionEvent.kind == _Kind.NOTICE,
        ),
        Figure(
            "peticiones_atendidas",
            "Peticiones en que trabajó",
            "Peticiones distintas en que hizo al menos un movimiento.",
            WORK,
            measure=Distinct(PetitionEvent.petition_id),
        ),
    ),
)
