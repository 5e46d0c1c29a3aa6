"""Whoever is let in is let into what is theirs: another's objects are as unknown as none, whatever the address.

What an agency's liaison may not see, on every route, is in `tests/console/test_liaison.py`.
"""

import re
from typing import Any

import yaml
from fastapi import FastAPI

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Role, User
from backend.calls import service as calls
from backend.calls.service import Beginning
from backend.conversations import service as conversations
from backend.conversations.messages import StoredFile
from backend.conversations.models import HandoffReason
from backend.db import Database
from backend.dossier import service as dossier
from backend.ledger.models import InteractionKind
from backend.registry import petitions
from backend.staffing import tasks
from backend.transparency import service as transparency
from backend.turns.models import TurnFile
from backend.workspace import views
from tests.console.turned import add_petition, turned
from tests.security import table
from tests.staff import BASE, Staff, add_staff, browser, sign_in
from tests.widget.support import picture

#: A body that the owner could have sent, so that the refusal is of the object and of nothing else.
_SAID = {
    "text": "Dato",
    "state": "done",
    "reason": "Dato",
    "action": "eliminar",
    "note": "Dato",
    "asked_on": "2026-01-02",
}
_KINDS: dict[str, dict[str, Any]] = {
    "keep": {"typed": {}},
    "end": {"typed": {}},
    "reply": {"text": "Dato", "idempotency_key": "k" * 8},
}
#: Not there for them, not theirs, or already somebody else's.
_REFUSED = {403, 404, 409}


async def test_nobody_gets_at_what_is_somebody_elses(app: FastAPI, database: Database) -> None:
    for username, role in (("ana", Role.ANALYST), ("beto", Role.ANALYST), ("hilda", Role.HEAD)):
        await add_staff(database, username, role)
    case = await turned(app, database)
    ids = await _of_ana(database, case.folio, case.at_water)
    beto = await sign_in(app, "beto")
    narrowed = yaml.safe_load(table.FILE.read_text())["narrowed"]
    for entry in narrowed:
        method, path = entry.split(" ", 1)
        if path.startswith("/api/chat/"):
            continue
        status = await _try(beto, method, re.sub(r"\{(\w+)\}", lambda name: ids[name[1]], path))
        # The list of petitions tells of a refused view in its own place, with a status of its own.
        assert status in (_REFUSED | {422} if "/vistas/" in path else _REFUSED), f"{entry}: beto got {status}"
    async with database.transaction() as session:
        assert [one.name for one in await views.visible(session, await agents.find_user(session, "ana"))] == ["Mías"]
    owner = await sign_in(app, "ana")
    for path in (f"/consola/tareas/{ids['task_id']}", f"/consola/transparencia/{ids['request_id']}"):
        assert (await owner.get(path)).status_code == 200, "the owner gets in, so that others could have"
    right = f"/consola/peticiones/{case.folio}/turnos/{ids['turn_id']}/nota"
    assert (await owner.submit(right, text="Dato")).status_code == 303


async def _try(staff: Staff, method: str, path: str) -> int:
    headers = {"X-CSRF-Token": staff.csrf, "Origin": BASE}
    if method == "GET":
        return (await staff.client.get(path)).status_code
    if path.startswith("/api/"):
        body = _KINDS.get(path.rsplit("/", 1)[1], {"outcome": "atendida", "text": "Dato"})
        return (await staff.client.post(path, json=body, headers=headers)).status_code
    return (await staff.client.post(path, data=_SAID, headers=headers)).status_code


async def _of_ana(database: Database, folio: str, turn_id: Any) -> dict[str, str]:
    """Objects of ana's, by the parameters' names; the folio is one to which none of them belongs."""
    async with database.transaction() as session:
        ana, hilda = [await agents.find_user(session, name) for name in ("ana", "hilda")]
        task = await tasks.create(session, tasks.Draft("Llamar", "", ana.id, None), by=hilda)
        today = clock.local(clock.now()).date()
        asked = await transparency.receive(
            session, transparency.Draft("260001", today, "¿Qué?", user_id=ana.id), by=hilda
        )
        await views.save(session, ana, "Mías", "estado=recibida")
        (view,) = await views.visible(session, ana)
        call = await calls.begin(session, ana, Beginning(InteractionKind.CALL))
        attended = await _attended(session, ana)
        evidence = TurnFile(turn_id=turn_id, file_name="x.pdf", content_type="application/pdf", size=3,
                            sha256="b" * 64, user_id=ana.id)  # fmt: skip
        session.add(evidence)
        petition = await petitions.get(session, folio, for_update=True)
        scan = StoredFile("acta.pdf", "application/pdf", 3, "c" * 64)
        document = await dossier.add(session, petition, scan, kind=None, user_id=ana.id)
        other = await add_petition(session, "Otra petición de otra persona")
        await session.flush()
        return {
            "task_id": str(task.id), "request_id": str(asked.id), "view_id": str(view.id), "call_id": str(call.id),
            "conversation_id": str(attended), "turn_id": str(turn_id), "file_id": str(evidence.id),
            "document_id": str(document.id), "folio": other.folio,
        }  # fmt: skip


async def _attended(session: Any, agent: User) -> Any:
    """A chat that `agent` attends."""
    opened = await conversations.open_conversation(session, channel="web", account="portal", external_user_id="x")
    await conversations.receive(session, opened.id, external_id="1", text="Hola")
    await conversations.hand_to_queue(session, opened.id, HandoffReason.REQUESTED)
    await conversations.take_over(session, opened.id, agent.id)
    return opened.id


async def test_a_citizens_file_is_their_conversations_alone(app: FastAPI) -> None:
    def chat(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}

    client = browser(app)
    mine, theirs = [(await client.post("/api/chat/sessions")).json()["token"] for _ in range(2)]
    sent = await client.post(
        "/api/chat/attachments",
        files={"file": ("foto.png", picture(), "image/png")},
        data={"client_id": "1"},
        headers=chat(mine),
    )
    address = sent.json()["attachment"]["url"]
    assert (await client.get(address, headers=chat(mine))).status_code == 200
    assert (await client.get(address, headers=chat(theirs))).status_code == 404
    own, other = [(await client.get("/api/chat/messages", headers=chat(one))).json() for one in (mine, theirs)]
    assert (len(own["messages"]), len(other["messages"])) == (1, 0)
    head, _, signature = mine.partition(".")
    forged = [f"{theirs.partition('.')[0]}.{signature}", f"{head}.", f"{head}.{'A' * len(signature)}", head, "."]
    for token in forged:
        for path in (address, "/api/chat/messages", "/api/chat/transcript"):
            assert (await client.get(path, headers=chat(token))).status_code == 401, token
