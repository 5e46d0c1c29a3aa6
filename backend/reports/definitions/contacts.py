"""Contactos: everybody who was attended, whatever the way."""

from sqlalchemy import and_

from backend.ledger.models import Direction, Interaction, InteractionKind, Outcome
from backend.reports.definitions import calls, chats
from backend.reports.figures import TIMES, By, Chart, Figure, Report
from backend.reports.measures import Distinct, Share, Unit
from backend.reports.sources import CONTACTS

_INBOUND = and_(Interaction.direction == Direction.INBOUND, calls.REAL)
_ATTENDED = and_(_INBOUND, Interaction.outcome.in_((Outcome.ATTENDED, Outcome.TRANSFERRED)))

REPORT = Report(
    key="contactos",
    title="Personas atendidas",
    summary="Chats, llamadas y visitas juntos: cuántas veces la ciudadanía buscó a la oficina y cuántas la atendió.",
    by=(By.CHANNEL, By.AREA, By.AGENT, By.MUNICIPALITY, By.TOPIC, By.AGENCY, By.PURPOSE, *TIMES),
    columns=("recibidos", "atendidos", "proporcion_atendidos", "chats", "llamadas", "visitas"),
    charts=(
        Chart("Contactos atendidos por fecha", ("chats", "llamadas", "visitas")),
        Chart("Contactos atendidos por canal", ("atendidos",), By.CHANNEL),
    ),
    figures=(
        Figure(
            "recibidos",
            "Contactos recibidos",
            "Veces que la ciudadanía buscó a la oficina por chat, por teléfono o en persona; sin las llamadas de "
            "número equivocado ni las de broma.",
            CONTACTS,
            _INBOUND,
        ),
        Figure(
            "atendidos",
            "Contactos atendidos",
            "De los recibidos, los que atendió el bot o una persona.",
            CONTACTS,
            _ATTENDED,
            more_is_better=True,
        ),
        Figure(
            "proporcion_atendidos",
            "Parte atendida",
            "Contactos atendidos entre recibidos.",
            CONTACTS,
            _ATTENDED,
            Share(_INBOUND),
            Unit.SHARE,
            more_is_better=True,
        ),
        Figure(
            "chats",
            "Chats atendidos",
            "Chats recibidos que atendió el bot solo o una persona.",
            CONTACTS,
            and_(Interaction.kind == InteractionKind.CHAT, chats.ATTENDED),
        ),
        Figure(
            "llamadas",
            "Llamadas atendidas",
            "Llamadas recibidas que atendió una persona.",
            CONTACTS,
            and_(Interaction.kind == InteractionKind.CALL, _ATTENDED),
        ),
        Figure(
            "visitas",
            "Visitas atendidas",
            "Personas que vinieron a la oficina y fueron atendidas. Con los chats y las llamadas suman los contactos "
            "atendidos.",
            CONTACTS,
            and_(Interaction.kind == InteractionKind.WALK_IN, _ATTENDED),
        ),
        Figure(
            "llamadas_realizadas",
            "Llamadas realizadas",
            "Llamadas que hizo el departamento, hayan contestado o no.",
            CONTACTS,
            and_(Interaction.kind == InteractionKind.CALL, calls.MADE),
        ),
        Figure(
            "personas",
            "Personas identificadas",
            "Personas distintas, de las que se conoce quiénes son, entre los contactos atendidos.",
            CONTACTS,
            _ATTENDED,
            Distinct(Interaction.person_id),
        ),
    ),
)
