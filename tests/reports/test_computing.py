"""Reports reckoned: every breakdown is answered, and a small case comes out as it does by hand and by other SQL."""

import csv
import io
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from backend.console.report_query import ReportQuery
from backend.db import Database
from backend.reports import exporting, rows
from backend.reports.computing import NotOfThisReport, compute
from backend.reports.definitions import REPORTS
from backend.reports.figures import By, Filters
from backend.reports.periods import Period
from backend.spreadsheets import csv_text, xlsx_file
from tests.reports.case import Case, fill

QUARTER = Period.quarter(2026, 3)
#: Reckoned by hand from tests/reports/case.py.
BY_HAND: dict[str, dict[str, float | None]] = {
    "llamadas": {
        "recibidas": 6, "atendidas": 3, "abandonadas": 1, "buzon": 1, "recibidas_sin_resultado": 1,
        "proporcion_atendidas": 0.5, "realizadas": 3, "realizadas_contestadas": 2, "transferidas": 1,
        "informativas": 2, "felicitacion": 1, "equivocadas": 1, "bromas": 1, "espera_mediana": 20, "espera_p90": 52,
        "hablado_mediana": 100, "hablado_p90": 260, "hablado_total": 670, "calificacion": 3.5,
    },
    "chats": {
        "recibidos": 6, "atendidos": 4, "por_bot": 2, "por_persona": 2, "abandonados": 1, "sin_respuesta": 0,
        "en_curso": 1, "iniciados": 1, "proporcion_bot": 0.5, "espera_mediana": 60, "espera_p90": 84,
        "espera_habil_mediana": 15, "espera_habil_p90": 27, "atencion_mediana": 200, "atencion_p90": 520,
        "con_peticion": 0, "calificados": 2, "calificacion": 4.5, "tiempo_bot": 70, "tiempo_fila": 165,
        "tiempo_personal": 0, "tiempo_ciudadania": 50, "tiempo_bot_habil": 0, "tiempo_fila_habil": 30,
        "tiempo_personal_habil": 0, "tiempo_ciudadania_habil": 0,
    },
    "contactos": {
        "recibidos": 13, "atendidos": 8, "proporcion_atendidos": 0.6154, "chats": 4, "llamadas": 3, "visitas": 1,
        "llamadas_realizadas": 3, "personas": 0,
    },
    "productividad": {
        "chats": 3, "chat_atencion_mediana": 200, "llamadas_recibidas": 3, "llamadas_realizadas": 3,
        "tiempo_hablado": 670, "visitas": 1, "calificacion": 4, "registradas": 2, "turnadas": 0, "concluidas": 3,
        "avisos": 0, "peticiones_atendidas": 4,
    },
    "peticiones": {
        "registradas": 5, "abiertas": 2, "vencidas": 1, "terminadas": 4, "satisfactorias": 2, "no_satisfactorias": 1,
        "improcedentes": 1, "canceladas": 0, "proporcion_satisfactorias": 0.6667, "proporcion_a_tiempo": 0.5,
        # 2, 5 and 90 days; of work 2, 3 and 64, the first of May being none.
        "dias_mediana": 5, "dias_p90": 73, "dias_habiles_mediana": 3, "dias_habiles_p90": 51.8,
    },
    "satisfaccion": {
        "calificados": 4, "calificacion": 4, "proporcion_buenas": 0.75, "proporcion_malas": 0.25, "si_se_resolvio": 2,
        "no_se_resolvio": 1, "proporcion_resueltas": 0.6667, "desmentidas": 1, "satisfactorias": 2,
        "proporcion_satisfactorias": 0.6667,
    },
    "bot": {
        "chats": 6, "mensajes": 12, "no_entendidos": 3, "proporcion_entendidos": 0.75, "solo": 2,
        "proporcion_solo": 0.4, "pasados": 3, "proporcion_pasados": 0.5, "pasados_abandonados": 1, "peticiones": 0,
    },
}  # fmt: skip
_CALLS = (
    "SELECT {} FROM interaction WHERE kind = 'llamada' AND started_at >= '2026-07-01 07:00Z'"
    " AND started_at < '2026-10-01 07:00Z'"
    " AND purpose IS DISTINCT FROM 'equivocada' AND purpose IS DISTINCT FROM 'broma'"
)
_CHATS = _CALLS.replace("llamada", "chat").partition(" AND purpose")[0]
_ENDED = (
    "SELECT {} FROM petition WHERE (concluded_at AT TIME ZONE 'America/Hermosillo')::date"
    " BETWEEN '2026-07-01' AND '2026-09-30'"
)
#: The same figures from SQL of its own, which takes another road where there is one.
APART = {
    ("llamadas", "recibidas"): _CALLS.format("sum((direction = 'recibida')::int)"),
    ("llamadas", "informativas"): _CALLS.format("count(*)")
    + " AND direction = 'realizada' AND purpose IN ('informacion', 'seguimiento')",
    ("llamadas", "hablado_total"): _CALLS.format("sum(person_seconds)") + " AND outcome IN ('atendida', 'transferida')",
    ("chats", "por_persona"): _CHATS.format("count(*)")
    + " AND direction = 'recibida' AND answered_at IS NOT NULL AND ended_at IS NOT NULL",
    ("chats", "tiempo_fila"): _CHATS.format("sum(queue_seconds)") + " AND ended_at IS NOT NULL",
    ("chats", "atencion_mediana"): _CHATS.format(
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - answered_at))"
    ),
    ("bot", "mensajes"): _CHATS.format("sum(bot_answers)"),
    ("peticiones", "terminadas"): _ENDED.format("count(*)"),
    ("peticiones", "dias_habiles_p90"): _ENDED.format(
        "percentile_cont(0.9) WITHIN GROUP (ORDER BY (SELECT count(*) FROM generate_series("
        " created_at AT TIME ZONE 'America/Hermosillo' + interval '1 day',"
        " concluded_at AT TIME ZONE 'America/Hermosillo' + interval '1 second', '1 day') AS day"
        " WHERE extract(isodow FROM day) < 6 AND day::date <> '2026-05-01'))"
    )
    + " AND status LIKE 'concluida%'",
    ("satisfaccion", "desmentidas"): (
        "SELECT count(*) FROM petition_event said JOIN petition_event told"
        " ON told.id = (said.detail->>'conclusion_id')::bigint AND told.to_status = 'concluida_satisfactoria'"
        " WHERE said.kind = 'citizen_verdict' AND said.detail->>'solved' = 'false' AND said.id IN"
        " (SELECT max(id) FROM petition_event WHERE kind = 'citizen_verdict' GROUP BY detail->>'conclusion_id')"
    ),
}


async def test_every_report_is_reckoned_by_everything_it_allows_and_of_nothing_is_nothing(database: Database) -> None:
    async with database.transaction() as session:
        for report in REPORTS.values():
            for by in (None, *report.by):
                table = await compute(session, report, QUARTER, Filters(), by)
                assert set(table.totals) == {figure.key for figure in report.figures}
                assert not any(table.totals.values())
            for figure in report.figures:
                page = await rows.rows(session, rows.Which(figure, QUARTER, Filters()))
                assert (page.total, page.rows) == (0, [])
            assert set(report.columns) <= {figure.key for figure in report.figures}


async def test_a_small_case_comes_out_as_by_hand_by_other_sql_and_from_the_files(database: Database) -> None:
    async with database.transaction() as session:
        case = await fill(session)
        for key, by_hand in BY_HAND.items():
            table = await compute(session, REPORTS[key], QUARTER, by=REPORTS[key].by[0])
            assert dict(table.totals) == by_hand, key
            assert await _from_xlsx(table) == by_hand, key
            assert _from_csv(table) == by_hand, key
        for (key, figure), statement in APART.items():
            assert round(float(await session.scalar(text(statement))), 4) == BY_HAND[key][figure], (key, figure)
        await _comparison_and_lines(case)
        await _rows_behind(case)


async def _from_xlsx(table: Any) -> dict[str, float | None]:
    async def once() -> Any:
        yield exporting.lines(table)

    path = await xlsx_file(table.report.title, exporting.headings(table), once())
    headings, total = list(openpyxl.load_workbook(path).active.iter_rows(max_row=2, values_only=True))
    path.unlink()
    return _by_key(table, headings, total)


def _from_csv(table: Any) -> dict[str, float | None]:
    headings, total, *_ = csv.reader(io.StringIO(csv_text([exporting.headings(table), *exporting.lines(table)])))
    return _by_key(table, headings, [total[0], *(float(one) if one else None for one in total[1:])])


def _by_key(table: Any, headings: Any, total: Any) -> dict[str, float | None]:
    assert total[0] == "Total: Tercer trimestre de 2026"
    found = dict(zip(headings, total, strict=True))
    return {figure.key: found[exporting.heading(figure)] for figure in table.report.figures}


async def _comparison_and_lines(case: Case) -> None:
    """The quarter before, a line, what is narrowed, and time without gaps."""
    calls = await compute(case.session, REPORTS["llamadas"], QUARTER, by=By.PURPOSE)
    assert (calls.before["recibidas"], calls.before["realizadas"], calls.before["espera_mediana"]) == (1, 0, 30)
    lines = {line.key: line for line in calls.lines}
    assert lines["peticion"].values["recibidas"] == 1
    assert lines["peticion"].before["recibidas"] == 1
    assert lines[""].name == "Sin motivo anotado"
    assert sum(line.values["recibidas"] or 0 for line in calls.lines) == calls.totals["recibidas"]
    work = await compute(case.session, REPORTS["productividad"], QUARTER, by=By.AGENT)
    wanted = ("chats", "tiempo_hablado", "peticiones_atendidas")
    told = {line.key: (line.name, *(line.values[key] for key in wanted)) for line in work.lines}
    assert told[str(case.ana)] == ("Ana", 2, 640, 3)
    assert told[str(case.luz)] == ("Luz", 1, 0, 1)
    narrowed = Filters(channel="call_center", municipality_id="26030", topic_id=case.topic, agent_id=case.ana)
    only = await compute(case.session, REPORTS["llamadas"], QUARTER, narrowed, By.DAY)
    assert only.totals["recibidas"] == 1
    assert len(only.lines) == 92
    assert [(line.key, line.values["recibidas"]) for line in only.lines[:2]] == [("2026-07-01", 1), ("2026-07-02", 0)]
    agencies = await compute(case.session, REPORTS["peticiones"], QUARTER, Filters(agency_id=case.agency), By.STATUS)
    assert [(line.name, line.values["registradas"]) for line in agencies.lines] == [
        ("Concluida satisfactoriamente", 1),
        ("Concluida no satisfactoriamente", 1),
    ]
    with pytest.raises(NotOfThisReport):
        await compute(case.session, REPORTS["llamadas"], QUARTER, by=By.STATUS)


async def _rows_behind(case: Case) -> None:
    """As many as the figure says, newest first, page by page."""
    calls = REPORTS["llamadas"]
    for key in ("recibidas", "transferidas", "informativas"):
        page = await rows.rows(case.session, rows.Which(calls.figure(key), QUARTER, Filters()), limit=100)
        assert page.total == len(page.rows) == BY_HAND["llamadas"][key]
    share = rows.Which(calls.figure("proporcion_atendidas"), QUARTER, Filters())
    assert (await rows.rows(case.session, share)).total == 3
    which = rows.Which(calls.figure("recibidas"), QUARTER, Filters(), By.PURPOSE, "")
    first = await rows.rows(case.session, which, limit=2)
    assert first.next is not None
    rest = await rows.rows(case.session, which, after=first.next, limit=2)
    assert [first.total, len(first.rows), len(rest.rows), rest.next] == [3, 2, 1, None]
    moments = [row.moment for row in (*first.rows, *rest.rows)]
    assert moments == sorted(moments, reverse=True)
    ended = await rows.rows(
        case.session, rows.Which(REPORTS["peticiones"].figure("satisfactorias"), QUARTER, Filters())
    )
    assert [row.folio is not None for row in ended.rows] == [True, True]


def test_an_address_says_what_it_knows_and_forgets_the_rest() -> None:
    report = REPORTS["llamadas"]
    given = {"periodo": "2026-T3", "por": "estado", "municipio": "26030", "area": "x' OR 1=1", "columnas": "todas"}
    asked = ReportQuery.of(report, given)
    assert (asked.period, asked.by, asked.has_all_columns) == (QUARTER, By.PURPOSE, True)
    assert asked.filters == Filters(municipality_id="26030")
    assert asked.query == "periodo=2026-T3&columnas=todas&municipio=26030"
    days = ReportQuery.of(report, {"periodo": "2026-T3", "desde": "2026-07-15", "hasta": "2026-07-01"})
    assert days.period.key == "2026-07-01..2026-07-15"
    assert "valor=&" not in asked.rows("recibidas") and asked.rows("recibidas", "").endswith("por=motivo&valor=")


@pytest.mark.parametrize(
    ("key", "name", "before", "after"),
    [
        ("2026", "Año 2026", "2025", "2027"),
        ("2026-T1", "Primer trimestre de 2026", "2025-T4", "2026-T2"),
        ("2026-12", "Diciembre de 2026", "2026-11", "2027-01"),
        ("2026-S53", "Del 28 de diciembre de 2026 al 3 de enero de 2027", "2026-S52", "2027-S01"),
        ("2026-07-01..2026-07-15", "Del 1 al 15 de julio de 2026", "2026-06-16..2026-06-30", "2026-07-16..2026-07-30"),
    ],
)
def test_a_period_has_a_name_and_neighbours(key: str, name: str, before: str, after: str) -> None:
    period = Period.parse(key)
    assert period is not None
    assert (period.key, period.name, period.before.key, period.after.key) == (key, name, before, after)
    assert period.before.end == period.start
    assert period.end == period.after.start
    assert Period.parse(f"{key}x") is None
