"""An agency is told of its turn, reminded before and after its due date, put before the head: once each."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.agents.models import Role
from backend.app import create_app
from backend.catalog.models import Agency
from backend.conversations.files import FileStore
from backend.db import Database
from backend.mail import jobs
from backend.mail.models import EmailMessage
from backend.mail.smtp import SmtpMailer
from backend.registry import deadlines, petitions
from backend.registry.deadlines import WorkCalendar
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.settings import Settings
from backend.turns import reminders
from backend.turns import service as turns
from backend.turns.models import Turn
from tests.console.turned import NAME, NARRATIVE, add_liaison, add_petition, turn_to
from tests.mail.server import mail_server
from tests.staff import Staff, add_staff, sign_in

Kind = PetitionEventKind


@pytest.fixture
async def head(database: Database, settings: Settings) -> Staff:
    await add_staff(database, "hilda", Role.HEAD)
    return await sign_in(create_app(settings), "hilda")


class Case:
    """One turn, looked at on one day after another."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings

    async def begin(self) -> None:
        async with self.database.transaction() as session:
            await add_liaison(session, "cea", "wendy")
            petition = await add_petition(session)
            (one,) = await turn_to(session, petition, "cea")
            one.created_at -= timedelta(days=1)
            self.folio, self.turn_id, self.petition_id, self.due_on = petition.folio, one.id, petition.id, one.due_on
            self.work = await deadlines.calendar(session)

    async def look(self, day: date) -> int:
        """By three workers at once."""
        looks = (reminders.look_after(self.database, self.settings, day) for _ in range(3))
        return sum(await asyncio.gather(*looks))

    async def events(self) -> list[tuple[PetitionEventKind, object]]:
        async with self.database.transaction() as session:
            rows = await session.scalars(
                select(PetitionEvent)
                .where(PetitionEvent.kind.in_((Kind.TURN_REMINDED, Kind.TURN_ESCALATED)))
                .order_by(PetitionEvent.id)
            )
            return [(row.kind, row.detail.get("step", row.detail.get("days_late"))) for row in rows]

    async def turn(self) -> Turn:
        async with self.database.transaction() as session:
            return await session.get_one(Turn, self.turn_id)


def _before(work: WorkCalendar, day: date, days: int) -> date:
    while days:
        day -= timedelta(days=1)
        days -= work.why_not(day) is None
    return day


async def test_reminders_and_escalation_come_once_each(database: Database, settings: Settings, head: Staff) -> None:
    case = Case(database, settings)
    await case.begin()
    due_on, work = case.due_on, case.work
    soon = _before(work, due_on, 3)
    assert await case.look(soon - timedelta(days=1)) == 0
    for day in (soon, soon, work.add(soon, 1)):
        await case.look(day)
    assert await case.events() == [(Kind.TURN_REMINDED, -1)]
    for day in (due_on, due_on, work.add(due_on, 1), work.add(due_on, 2)):
        await case.look(day)
    assert (await case.events())[1:] == [(Kind.TURN_REMINDED, 0)]
    assert "Ninguna dependencia debe respuestas" in (await head.get("/consola/vencidas")).text
    for day in (work.add(due_on, 3), work.add(due_on, 3), work.add(due_on, 5), work.add(due_on, 6)):
        await case.look(day)
    expected = [(Kind.TURN_REMINDED, 1), (Kind.TURN_ESCALATED, 3), (Kind.TURN_REMINDED, 2)]
    assert (await case.events())[2:] == expected
    page = (await head.get("/consola/vencidas")).text
    assert case.folio in page
    assert "enlace@cea.example" in page
    assert NAME not in page
    async with database.transaction() as session:
        petition, one = await turns.locked(session, case.turn_id)
        later = work.add(due_on, 30)
        await turns.ask_extension(session, petition, one, later, "Falta material", user_id=one.created_by or one.id)
        await turns.decide_extension(session, petition, one, is_granted=True, user_id=one.created_by or one.id)
    assert await case.look(due_on + timedelta(days=2)) == 0, "with a new date all begins anew"
    assert case.folio not in (await head.get("/consola/vencidas")).text
    await case.look(later)
    assert (await case.events())[5:] == [(Kind.TURN_REMINDED, 0)]


async def test_nobody_is_pressed_while_the_citizen_is_asked_nor_after_answering(
    database: Database, settings: Settings, head: Staff
) -> None:
    case = Case(database, settings)
    await case.begin()
    late = case.due_on + timedelta(days=30)
    async with database.transaction() as session:
        petition = await session.get_one(Petition, case.petition_id, with_for_update=True)
        user_id = (await session.get_one(Turn, case.turn_id)).created_by
        await petitions.change_status(
            session, petition, PetitionStatus.REQUIERE_INFORMACION, reason="Falta", asked="La calle", user_id=user_id
        )
    assert await case.look(late) == 0
    async with database.transaction() as session:
        petition, one = await turns.locked(session, case.turn_id)
        petition.status = PetitionStatus.EN_ATENCION
        await turns.send_back(session, petition, one, "No es nuestro", user_id=one.created_by or one.id)
    assert await case.look(late) == 0


async def test_every_open_turn_is_looked_at_once_a_day_a_handful_at_a_time(
    database: Database, settings: Settings, head: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "BATCH", 2)
    async with database.transaction() as session:
        await add_liaison(session, "cea", "wendy")
        for number in range(5):
            (one,) = await turn_to(session, await add_petition(session, f"{NARRATIVE} {number}"), "cea")
            one.created_at -= timedelta(days=1)
        due_on = one.due_on

    async def left(day: date) -> int:
        async with database.transaction() as session:
            monkeypatch.setattr(reminders, "BATCH", 100)
            found = len((await session.scalars(reminders._candidates(day))).all())
            monkeypatch.setattr(reminders, "BATCH", 2)
            return found

    early = due_on - timedelta(days=12)
    assert await left(early) == 5
    assert await reminders.look_after(database, settings, early) == 0
    assert (await left(early), await left(early + timedelta(days=1))) == (0, 5)
    assert await reminders.look_after(database, settings, due_on) == 5
    assert await left(due_on) == 0


async def test_no_mail_to_an_agency_says_anything_personal(
    database: Database, settings: Settings, head: Staff, tmp_path: Path
) -> None:
    case = Case(database, settings)
    await case.begin()
    await case.look(case.due_on)
    await case.look(case.work.add(case.due_on, 9))
    async with database.transaction() as session:
        petition, one = await turns.locked(session, case.turn_id)
        user_id = one.created_by or one.id
        await turns.write_to_agency(session, petition, one, f"Llame a {NAME}", user_id=user_id)
        await turns.ask_extension(session, petition, one, one.due_on + timedelta(days=90), "Falta", user_id=user_id)
        await turns.decide_extension(session, petition, one, is_granted=False, user_id=user_id, reason=NAME)
        await turns.withdraw(session, petition, one, f"{NAME} desistió", user_id=user_id)
    async with mail_server() as server:
        mailer = SmtpMailer(server.url, "avisos@sonora.example")
        await jobs.send_due(database, mailer, FileStore(tmp_path, max_bytes=10), "https://chat.example")
    assert len(server.received) == 6
    assert set(server.recipients) == {"enlace@cea.example"}
    for mail in server.received:
        body = mail.get_body(("plain",))
        assert body is not None
        told = f"{mail['Subject']} {body.get_content()}"
        assert case.folio in told
        assert f"https://chat.example/consola/enlace/turnos/{case.turn_id}" in told
        for personal in (NARRATIVE, "Guadalupe", "Palo Verde", "662", "desistió"):
            assert personal not in told


async def test_an_e_mail_that_did_not_go_out_is_seen_and_tried_again(
    database: Database, settings: Settings, head: Staff
) -> None:
    case = Case(database, settings)
    await case.begin()
    files = FileStore(settings.attachments_dir, max_bytes=10)
    await jobs.send_due(database, None, files, settings.base_url)
    folio = f"/consola/peticiones/{case.folio}"
    page = (await head.get(folio)).text
    assert "El correo del sistema está apagado" in page
    async with database.transaction() as session:
        mail = await session.scalar(select(EmailMessage))
        assert mail is not None
    again = f"{folio}/turnos/{case.turn_id}/correos/{mail.id}/reintentar"
    assert (await head.submit(again)).status_code == 303
    assert (await head.submit(again)).status_code == 409, "it is on its way"
    async with mail_server() as server:
        server.rcpt_answer = "550 No such user"
        mailer = SmtpMailer(server.url, "avisos@sonora.example")
        await jobs.send_due(database, mailer, files, settings.base_url)
        assert "no aceptó la dirección enlace@cea.example" in (await head.get(folio)).text
        server.rcpt_answer = None
        async with database.transaction() as session:
            agency = await session.get_one(Agency, (await session.get_one(Turn, case.turn_id)).agency_id)
            agency.liaison_email = "otra@cea.example"
        await head.submit(again)
        await jobs.send_due(database, mailer, files, settings.base_url)
    assert server.recipients == ["otra@cea.example"], "to the address that was put right meanwhile"
    assert "Correo enviado" in (await head.get(folio)).text
