"""The public chat API keeps its promises to whoever integrates it, and is kind to nonsense."""

import asyncio
import re
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.assistant.port import ReplyButton
from backend.conversations import service as conversations
from backend.conversations.messages import MAX_TEXT, NewMessage
from backend.conversations.models import Author, Conversation
from backend.db import Database
from backend.settings import Settings
from backend.widget import tokens
from tests.staff import browser
from tests.widget.conftest import Citizen
from tests.widget.support import picture, refusal, rows

PORTAL, FOREIGN = "https://portal.example", "https://malo.example"
GUARDED = [
    ("POST", "messages"),
    ("GET", "messages"),
    ("GET", "stream"),
    ("POST", "attachments"),
    ("GET", "attachments/00000000-0000-0000-0000-000000000000"),
    ("POST", "receipts"),
    ("POST", "typing"),
    ("GET", "transcript"),
]


async def test_a_session_is_opened_with_a_token_and_no_more(app: FastAPI, database: Database) -> None:
    answer = await browser(app).post(
        "/api/chat/sessions", json={"language": "es", "page_url": "https://portal.example/x"}
    )
    assert answer.status_code == 201
    assert set(answer.json()) == {"session_id", "token"}
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, UUID(answer.json()["session_id"]))
    assert (conversation.channel, conversation.language) == ("web", "es")
    assert conversation.page_url == "https://portal.example/x"


async def test_too_many_sessions_from_one_address_are_told_when_to_come_back(
    database: Database, settings: Settings
) -> None:
    client = browser(create_app(settings.model_copy(update={"sessions_per_minute": 2})))
    answers = [await client.post("/api/chat/sessions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2].headers["retry-after"]) > 0


async def test_a_message_is_accepted_and_then_read_as_it_was_sent(citizen: Citizen) -> None:
    answer = await citizen.send("Hola, ¿qué tal?", client_id="c-1")
    assert answer.status_code == 202
    assert set(answer.json()) == {"message_id"}
    page = await citizen.read()
    (message,) = page.pop("messages")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", message.pop("created_at"))
    assert message == {
        "id": answer.json()["message_id"],
        "seq": 1,
        "author": "citizen",
        "agent_name": None,
        "text": "Hola, ¿qué tal?",
        "buttons": [],
        "attachments": [],
        "client_id": "c-1",
    }
    assert page == {
        "owner": "bot",
        "busy": True,
        "queue_position": None,
        "agent_name": None,
        "agent_typing": False,
        "agent_read_cursor": "0",
        "cursor": "1",
        "more": False,
    }


async def test_a_repeated_client_id_is_the_same_message_and_one_row(citizen: Citizen, database: Database) -> None:
    answers = await asyncio.gather(*(citizen.send("hola", client_id="c-1") for _ in range(6)))
    answers.append(await citizen.send("otra cosa", client_id="c-1"))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["message_id"] for answer in answers}) == 1
    assert await rows(database) == 1


async def test_a_client_id_is_its_conversations_own(citizen: Citizen, stranger: Citizen, database: Database) -> None:
    mine, theirs = await citizen.send("hola", client_id="1"), await stranger.send("buenas", client_id="1")
    assert mine.json() != theirs.json()
    assert await rows(database) == 2
    assert [message["text"] for message in (await stranger.read())["messages"]] == ["buenas"]


@pytest.mark.parametrize("text", ["", "   ", "\n\t ", "\u0000", "\u0007\u0000"])
async def test_an_empty_text_is_refused(citizen: Citizen, database: Database, text: str) -> None:
    assert refusal(await citizen.send(text)) == (422, "mensaje_vacio")
    assert await rows(database) == 0


async def test_a_message_is_as_long_as_it_may_be_and_no_longer(citizen: Citizen) -> None:
    assert (await citizen.send("ñ" * MAX_TEXT)).status_code == 202
    for length in (MAX_TEXT + 1, 10_000):
        answer = await citizen.send("a" * length)
        assert refusal(answer) == (422, "mensaje_muy_largo")
        assert answer.json()["error"]["details"] == {"length": length, "limit": MAX_TEXT}
    assert [len(message["text"]) for message in (await citizen.read())["messages"]] == [MAX_TEXT]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("ho\u0000la", "hola"),
        ("\U0001f62d\U0001f44d\U0001f3fd", "\U0001f62d\U0001f44d\U0001f3fd"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("<script>alert('x')</script> <b>&amp;</b>", "<script>alert('x')</script> <b>&amp;</b>"),
        ("'; DROP TABLE message; --", "'; DROP TABLE message; --"),
        ("una\r\ndos\ntres", "una\ndos\ntres"),
        ("  con espacio  ", "con espacio"),
        ("\u202eal revés", "\u202eal revés"),
    ],
    ids=["NUL", "emoji", "emoji of several", "HTML", "SQL", "lines", "spaces", "right to left"],
)
async def test_text_is_kept_as_text(citizen: Citizen, sent: str, kept: str) -> None:
    assert (await citizen.send(sent)).status_code == 202
    answer = await citizen.client.get("/api/chat/messages")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["messages"][0]["text"] == kept


@pytest.mark.parametrize(
    "body",
    [b'{"client_id": "1", "text": ', b"hola", b"", b"[]", b"null", b'"x"', b"[" * 5000],
    ids=["cut", "no JSON", "nothing", "list", "null", "string", "deep"],
)
async def test_broken_json_is_refused_in_words(citizen: Citizen, database: Database, body: bytes) -> None:
    answer = await citizen.client.post("/api/chat/messages", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    refusal(answer)
    assert await rows(database) == 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"client_id": "1", "text": "\xff\xfe"}',
        b'{"client_id": "1", "text": "a\\ud800b"}',
        b'{"client_id": "\\ud800", "text": "hola"}',
        b'{"client_id": "1\\u0000", "text": "hola"}',
        b'{"client_id": "1", "payload": "/x\\u0000"}',
        b'{"client_id": "1", "payload": "/x\\ud800"}',
        b'{"client_id": "1", "text": "hola", "payload": "/ayuda\\u0000"}',
    ],
    ids=["bytes", "half text", "half id", "NUL id", "NUL payload", "half payload", "NUL payload and text"],
)
async def test_characters_that_cannot_be_kept_are_no_server_error(citizen: Citizen, body: bytes) -> None:
    answer = await citizen.client.post("/api/chat/messages", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {202, 400, 422}, answer.text


@pytest.mark.parametrize("page_url", ["https://x.example/\\u0000", "https://x.example/\\ud800"])
async def test_a_strange_page_address_does_not_keep_anybody_from_the_chat(app: FastAPI, page_url: str) -> None:
    body = f'{{"language": "es\\u0000", "page_url": "{page_url}"}}'.encode()
    answer = await browser(app).post("/api/chat/sessions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {201, 422}, answer.text


@pytest.mark.parametrize(
    "fields", [{}, {"text": 7}, {"text": None}, {"payload": ""}, {"payload": "x" * 1001}, {"client_id": ""},
               {"client_id": "x" * 101, "text": "hola"}]
)  # fmt: skip
async def test_a_message_of_another_shape_is_refused(
    citizen: Citizen, database: Database, fields: dict[str, Any]
) -> None:
    assert refusal(await citizen.post("messages", {"client_id": "1"} | fields)) == (422, "dato_invalido")
    assert await rows(database) == 0


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_nothing_is_read_or_written_without_the_sessions_token(
    app: FastAPI, citizen: Citizen, stranger: Citizen, database: Database, method: str, path: str
) -> None:
    head, signature = citizen.token.split(".")
    nobody = "00000000-0000-4000-8000-000000000000"
    secret = app.state.settings.secret_key.get_secret_value().encode()
    wrong = [
        None,
        "",
        "x",
        head,
        f"{head}.",
        f"{head}.{signature[:-2]}AA",
        f"{stranger.session_id}.{signature}",
        tokens.issue(b"another key", citizen.session_id),
        tokens.issue(secret, UUID(nobody)),
    ]
    for token in wrong:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        files = {"file": ("a.png", picture(), "image/png")} if path == "attachments" else None
        extra = {"files": files, "data": {"client_id": "1"}} if files else {"json": {"client_id": "1", "text": "x"}}
        async with browser(app) as client:
            answer = await client.request(method, f"/api/chat/{path}", headers=headers, **extra)
        if token == wrong[-1] and path in {"receipts", "typing", "transcript"}:
            continue  # our own signature on a conversation that is gone: there is nothing to read or change
        assert answer.status_code in {401, 404}, (token, answer.text)
    assert await rows(database) == 0


async def test_the_token_of_a_conversation_on_another_channel_opens_nothing(app: FastAPI, database: Database) -> None:
    async with database.transaction() as session:
        conversation = await conversations.open_conversation(
            session, channel="whatsapp", account="1", external_user_id="5216621234567"
        )
    token = tokens.issue(app.state.settings.secret_key.get_secret_value().encode(), conversation.id)
    answer = await browser(app).get("/api/chat/messages", headers={"Authorization": f"Bearer {token}"})
    assert refusal(answer) == (401, "sesion_desconocida")


async def test_an_offered_payload_is_taken_under_its_title_and_no_other_is(citizen: Citizen) -> None:
    for payload in ("/volver_con_bot", "/afirmar", "hola", "/restart"):
        assert refusal(await citizen.send(payload=payload)) == (422, "opcion_no_disponible")
    await citizen.hear(NewMessage(Author.BOT, text="¿Acepta?", buttons=(ReplyButton("Sí, acepto", "/afirmar"),)))
    assert (await citizen.send(payload="/afirmar")).status_code == 202
    question, answer = (await citizen.read())["messages"]
    assert question["buttons"] == [{"title": "Sí, acepto", "payload": "/afirmar"}]
    assert answer["text"] == "Sí, acepto"


async def test_what_one_citizen_was_offered_another_may_not_press(citizen: Citizen, stranger: Citizen) -> None:
    await citizen.hear(NewMessage(Author.BOT, text="¿Acepta?", buttons=(ReplyButton("Sí", "/afirmar"),)))
    assert refusal(await stranger.send(payload="/afirmar")) == (422, "opcion_no_disponible")


async def test_the_welcome_panels_buttons_need_no_message_before(citizen: Citizen) -> None:
    assert (await citizen.send(payload="/registrar_peticion")).status_code == 202


async def test_only_the_portals_pages_may_call_the_chat(app: FastAPI) -> None:
    client = browser(app)
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    allowed = await client.options("/api/chat/messages", headers=wanted | {"Origin": PORTAL})
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, PORTAL)
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    foreign = await client.options("/api/chat/messages", headers=wanted | {"Origin": FOREIGN})
    assert foreign.status_code == 400
    assert "access-control-allow-origin" not in foreign.headers
    for origin, told in ((PORTAL, PORTAL), (FOREIGN, None), ("null", None), (PORTAL + ".malo.example", None)):
        answer = await client.post("/api/chat/sessions", headers={"Origin": origin})
        assert answer.headers.get("access-control-allow-origin") == told
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/api/petitions", "/api/auth/me", "/internal/texts/emergency", "/consola"])
async def test_nothing_but_the_chat_may_be_called_from_another_site(app: FastAPI, path: str) -> None:
    answer = await browser(app).get(path, headers={"Origin": PORTAL})
    assert "access-control-allow-origin" not in answer.headers


async def test_errors_are_readable_for_the_portals_page_too(app: FastAPI) -> None:
    answer = await browser(app).get("/api/chat/messages", headers={"Origin": PORTAL})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, PORTAL)
