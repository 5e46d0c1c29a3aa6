"""Who sees a citizen's telephone whole, who must say why first, and what the files that leave tell."""

import re
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select, update

from backend.agents.models import Role
from backend.audit.models import AdminEvent
from backend.conversations.models import Conversation
from backend.db import Database
from backend.registry.models import Petition
from tests.console.test_acuse import FORM
from tests.staff import Staff, add_staff, sign_in

WHOLE, MASKED = "662 123 4567", "662 *** ** 67"
SHOW = "/consola/mostrar"


async def _petition(staff: Staff, database: Database) -> tuple[str, str]:
    """Folio and id of a petition that `staff` registers."""
    page = await staff.submit("/consola/peticiones/nueva", **FORM)
    folio = re.search(r"AC-\d{4}-\d{6}-\w", page.text)
    assert folio is not None
    shown = (await staff.get(f"/consola/peticiones/{folio[0]}")).text
    assert WHOLE in shown and "/consola/mostrar" not in shown, "who registered it has the person before them"
    async with database.transaction() as session:
        found = await session.scalar(select(Petition.id).where(Petition.folio == folio[0]))
    return folio[0], str(found)


async def test_whoever_does_not_attend_says_why_and_it_is_kept(
    app: FastAPI, database: Database, ana: Staff, beto: Staff
) -> None:
    folio, petition_id = await _petition(ana, database)
    address = f"/consola/peticiones/{folio}"
    page = (await beto.get(address)).text
    assert MASKED in page
    for part in (WHOLE, "+526621234567", "6621234567"):
        assert part not in page
    form = {"clase": "peticion", "id": petition_id, "motivo": "otro", "volver": f"{address}#persona"}
    for wrong in ({}, {"nota": "ya"}, {"motivo": "porque sí"}, {"clase": "persona", "nota": "un motivo largo"}):
        assert (await beto.submit(SHOW, **{**form, **wrong})).status_code == 422, wrong
    unknown = {**form, "motivo": "atender", "id": "00000000-0000-0000-0000-000000000009"}
    assert (await beto.submit(SHOW, **unknown)).status_code == 404
    shown = await beto.submit(SHOW, **form, nota="Llamó su vecina por ella")
    assert (shown.status_code, shown.headers["location"]) == (303, f"{address}#persona")
    assert WHOLE in (await beto.get(address)).text
    assert MASKED in (await (await sign_in(app, "hilda")).get(address)).text, "it was shown to Beto, and to nobody else"
    elsewhere = await beto.submit(SHOW, **{**form, "motivo": "atender", "volver": "//malo.example"})
    assert elsewhere.headers["location"] == "/consola"
    async with database.transaction() as session:
        kept = (await session.scalars(select(AdminEvent).where(AdminEvent.kind == "personal_data_shown"))).all()
        assert [(str(one.subject_id), one.detail.get("note")) for one in kept] == [
            (petition_id, "Llamó su vecina por ella"),
            (petition_id, None),
        ]
        assert "4567" not in str([one.detail for one in kept])


async def test_files_tell_the_telephone_to_the_head_alone(
    app: FastAPI, database: Database, ana: Staff, beto: Staff
) -> None:
    await _petition(ana, database)
    for username, told in (("beto", MASKED), ("adela", MASKED), ("hilda", WHOLE)):
        staff = await sign_in(app, username)
        text = (await staff.get("/consola/peticiones/exportar.csv")).text
        assert (told in text, WHOLE in text) == (True, told == WHOLE), username
    found = (await beto.get("/api/people?search=Rosa")).json()
    assert [one["phone"] for one in found] == [MASKED]


async def test_who_reads_one_petition_by_the_api_without_attending_it_stands_on_the_trail(
    app: FastAPI, database: Database, ana: Staff, beto: Staff
) -> None:
    folio, petition_id = await _petition(ana, database)

    async def told(staff: Staff, path: str = f"/api/petitions/{folio}") -> tuple[str, bool]:
        answer = (await staff.get(path)).json()
        petition = answer.get("petitions", [answer])[0]
        return petition["person"]["phone"], petition["is_masked"]

    for staff in (ana, beto, beto):
        assert await told(staff, "/api/petitions") == (MASKED, True), "a list shows many at once, and asks nobody why"
        assert await told(staff) == ("+526621234567", False)
    async with database.transaction() as session:
        kept = (await session.scalars(select(AdminEvent).where(AdminEvent.kind == "personal_data_shown"))).all()
        assert [(str(one.subject_id), one.detail.get("note")) for one in kept] == [(petition_id, "por la API")]


async def test_a_conversations_card_is_whole_for_who_attends_it(
    app: FastAPI, database: Database, ana: Staff, beto: Staff, waiting: UUID
) -> None:
    async with database.transaction() as session:
        await session.execute(update(Conversation).values(verified_phone="+526621234567"))
    card = f"/api/console/conversations/{waiting}"
    assert (await ana.post(f"{card}/take")).is_success
    assert (await ana.get(card)).json()["verified_phone"] == "+526621234567"
    hidden = (await beto.get(card)).json()
    assert (hidden["verified_phone"], hidden["is_masked"]) == (MASKED, True)
    await beto.submit(SHOW, clase="conversacion", id=str(waiting), motivo="comprobar", volver="/consola")
    assert (await beto.get(card)).json()["verified_phone"] == "+526621234567"


async def test_an_auditor_reads_the_trail_and_nothing_personal(app: FastAPI, database: Database, waiting: UUID) -> None:
    await add_staff(database, "olga", Role.AUDITOR)
    olga = await sign_in(app, "olga")
    assert (await olga.get("/consola")).headers["location"] == "/consola/auditoria"
    for path in (
        "/consola/auditoria",
        "/consola/auditoria/exportar.csv",
        "/consola/transparencia",
        "/consola/mi-cuenta",
    ):
        assert (await olga.get(path)).status_code == 200, path
    for path in ("/consola/peticiones", f"/api/console/conversations/{waiting}", "/api/people?search=ro",
                 "/api/petitions", "/consola/transparencia/plazos", "/api/presence", "/consola/tablero"):  # fmt: skip
        assert (await olga.get(path)).status_code == 403, path
    for path in (SHOW, "/consola/transparencia", "/consola/presencia"):
        assert (await olga.submit(path)).status_code == 403, path
    listed = (await (await sign_in(app, "ana")).get("/api/console/colleagues")).json()
    assert "Olga" not in str(listed), "nobody passes her a chat"
