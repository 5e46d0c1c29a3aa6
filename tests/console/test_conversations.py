"""What agents do with conversations, and what happens when two do it at once."""

import asyncio
from uuid import UUID

import pytest
from fastapi import FastAPI

from backend.agents import service as agents
from backend.conversations import queries
from backend.conversations import service as conversations
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author, Conversation
from backend.db import Database
from tests.console.streams import until
from tests.staff import BASE, Staff, sign_in

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def at(conversation: UUID, rest: str = "") -> str:
    return f"/api/console/conversations/{conversation}{rest}"


def reply(text: str, key: str = "clave-0001") -> dict[str, str]:
    return {"text": text, "idempotency_key": key}


async def test_who_waits_and_who_ended_are_listed_by_their_own_words_not_by_our_last(
    ana: Staff, database: Database, waiting: UUID
) -> None:
    async def last(view: str) -> tuple[str, str]:
        (row,) = (await ana.get(f"/api/console/inbox?view={view}")).json()["rows"]
        return row["last_author"], row["last_text"]

    async with database.transaction() as session:
        conversation = await conversations.lock(session, waiting)
        told = NewMessage(Author.BOT, text="Le comunico con una persona. Hay 1 persona antes que usted.")
        await conversations.append(session, conversation, told)
    author, text = await last("waiting")
    assert (author, text[:24]) == ("citizen", "No hay agua en mi coloni")
    assert (await ana.post(at(waiting, "/take"))).status_code == 204
    assert (await last("mine"))[0] == "system"
    assert (await ana.post(at(waiting, "/close"), {"reason": "solved"})).status_code == 204
    assert (await last("closed"))[0] == "citizen"


async def test_the_inbox_shows_who_waits_and_why(ana: Staff, waiting: UUID) -> None:
    answer = (await ana.get("/api/console/inbox?view=waiting")).json()
    (row,) = answer["rows"]
    assert row["id"] == str(waiting)
    assert row["reason"] == "El asistente no le entendió"
    assert row["unread"] == 1
    assert answer["counts"]["waiting"] == 1
    card = (await ana.get(at(waiting))).json()
    assert card["misunderstood"].startswith("No hay agua")
    assert card["title"].startswith("Visitante")


async def test_of_two_who_take_at_once_one_wins_and_the_other_is_told_who(
    ana: Staff, beto: Staff, waiting: UUID
) -> None:
    answers = await asyncio.gather(ana.post(at(waiting, "/take")), beto.post(at(waiting, "/take")))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    winner = "Ana" if answers[0].status_code == 204 else "Beto"
    assert loser.json()["error"]["details"]["agent"] == winner
    refused = await (beto if winner == "Ana" else ana).post(at(waiting, "/reply"), reply("Hola"))
    assert refused.status_code == 409


async def test_the_same_key_sends_once(ana: Staff, waiting: UUID) -> None:
    answers = await asyncio.gather(*(ana.post(at(waiting, "/reply"), reply("Buen día")) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    page = (await ana.get(at(waiting, "/messages"))).json()
    assert [message["text"] for message in page["messages"] if message["author"] == "agent"] == ["Buen día"]


async def test_a_note_stays_among_staff_and_takes_nothing(ana: Staff, waiting: UUID, database: Database) -> None:
    note = (await ana.post(at(waiting, "/note"), reply("Llamó ayer"))).json()
    assert note["author"] == "note"
    assert (await ana.get(at(waiting))).json()["owner"] == "queue"
    async with database.transaction() as session:
        public = await queries.transcript(session, waiting, include_private=False)
    said = [view.text for view in public]
    assert said[0].startswith("No hay agua en mi colonia")
    assert "Llamó ayer" not in said


async def test_a_conversation_is_transferred_returned_and_closed(ana: Staff, beto: Staff, waiting: UUID) -> None:
    await ana.post(at(waiting, "/take"))
    colleagues = (await ana.get("/api/console/colleagues")).json()
    to = next(one["user_id"] for one in colleagues if one["full_name"] == "Beto")
    assert (await ana.post(at(waiting, "/transfer"), {"to_agent_id": to, "note": "Es de agua"})).status_code == 204
    assert (await beto.get(at(waiting))).json()["is_mine"]
    assert (await ana.post(at(waiting, "/close"), {"reason": "solved"})).status_code == 409
    assert (await beto.post(at(waiting, "/return-to-bot"))).status_code == 204
    assert (await beto.get(at(waiting))).json()["owner"] == "bot"
    assert (await beto.post(at(waiting, "/take"))).status_code == 204
    assert (await beto.post(at(waiting, "/close"), {"reason": "solved", "note": "Listo"})).status_code == 204
    assert (await beto.get(at(waiting))).json()["close_reason"] == "Resuelta"


async def test_the_head_reassigns_anybodys_conversation(app: FastAPI, ana: Staff, waiting: UUID) -> None:
    await ana.post(at(waiting, "/take"))
    head = await sign_in(app, "hilda")
    assert (await head.post(at(waiting, "/transfer"), {"to_agent_id": None, "note": ""})).status_code == 204
    assert (await head.get(at(waiting))).json()["owner"] == "queue"


async def test_reading_counts_only_for_the_agent_who_has_it(ana: Staff, beto: Staff, waiting: UUID) -> None:
    await ana.post(at(waiting, "/take"))
    last = (await ana.get(at(waiting))).json()["last_seq"]

    async def unread() -> int:
        rows = (await ana.get("/api/console/inbox?view=mine")).json()["rows"]
        return int(rows[0]["unread"])

    await beto.post(at(waiting, "/read"), {"up_to": last})
    assert await unread() == 1
    await ana.post(at(waiting, "/read"), {"up_to": last})
    assert await unread() == 0


async def test_files_are_told_by_their_content_and_never_run(ana: Staff, waiting: UUID) -> None:
    headers = {"X-CSRF-Token": ana.csrf, "Origin": BASE}
    good = await ana.client.post(
        at(waiting, "/attachments"),
        data={"idempotency_key": "clave-0002"},
        files={"file": ("../oficio.html", PDF, "text/html")},
        headers=headers,
    )
    assert good.status_code == 200, good.text
    (file,) = good.json()["attachments"]
    assert (file["content_type"], file["file_name"]) == ("application/pdf", "oficio.pdf")
    read = await ana.get(file["url"])
    assert read.content == PDF
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in read.headers["content-security-policy"]
    bad = await ana.client.post(
        at(waiting, "/attachments"),
        data={"idempotency_key": "clave-0003"},
        files={"file": ("foto.jpg", b"<html><script>alert(1)</script>", "image/jpeg")},
        headers=headers,
    )
    assert bad.status_code == 415


@pytest.mark.parametrize("text", ["", "   ", "\0", "x" * 5000])
async def test_bad_text_is_refused_clearly(ana: Staff, waiting: UUID, text: str) -> None:
    answer = await ana.post(at(waiting, "/reply"), reply(text))
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]


async def test_odd_searches_break_nothing(ana: Staff, waiting: UUID) -> None:
    for search in ("%00", "%25", "_", "'", "%5C", "agua"):
        answer = await ana.get(f"/api/console/inbox?view=all&search={search}")
        assert answer.status_code == 200, search
    for found in ("agua", "AGUÁ", "agu", "agua hay no"):
        assert (await ana.get(f"/api/console/inbox?view=all&search={found}")).json()["rows"], found
    for missed in ("gua", "agua zapoteca"):
        assert not (await ana.get(f"/api/console/inbox?view=all&search={missed}")).json()["rows"], missed


async def test_becoming_available_brings_the_one_who_waits(ana: Staff, waiting: UUID) -> None:
    headers = {"X-CSRF-Token": ana.csrf}
    await ana.client.put("/api/console/presence", json={"state": "available", "capacity": 1}, headers=headers)
    assert (await ana.get(at(waiting))).json()["is_mine"]


async def test_an_agent_completes_and_registers_the_citizens_form(ana: Staff, waiting: UUID) -> None:
    await ana.post(at(waiting, "/take"))
    form = (await ana.get(at(waiting, "/draft"))).json()
    assert [field["name"] for field in form["fields"]] == ["narrativa", "municipio", "colonia", "nombre", "contacto"]
    partial = {"narrativa": "No hay agua en mi colonia desde hace días", "municipio": "Ermosiyo", "contacto": "123"}
    first = (await ana.post(at(waiting, "/draft"), {"kind": "peticion", "fields": partial, "file": True})).json()
    problems = {field["name"] for field in first["form"]["fields"] if field["problem"]}
    assert first["folio"] is None
    assert {"nombre", "contacto"} <= problems
    card = (await ana.get(at(waiting))).json()
    assert any(one["label"] == "Asunto" for one in card["draft"]["filled"])
    rest = {**partial, "municipio": "Hermosillo", "colonia": "", "nombre": "Rosa Ibarra", "contacto": "6621234567"}
    done = (await ana.post(at(waiting, "/draft"), {"kind": "peticion", "fields": rest, "file": True})).json()
    assert done["folio"].startswith("AC-")
    again = (await ana.post(at(waiting, "/draft"), {"kind": "peticion", "fields": rest, "file": True})).json()
    assert again["folio"] == done["folio"]
    card = (await ana.get(at(waiting))).json()
    assert card["person"]["full_name"] == "Rosa Ibarra"
    assert card["municipality"] == "Hermosillo"
    messages = (await ana.get(at(waiting, "/messages"))).json()["messages"]
    assert sum(done["folio"] in message["text"] for message in messages) == 1


async def test_nobody_registers_from_anothers_conversation(ana: Staff, beto: Staff, waiting: UUID) -> None:
    await ana.post(at(waiting, "/take"))
    answer = await beto.post(at(waiting, "/draft"), {"kind": "queja", "fields": {}, "file": False})
    assert answer.status_code == 409


async def test_the_stream_tells_what_is_new_and_resumes(app: FastAPI, database: Database, waiting: UUID) -> None:
    from backend.console.live_stream import Follower, follow
    from backend.live import LiveEvents

    async with database.transaction() as session:
        user = await agents.find_user(session, "ana")

    async def allowed(_: object) -> bool:
        return True

    live: LiveEvents = app.state.live
    events = follow(database, live, app.state.inbox, Follower(user.id, waiting, cursor=0), allowed)
    assert (await until(events, "inbox", "message", "state"))["message"].id == "1"
    await events.aclose()
    async with database.transaction() as session:
        await conversations.receive(session, waiting, external_id="2", text="¿Sigue ahí?")
    resumed = follow(database, live, app.state.inbox, Follower(user.id, waiting, cursor=1), allowed)
    assert (await until(resumed, "message"))["message"].id == "2"
    await resumed.aclose()


async def test_the_stream_ends_with_the_session(app: FastAPI, database: Database) -> None:
    from backend.console.live_stream import Follower, follow

    async with database.transaction() as session:
        user = await agents.find_user(session, "ana")

    async def refused(_: object) -> bool:
        return False

    events = [
        event async for event in follow(database, app.state.live, app.state.inbox, Follower(user.id, None, 0), refused)
    ]
    assert [event.event for event in events] == ["signed_out"]


@pytest.mark.parametrize(("code", "shown"), [("yaq", "Yaqui"), ("en", "Inglés"), ("es-MX", None)])
async def test_the_console_names_the_language_where_it_is_not_spanish(
    ana: Staff, waiting: UUID, database: Database, code: str, shown: str | None
) -> None:
    async with database.transaction() as session:
        (await session.get_one(Conversation, waiting)).language = code
    (row,) = (await ana.get("/api/console/inbox?view=waiting")).json()["rows"]
    assert row["language"] == shown
    assert (await ana.get(at(waiting))).json()["language"] == shown
