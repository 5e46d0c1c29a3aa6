"""A call from its first ring to its correction, over HTTP: who may, what is kept, and how its time is split."""

import csv
import io
import re
from datetime import datetime, timedelta
from uuid import UUID

import openpyxl
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from backend import clock
from backend.agents.models import Role, User
from backend.app import create_app
from backend.catalog import service as catalog
from backend.catalog.models import OfficeArea
from backend.clock import HERMOSILLO
from backend.db import Database
from backend.ledger.models import (
    AttendedBy,
    Direction,
    Interaction,
    InteractionChange,
    InteractionKind,
    Outcome,
    Purpose,
)
from backend.registry import petitions
from backend.registry.models import Petition
from backend.settings import Settings
from tests.capture.conftest import people
from tests.staff import Staff, add_staff, sign_in

#: A Wednesday, ten minutes before the office closes at three.
WEDNESDAY = datetime(2026, 11, 18, 14, 50, tzinfo=HERMOSILLO)


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await people(database)
    await add_staff(database, "beto")
    await add_staff(database, "adela", Role.ADMIN)
    return create_app(settings)


async def _row(database: Database, call_id: str) -> Interaction:
    async with database.transaction() as session:
        return await session.get_one(Interaction, UUID(call_id))


async def _begin(staff: Staff, **fields: str) -> str:
    """The id of the call that was begun."""
    answer = await staff.submit("/consola/llamadas/iniciar", **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rsplit("/", 1)[1]


async def _area(database: Database) -> OfficeArea:
    async with database.transaction() as session:
        return next(area for area in await catalog.areas(session) if area.short_name == "Correspondencia")


async def test_a_call_is_kept_from_its_first_ring_and_its_time_split_at_its_end(
    app: FastAPI, database: Database
) -> None:
    ana, beto = await sign_in(app, "ana"), await sign_in(app, "beto")
    with clock.pinned(WEDNESDAY):
        call_id = await _begin(ana)
        assert await _begin(ana) == call_id  # one at a time, however often the key is pressed
        assert f"/consola/llamadas/{call_id}" in (await ana.get("/consola/peticiones")).text
        assert call_id not in (await beto.get("/consola/peticiones")).text
        refused = await beto.post(f"/api/console/calls/{call_id}/keep", {"typed": {"notas": "x"}})
        assert refused.status_code == 403
        kept = await ana.post(
            f"/api/console/calls/{call_id}/keep",
            {
                "typed": {
                    "telefono": "662 111",
                    "nombre": "Rosa",
                    "notas": "Pregunta\x00 por su acta",
                    "municipio": "Hmo",
                }
            },
        )
        assert list(kept.json()["problems"]) == ["telefono"]
        found = await ana.post(f"/api/console/calls/{call_id}/caller", {"phone": "6621112233"})
        assert "Rosa María Félix Duarte" in found.text
        assert "No pasa la basura desde hace una semana" in found.text
    with clock.pinned(WEDNESDAY + timedelta(seconds=30)):
        assert (await ana.post(f"/api/console/calls/{call_id}/answer")).status_code == 204
    typed = {"telefono": "662 111 2233", "notas": "Pregunta por su acta", "municipio": "Hmo", "resultado": "atendida"}
    with clock.pinned(WEDNESDAY + timedelta(minutes=20)):
        refused = await ana.post(f"/api/console/calls/{call_id}/end", {"typed": typed})
        assert refused.json()["error"]["details"]["problems"] == {"proposito": "Diga de qué trató."}
        refused = await ana.post(f"/api/console/calls/{call_id}/end", {"typed": {**typed, "proposito": "transferida"}})
        assert list(refused.json()["error"]["details"]["problems"]) == ["area"]
        whole = {**typed, "proposito": "transferida", "area": str((await _area(database)).id), "con_quien": "Lic. Soto"}
        for _ in range(2):  # a lost answer is asked for again
            assert (await ana.post(f"/api/console/calls/{call_id}/end", {"typed": whole})).status_code == 200
    row = await _row(database, call_id)
    assert (row.phone, row.municipality_id, row.outcome) == ("+526621112233", "26030", Outcome.TRANSFERRED)
    assert (row.attended_by, row.direction, row.purpose) == (AttendedBy.PERSON, Direction.INBOUND, Purpose.TRANSFER)
    assert (row.queue_seconds, row.person_seconds) == (30, 20 * 60 - 30)
    assert (row.queue_office_seconds, row.person_office_seconds) == (30, 10 * 60 - 30)
    assert (row.bot_seconds, row.citizen_seconds) == (0, 0)
    assert row.caller_name == "Rosa María Félix Duarte"  # whose number it is


async def test_what_was_not_answered_waited_to_its_end_and_a_forgotten_call_asks_when_it_ended(
    app: FastAPI, database: Database
) -> None:
    ana = await sign_in(app, "ana")
    with clock.pinned(WEDNESDAY):
        call_id = await _begin(ana, direccion="realizada", telefono="6621112233")
    with clock.pinned(WEDNESDAY + timedelta(seconds=40)):
        typed = {"telefono": "6621112233", "direccion": "realizada", "resultado": "no_contesto", "otra_persona": "si"}
        assert (await ana.submit(f"/consola/llamadas/{call_id}/terminar", **typed)).status_code == 303
    row = await _row(database, call_id)
    assert (row.answered_at, row.queue_seconds, row.citizen_seconds, row.person_seconds) == (None, 0, 40, 0)
    assert (row.attended_by, row.outcome, row.person_id) == (AttendedBy.NOBODY, Outcome.NO_ANSWER, None)
    with clock.pinned(WEDNESDAY):
        forgotten = await _begin(ana)
    with clock.pinned(WEDNESDAY + timedelta(hours=18)):
        typed = {"proposito": "informacion"}
        page = await ana.submit(f"/consola/llamadas/{forgotten}/terminar", **typed)
        assert page.status_code == 422
        assert "diga a qué hora terminó" in page.text
        await ana.submit(f"/consola/llamadas/{forgotten}/terminar", **typed, termino="2026-11-18T14:55:00")
    assert (await _row(database, forgotten)).person_seconds == 300
    empty = await _begin(ana)
    assert (await ana.submit(f"/consola/llamadas/{empty}/descartar")).status_code == 303
    assert (await ana.get(f"/consola/llamadas/{empty}")).status_code == 404
    written = await _begin(ana, telefono="6621112233")
    refused = await ana.submit(f"/consola/llamadas/{written}/descartar")
    assert (refused.status_code, "Termínela en vez de descartarla" in refused.text) == (409, True)


async def test_a_call_about_a_folio_knows_whose_it_is_and_a_petition_told_in_it_is_its_own(
    app: FastAPI, database: Database
) -> None:
    ana = await sign_in(app, "ana")
    async with database.transaction() as session:
        petition = (await session.scalars(select(Petition))).one()
    call_id = await _begin(ana, folio=petition.folio, direccion="realizada")
    row = await _row(database, call_id)
    assert (row.petition_id, row.phone, row.caller_name) == (petition.id, "+526621112233", "Rosa María Félix Duarte")
    await ana.submit(f"/consola/llamadas/{call_id}/terminar", folio=petition.folio, proposito="seguimiento")
    page = (await ana.get(f"/consola/peticiones/{petition.folio}")).text
    assert f'href="/consola/llamadas/{call_id}"' in page
    visit = await _begin(ana, clase="visita")
    form = (await ana.get(f"/consola/peticiones/nueva?llamada={visit}")).text
    assert f'name="call_id" value="{visit}"' in form
    told = {"narrativa": "Le cobraron de más", "anonima": "si", "municipio": "Cajeme", "colonia": "Centro"}
    body = {"key": "0" * 32, "kind": "queja", "channel": "presencial", "call_id": visit, "typed": told}
    filed = await ana.post("/api/console/capture", body)
    assert filed.status_code == 201, filed.text
    row = await _row(database, visit)
    async with database.transaction() as session:
        own = await petitions.get(session, filed.json()["folio"])
    assert (row.kind, row.petition_id, row.purpose) == (InteractionKind.WALK_IN, own.id, Purpose.COMPLAINT)
    assert (row.municipality_id, row.channel) == ("26018", "presencial")


async def test_a_call_is_written_down_late_and_corrected_with_its_history(app: FastAPI, database: Database) -> None:
    ana, beto, hilda = [await sign_in(app, name) for name in ("ana", "beto", "hilda")]
    with clock.pinned(WEDNESDAY):
        typed = {
            "clase": "llamada",
            "inicio": "2026-11-18T09:00",
            "termino": "2026-11-18T15:30",
            "proposito": "informacion",
        }
        ahead = await ana.submit("/consola/llamadas/anotar", **typed, notas="Lo que se escribió")
        assert (ahead.status_code, "Esa hora todavía no llega." in ahead.text) == (422, True)
        assert "Lo que se escribió" in ahead.text
        typed["termino"] = "2026-11-18T09:10"
        written = await ana.submit("/consola/llamadas/anotar", **typed)
        call_id = re.findall(r"llamadas/([0-9a-f-]{36})", written.headers["location"])[0]
        row = await _row(database, call_id)
        assert (row.queue_seconds, row.person_seconds, row.person_office_seconds) == (0, 600, 600)
        async with database.transaction() as session:  # as the clock tells it, which the form does not
            (await session.get_one(Interaction, row.id)).started_at += timedelta(milliseconds=7)
        change = {"proposito": "queja", "inicio": "2026-11-18T09:00", "contesto": "2026-11-18T09:01",
                  "termino": "2026-11-18T09:11", "notas": "Era una queja"}  # fmt: skip
        assert (await beto.submit(f"/consola/llamadas/{call_id}/corregir", **change, motivo="x")).status_code == 403
        assert (await ana.submit(f"/consola/llamadas/{call_id}/corregir", **change)).status_code == 422
        assert (await ana.submit(f"/consola/llamadas/{call_id}/corregir", **change, motivo="Oí mal")).status_code == 303
        page = (await ana.get(f"/consola/llamadas/{call_id}")).text
        assert "«Información» → «Queja»" in page
        assert "Oí mal" in page
    with clock.pinned(WEDNESDAY + timedelta(days=1)):
        refused = await ana.submit(f"/consola/llamadas/{call_id}/corregir", **change, motivo="x")
        assert refused.status_code == 403
        async with database.transaction() as session:
            agent = (await session.scalars(select(User).where(User.username == "beto"))).one()
        change |= {"agente": str(agent.id), "motivo": "La atendió Beto"}
        assert (await hilda.submit(f"/consola/llamadas/{call_id}/corregir", **change)).status_code == 303
    row = await _row(database, call_id)
    assert (row.agent_id, row.purpose, row.queue_seconds, row.person_seconds) == (agent.id, Purpose.COMPLAINT, 60, 600)
    async with database.transaction() as session:
        changes = (await session.scalars(select(InteractionChange).order_by(InteractionChange.id))).all()
    assert [set(change.fields) for change in changes] == [
        {"purpose", "answered_at", "ended_at", "notes", "queue_seconds", "queue_office_seconds"},
        {"agent_id"},
    ]


async def _many(database: Database, count: int) -> None:
    async with database.transaction() as session:
        area = (await catalog.areas(session))[0]
        for number in range(count):
            session.add(
                Interaction(
                    kind=InteractionKind.CALL,
                    direction=Direction.OUTBOUND if number % 3 == 0 else Direction.INBOUND,
                    channel="telefono",
                    source="consola",
                    started_at=WEDNESDAY - timedelta(minutes=number // 2),  # two at a time
                    ended_at=WEDNESDAY + timedelta(minutes=1),
                    outcome=Outcome.ATTENDED,
                    purpose=Purpose.CONGRATULATION if number == 7 else Purpose.INFORMATION,
                    area_id=area.id if number == 8 else None,
                    municipality_id="26030" if number == 9 else None,
                    phone=f"+52662111{number:04}",
                    caller_name="=Óscar" if number == 5 else None,
                    notes="Habló de la señalización" if number == 6 else "",
                )
            )


async def test_the_list_is_narrowed_paged_and_taken_away(app: FastAPI, database: Database) -> None:
    ana = await sign_in(app, "ana")
    await _many(database, 120)

    async def ids(query: str) -> list[str]:
        page = (await ana.get(f"/consola/llamadas{query}")).text
        return re.findall(r'/consola/llamadas/([0-9a-f-]{36})" data-open', page)

    seen, query = [], ""
    while True:
        page = (await ana.get(f"/consola/llamadas{query}")).text
        seen.append(await ids(query))
        following = re.search(r'rel="next" href="(\?[^"]*)"', page)
        if following is None:
            break
        query = following[1].replace("&amp;", "&")
    assert [len(one) for one in seen] == [50, 50, 20]
    assert len({one for page in seen for one in page}) == 120
    back = re.search(r'rel="prev" href="(\?[^"]*)"', page)
    assert back is not None
    assert await ids(back[1].replace("&amp;", "&")) == seen[1]
    async with database.transaction() as session:
        area = (await catalog.areas(session))[0]
    for query, count in (
        ("direccion=realizada", 40), ("proposito=felicitacion", 1), (f"area={area.id}", 1), ("municipio=26030", 1),
        ("numero=662 111 0003", 1), ("numero=1110003", 1),
        ("numero=%2B52 662 111 0003", 1), ("numero=%2B52 1 662 111 0003", 1), ("numero=%2B52 662 999 0003", 0),
        ("buscar=senalizacion", 1), ("buscar=OSCAR", 1),
        ("desde=2026-11-18&hasta=2026-11-18&clase=llamada&resultado=atendida&origen=consola&direccion=realizada", 40),
        ("desde=2026-11-19", 0), ("agente=yo", 0), ("clase=visita", 0),
    ):  # fmt: skip
        assert len(await ids(f"?{query}")) == count, query
    told = await ana.get("/consola/llamadas/exportar.csv?proposito=informacion")
    lines = list(csv.reader(io.StringIO(told.text.removeprefix("\ufeff"))))
    assert len(lines) == 120
    assert "'=Óscar" in [line[7] for line in lines]
    book = openpyxl.load_workbook(
        io.BytesIO((await ana.get("/consola/llamadas/exportar.xlsx")).content), read_only=True
    )
    assert sum(1 for _ in book.worksheets[0].iter_rows()) == 121


async def test_areas_and_extensions_are_the_administrators(app: FastAPI, database: Database) -> None:
    adela, hilda = await sign_in(app, "adela"), await sign_in(app, "hilda")
    assert (await hilda.get("/consola/areas")).status_code == 403
    area = await _area(database)
    form = {"key": area.key, "name": area.name, "short_name": area.short_name, "extension": "2 50", "is_active": "1"}
    assert (await adela.submit(f"/consola/areas/{area.id}", **form)).status_code == 303
    assert (await adela.submit("/consola/areas", **form)).status_code == 409
    assert (await adela.submit(f"/consola/areas/{area.id}", **{**form, "extension": "x"})).status_code == 422
    assert (await _area(database)).extension == "250"
    async with database.transaction() as session:
        found = {user.username: user.id for user in await session.scalars(select(User))}
    place = {"action": "place", "area": str(area.id), "extension": "101"}
    assert (await adela.submit(f"/consola/usuarios/{found['ana']}", **place)).status_code == 303
    taken = await adela.submit(f"/consola/usuarios/{found['beto']}", **place)
    assert (taken.status_code, "Esa extensión ya es de otra persona." in taken.text) == (409, True)
    ana = await sign_in(app, "ana")
    row = await _row(database, await _begin(ana))
    assert (row.area_id, row.extension) == (area.id, "101")
