"""ARCO requests: the law's clocks by hand on the calendar, who may do what, identity first, and each right's effect."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Role, User
from backend.app import create_app
from backend.arco import carrying_out, queries, reminders, service, terms
from backend.arco.errors import ArcoNotFound, ArcoRefused, NotProved, NotTheirs
from backend.arco.models import ArcoEventKind, ArcoRequest, ArcoState, Identity, Refusal, Right
from backend.audit.models import AdminEvent
from backend.catalog.models import Holiday
from backend.conversations import service as conversations
from backend.conversations.files import FileStore
from backend.db import Database
from backend.mail.models import EmailMessage
from backend.notices.models import Notice
from backend.outreach.asking import is_do_not_call
from backend.registry import petitions
from backend.registry import queries as registry
from backend.registry.models import ActorKind, EntryChannel, Person, Petition, PetitionKind, PetitionStatus
from backend.registry.petitions import NewPetition
from backend.registry.queries import PetitionFilter
from backend.retention import jobs
from backend.settings import Settings
from tests.staff import add_staff, sign_in

#: Monday 2 November 2026. Of November, Monday 16 is off by law (third Monday).
RECEIVED = date(2026, 11, 2)
PHONE = "+526621234567"


def at(day: date, hour: int = 18) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


async def _staff(database: Database) -> tuple[User, User]:
    await add_staff(database, "ana")
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        head, ana = await agents.find_user(session, "hilda"), await agents.find_user(session, "ana")
        head.email = "hilda@sonora.example"
    return head, ana


async def _file(session: AsyncSession, *, kind: PetitionKind = PetitionKind.DERECHOS_ARCO) -> Petition:
    """A petition told in the chat by somebody with a name."""
    conversation = await conversations.open_conversation(
        session, channel="web", account="portal", external_user_id=f"sesion-{kind.value}-{clock.now().isoformat()}"
    )
    new = NewPetition(
        kind, EntryChannel.CHAT_SONORA, "Quiero saber qué datos míos tienen", name="Luz María Soto", phone=PHONE,
        conversation_id=conversation.id, municipality_id="26030",
    )  # fmt: skip
    return await petitions.file(session, new, actor=ActorKind.CITIZEN)


async def _request(session: AsyncSession, petition: Petition) -> ArcoRequest:
    await service.adopt(session)
    found = await session.scalar(select(ArcoRequest).where(ArcoRequest.petition_id == petition.id))
    assert found is not None
    return found


async def test_the_clocks_count_working_days_and_the_folio_follows(database: Database) -> None:
    head, ana = await _staff(database)
    await add_staff(database, "aurora", Role.AUDITOR)
    async with database.transaction() as session:
        auditor = (await agents.find_user(session, "aurora")).id
        session.add(Holiday(day=date(2026, 11, 20), name="Cierre de la oficina"))
        with clock.pinned(at(RECEIVED)):
            petition = await _file(session)
            one = await _request(session, petition)
            assert await service.adopt(session) == 0, "a second look opens nothing"
        # Weeks of 3 to 6 (4), 9 to 13 (9), 17 to 19 (12: 16 and 20 are off), 23 to 27 (17); then 30, 1 and 2.
        assert (one.due_on, one.received_on, one.right) == (date(2026, 12, 2), RECEIVED, None)
        work = await service.deadlines.calendar(session)
        assert terms.last_day_to_ask(one, work) == date(2026, 11, 9)
        with clock.pinned(at(date(2026, 11, 5))):
            with pytest.raises(ArcoRefused, match="del equipo"):
                await service.assign(session, one, Right.ACCESS, petition.person_id, auditor, by=head)
            await service.assign(session, one, Right.ACCESS, petition.person_id, ana.id, by=head)
            assert petition.status is PetitionStatus.EN_ANALISIS
            await service.ask(session, one, "¿De qué trámite?", date(2026, 11, 5), by=ana)
            assert (one.due_on, one.state) == (None, ArcoState.CLARIFYING)
            assert petition.status is PetitionStatus.REQUIERE_INFORMACION
            assert (await session.scalars(select(Notice))).all(), "the person is told what is missing"
            with pytest.raises(ArcoRefused):
                await service.dismiss(session, one, by=head)
        with clock.pinned(at(date(2026, 11, 18))):
            await service.receive(session, one, "De todos", date(2026, 11, 18), by=ana)
            # It goes on: 3 to 5 are 3, then 19 (4), 23 to 27 (9), 30 to 4 (14), 7 to 11 (19), 14 (20).
            assert one.due_on == date(2026, 12, 14)
            with pytest.raises(NotTheirs):
                await service.extend(session, one, "Hay que revisar archivos.", by=ana)
            await service.extend(session, one, "Hay que revisar archivos.", by=head)
            # 15 to 18 (24), 21 to 24 (28), 25 is off, 28 and 29 (30).
            assert one.due_on == date(2026, 12, 29)
            with pytest.raises(ArcoRefused):
                await service.extend(session, one, "Otra vez.", by=head)
            with pytest.raises(NotProved):
                await service.grant(session, one, "Procede.", date(2026, 11, 18), by=head)
            with pytest.raises(NotProved):
                await carrying_out.disclose(session, one, by=ana)
            await service.identify(session, one, Identity.INE, "", by=ana)
            await service.grant(session, one, "Procede.", date(2026, 11, 18), by=head)
            # 19 (1), 23 to 27 (6), 30 to 4 (11), 7 to 10 (15).
            assert (one.due_on, petition.status) == (date(2026, 12, 10), PetitionStatus.EN_ATENCION)
            with pytest.raises(ArcoRefused, match="copia"):
                await carrying_out.complete(session, one, date(2026, 11, 18), by=ana)
            await carrying_out.disclose(session, one, by=ana)
            await carrying_out.complete(session, one, date(2026, 11, 18), by=ana)
        assert (one.due_on, one.state) == (None, ArcoState.DONE)
        assert petition.status is PetitionStatus.CONCLUIDA_SATISFACTORIA
        kinds = [event.kind for event, _ in await queries.history(session, one)]
        assert kinds[-3:] == [ArcoEventKind.GRANTED, ArcoEventKind.EXPORTED, ArcoEventKind.DONE]
        trail = (await session.scalars(select(AdminEvent).where(AdminEvent.kind == "personal_data_exported"))).one()
        assert (trail.user_id, trail.subject_id) == (ana.id, petition.person_id)


async def test_the_head_is_reminded_and_another_agent_sees_nothing(database: Database) -> None:
    head, ana = await _staff(database)
    async with database.transaction() as session:
        with clock.pinned(at(RECEIVED)):
            petition = await _file(session)
    days = [date(2026, 11, 3), date(2026, 11, 26), date(2026, 11, 27), date(2026, 12, 7)]
    assert [await reminders.look_after(database, day) for day in days] == [0, 1, 0, 1]
    async with database.transaction() as session:
        one = await _request(session, petition)
        mails = (await session.scalars(select(EmailMessage).order_by(EmailMessage.created_at))).all()
        assert [mail.to_address for mail in mails] == ["hilda@sonora.example"] * 2
        assert petition.folio in mails[0].subject
        assert "Luz" not in "".join(mail.text + mail.subject for mail in mails)
        with pytest.raises(ArcoNotFound):
            await service.get(session, one.id, ana)
        await service.refuse(session, one, Refusal.NOT_HELD, "No tenemos sus datos.", RECEIVED, by=head)
        found = await session.get_one(Petition, petition.id)
        await session.refresh(found)
        assert (one.state, found.status) == (ArcoState.REFUSED, PetitionStatus.IMPROCEDENTE)


async def _granted(session: AsyncSession, petition: Petition, right: Right, head: User) -> ArcoRequest:
    one = await _request(session, petition)
    await service.assign(session, one, right, petition.person_id, None, by=head)
    await service.identify(session, one, Identity.PASSPORT, "", by=head)
    await service.grant(session, one, "Procede.", service.today(), by=head)
    return one


async def test_rectifying_keeps_what_it_was_and_opposing_bars_calls_and_notices(database: Database) -> None:
    head, _ = await _staff(database)
    async with database.transaction() as session:
        other = await _file(session, kind=PetitionKind.PETICION)
        one = await _granted(session, await _file(session), Right.RECTIFICATION, head)
        data = {"full_name": "Luz María Soto Ruiz", "phone": "6627654321", "email": "luz@correo.example", "curp": ""}
        with pytest.raises(ArcoRefused, match="teléfono"):
            await carrying_out.rectify(session, one, {**data, "phone": "12"}, by=head)
        await carrying_out.rectify(session, one, data, by=head)
        person = await session.get_one(Person, one.person_id)
        assert (person.full_name, person.phone) == ("Luz María Soto Ruiz", "+526627654321")
        rectified = (await queries.history(session, one))[-1][0]
        assert rectified.detail["phone"] == [PHONE, "+526627654321"]
        found = await registry.search(session, PetitionFilter(search="6627654321"))
        assert other.folio in {row.petition.folio for row in found.rows}
        await carrying_out.complete(session, one, service.today(), by=head)

        opposed = await _file(session)
        opposed.person_id = person.id
        two = await _granted(session, opposed, Right.OPPOSITION, head)
        await carrying_out.complete(session, two, service.today(), by=head)
        assert person.opposed_at is not None
        assert await is_do_not_call(session, "+526627654321")
        locked = await session.get_one(Petition, other.id, with_for_update=True)
        before = len((await session.scalars(select(Notice))).all())
        await petitions.change_status(session, locked, PetitionStatus.EN_ANALISIS, reason="Se revisa", user_id=head.id)
        assert len((await session.scalars(select(Notice))).all()) == before, "nothing the law does not demand"
        await petitions.change_status(session, locked, PetitionStatus.IMPROCEDENTE, reason="No", user_id=head.id)
        assert len((await session.scalars(select(Notice))).all()) == before + 1, "how it ended is owed"


async def test_cancelling_blocks_at_once_and_takes_away_when_the_blocking_ends(
    database: Database, settings: Settings
) -> None:
    head, _ = await _staff(database)
    around = jobs.Round(database, FileStore(settings.attachments_dir, max_bytes=10), settings.var_dir / "imports")
    async with database.transaction() as session:
        other = await _file(session, kind=PetitionKind.PETICION)
        one = await _granted(session, await _file(session), Right.CANCELLATION, head)
        with pytest.raises(ArcoRefused, match=other.folio):
            async with session.begin_nested():
                await carrying_out.complete(session, one, service.today(), by=head)
        await session.refresh(one)
        locked = await session.get_one(Petition, other.id, with_for_update=True)
        await petitions.change_status(session, locked, PetitionStatus.CANCELADA, reason="Lo pidió", user_id=head.id)
        await carrying_out.complete(session, one, service.today(), by=head)
        person_id = one.person_id
        assert not (await registry.search(session, PetitionFilter(search="Luz Soto"))).rows
        assert not await registry.people(session, "Luz Soto")
        # Whoever comes back with the same telephone is somebody new: what is blocked stays so.
        assert (await _file(session)).person_id != person_id
    assert (await jobs.run(around))["personas_suprimidas"] == 0
    with clock.pinned(clock.now() + timedelta(days=366)):
        assert (await jobs.plan(database))["personas_suprimidas"] == 1
        assert (await jobs.run(around))["personas_suprimidas"] == 1
    async with database.transaction() as session:
        person = await session.get_one(Person, person_id)
        assert (person.phone, person.search_text) == (None, "")
        kept = await session.get_one(Petition, other.id)
        assert "datos" not in kept.narrative
        assert kept.kind is PetitionKind.PETICION, "it is still counted"


async def test_the_head_takes_back_a_cancellation_while_the_data_are_there(
    database: Database, settings: Settings
) -> None:
    head, ana = await _staff(database)
    async with database.transaction() as session:
        one = await _granted(session, await _file(session), Right.CANCELLATION, head)
        one.user_id = ana.id
        await carrying_out.complete(session, one, service.today(), by=head)
        person_id, folio = one.person_id, (await session.get_one(Petition, one.petition_id)).folio
    page, app = f"/consola/arco/{one.id}", create_app(settings)
    hilda, analyst = await sign_in(app, "hilda"), await sign_in(app, "ana")
    assert "Datos bloqueados" in (await analyst.get(page)).text
    assert "Levantar" not in (await analyst.get(page)).text
    assert (await analyst.submit(f"{page}/desbloqueo", text="Se bloqueó a otra persona")).status_code == 403
    assert (await hilda.submit(f"{page}/desbloqueo", text="error")).status_code == 422
    assert (await hilda.submit(f"{page}/desbloqueo", text="Se bloqueó a otra persona")).status_code == 303
    assert (await hilda.submit(f"{page}/desbloqueo", text="Se bloqueó a otra persona")).status_code == 409
    assert folio in (await hilda.get("/consola/peticiones?buscar=Luz")).text
    assert "Se levantó el bloqueo: Se bloqueó a otra persona" in (await hilda.get(page)).text
    assert "levantó el bloqueo de los datos" in (await hilda.get("/consola/auditoria")).text
    async with database.transaction() as session:
        person = await session.get_one(Person, person_id)
        assert (person.withheld_at, person.wipe_on, person.opposed_at) == (None, None, None)
    around = jobs.Round(database, FileStore(settings.attachments_dir, max_bytes=10), settings.var_dir / "imports")
    with clock.pinned(clock.now() + timedelta(days=366)):
        assert (await jobs.run(around))["personas_suprimidas"] == 0


async def test_the_pages_lead_from_a_request_by_hand_to_the_copy(database: Database, settings: Settings) -> None:
    await _staff(database)
    app = create_app(settings)
    hilda, ana = await sign_in(app, "hilda"), await sign_in(app, "ana")
    typed = {"received_on": service.today().isoformat(), "channel": "presencial", "right": "acceso", "phone": "12",
             "full_name": "Luz María Soto", "email": "", "curp": "", "text": "=HIPER() mis datos"}  # fmt: skip
    refused = await hilda.submit("/consola/arco", **typed)
    assert (refused.status_code, "mis datos" in refused.text) == (422, True)
    made = await hilda.submit("/consola/arco", **{**typed, "phone": "6621234567"})
    page = made.headers["location"].split("?")[0]
    assert (await ana.get(page)).status_code == 404
    assert (await ana.get("/consola/arco")).status_code == 403
    early = await hilda.submit(f"{page}/copia")
    assert early.status_code == 409
    assert (await hilda.submit(f"{page}/identidad", identity="ine", text="")).status_code == 303
    got = await hilda.submit(f"{page}/copia")
    archive = zipfile.ZipFile(io.BytesIO(got.content))
    assert "Luz María Soto" in archive.read("datos.json").decode()
    answered = await hilda.submit(f"{page}/respuesta", answer="Se entrega.", action="procede", day=typed["received_on"])
    assert answered.status_code == 303
    assert (await hilda.submit(f"{page}/cumplimiento", day=typed["received_on"])).status_code == 303
    shown = await hilda.get(page)
    assert "Cumplida" in shown.text
    assert "resolucion-" in shown.text
    exported = (await hilda.get("/consola/arco/exportar.csv?estado=todas")).text
    assert "Acceso" in exported
    assert "Luz" not in exported
    assert "20" in (await ana.get("/consola/arco/plazos")).text
    async with database.transaction() as session:
        kinds = set(await session.scalars(select(AdminEvent.kind)))
        assert {"personal_data_exported", "arco_list_exported"} <= kinds
