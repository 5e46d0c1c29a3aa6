"""The console's pages on letters: who may, what they keep, what they refuse."""

import re
from uuid import uuid4

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import func, select, update

from backend import clock
from backend.agents.models import Role, User
from backend.console import pages_letter_templates, pages_letters
from backend.db import Database
from backend.letters.models import Letter, LetterTemplate
from backend.registry.models import Petition
from backend.turns.models import Turn
from tests.letters.documents import docx_text, pages_of
from tests.letters.test_service import turned
from tests.registry.turned import agency
from tests.staff import Staff, browser, sign_in

YEAR = clock.local(clock.now()).year


async def _turned(database: Database, *keys: str, name: str | None = "María Núñez") -> tuple[Petition, list[Turn]]:
    async with database.transaction() as session:
        hilda = (await session.scalars(select(User).where(User.username == "hilda"))).one()
        return await turned(session, hilda, *keys, name=name)


async def _letters(database: Database) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Letter)) or 0


async def test_an_oficio_is_drafted_made_taken_away_and_cancelled(app: FastAPI, database: Database, ana: Staff) -> None:
    petition, (turn,) = await _turned(database, "cea")
    base = f"/consola/peticiones/{petition.folio}"
    page = (await ana.get(base)).text
    assert "Hacer oficio a CEA" in page
    form = await ana.get(f"{base}/documentos/nuevo?tipo=oficio_canalizacion&turno={turn.id}")
    assert "&lt;b&gt;{folio}&lt;/b&gt;" in form.text
    assert f"CEAC/DAG/____/{YEAR}" in form.text
    typed = {"kind": "oficio_canalizacion", "turn": str(turn.id), "key": str(uuid4())}
    draft = await ana.submit(f"{base}/documentos/vista", **typed)
    assert (draft.headers["content-type"], await _letters(database)) == ("application/pdf", 0)
    assert "BORRADOR" in pages_of(draft.content)[0]
    for _ in range(2):  # a double click
        made = await ana.submit(f"{base}/documentos", **typed)
        assert made.headers["location"].startswith(f"{base}?aviso=documento#documento-")
    assert await _letters(database) == 1
    again = await ana.submit(f"{base}/documentos", **(typed | {"key": str(uuid4())}))
    assert again.status_code == 409
    assert f"CEAC/DAG/0001/{YEAR}" in again.text
    page = (await ana.get(base)).text
    assert "Hacer oficio" not in page
    (pdf,) = re.findall(r"/consola/documentos/[0-9a-f-]+/pdf", page)
    saved = await ana.get(pdf)
    assert f'filename="CEAC-DAG-0001-{YEAR}.pdf"' in saved.headers["content-disposition"]
    assert petition.folio in pages_of(saved.content)[0]
    assert petition.folio in docx_text((await ana.get(pdf.removesuffix("pdf") + "docx")).content)
    cancelled = await ana.submit(pdf.removesuffix("pdf") + "cancelar", reason="Se turnó mal")
    assert cancelled.headers["location"] == f"{base}?aviso=documento_cancelado#documentos"
    page = (await ana.get(base)).text
    assert "Se turnó mal" in page
    assert "Hacer oficio a CEA" in page
    assert (await ana.get(pdf)).status_code == 200
    assert "Cancelado" in (await ana.get("/consola/documentos/hechos?buscar=0001")).text


async def test_what_is_refused_keeps_what_was_typed(app: FastAPI, database: Database, ana: Staff) -> None:
    petition, _ = await _turned(database, name=None)
    base = f"/consola/peticiones/{petition.folio}"
    assert "no hay a quién dirigir" in (await ana.get(base)).text
    page = await ana.submit(f"{base}/documentos", kind="audiencia", text="Lunes <10:00>", key=str(uuid4()))
    assert page.status_code == 422
    assert "anónima" in page.text
    assert "Lunes &lt;10:00&gt;" in page.text
    assert (await ana.get(f"{base}/documentos/nuevo?tipo=otra")).status_code == 404
    assert (await ana.get(f"/consola/documentos/{uuid4()}/pdf")).status_code == 404
    empty = await ana.submit("/consola/documentos/lote", key=str(uuid4()))
    assert empty.status_code == 422
    assert "Marque al menos un turno" in empty.text
    assert await _letters(database) == 0


async def test_a_batch_is_made_told_and_taken_away(app: FastAPI, database: Database, ana: Staff) -> None:
    (first, (one,)), (_, (two,)) = await _turned(database, "cea"), await _turned(database, "salud")
    page = (await ana.get("/consola/documentos")).text
    assert "Hay 2 turnos abiertos sin oficio" in page
    only = (await ana.get(f"/consola/documentos?folio={first.folio}&dependencia={one.agency_id}")).text
    assert (str(one.id) in only, str(two.id) in only) == (True, False)
    key, gone = str(uuid4()), str(uuid4())
    for _ in range(2):
        answer = await ana.client.post(
            "/consola/documentos/lote",
            data={"csrf_token": ana.csrf, "key": key, "turn": [str(one.id), gone, str(two.id)]},
        )
        assert answer.headers["location"] == f"/consola/documentos/lote/{key}"
    told = (await ana.get(f"/consola/documentos/lote/{key}")).text
    assert "Se hicieron 2 oficios" in told
    assert "No existe ese turno." in told
    assert (await ana.get(f"/consola/documentos/lote/{key}/zip")).content.startswith(b"PK")
    assert await _letters(database) == 2
    assert "No hay turnos abiertos sin oficio" in (await ana.get("/consola/documentos")).text


async def test_the_head_edits_compares_and_restores(app: FastAPI, database: Database, ana: Staff) -> None:
    hilda = await sign_in(app, "hilda")
    petition, _ = await _turned(database)
    path = "/consola/plantillas/carta_atencion"
    assert "{dependencia}" in (await hilda.get(path)).text
    refused = await hilda.submit(path, subject="Mi asunto", body="Folio {folioo}", based_on="1")
    assert refused.status_code == 422
    assert "¿Quiso decir {folio}?" in refused.text
    assert "Folio {folioo}" in refused.text
    saved = await hilda.submit(path, subject="Nuevo", body="Folio **{folio}**", based_on="1")
    assert saved.headers["location"] == f"{path}?aviso=plantilla_documento"
    late = await hilda.submit(path, subject="Tarde", body="Otro", based_on="1")
    assert late.status_code == 409
    shown = (
        await hilda.post(f"{path}/muestra", {"subject": "A", "body": "> {peticion}", "folio": petition.folio})
    ).json()
    assert shown["blocks"][0]["runs"] == [
        {"text": "No hay agua en mi colonia <b>{folio}</b>", "bold": False, "italic": False}
    ]
    wrong = (await hilda.post(f"{path}/muestra", {"subject": "A", "body": "{x}", "folio": ""})).json()
    assert wrong["problems"] == ["No existe el campo {x}."]
    pdf = await hilda.submit(f"{path}/vista", subject="A", body="Hola {persona}")
    assert "Hola María Ángeles Núñez Peña" in pages_of(pdf.content)[0]
    oficio = "/consola/plantillas/oficio_canalizacion"
    not_turned = (await hilda.post(f"{oficio}/muestra", {"subject": "A", "body": "x", "folio": petition.folio})).json()
    assert "todavía no se turna" in not_turned["problems"][0]
    assert "<ins>Folio **{folio}**</ins>" in (await hilda.get(f"{path}/versiones/1")).text
    await hilda.submit(f"{path}/versiones/1/restaurar")
    async with database.transaction() as session:
        versions = list(await session.scalars(select(LetterTemplate.version).order_by(LetterTemplate.version)))
    assert [number for number in versions if number > 1] == [2, 3]
    page = await hilda.get("/consola/plantillas/membrete")
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    bad = await hilda.submit(
        "/consola/plantillas/membrete", **(fields | {"prefix_oficio": "con espacio", "place": "Guaymas"})
    )
    assert bad.status_code == 422
    assert 'value="Guaymas"' in bad.text
    good = await hilda.submit(
        "/consola/plantillas/membrete", **(fields | {"prefix_oficio": "ceac/x", "last_oficio": "7"})
    )
    assert good.status_code == 303
    assert f"CEAC/X/0008/{YEAR}" in (await hilda.get("/consola/plantillas/membrete")).text
    for forbidden in (path, "/consola/plantillas", "/consola/plantillas/membrete"):
        assert (await ana.get(forbidden)).status_code == 403


async def test_to_a_liaison_letters_do_not_exist(app: FastAPI, database: Database, ana: Staff) -> None:
    petition, (turn,) = await _turned(database, "cea")
    typed = {"kind": "oficio_canalizacion", "turn": str(turn.id), "key": str(uuid4())}
    await ana.submit(f"/consola/peticiones/{petition.folio}/documentos", **typed)
    enlace = await sign_in(app, "beto")
    async with database.transaction() as session:
        letter = (await session.scalars(select(Letter.id))).one()
        liaison = {"role": Role.LIAISON, "agency_id": await agency(session)}
        await session.execute(update(User).where(User.username == "beto").values(liaison))
    for path in ("/consola/documentos", "/consola/documentos/hechos", f"/consola/documentos/{letter}/pdf"):
        assert (await enlace.get(path)).status_code == 404
    assert (await enlace.submit(f"/consola/documentos/{letter}/cancelar", reason="No es mío")).status_code == 404


async def test_every_route_asks_who_calls_and_for_the_token(app: FastAPI, ana: Staff) -> None:
    routes = [one for part in (pages_letters, pages_letter_templates) for one in part.router.routes]
    assert len(routes) >= 19
    for route in routes:
        assert isinstance(route, APIRoute)
        (method,) = route.methods
        address = re.sub(r"{\w+}", str(uuid4()), route.path)
        answer = await browser(app).request(method, address)
        assert answer.status_code == 303, address
        assert answer.headers["location"].startswith("/consola/entrar"), address
        if method == "POST":
            assert (await ana.client.request(method, address)).status_code == 403, address
