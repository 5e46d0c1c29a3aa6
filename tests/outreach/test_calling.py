"""Calls that are owed, from the first reason to the last try, as staff work them off in the console."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from backend import clock
from backend.agents import service as agents
from backend.agents import sessions
from backend.clock import HERMOSILLO
from backend.db import Database
from backend.ledger.models import AttendedBy, Direction, Interaction, InteractionKind, Outcome, Purpose, Source
from backend.outreach import asking, jobs, tasks
from backend.outreach.asking import Ask
from backend.outreach.models import CallReason, CallTask, ClosedBecause, ReasonKind, TaskState
from backend.registry import petitions
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    Petition,
    PetitionEvent,
    PetitionEventKind,
    PetitionKind,
    PetitionStatus,
)
from tests.console.conftest import ana, app, beto
from tests.staff import Staff, sign_in

__all__ = ["ana", "app", "beto"]

PHONE, OTHER = "+526621234567", "+526449876543"
LIST = "/consola/llamadas-pendientes"


class Moment:
    """A Wednesday morning; `to` moves on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 18, 10, 0, tzinfo=HERMOSILLO)

    def to(self, day: int, hour: int, minute: int = 0) -> None:
        self.now = datetime(2026, 11, day, hour, minute, tzinfo=HERMOSILLO)


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    at = Moment()
    monkeypatch.setattr(clock, "now", lambda: at.now)
    monkeypatch.setattr(sessions, "SESSION_IDLE", timedelta(days=30))
    return at


async def _ask(database: Database, **fields: Any) -> CallReason:
    async with database.transaction() as session:
        reason = await asking.ask(session, Ask(**{"kind": ReasonKind.ASKED, "phone": PHONE, **fields}))
        assert reason is not None
        return reason


async def _petition(database: Database, *, phone: str | None = PHONE, name: str = "Rosa Ibarra López") -> Petition:
    async with database.transaction() as session:
        new = petitions.NewPetition(
            kind=PetitionKind.PETICION,
            channel=EntryChannel.CORRESPONDENCIA,
            narrative="El alumbrado de la calle no sirve desde octubre",
            name=name,
            phone=phone,
        )
        return await petitions.file(session, new, actor=ActorKind.STAFF)


async def _task(database: Database, task_id: uuid.UUID) -> CallTask:
    async with database.transaction() as session:
        return await tasks.get(session, task_id)


async def _rows(database: Database) -> list[Interaction]:
    async with database.transaction() as session:
        return list(await session.scalars(select(Interaction).order_by(Interaction.started_at)))


async def _wait_for_information(database: Database, petition: Petition) -> None:
    async with database.transaction() as session:
        one = await session.get_one(Petition, petition.id, with_for_update=True)
        asked = "¿Nos comparte su CURP?"
        await petitions.change_status(
            session, one, PetitionStatus.REQUIERE_INFORMACION, reason="Falta", asked=asked, is_told=False
        )


async def test_one_person_with_three_reasons_is_called_once_until_everything_is_said(
    moment: Moment, ana: Staff, beto: Staff, database: Database
) -> None:
    petition = await _petition(database)
    await _wait_for_information(database, petition)
    asked = await _ask(database, name="Rosa Ibarra", note="Pidió hablar con una persona.")
    told = await _ask(
        database, kind=ReasonKind.CONCLUSION, note="Ya se arregló.", petition_id=petition.id,
        person_id=petition.person_id,
    )  # fmt: skip
    moment.to(26, 10)
    assert await jobs.gather(database) == 1
    assert await jobs.gather(database) == 0
    async with database.transaction() as session:
        reasons = list(await session.scalars(select(CallReason).order_by(CallReason.created_at)))
    assert {one.task_id for one in reasons} == {asked.task_id}
    assert {one.kind for one in reasons} == {ReasonKind.ASKED, ReasonKind.CONCLUSION, ReasonKind.INFORMATION}

    taken = await ana.submit(f"{LIST}/siguiente")
    address = f"{LIST}/{asked.task_id}"
    assert taken.headers["location"] == address
    assert (await beto.submit(f"{LIST}/siguiente")).headers["location"] == f"{LIST}?aviso=llamadas_fin"
    assert "está haciendo esta llamada" in (await beto.get(address)).text
    page = (await ana.get(address)).text
    for shown in ('href="tel:+52-662-123-4567"', petition.folio, "Ya se arregló.", "¿Nos comparte su CURP?"):
        assert shown in page, shown

    busy = await ana.submit(address, intento="1", resultado="ocupado", segundos="20", accion="siguiente")
    assert busy.headers["location"] == f"{LIST}?aviso=llamadas_fin"
    assert (await _task(database, asked.task_id)).next_try_at == moment.now + timedelta(minutes=20)
    assert (await ana.submit(address, intento="1", resultado="ocupado")).status_code == 409  # pressed twice
    moment.to(26, 10, 20)
    assert (await beto.submit(f"{LIST}/siguiente")).headers["location"] == address

    answered = {"intento": "2", "resultado": "contesto", "notas": "Muy amable", "segundos": "95", "en_folio": "si"}
    unsaid = await beto.submit(address, **answered)
    assert unsaid.status_code == 422
    assert "Muy amable" in unsaid.text
    info = next(one for one in reasons if one.kind is ReasonKind.INFORMATION)
    answers = {f"informado_{told.id}": "si", f"informacion_{info.id}": "La CURP es otra"}
    assert (await beto.submit(address, **answered, **answers)).status_code == 303

    async with database.transaction() as session:
        reasons = list(await session.scalars(select(CallReason).order_by(CallReason.created_at)))
        events = list(await session.scalars(select(PetitionEvent).where(PetitionEvent.petition_id == petition.id)))
        assert (await session.get_one(Petition, petition.id)).status is PetitionStatus.EN_ANALISIS
    assert {one.kind: one.was_reached for one in reasons if one.was_reached} == {ReasonKind.CONCLUSION: True}
    assert (await _task(database, asked.task_id)).state is TaskState.DONE
    texts = {event.kind: event.text for event in events}
    assert texts[PetitionEventKind.INFORMATION_ADDED] == "La CURP es otra"
    assert texts[PetitionEventKind.NOTE] == "Llamada a la persona: contestó. Muy amable"
    first, second = await _rows(database)
    assert (first.outcome, second.outcome) == (Outcome.BUSY, Outcome.ATTENDED)
    assert (second.direction, second.purpose, second.petition_id) == (
        Direction.OUTBOUND,
        Purpose.FOLLOW_UP,
        petition.id,
    )
    assert (second.person_seconds, second.attended_by) == (95, AttendedBy.PERSON)


async def test_a_call_is_tried_as_often_as_the_rules_allow_and_only_within_the_hours(
    moment: Moment, ana: Staff, app: FastAPI, database: Database
) -> None:
    head = await sign_in(app, "hilda")
    form = {"opens": "09:00", "closes": "19:00", "day_0": "si", "day_2": "si", "most_tries": "2", "gap_minutes": "60",
            "busy_minutes": "5", "information_days": "5"}  # fmt: skip
    assert (await ana.submit("/consola/reglas-de-llamadas", **form)).status_code == 403
    assert (await head.submit("/consola/reglas-de-llamadas", **{**form, "closes": "08:00"})).status_code == 422
    assert (await head.submit("/consola/reglas-de-llamadas", **form)).status_code == 303
    reason = await _ask(database)
    address = f"{LIST}/{reason.task_id}"
    moment.to(18, 18, 30)
    await ana.submit(address, intento="1", resultado="no_contesto")
    monday = datetime(2026, 11, 23, 9, tzinfo=HERMOSILLO)
    assert (await _task(database, reason.task_id)).next_try_at == monday
    moment.to(21, 12)
    refused = await ana.submit(f"{LIST}/siguiente")
    assert refused.status_code == 409
    assert "Se llama otra vez el 23/11 a las 09:00" in refused.text
    moment.to(23, 10)
    later = {"intento": "2", "resultado": "pidio_otra_hora"}
    for wrong in ("", "2026-11-24T10:00", "2026-11-23T08:00"):
        assert (await ana.submit(address, **later, otra_hora=wrong)).status_code == 422, wrong
    await ana.submit(address, **later, otra_hora="2026-11-25T16:00")
    moment.to(25, 16)
    assert (await ana.submit(f"{LIST}/siguiente")).headers["location"] == address
    await ana.submit(address, intento="3", resultado="buzon")
    assert (await _task(database, reason.task_id)).state is TaskState.EXHAUSTED
    assert "Buzón de voz" in (await ana.get(f"{LIST}?estado=agotadas")).text
    exported = (await ana.get(f"{LIST}/exportar.csv?estado=agotadas")).content.decode("utf-8-sig").splitlines()
    assert exported[1].split(",")[8:11] == ["3", "2026-11-25 16:00", "Buzón de voz"]


async def test_a_contact_that_was_missed_is_called_once_unless_they_came_again(
    moment: Moment, database: Database
) -> None:
    async def came(phone: str, minutes_ago: int, outcome: Outcome) -> None:
        start = moment.now - timedelta(minutes=minutes_ago)
        async with database.transaction() as session:
            session.add(
                Interaction(
                    kind=InteractionKind.CALL, direction=Direction.INBOUND, channel="telefono", source=Source.CDR,
                    external_id=uuid.uuid4().hex, started_at=start, ended_at=start + timedelta(minutes=1),
                    outcome=outcome, phone=phone,
                )
            )  # fmt: skip

    await came(PHONE, 50, Outcome.ABANDONED)
    await came(OTHER, 60, Outcome.ABANDONED)
    await came(OTHER, 30, Outcome.ATTENDED)
    await came("+526620000001", 5, Outcome.ABANDONED)
    await came("+526620000002", 40, Outcome.VOICEMAIL)
    assert await jobs.gather(database) == 2
    assert await jobs.gather(database) == 0
    async with database.transaction() as session:
        rows = await session.execute(select(CallReason.phone, CallReason.kind))
        assert sorted(tuple(row) for row in rows) == [
            ("+526620000002", ReasonKind.ASKED), (PHONE, ReasonKind.ABANDONED),
        ]  # fmt: skip


async def test_who_asked_not_to_be_called_is_called_only_at_their_own_wish(
    moment: Moment, ana: Staff, app: FastAPI, database: Database
) -> None:
    first = await _ask(database, kind=ReasonKind.NOTICE, note="Su petición se turnó.")
    answered = {"intento": "1", "resultado": "contesto", f"informado_{first.id}": "no", "no_llamar": "si"}
    assert (await ana.submit(f"{LIST}/{first.task_id}", **answered)).status_code == 303
    second = await _ask(database, kind=ReasonKind.NOTICE, note="Otro aviso")
    closed = await _task(database, second.task_id)
    assert (closed.state, closed.closed_because) == (TaskState.CLOSED, ClosedBecause.DO_NOT_CALL)
    assert second.was_reached is False
    third = await _ask(database)
    assert (await _task(database, third.task_id)).state is TaskState.PENDING
    head = await sign_in(app, "hilda")
    page = (await head.get("/consola/reglas-de-llamadas")).text
    assert "662 *** ** 67" in page
    lift = page.split("/consola/reglas-de-llamadas/no-llamar/")[1].split('"')[0]
    assert (await head.submit(f"/consola/reglas-de-llamadas/no-llamar/{lift}")).status_code == 303
    fourth = await _ask(database, kind=ReasonKind.NOTICE)
    assert fourth.task_id == third.task_id


async def test_a_campaign_from_a_spreadsheet_is_shared_out_followed_and_ended(
    moment: Moment, ana: Staff, beto: Staff, app: FastAPI, database: Database
) -> None:
    head = await sign_in(app, "hilda")
    sheet = "Nombre,Teléfono\nRosa Ibarra,662 123 4567\nLuis Soto,6449876543\nRosa I.,6621234567\nSin número,12\n"
    form = {
        "csrf_token": head.csrf, "nombre": "Felicitación a maestras", "proposito": "felicitacion",
        "limite": "2026-11-30", "guion": "Buenos días, {nombre}. La felicitamos.",
    }  # fmt: skip

    async def send(staff: Staff, **more: str) -> Any:
        files = {"archivo": ("lista.csv", sheet.encode(), "text/csv")}
        data = {**form, "csrf_token": staff.csrf, **more}
        return await staff.client.post(
            "/consola/campanas", data=data, files=files, headers={"Origin": "https://testserver"}
        )

    assert (await send(ana)).status_code == 403
    refused = await send(head)
    assert refused.status_code == 422
    assert "Renglón 5: «12» no es un teléfono." in refused.text
    assert "Felicitación a maestras" in refused.text
    address = (await send(head, asi="si")).headers["location"].split("?")[0]
    owed = await _ask(database, phone=OTHER, note="Pidió que le llamen.")
    async with database.transaction() as session:
        luis, rosa = [
            await session.scalar(select(CallTask.id).where(CallTask.phone == phone)) for phone in (OTHER, PHONE)
        ]
    assert owed.task_id == luis
    shared = {"llamada": str(rosa), "responsable": str(await _user(database, "beto"))}
    assert (await ana.submit(f"{LIST}/repartir", **shared)).status_code == 403
    assert (await head.submit(f"{LIST}/repartir", **shared)).status_code == 303
    await head.submit(address, accion="pausar")
    assert (await beto.submit(f"{LIST}/siguiente")).headers["location"] == f"{LIST}/{luis}"  # for the other reason
    await beto.submit(f"{LIST}/{luis}/soltar")
    await head.submit(address, accion="reanudar")
    assert (await beto.submit(f"{LIST}/siguiente")).headers["location"] == f"{LIST}/{rosa}"
    assert "Buenos días, Rosa Ibarra. La felicitamos." in (await beto.get(f"{LIST}/{rosa}")).text
    await beto.submit(f"{LIST}/{rosa}", intento="1", resultado="contesto")
    assert (await _rows(database))[0].purpose is Purpose.CONGRATULATION
    assert "50 %" in (await head.get(address)).text
    await head.submit(address, accion="terminar")
    assert (await _task(database, luis)).state is TaskState.PENDING  # the citizen's own wish stands
    assert (await head.submit(address, accion="pausar")).status_code == 409


async def _user(database: Database, username: str) -> uuid.UUID:
    async with database.transaction() as session:
        return (await agents.find_user(session, username)).id
