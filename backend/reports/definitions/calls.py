"""Llamadas recibidas y realizadas."""

from sqlalchemy import and_, func, or_

from backend.ledger.models import Direction, Interaction, Outcome, Purpose
from backend.reports.figures import TIMES, By, Chart, Figure, Report
from backend.reports.measures import Mean, Quantile, Share, Total, Unit
from backend.reports.sources import CALLS

#: The department counts these apart: nobody was to be attended.
_NOBODYS = (Purpose.WRONG_NUMBER, Purpose.PRANK)
_ANSWERED = (Outcome.ATTENDED, Outcome.TRANSFERRED)
#: Calls made to tell something: in general, or how a petition stands (organisation manual, 03.07.02.01).
_TELLING = (Purpose.INFORMATION, Purpose.FOLLOW_UP)

REAL = func.coalesce(Interaction.purpose.not_in(_NOBODYS), True)
RECEIVED = and_(Interaction.direction == Direction.INBOUND, REAL)
MADE = and_(Interaction.direction == Direction.OUTBOUND, REAL)
ANSWERED = Interaction.outcome.in_(_ANSWERED)
PASSED_ON = and_(REAL, or_(Interaction.outcome == Outcome.TRANSFERRED, Interaction.purpose == Purpose.TRANSFER))
_ATTENDED = and_(RECEIVED, ANSWERED)
_TALKED = and_(REAL, ANSWERED)

REPORT = Report(
    key="llamadas",
    title="Llamadas recibidas y realizadas",
    summary="El registro de llamadas del departamento, con lo que se atendió, lo que se perdió y lo que se tardó.",
    by=(By.PURPOSE, By.AREA, By.AGENT, By.MUNICIPALITY, By.TOPIC, By.AGENCY, By.OUTCOME, *TIMES),
    columns=("recibidas", "atendidas", "abandonadas", "realizadas", "transferidas", "espera_mediana"),
    charts=(
        Chart("Llamadas por fecha", ("recibidas", "realizadas")),
        Chart("Motivo de las llamadas recibidas", ("recibidas",), By.PURPOSE),
    ),
    figures=(
        Figure(
            "recibidas",
            "Recibidas",
            "Llamadas que entraron, se hayan contestado o no. Las de número equivocado y las de broma van aparte.",
            CALLS,
            RECEIVED,
        ),
        Figure(
            "atendidas",
            "Recibidas y atendidas",
            "De las recibidas, las que atendió una persona; las que se transfirieron a otra área cuentan aquí.",
            CALLS,
            _ATTENDED,
            more_is_better=True,
        ),
        Figure(
            "abandonadas",
            "Abandonadas",
            "De las recibidas, aquellas en que la persona colgó antes de que alguien contestara.",
            CALLS,
            and_(RECEIVED, Interaction.outcome == Outcome.ABANDONED),
            more_is_better=False,
        ),
        Figure(
            "buzon",
            "Con recado en el buzón",
            "De las recibidas, aquellas en que la persona dejó un mensaje grabado.",
            CALLS,
            and_(RECEIVED, Interaction.outcome == Outcome.VOICEMAIL),
        ),
        Figure(
            "recibidas_sin_resultado",
            "Recibidas sin resultado",
            "De las recibidas, las que se cortaron por una falla de la línea, siguen en curso o no tienen resultado "
            "anotado. Con las atendidas, las abandonadas y las del buzón suman las recibidas.",
            CALLS,
            and_(RECEIVED, or_(Interaction.outcome.is_(None), Interaction.outcome == Outcome.FAILED)),
            more_is_better=False,
        ),
        Figure(
            "proporcion_atendidas",
            "Parte atendida",
            "Recibidas y atendidas entre recibidas.",
            CALLS,
            ANSWERED,
            Share(RECEIVED),
            Unit.SHARE,
            more_is_better=True,
        ),
        Figure(
            "realizadas",
            "Realizadas",
            "Llamadas que hizo el departamento, hayan contestado o no.",
            CALLS,
            MADE,
        ),
        Figure(
            "realizadas_contestadas",
            "Realizadas y contestadas",
            "De las realizadas, aquellas en que se habló con alguien.",
            CALLS,
            and_(MADE, ANSWERED),
            more_is_better=True,
        ),
        Figure(
            "transferidas",
            "Transferidas internamente",
            "Llamadas que se pasaron a otra área de la Coordinación, recibidas o realizadas.",
            CALLS,
            PASSED_ON,
        ),
        Figure(
            "informativas",
            "Informativas",
            "De las realizadas, las que se hicieron para informar a la ciudadanía, en general o sobre el estado de su "
            "petición: motivo «información» o «seguimiento».",
            CALLS,
            and_(MADE, Interaction.purpose.in_(_TELLING)),
        ),
        Figure(
            "felicitacion",
            "De felicitación",
            "De las realizadas, las que se hicieron para felicitar a alguien.",
            CALLS,
            and_(MADE, Interaction.purpose == Purpose.CONGRATULATION),
        ),
        Figure(
            "equivocadas",
            "De número equivocado",
            "Llamadas a las que se les anotó el motivo «número equivocado». No cuentan en las demás cifras.",
            CALLS,
            Interaction.purpose == Purpose.WRONG_NUMBER,
        ),
        Figure(
            "bromas",
            "De broma",
            "Llamadas a las que se les anotó el motivo «broma». No cuentan en las demás cifras.",
            CALLS,
            Interaction.purpose == Purpose.PRANK,
        ),
        Figure(
            "espera_mediana",
            "Espera mediana",
            "Lo que esperó la mitad de las llamadas recibidas y atendidas, o menos, hasta que contestó una persona.",
            CALLS,
            _ATTENDED,
            Quantile(Interaction.queue_seconds),
            Unit.SECONDS,
            more_is_better=False,
        ),
        Figure(
            "espera_p90",
            "Espera de 9 de cada 10",
            "Lo que esperaron, o menos, nueve de cada diez llamadas recibidas y atendidas.",
            CALLS,
            _ATTENDED,
            Quantile(Interaction.queue_seconds, 0.9),
            Unit.SECONDS,
            more_is_better=False,
        ),
        Figure(
            "hablado_mediana",
            "Duración mediana",
            "Lo que duró con una persona la mitad de las llamadas contestadas, o menos, recibidas y realizadas.",
            CALLS,
            _TALKED,
            Quantile(Interaction.person_seconds),
            Unit.SECONDS,
        ),
        Figure(
            "hablado_p90",
            "Duración de 9 de cada 10",
            "Lo que duraron con una persona, o menos, nueve de cada diez llamadas contestadas.",
            CALLS,
            _TALKED,
            Quantile(Interaction.person_seconds, 0.9),
            Unit.SECONDS,
        ),
        Figure(
            "hablado_total",
            "Tiempo hablado",
            "La suma del tiempo con una persona de todas las llamadas contestadas.",
            CALLS,
            _TALKED,
            Total(Interaction.person_seconds),
            Unit.SECONDS,
        ),
        Figure(
            "calificacion",
            "Calificación",
            "El promedio de lo que la ciudadanía calificó las llamadas, de 1 a 5.",
            CALLS,
            REAL,
            Mean(Interaction.score),
            Unit.SCORE,
            more_is_better=True,
        ),
    ),
)
