"""What an agency's liaison sees and does, and that nothing else exists for them: on every route of the product."""

import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.conversations.models import Attachment, Conversation
from backend.db import Database
from backend.dossier.models import Document
from backend.mail.models import EmailMessage
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.turns.models import Turn, TurnFile, TurnState
from tests.all_routes import all_routes
from tests.console.turned import NAME, NARRATIVE, Turned, add_petition, turn_to, turned
from tests.mail.server import PDF
from tests.registry.turned import agency
from tests.staff import PASSWORD, browser, sign_in

BASE = "/consola/enlace/turnos"


@pytest.fixture
async def case(app: FastAPI, database: Database) -> Turned:
    return await turned(app, database)


#: What every account may do with itself; they tell of nobody else.
OWN = {
    ("POST", "/api/auth/logout"),
    ("POST", "/api/auth/password"),
    ("GET", "/api/auth/me"),
    ("GET", "/consola/contrasena"),
    ("POST", "/consola/contrasena"),
    ("POST", "/consola/salir"),
    ("GET", "/consola/enlace"),
    ("GET", "/consola/mi-cuenta"),
    ("POST", "/consola/mi-cuenta/segundo-factor"),
    ("POST", "/consola/mi-cuenta/segundo-factor/confirmar"),
    ("POST", "/consola/mi-cuenta/segundo-factor/codigos"),
    ("POST", "/consola/mi-cuenta/segundo-factor/quitar"),
    ("POST", "/consola/mi-cuenta/sesiones"),
}


async def _of_health(session: AsyncSession) -> dict[str, str]:
    """A folio that only the other agency has, by the names that a route's parameters may have."""
    petition = await add_petition(session, "Falta una vacuna en el centro de salud", "Rosario Ibarra")
    (turn,) = await turn_to(session, petition, "salud")
    saul = await session.scalar(select(User.id).where(User.username == "saul"))
    assert saul is not None
    evidence = TurnFile(
        turn_id=turn.id, file_name="secreto.pdf", content_type="application/pdf", size=3, sha256="b" * 64, user_id=saul
    )
    session.add(evidence)
    mail = await session.scalar(select(EmailMessage).where(EmailMessage.turn_id == turn.id))
    attachment = await session.scalar(select(Attachment.id).where(Attachment.petition_id == petition.id))
    assert mail is not None
    await session.flush()
    return {
        "folio": petition.folio,
        "turn_id": str(turn.id),
        "file_id": str(evidence.id),
        "mail_id": str(mail.id),
        "attachment_id": str(attachment),
        "conversation_id": str(petition.conversation_id),
        "petition_id": str(petition.id),
        "agency_id": str(turn.agency_id),
        "user_id": str(saul),
    }


SECRETS = ("vacuna", "Rosario", "secreto.pdf", "Nota interna")


async def test_for_a_liaison_no_route_knows_another_agencys_folio(case: Turned) -> None:
    async with case.database.transaction() as session:
        ids = await _of_health(session)
    headers = {"X-CSRF-Token": case.water.csrf, "Origin": "https://testserver"}
    closed = 0
    for route in all_routes(case.app):
        if (route.method, route.path) in OWN:
            continue
        answer = await case.water.client.request(route.method, route.address(ids), headers=headers)
        where = f"{route.method} {route.path}: {answer.status_code}"
        assert not [secret for secret in SECRETS if secret in answer.text], where
        if not route.asks_who:
            continue
        closed += 1
        if route.path == "/consola":
            assert answer.headers["location"] == "/consola/enlace", where
        else:
            assert answer.status_code == 404, where
    assert closed > 80
    listing = (await case.water.get("/consola/enlace?ver=todas")).text
    assert case.folio in listing
    assert ids["folio"] not in listing
    # One's own folio is at another agency too: that turn, and the files of neither, are to be had through one's own.
    assert (await case.water.get(f"{BASE}/{case.at_health}")).status_code == 404
    assert (await case.water.submit(f"{BASE}/{case.at_health}/devolver", text="x")).status_code == 404
    for file_id in (ids["file_id"], ids["attachment_id"]):
        assert (await case.water.get(f"{BASE}/{case.at_water}/archivos/{file_id}")).status_code == 404


async def test_a_liaison_sees_what_attending_needs_and_nothing_of_the_office(case: Turned) -> None:
    listing = (await case.water.get("/consola/enlace")).text
    assert case.folio in listing
    assert NARRATIVE in listing
    page = (await case.water.get(f"{BASE}/{case.at_water}")).text
    for shown in (NARRATIVE, NAME, "662 123 4567", "Palo Verde", "foto.jpg", "Para cea", "Acusar recibo"):
        assert shown in page, shown
    for hidden in ("Para salud", "Nota interna", "interno.pdf", "Salud Sonora", "EIGG800101", "Hilda", "Bandeja"):
        assert hidden not in page, hidden
    for searched, found in (("agua", True), (case.folio, True), ("palo verde", True), (NAME, False)):
        answer = (await case.water.get(f"/consola/enlace?buscar={searched}")).text
        assert (f"turnos/{case.at_water}" in answer) is found, searched
    async with case.database.transaction() as session:
        anonymous = await add_petition(session, "Anónimo", None)
        (turn,) = await turn_to(session, anonymous, "cea")
    assert "Petición anónima" in (await case.water.get(f"{BASE}/{turn.id}")).text


async def test_a_liaison_acknowledges_informs_asks_for_time_and_answers_with_evidence(case: Turned) -> None:
    here = f"{BASE}/{case.at_water}"
    assert (await case.water.submit(f"{here}/acuse")).headers["location"] == f"{here}?aviso=acuse"
    refused = await case.water.submit(f"{here}/plazo", until="2020-01-01", text="Falta una bomba")
    assert refused.status_code == 422
    assert "Falta una bomba" in refused.text
    later = (clock.local(clock.now()).date() + timedelta(days=60)).isoformat()
    assert (await case.water.submit(f"{here}/plazo", until=later, text="Falta una bomba")).status_code == 303
    sent = {"files": ("avance.pdf", PDF, "application/pdf")}
    fields = {"csrf_token": case.water.csrf, "text": "Ya se pidió la bomba"}
    assert (await case.water.client.post(f"{here}/informar", data=fields, files=sent)).status_code == 303
    folio = f"/consola/peticiones/{case.folio}"
    for said in ("Falta una bomba", "Dar más tiempo", "Ya se pidió la bomba", "avance.pdf"):
        assert said in (await case.ana.get(folio)).text, said
    no_reason = await case.ana.submit(f"{folio}/turnos/{case.at_water}/plazo", decision="negar")
    assert no_reason.status_code == 422
    await case.ana.submit(f"{folio}/turnos/{case.at_water}/plazo", decision="dar")
    await case.ana.submit(f"{folio}/turnos/{case.at_water}/nota", text="Gracias, esperamos la bomba")
    page = (await case.water.get(here)).text
    assert "Gracias, esperamos la bomba" in page
    assert "Se dio más tiempo" in page
    assert "Ana" not in page, "the office speaks, not a person of it"
    half = await case.water.submit(f"{here}/contestar", outcome="atendida", text="")
    assert half.status_code == 422
    wrong = {"files": ("virus.exe", b"MZ\x90\x00", "application/octet-stream")}
    fields = {"csrf_token": case.water.csrf, "outcome": "atendida", "text": "Ya hay agua"}
    bad = await case.water.client.post(f"{here}/contestar", data=fields, files=wrong)
    assert bad.status_code == 415
    assert "Ya hay agua" in bad.text
    photo = {"files": ("prueba.pdf", PDF, "application/pdf")}
    assert (await case.water.client.post(f"{here}/contestar", data=fields, files=photo)).status_code == 303
    async with case.database.transaction() as session:
        one = await session.get_one(Turn, case.at_water)
        assert (one.state, one.answer) == (TurnState.ANSWERED, "Ya hay agua")
        files = (await session.scalars(select(TurnFile).order_by(TurnFile.created_at))).all()
        assert [file.file_name for file in files] == ["avance.pdf", "prueba.pdf"]
    shown = (await case.ana.get(folio)).text
    assert "Ya hay agua" in shown
    read = await case.ana.get(f"{folio}/turnos/{case.at_water}/archivos/{files[1].id}")
    assert read.content == PDF
    assert (await case.water.get(f"{here}/archivos/{files[1].id}")).content == PDF
    again = await case.water.submit(f"{here}/contestar", outcome="atendida", text="Otra vez")
    assert again.status_code == 409


async def test_a_liaison_sees_of_the_expediente_what_was_shared_with_their_turn(case: Turned) -> None:
    folio = f"/consola/peticiones/{case.folio}"
    scans = [("files", (name, PDF, "application/pdf")) for name in ("INE.pdf", "receta.pdf")]
    form = {"csrf_token": case.ana.csrf}
    assert (await case.ana.client.post(f"{folio}/expediente", data=form, files=scans)).status_code == 303
    async with case.database.transaction() as session:
        ids = {one.title: str(one.id) for one in await session.scalars(select(Document))}
    here = f"{BASE}/{case.at_water}"
    assert "INE.pdf" not in (await case.water.get(here)).text, "nothing is shared by itself"
    share = f"{folio}/turnos/{case.at_water}/documentos"
    assert (await case.ana.submit(share, document=str(case.at_water))).status_code == 422
    assert (await case.ana.submit(share, document=ids["INE.pdf"])).status_code == 303
    page = (await case.water.get(here)).text
    assert ("INE.pdf" in page, "receta.pdf" in page) == (True, False)
    assert (await case.water.get(f"{here}/archivos/{ids['INE.pdf']}")).content == PDF
    assert (await case.water.get(f"{here}/archivos/{ids['receta.pdf']}")).status_code == 404
    assert "INE.pdf" not in (await case.health.get(f"{BASE}/{case.at_health}")).text
    await case.ana.submit(share)
    assert (await case.water.get(f"{here}/archivos/{ids['INE.pdf']}")).status_code == 404
    await case.ana.submit(share, document=ids["INE.pdf"])
    await case.ana.submit(f"{folio}/expediente/{ids['INE.pdf']}/retirar", reason="Es de otra persona")
    assert "INE.pdf" not in (await case.water.get(here)).text
    history = (await case.ana.get(folio)).text
    assert "Se compartió con CEA: «INE.pdf»" in history
    assert "Se dejó de compartir con CEA: «INE.pdf»" in history
    async with case.database.transaction() as session:
        opened = [event.kind for event, _ in await audit.trail(session, case.at_water)]
    assert (opened.count("turn_opened"), opened.count("turn_file_opened")) == (3, 1)


async def test_what_an_agency_tells_is_news_until_whoever_is_responsible_has_seen_it(case: Turned) -> None:
    beto = await sign_in(case.app, "beto")
    async with case.database.transaction() as session:
        petition = await session.scalar(select(Petition).where(Petition.folio == case.folio))
        assert petition is not None
        petition.assignee_id = await session.scalar(select(User.id).where(User.username == "ana"))
    base = f"/consola/peticiones/{case.folio}/turnos"
    await case.ana.submit(f"{base}/{case.at_health}/registrar", what="no_fue_posible", text="Oficio 12")
    await case.water.submit(f"{BASE}/{case.at_water}/acuse")
    assert "No hay respuestas" in (await case.ana.get("/consola/novedades")).text
    await case.water.submit(f"{BASE}/{case.at_water}/informar", text="¿Qué calle es?")
    (early,) = _shown(await case.ana.get("/consola/novedades"))
    assert (await case.ana.get("/api/console/counts")).json()["agency_news"] == 1
    assert (await beto.get("/api/console/counts")).json()["agency_news"] == 0
    assert case.folio not in (await beto.get("/consola/novedades")).text
    assert case.folio in (await beto.get("/consola/novedades?ver=todas")).text
    await case.water.submit(f"{BASE}/{case.at_water}/devolver", text="Es del municipio")
    await case.ana.submit("/consola/novedades", shown=early)
    page = await case.ana.get("/consola/novedades")
    assert "Es del municipio" in page.text, "what came after the page was shown stays"
    await case.ana.submit("/consola/novedades", shown=_shown(page)[0])
    assert case.folio not in (await case.ana.get("/consola/novedades")).text
    assert (await case.ana.submit("/consola/novedades", shown="nada")).status_code == 422


def _shown(page: httpx.Response) -> list[str]:
    return list(dict.fromkeys(re.findall(r'name="shown" value="([^"]+)"', page.text)))


async def test_what_is_sent_back_is_turned_elsewhere_and_leaves_its_first_agency(case: Turned) -> None:
    here = f"{BASE}/{case.at_water}"
    await case.water.submit(f"{here}/devolver", text="Es del municipio")
    page = (await case.water.get(here)).text
    assert "ya no está a cargo" in page
    for hidden in (NARRATIVE, NAME, "foto.jpg"):
        assert hidden not in page, hidden
    folio = f"/consola/peticiones/{case.folio}"
    shown = (await case.ana.get(folio)).text
    assert "Turnar a otra en su lugar" in shown
    async with case.database.transaction() as session:
        other = await agency(session, "dif")
    fields = {"agency": str(other), "replaces": str(case.at_water), "instructions": "Va con ustedes"}
    assert (await case.ana.submit(f"{folio}/turnos", **fields, due_on="2020-01-01")).status_code == 422
    assert (await case.ana.submit(f"{folio}/turnos", **fields)).status_code == 303
    shown = (await case.ana.get(folio)).text
    assert "Turnar a otra en su lugar" not in shown
    assert "el turno que se devolvió" in shown
    await case.ana.submit(f"{folio}/turnos/{case.at_health}/retirar", text="Ya no hace falta")
    assert NARRATIVE not in (await case.health.get(f"{BASE}/{case.at_health}")).text


async def test_turning_to_two_is_whole_or_nothing_and_keeps_what_was_typed(case: Turned) -> None:
    async with case.database.transaction() as session:
        petition = await add_petition(session, "Bache en la entrada")
        folio = petition.folio
        dif, cea, salud = [await agency(session, key) for key in ("dif", "cea", "salud")]
        await turn_to(session, petition, "cea")
    form = {"csrf_token": case.ana.csrf, "agency": [str(dif), str(cea)], "instructions": "Para las dos"}
    form[f"instructions-{dif}"] = "Solo para DIF"
    headers = {"Origin": "https://testserver"}
    refused = await case.ana.client.post(f"/consola/peticiones/{folio}/turnos", data=form, headers=headers)
    assert refused.status_code == 409
    for kept in ("Ya está turnada a CEA", "Para las dos", "Solo para DIF"):
        assert kept in refused.text, kept
    async with case.database.transaction() as session:
        found = (await session.scalars(select(Turn.agency_id).where(Turn.petition_id == petition.id))).all()
        assert found == [cea], "nothing of a refused turn stays"
    form["agency"] = [str(dif), str(salud)]
    done = await case.ana.client.post(f"/consola/peticiones/{folio}/turnos", data=form, headers=headers)
    assert done.status_code == 303
    async with case.database.transaction() as session:
        query = select(Turn.agency_id, Turn.instructions).where(Turn.petition_id == petition.id)
        said = dict((await session.execute(query)).all())
    assert (said[dif], said[salud]) == ("Solo para DIF", "Para las dos")


async def test_what_an_agency_said_on_paper_is_registered_by_staff(case: Turned) -> None:
    base = f"/consola/peticiones/{case.folio}/turnos"
    other = await case.ana.submit(f"/consola/peticiones/AC-2026-000999-X/turnos/{case.at_water}/nota", text="x")
    assert other.status_code == 404
    assert (await case.ana.submit(f"{base}/{case.at_water}/registrar", what="acuse")).status_code == 303
    answer = await case.ana.submit(f"{base}/{case.at_water}/registrar", what="no_fue_posible", text="Oficio 12")
    assert answer.status_code == 303
    back = await case.ana.submit(f"{base}/{case.at_health}/registrar", what="devolucion", text="No es")
    assert back.status_code == 303
    async with case.database.transaction() as session:
        states = {(await session.get_one(Turn, one)).state for one in (case.at_water, case.at_health)}
        petition = await session.scalar(select(Petition).where(Petition.folio == case.folio))
        assert petition is not None
        told = (await session.scalars(select(PetitionEvent.kind).where(PetitionEvent.petition_id == petition.id))).all()
    assert states == {TurnState.ANSWERED, TurnState.RETURNED}
    assert petition.status is PetitionStatus.EN_ATENCION
    assert PetitionEventKind.TURN_RETURNED in told


async def test_a_liaison_lands_on_their_own_console_and_never_takes_chats(case: Turned, database: Database) -> None:
    client = browser(case.app)
    form = {"username": "wendy", "password": PASSWORD, "siguiente": "/consola/peticiones"}
    assert (await client.post("/consola/entrar", data=form)).headers["location"] == "/consola/enlace"
    wanted = f"{BASE}/{case.at_water}"
    answer = await client.post("/consola/entrar", data=form | {"siguiente": wanted})
    assert answer.headers["location"] == wanted
    async with database.transaction() as session:
        conversation = await session.scalar(select(Conversation.id))
        wendy = await session.scalar(select(User.id).where(User.username == "wendy"))
    assert "Wendy" not in (await case.ana.get("/api/console/colleagues")).text
    take = await case.ana.post(f"/api/console/conversations/{conversation}/take")
    assert take.status_code == 204
    passed = await case.ana.post(
        f"/api/console/conversations/{conversation}/transfer", {"to_agent_id": str(wendy), "note": ""}
    )
    assert passed.status_code == 409


async def test_a_liaison_account_has_an_agency_and_others_none(case: Turned) -> None:
    adela = await sign_in(case.app, "adela")
    form = {"username": "nueva", "full_name": "Nueva Enlace", "role": "liaison"}
    assert (await adela.submit("/consola/usuarios", **form)).status_code == 422
    dif = str(await _agency(case, "dif"))
    assert "un solo uso" in (await adela.submit("/consola/usuarios", **form, agency=dif)).text
    async with case.database.transaction() as session:
        user = await session.scalar(select(User).where(User.username == "nueva"))
        assert user is not None
        assert str(user.agency_id) == dif
        ana = await session.scalar(select(User.id).where(User.username == "ana"))
    cea = str(await _agency(case, "cea"))
    assert (await adela.submit(f"/consola/usuarios/{user.id}", agency=cea)).status_code == 303
    assert (await adela.submit(f"/consola/usuarios/{ana}", role="liaison")).status_code == 422
    assert (await adela.submit(f"/consola/usuarios/{ana}", role="analyst", agency=cea)).status_code == 422
    body = {"username": "otra", "full_name": "Otra", "role": "analyst", "agency_id": cea}
    wrong = await adela.post("/api/users", body)
    assert wrong.status_code == 422


async def _agency(case: Turned, key: str) -> UUID:
    async with case.database.transaction() as session:
        return await agency(session, key)


async def test_staff_have_no_liaison_console(case: Turned) -> None:
    for path in ("/consola/enlace", f"{BASE}/{case.at_water}"):
        assert (await case.ana.get(path)).status_code == 404
