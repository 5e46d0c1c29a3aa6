"""Peticiones: what came in, what was concluded and in how long."""

from sqlalchemy import Date, and_, bindparam

from backend.registry import lifecycle
from backend.registry.models import Petition, PetitionStatus
from backend.reports.figures import TIMES, By, Chart, Figure, Report
from backend.reports.measures import Quantile, Share, Unit
from backend.reports.sources import CONCLUDED, REGISTERED, TODAY, day_of, seconds_between, working_days_between

_S = PetitionStatus
SATISFACTORY = Petition.status == _S.CONCLUIDA_SATISFACTORIA
CONCLUSIONS = Petition.status.in_((_S.CONCLUIDA_SATISFACTORIA, _S.CONCLUIDA_NO_SATISFACTORIA))
_OPEN = Petition.status.not_in(lifecycle.CLOSED)
_DAYS = seconds_between(Petition.created_at, Petition.concluded_at) / 86_400
_WORKING_DAYS = working_days_between(Petition.created_at, Petition.concluded_at)

REPORT = Report(
    key="peticiones",
    title="Peticiones",
    summary="Lo que se registró en el periodo y lo que se terminó en él, sin importar cuándo se había registrado.",
    by=(By.STATUS, By.TOPIC, By.MUNICIPALITY, By.AGENCY, By.KIND, By.CHANNEL, By.AREA, By.AGENT, *TIMES),
    columns=("registradas", "abiertas", "vencidas", "terminadas", "satisfactorias", "dias_mediana"),
    charts=(
        Chart("Peticiones por fecha", ("registradas", "terminadas")),
        Chart("Peticiones registradas, por tema", ("registradas",), By.TOPIC),
        Chart("Peticiones registradas, por dependencia", ("registradas",), By.AGENCY),
    ),
    figures=(
        Figure("registradas", "Registradas", "Peticiones que recibieron su folio en el periodo.", REGISTERED),
        Figure(
            "abiertas",
            "Siguen abiertas",
            "De las registradas, las que hoy no han terminado.",
            REGISTERED,
            _OPEN,
            more_is_better=False,
        ),
        Figure(
            "vencidas",
            "Vencidas",
            "De las registradas, las que hoy siguen abiertas y cuya fecha de vencimiento ya pasó. Las que tienen el "
            "plazo detenido no vencen.",
            REGISTERED,
            and_(_OPEN, Petition.due_on < bindparam(TODAY, type_=Date)),
            more_is_better=False,
        ),
        Figure(
            "terminadas",
            "Terminadas",
            "Peticiones que se terminaron en el periodo y no se han reabierto: concluidas, improcedentes o canceladas.",
            CONCLUDED,
        ),
        Figure(
            "satisfactorias",
            "Concluidas satisfactorias",
            "De las terminadas, las que se concluyeron como satisfactorias, según la dependencia.",
            CONCLUDED,
            SATISFACTORY,
            more_is_better=True,
        ),
        Figure(
            "no_satisfactorias",
            "Concluidas no satisfactorias",
            "De las terminadas, las que se concluyeron como no satisfactorias.",
            CONCLUDED,
            Petition.status == _S.CONCLUIDA_NO_SATISFACTORIA,
            more_is_better=False,
        ),
        Figure(
            "improcedentes",
            "Improcedentes",
            "De las terminadas, las que no procedieron.",
            CONCLUDED,
            Petition.status == _S.IMPROCEDENTE,
        ),
        Figure(
            "canceladas",
            "Canceladas",
            "De las terminadas, las que se cancelaron. Con las tres anteriores suman las terminadas.",
            CONCLUDED,
            Petition.status == _S.CANCELADA,
        ),
        Figure(
            "proporcion_satisfactorias",
            "Parte satisfactoria",
            "Concluidas satisfactorias entre concluidas, satisfactorias o no.",
            CONCLUDED,
            SATISFACTORY,
            Share(CONCLUSIONS),
            Unit.SHARE,
            more_is_better=True,
        ),
        Figure(
            "proporcion_a_tiempo",
            "Parte a tiempo",
            "De las terminadas que tenían fecha de vencimiento, las que terminaron ese día o antes.",
            CONCLUDED,
            day_of(Petition.concluded_at) <= Petition.due_on,
            Share(Petition.due_on.is_not(None)),
            Unit.SHARE,
            more_is_better=True,
        ),
        Figure(
            "dias_mediana",
            "Días hasta concluir, mediana",
            "Los días naturales en que se concluyó la mitad de las concluidas, o menos, desde que se registraron.",
            CONCLUDED,
            CONCLUSIONS,
            Quantile(_DAYS),
            Unit.DAYS,
            more_is_better=False,
        ),
        Figure(
            "dias_p90",
            "Días hasta concluir, 9 de cada 10",
            "Lo mismo de nueve de cada diez.",
            CONCLUDED,
            CONCLUSIONS,
            Quantile(_DAYS, 0.9),
            Unit.DAYS,
            more_is_better=False,
        ),
        Figure(
            "dias_habiles_mediana",
            "Días hábiles hasta concluir, mediana",
            "Lo mismo en días hábiles: de lunes a viernes, sin los días inhábiles. No se descuentan las suspensiones.",
            CONCLUDED,
            CONCLUSIONS,
            Quantile(_WORKING_DAYS),
            Unit.DAYS,
            more_is_better=False,
        ),
        Figure(
            "dias_habiles_p90",
            "Días hábiles hasta concluir, 9 de cada 10",
            "Lo mismo de nueve de cada diez.",
            CONCLUDED,
            CONCLUSIONS,
            Quantile(_WORKING_DAYS, 0.9),
            Unit.DAYS,
            more_is_better=False,
        ),
    ),
)
