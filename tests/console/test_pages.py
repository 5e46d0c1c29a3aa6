"""The console's forms, as a browser without JavaScript sends them."""

from fastapi import FastAPI

from tests.staff import PASSWORD, Staff, browser, csrf_of, sign_in

PETITION = {
    "kind": "peticion",
    "channel": "presencial",
    "narrativa": "El alumbrado de la calle no sirve desde octubre",
    "municipio": "Cajeme",
    "colonia": "Centro",
    "nombre": "Rosa Ibarra López",
    "telefono": "644 123 4567",
    "key": "c0ffee",
}


async def test_signing_in_by_form_leads_where_one_was_going(app: FastAPI) -> None:
    client = browser(app)
    sent_away = await client.get("/consola/peticiones?buscar=agua")
    assert sent_away.headers["location"] == "/consola/entrar?siguiente=/consola/peticiones%3Fbuscar%3Dagua"
    form = {"username": "ana", "password": PASSWORD, "siguiente": "/consola/peticiones?buscar=agua"}
    answer = await client.post("/consola/entrar", data=form)
    assert answer.headers["location"] == "/consola/peticiones?buscar=agua"
    page = await client.get("/consola/peticiones?buscar=agua")
    assert page.status_code == 200
    out = await client.post("/consola/salir", data={"csrf_token": csrf_of(page.text)})
    assert out.headers["location"] == "/consola/entrar?aviso=salio"
    assert "Salió de la consola." in (await client.get(out.headers["location"])).text


async def test_a_list_with_many_filters_is_come_back_to_after_signing_in(app: FastAPI) -> None:
    wanted = "/consola/peticiones?buscar=" + "agua+" * 100
    sent_away = await browser(app).get(wanted)
    page = await browser(app).get(sent_away.headers["location"])
    assert page.status_code == 200
    form = {"username": "ana", "password": PASSWORD, "siguiente": wanted}
    assert (await browser(app).post("/consola/entrar", data=form)).headers["location"] == wanted
    form["siguiente"] = wanted * 10
    assert (await browser(app).post("/consola/entrar", data=form)).headers["location"] == "/consola"


async def test_who_sent_a_form_after_their_session_ended_comes_back_to_its_page(app: FastAPI) -> None:
    at, elsewhere = "https://testserver/consola/peticiones?buscar=agua", "https://evil.example/consola-falsa"
    sent = await browser(app).post("/consola/peticiones/AC-2026-000001-X/estado", headers={"Referer": at})
    assert sent.headers["location"] == "/consola/entrar?siguiente=/consola/peticiones%3Fbuscar%3Dagua"
    sent = await browser(app).post("/consola/peticiones/AC-2026-000001-X/estado", headers={"Referer": elsewhere})
    assert sent.headers["location"] == "/consola/entrar"


async def test_who_sent_again_what_was_refused_comes_back_to_the_page_above(app: FastAPI) -> None:
    at = "https://testserver/consola/peticiones/AC-2026-000001-X/estado"
    sent = await browser(app).post("/consola/peticiones/AC-2026-000001-X/estado", headers={"Referer": at})
    assert sent.headers["location"] == "/consola/entrar?siguiente=/consola/peticiones/AC-2026-000001-X"


async def test_a_form_s_own_address_leads_to_its_page(ana: Staff) -> None:
    for address, place in {
        "/consola/peticiones/AC-2026-000001-X/estado": "/consola/peticiones/AC-2026-000001-X",
        "/consola/salir": "/consola",
        "/consola/usuarios/00000000-0000-0000-0000-000000000000": "/consola/usuarios",
    }.items():
        assert (await ana.get(address)).headers["location"] == place, address


async def test_what_the_console_refuses_is_told_on_a_page_and_to_programs_as_json(ana: Staff) -> None:
    large = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(11 * 1024 * 1024)}
    for answer, status, words in (
        (await ana.get("/consola/no-existe"), 404, "Esa dirección no existe."),
        (await ana.get("/consola/grupos/sin-numero"), 422, "Revise los datos"),
        (await ana.client.post("/consola/peticiones/nueva", headers=large), 413, "Lo que envió pasa de 10 MB."),
    ):
        assert answer.status_code == status, words
        assert answer.headers["content-type"].startswith("text/html"), words
        assert words in answer.text
        assert "Volver a la consola" in answer.text
    large |= {"X-CSRF-Token": ana.csrf}
    refused = await ana.client.post("/api/chat/attachments", headers=large)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "demasiado_grande")
    assert (await ana.get("/api/no-existe")).json()["error"]["message"] == "Esa dirección no existe."


async def test_a_wrong_password_is_told_on_the_form(app: FastAPI) -> None:
    answer = await browser(app).post("/consola/entrar", data={"username": "ana", "password": "mala"})
    assert answer.status_code == 401
    assert "no son correctos" in answer.text


async def test_a_petition_is_registered_found_changed_and_annotated(ana: Staff) -> None:
    filed = await ana.submit("/consola/peticiones/nueva", **PETITION)
    assert filed.status_code == 200, filed.text
    folio = filed.text.split('href="/consola/peticiones/AC-')[1].split('"')[0]
    folio = f"AC-{folio}"
    for search in ("alumbrado", "Ibarra", "6441234567", folio.lower()):
        assert folio in (await ana.get(f"/consola/peticiones?buscar={search}")).text, search
    assert "Ninguna petición coincide" in (await ana.get("/consola/peticiones?buscar=zzzz")).text
    address = f"/consola/peticiones/{folio}"
    assert (await ana.submit(f"{address}/estado", status="en_analisis", reason="Se revisa")).status_code == 303
    assert (await ana.submit(f"{address}/estado", status="recibida", reason="No se puede")).status_code == 409
    assert (await ana.submit(f"{address}/estado", status="turnada", reason=" ")).status_code == 422
    assert (await ana.submit(f"{address}/nota", text="Llamé a la persona <b>hoy</b>")).status_code == 303
    data = {"narrative": "El alumbrado no sirve", "priority": "urgente", "kind": "queja", "municipality": "26030"}
    assert (await ana.submit(f"{address}/datos", **data)).status_code == 303
    page = (await ana.get(address)).text
    for expected in ("Recibida → En análisis", "Se revisa", "&lt;b&gt;hoy&lt;/b&gt;", "Prioridad urgente", "Queja"):
        assert expected in page, expected


async def test_a_form_with_problems_comes_back_filled(ana: Staff) -> None:
    answer = await ana.submit("/consola/peticiones/nueva", **{**PETITION, "telefono": "123", "municipio": "Marte"})
    assert answer.status_code == 422
    assert "El alumbrado de la calle" in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_an_anonymous_complaint_needs_no_name(ana: Staff) -> None:
    form = {**PETITION, "kind": "queja", "anonima": "si", "nombre": "", "telefono": ""}
    answer = await ana.submit("/consola/peticiones/nueva", **form)
    assert answer.status_code == 200, answer.text


async def test_the_head_keeps_replies_and_hours(app: FastAPI) -> None:
    head = await sign_in(app, "hilda")
    good = {"shortcut": "prueba", "title": "Prueba", "text": "Hola {nombre}", "is_active": "1"}
    assert (await head.submit("/consola/respuestas", **good)).status_code == 303
    assert (await head.submit("/consola/respuestas", **good)).status_code == 409
    assert (await head.submit("/consola/respuestas", **{**good, "shortcut": "Con Espacio"})).status_code == 422
    listed = (await head.get("/api/console/canned-replies")).json()
    assert any(reply["shortcut"] == "prueba" for reply in listed)
    assert (await head.submit("/consola/horario", opens_0_0="08:00", closes_0_0="15:00")).status_code == 303
    assert (await head.submit("/consola/horario", opens_0_0="15:00", closes_0_0="08:00")).status_code == 422
    refused = await head.submit("/consola/horario", opens_0_0="15:00", opens_3_1="16:00", closes_3_1="19:30")
    assert refused.status_code == 422
    for typed in (
        'name="opens_0_0" value="15:00"',
        'name="opens_3_0" value="16:00"',
        'name="closes_3_0" value="19:30"',
    ):
        assert typed in refused.text


async def test_a_new_accounts_password_is_shown_once(app: FastAPI) -> None:
    admin = await sign_in(app, "adela")
    made = await admin.submit("/consola/usuarios", username="nora", full_name="Nora Paz", role="analyst")
    assert made.status_code == 200
    password = made.text.split('class="secret">')[1].split("<")[0]
    assert password not in (await admin.get("/consola/usuarios")).text
    await sign_in(app, "nora", password)
    assert (await admin.submit("/consola/usuarios", username="con espacio", full_name="X", role="x")).status_code == 422


async def test_the_trail_tells_days_as_people_write_them(app: FastAPI) -> None:
    hilda = await sign_in(app, "hilda")
    closed = await hilda.submit("/consola/plazos/dias", day="2027-03-15", name="Asueto")
    assert closed.headers["location"].startswith("/consola/plazos?aviso=dia_inhabil")
    trail = (await hilda.get("/consola/auditoria")).text
    assert "Hilda cambió los días inhábiles (15 mar 2027)" in trail
    assert "2027-03-15" not in trail
