"""The public page through a petition's life, as somebody without JavaScript has it."""

import io

import pypdfium2
from sqlalchemy import select

from backend.registry import folios, guessing, petitions
from backend.registry.models import Petition, PetitionStatus
from backend.turns import service as turns
from backend.turns.models import Turn, TurnOutcome
from tests.folio_page.conftest import Page, ticket_of
from tests.notices.conftest import NAME, NARRATIVE, PHONE
from tests.registry.turned import agency

S = PetitionStatus
INTERNAL = "Solo para la oficina"


async def _turn(page: Page) -> Turn:
    async with page.desk.database.transaction() as session:
        petition = await session.get_one(Petition, page.petition_id, with_for_update=True)
        order = turns.TurnOrder(await agency(session), INTERNAL)
        return (await turns.turn(session, petition, [order], user_id=page.desk.analyst, reason=INTERNAL))[0]


async def _answer(page: Page) -> None:
    async with page.desk.database.transaction() as session:
        turn_id = await session.scalar(select(Turn.id).where(Turn.petition_id == page.petition_id))
        assert turn_id is not None
        petition, one = await turns.locked(session, turn_id)
        await turns.answer(session, petition, one, INTERNAL, TurnOutcome.ATTENDED, user_id=page.desk.analyst)


async def _move(page: Page, to: PetitionStatus, **words: str) -> None:
    async with page.desk.database.transaction() as session:
        petition = await session.get_one(Petition, page.petition_id, with_for_update=True)
        await petitions.change_status(session, petition, to, reason=INTERNAL, user_id=page.desk.analyst, **words)  # type: ignore[arg-type]


async def test_a_petitions_whole_life_in_plain_words(page: Page) -> None:
    first = await page.open()
    assert "Debe quedar atendida a más tardar el" in first
    await _turn(page)
    turned = await page.open()
    assert "La enviamos a CEA, que debe atenderla." in turned
    await _move(page, S.REQUIERE_INFORMACION, asked="¿En qué número de casa?")
    asked = await page.open()
    assert "¿En qué número de casa?" in asked
    assert "Cómo contestar" in asked
    assert "El plazo está en pausa" in asked
    await _move(page, S.EN_ATENCION)
    await _answer(page)
    assert "CEA ya contestó; estamos revisando la respuesta." in await page.open()
    await _move(page, S.CONCLUIDA_SATISFACTORIA, told="Se reparó la fuga el martes")
    concluded = await page.open()
    assert "Se reparó la fuga el martes." in concluded
    assert "a más tardar" not in concluded
    steps = concluded[concluded.index("Qué ha pasado") :]
    order = [
        steps.index(step) for step in ("La recibimos", "Se envió a CEA", "Le pedimos", "CEA contestó", "Concluida")
    ]
    assert order == sorted(order)
    folio, code = await page.keys()
    for told in (first, turned, asked, concluded):
        assert folio in told
        for secret in (NAME, "Ana", PHONE[3:], NARRATIVE, INTERNAL, code):
            assert secret not in told


async def test_the_citizens_word_is_taken_once_may_change_and_a_no_reopens(page: Page) -> None:
    await page.desk.move(page.petition_id, S.CONCLUIDA_SATISFACTORIA)
    assert "¿Se resolvió lo que pidió?" in await page.open()
    refused = await page.submit("/folio/respuesta", comentario="No elegí")
    assert refused.status_code == 422
    assert "No elegí</textarea>" in refused.text
    yes = await page.submit("/folio/respuesta", resuelto="si")
    assert "Gracias por decirnos" in yes.text
    assert (await page.get()).status is S.CONCLUIDA_SATISFACTORIA
    ticket = ticket_of(await page.open())
    no = await page.client.post(
        "/folio/respuesta", data={"ticket": ticket, "resuelto": "no", "comentario": "Sigue <b>"}
    )
    assert "de nuevo en atención" in no.text
    assert (await page.get()).status is S.EN_ATENCION
    assert "Usted dijo que no se resolvió" in await page.open()
    late = await page.client.post("/folio/respuesta", data={"ticket": ticket, "resuelto": "si"})
    assert late.status_code == 422
    assert "ya no está concluida" in late.text
    expired = await page.client.post("/folio/respuesta", data={"ticket": "x", "resuelto": "no"})
    assert (expired.status_code, "Por seguridad" in expired.text) == (403, True)


async def test_a_wrong_code_and_an_unknown_folio_get_the_same_page(page: Page) -> None:
    folio, code = await page.keys()
    unknown = folios.make(2026, 999_999)
    wrong = await page.client.post("/folio", data={"folio": folio, "clave": "ZZZZZZZZ"})
    nobody = await page.client.post("/folio", data={"folio": unknown, "clave": code})
    assert (wrong.status_code, nobody.status_code) == (404, 404)
    assert wrong.text.replace(folio, unknown) == nobody.text
    for answer in (wrong, await page.client.get(f"/folio/{folio}"), await page.client.get(f"/folio/{unknown}")):
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert (await page.client.get(f"/folio?folio={folio}&clave={code}")).text.count(code) == 0
    for _ in range(guessing.PER_FOLIO):
        last = await page.client.post("/folio", data={"folio": folio, "clave": "ZZZZZZZZ"})
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) > 0
    assert "espere 15 minutos" in last.text


async def test_the_acuse_is_taken_from_the_page_without_the_code(page: Page) -> None:
    folio, code = await page.keys()
    answer = await page.submit("/folio/acuse")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    text = pypdfium2.PdfDocument(io.BytesIO(answer.content))[0].get_textpage().get_text_bounded()
    assert folio in text
    for secret in (code, "Ana", PHONE[3:], NARRATIVE):
        assert secret not in text
    assert (await page.client.post("/folio/acuse", data={"ticket": "x"})).status_code == 403
