"""Chats atendidos."""

from sqlalchemy import and_

from backend.ledger.models import AttendedBy, Direction, Interaction, Outcome
from backend.reports.figures import TIMES, By, Chart, Figure, Report
from backend.reports.measures import Count, Mean, Quantile, Share, Total, Unit
from backend.reports.sources import CHATS, seconds_between

RECEIVED = Interaction.direction == Direction.INBOUND
ATTENDED = and_(RECEIVED, Interaction.outcome == Outcome.ATTENDED)
BY_BOT = and_(ATTENDED, Interaction.attended_by == AttendedBy.BOT)
BY_PERSON = and_(ATTENDED, Interaction.attended_by == AttendedBy.PERSON)
_WAITED = Interaction.queue_seconds > 0
_WITH_PERSON = Interaction.attended_by == AttendedBy.PERSON
_HANDLED = seconds_between(Interaction.answered_at, Interaction.ended_at)

_SHARES_OF_TIME = tuple(
    Figure(
        f"tiempo_{key}{suffix}",
        f"{name}{heading}",
        f"La suma del tiempo de los chats terminados en que {meaning}{where}.",
        CHATS,
        measure=Total(getattr(Interaction, f"{column}{'_office' if suffix else ''}_seconds")),
        unit=Unit.SECONDS,
    )
    for suffix, heading, where in (("", "", ", a toda hora"), ("_habil", ", en horario", ", dentro del horario"))
    for key, name, meaning, column in (
        ("bot", "Turno del bot", "tocaba contestar al bot", "bot"),
        ("fila", "En la fila", "la persona esperaba en la fila a que alguien la atendiera", "queue"),
        ("personal", "Turno del personal", "tocaba contestar a quien atendía", "person"),
        ("ciudadania", "Turno de la ciudadanía", "tocaba contestar a la ciudadanía", "citizen"),
    )
)

REPORT = Report(
    key="chats",
    title="Chats atendidos",
    summary="Cada chat va del primer mensaje de la persona hasta que se cierra; si vuelve a escribir, es otro chat.",
    by=(By.CHANNEL, By.AGENT, By.AREA, By.MUNICIPALITY, By.TOPIC, By.AGENCY, By.OUTCOME, By.HANDOFF, By.SCORE, *TIMES),
    columns=("recibidos", "por_bot", "por_persona", "abandonados", "espera_mediana", "calificacion"),
    charts=(
        Chart("Chats por fecha", ("por_bot", "por_persona", "abandonados")),
        Chart("Chats por canal", ("recibidos",), By.CHANNEL),
        Chart("De quién fue el tiempo", ("tiempo_bot", "tiempo_fila", "tiempo_personal", "tiempo_ciudadania")),
    ),
    figures=(
        Figure("recibidos", "Recibidos", "Chats que empezó la ciudadanía.", CHATS, RECEIVED),
        Figure(
            "atendidos",
            "Atendidos",
            "De los recibidos, los que atendió el bot solo o una persona.",
            CHATS,
            ATTENDED,
            more_is_better=True,
        ),
        Figure(
            "por_bot",
            "Atendidos por el bot solo",
            "De los recibidos, los que terminaron sin que los tomara una persona y en que el bot contestó; también los "
            "de quien esperaba en la fila y prefirió seguir con el bot.",
            CHATS,
            BY_BOT,
        ),
        Figure(
            "por_persona",
            "Atendidos por una persona",
            "De los recibidos, los que tomó alguien del personal, aunque antes o después los haya llevado el bot.",
            CHATS,
            BY_PERSON,
        ),
        Figure(
            "abandonados",
            "Abandonados",
            "De los recibidos, aquellos en que se pidió hablar con una persona y que terminaron en la fila, sin que "
            "nadie los tomara.",
            CHATS,
            and_(RECEIVED, Interaction.outcome == Outcome.ABANDONED),
            more_is_better=False,
        ),
        Figure(
            "sin_respuesta",
            "Sin respuesta",
            "De los recibidos, los que terminaron sin que nadie contestara, ni el bot, por una falla del sistema.",
            CHATS,
            and_(RECEIVED, Interaction.outcome == Outcome.FAILED),
            more_is_better=False,
        ),
        Figure(
            "en_curso",
            "En curso",
            "De los recibidos, los que no han terminado. Con los atendidos, los abandonados y los que quedaron sin "
            "respuesta suman los recibidos.",
            CHATS,
            and_(RECEIVED, Interaction.ended_at.is_(None)),
        ),
        Figure(
            "iniciados",
            "Iniciados por el personal",
            "Chats cerrados en que el personal volvió a escribir sin que la persona hubiera escrito antes.",
            CHATS,
            Interaction.direction == Direction.OUTBOUND,
        ),
        Figure(
            "proporcion_bot",
            "Parte que atendió el bot solo",
            "Atendidos por el bot solo entre atendidos.",
            CHATS,
            BY_BOT,
            Share(ATTENDED),
            Unit.SHARE,
        ),
        Figure(
            "espera_mediana",
            "Espera mediana en la fila",
            "De los chats que atendió una persona, lo que esperó en la fila la mitad de los que pasaron por ella, o "
            "menos, a toda hora.",
            CHATS,
            and_(_WITH_PERSON, _WAITED),
            Quantile(Interaction.queue_seconds),
            Unit.SECONDS,
            more_is_better=False,
        ),
        Figure(
            "espera_p90",
            "Espera de 9 de cada 10",
            "Lo mismo de nueve de cada diez.",
            CHATS,
            and_(_WITH_PERSON, _WAITED),
            Quantile(Interaction.queue_seconds, 0.9),
            Unit.SECONDS,
            more_is_better=False,
        ),
        Figure(
            "espera_habil_mediana",
            "Espera mediana, en horario",
            "Lo mismo que la espera mediana, contando solo el tiempo dentro del horario de atención.",
            CHATS,
            and_(_WITH_PERSON, _WAITED),
            Quantile(Interaction.queue_office_seconds),
            Unit.SECONDS,
            more_is_better=False,
        ),
        Figure(
            "espera_habil_p90",
            "Espera de 9 de cada 10, en horario",
            "Lo mismo de nueve de cada diez, contando solo el tiempo dentro del horario de atención.",
            CHATS,
            and_(_WITH_PERSON, _WAITED),
            Quantile(Interaction.queue_office_seconds, 0.9),
            Unit.SECONDS,
            more_is_better=False,
        ),
        Figure(
            "atencion_mediana",
            "Atención mediana",
            "De los chats que atendió una persona, lo que pasó en la mitad de ellos, o menos, desde que los tomó hasta "
            "que terminaron.",
            CHATS,
            _WITH_PERSON,
            Quantile(_HANDLED),
            Unit.SECONDS,
        ),
        Figure(
            "atencion_p90",
            "Atención de 9 de cada 10",
            "Lo mismo de nueve de cada diez.",
            CHATS,
            _WITH_PERSON,
            Quantile(_HANDLED, 0.9),
            Unit.SECONDS,
        ),
        Figure(
            "con_peticion",
            "Con petición registrada",
            "Chats en que se registró una petición.",
            CHATS,
            Interaction.petition_id.is_not(None),
        ),
        Figure(
            "calificados",
            "Calificados",
            "Chats que la ciudadanía calificó al terminar.",
            CHATS,
            Interaction.score.is_not(None),
            Count(),
        ),
        Figure(
            "calificacion",
            "Calificación",
            "El promedio de esas calificaciones, de 1 a 5.",
            CHATS,
            Interaction.score.is_not(None),
            Mean(Interaction.score),
            Unit.SCORE,
            more_is_better=True,
        ),
        *_SHARES_OF_TIME,
    ),
)
