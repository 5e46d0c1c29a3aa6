"""The public chat API keeps its promises to whoever integrates it, and is kind to nonsense."""

import asyncio
import io
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import func, select

from backend.app import create_app
from backend.assistant.port import ReplyButton
from backend.conversations import service as conversations
from backend.conversations.messages import MAX_TEXT, NewMessage
from backend.conversations.models import Attachment, Author, Conversation, Message
from backend.db import Database
from backend.outbox.models import Delivery, DeliveryState
from backend.settings import Settings
from backend.widget import routes, service, tokens
from tests.staff import browser
from tests.widget.conftest import MEBIBYTE, Citizen

PORTAL, FOREIGN = "https://portal.example", "https://malo.example"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
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


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 8)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "teal").save(target, kind)
    return target.getvalue()


async def rows(database: Database, model: type[Any] = Message) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


def refusal(answer: Any) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "details"}
    assert error["message"]
    return answer.status_code, error["code"]


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


@pytest.mark.parametrize(
    ("kind", "content_type", "shown"),
    [("PNG", "image/png", "bache.png"), ("JPEG", "image/jpeg", "bache.jpg"), ("WEBP", "image/webp", "bache.webp")],
)
async def test_a_photo_is_taken_by_its_content_and_given_back_byte_for_byte(
    citizen: Citizen, kind: str, content_type: str, shown: str
) -> None:
    content = picture(kind)
    answer = await citizen.upload(content, "C:\\fotos\\bache.exe", client_id="f-1")
    assert answer.status_code == 202
    file = answer.json()["attachment"]
    assert (file["file_name"], file["content_type"], file["size"]) == (shown, content_type, len(content))
    assert file["url"] == f"/api/chat/attachments/{file['id']}"
    (message,) = (await citizen.read())["messages"]
    assert (message["attachments"], message["client_id"]) == ([file], "f-1")
    download = await citizen.client.get(file["url"])
    assert download.content == content
    assert download.headers["content-type"] == content_type
    assert download.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in download.headers["content-security-policy"]


async def test_a_pdf_is_downloaded_and_never_shown_in_place(citizen: Citizen) -> None:
    file = (await citizen.upload(PDF, "acta.pdf")).json()["attachment"]
    download = await citizen.client.get(file["url"])
    assert download.content == PDF
    assert download.headers["content-disposition"].startswith("attachment")


async def test_a_file_is_its_conversations_own(citizen: Citizen, stranger: Citizen) -> None:
    file = (await citizen.upload(picture())).json()["attachment"]
    assert (await stranger.client.get(file["url"])).status_code == 404


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"esto es texto", "foto.png"),
        (b"<html><script>alert(1)</script></html>", "foto.png"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "dibujo.svg"),
        (b"GIF89a" + b"\0" * 40, "foto.gif"),
        (b"MZ" + b"\0" * 200, "foto.jpg"),
        (b"PK\x03\x04" + b"\0" * 200, "documento.pdf"),
        (picture()[:40], "cortada.png"),
        (b"\x89PNG\r\n\x1a\n" + b"no es" * 20, "rota.png"),
    ],
    ids=["text", "HTML", "SVG", "GIF", "program", "ZIP", "cut", "broken"],
)
async def test_a_file_of_another_type_is_refused_whatever_its_name(
    citizen: Citizen, database: Database, settings: Settings, content: bytes, name: str
) -> None:
    assert refusal(await citizen.upload(content, name)) == (415, "tipo_no_admitido")
    assert await rows(database) == 0
    assert list(Path(settings.attachments_dir).iterdir()) == [], "nothing refused stays on the disk"


@pytest.mark.parametrize("excess", [1, 63 * 1024, 2 * MEBIBYTE], ids=["a byte", "within the form", "far"])
async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(
    citizen: Citizen, database: Database, settings: Settings, excess: int
) -> None:
    content = picture() + b"\0" * (MEBIBYTE - len(picture()) + excess)
    assert refusal(await citizen.upload(content)) == (413, "demasiado_grande")
    assert await rows(database) == 0
    folder = Path(settings.attachments_dir)
    assert not folder.exists() or list(folder.iterdir()) == []


async def test_a_file_of_exactly_the_limit_is_taken(citizen: Citizen) -> None:
    content = picture() + b"\0" * (MEBIBYTE - len(picture()))
    assert (await citizen.upload(content)).status_code == 202


async def test_an_empty_file_is_refused(citizen: Citizen) -> None:
    assert refusal(await citizen.upload(b"")) == (422, "archivo_vacio")


async def test_the_same_file_sent_again_is_one_message(citizen: Citizen, database: Database) -> None:
    first, again = [await citizen.upload(picture(), client_id="f-1") for _ in range(2)]
    assert first.json() == again.json()
    assert (await rows(database), await rows(database, Attachment)) == (1, 1)


async def test_a_file_under_the_client_id_of_a_text_is_no_server_error(citizen: Citizen, database: Database) -> None:
    await citizen.send("hola", client_id="1")
    assert (await citizen.upload(picture(), client_id="1")).status_code in {409, 422}
    assert await rows(database, Attachment) == 0


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


async def test_a_cursor_pages_through_everything_once(citizen: Citizen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE", 3)
    for number in range(7):
        await citizen.send(f"m{number}")
    pages, cursor = [], None
    while not pages or pages[-1]["more"]:
        pages.append(await citizen.read(**({"after": cursor} if cursor else {})))
        cursor = pages[-1]["cursor"]
    assert [[message["text"] for message in page["messages"]] for page in pages] == [
        ["m0", "m1", "m2"],
        ["m3", "m4", "m5"],
        ["m6"],
    ]
    rest = await citizen.read(after=cursor)
    assert (rest["messages"], rest["cursor"], rest["more"]) == ([], cursor, False)


@pytest.mark.parametrize("cursor", ["abc", "-1", "1.5", "1e3", "９", "9" * 16, "9" * 21, "\0"])
async def test_a_cursor_that_was_never_given_is_refused(citizen: Citizen, cursor: str) -> None:
    answer = await citizen.client.get("/api/chat/messages", params={"after": cursor})
    assert refusal(answer) == (422, "dato_invalido")


async def test_notes_and_controls_never_reach_the_citizen(citizen: Citizen) -> None:
    await citizen.hear(
        NewMessage(Author.NOTE, text="nota privada"),
        NewMessage(Author.CONTROL, text="/volver_con_bot"),
        NewMessage(Author.SYSTEM, text="Lo atiende Ana"),
    )
    page = await citizen.read()
    assert [message["text"] for message in page["messages"]] == ["Lo atiende Ana"]
    assert "nota privada" not in (await citizen.client.get("/api/chat/transcript")).text


async def test_busy_lasts_until_what_was_received_is_dealt_with(citizen: Citizen) -> None:
    assert (await citizen.read())["busy"] is False
    await citizen.send("hola")
    assert (await citizen.read())["busy"] is True
    await citizen.answered()
    page = await citizen.read()
    assert page["busy"] is False
    assert [(message["author"], message["text"]) for message in page["messages"]] == [
        ("citizen", "hola"),
        ("bot", "eco: hola"),
    ]


async def test_a_long_poll_wakes_up_when_something_comes(citizen: Citizen, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look for itself only after 25 s; it must have its answer well before."""
    monkeypatch.setattr(routes, "LOOK_AGAIN", 1000.0)
    waiting = asyncio.create_task(citizen.read(wait=25))
    done, _ = await asyncio.wait({waiting}, timeout=0.5)
    assert not done, "there is nothing yet"
    await citizen.hear(NewMessage(Author.BOT, text="buenas"))
    done, _ = await asyncio.wait({waiting}, timeout=20)
    assert done
    assert [message["text"] for message in (await waiting)["messages"]] == ["buenas"]


async def test_a_long_poll_without_news_ends_with_the_same_cursor(citizen: Citizen) -> None:
    await citizen.send("hola")
    page = await citizen.read(after="1", wait=0.2)
    assert (page["messages"], page["cursor"]) == ([], "1")


@pytest.mark.parametrize("wait", ["-1", "26", "siempre", "nan"])
async def test_nobody_waits_for_ever(citizen: Citizen, wait: str) -> None:
    answer = await citizen.client.get("/api/chat/messages", params={"wait": wait})
    assert answer.status_code == 422


async def test_receipts_are_kept_up_to_their_cursor_and_may_be_repeated(citizen: Citizen, database: Database) -> None:
    await citizen.hear(NewMessage(Author.BOT, text="uno"), NewMessage(Author.BOT, text="dos"))
    for body in ({"delivered": "2"}, {"read": "1"}, {"delivered": "2"}, {}):
        assert (await citizen.post("receipts", body)).status_code == 204
    async with database.transaction() as session:
        query = select(Delivery.state).join(Message, Message.id == Delivery.message_id).order_by(Message.seq)
        states = (await session.scalars(query)).all()
    assert states == [DeliveryState.READ, DeliveryState.DELIVERED]
    assert (await citizen.post("receipts", {"read": "x"})).status_code == 422


async def test_the_transcript_is_a_text_to_keep(citizen: Citizen) -> None:
    await citizen.send("Hola, <b>buenas</b>")
    await citizen.upload(picture(), "bache.png")
    await citizen.hear(NewMessage(Author.BOT, text="Con gusto"))
    answer = await citizen.client.get("/api/chat/transcript")
    assert answer.headers["content-type"].startswith("text/plain")
    assert re.fullmatch(
        r'attachment; filename="chat-sonora-\d{4}-\d\d-\d\d\.txt"', answer.headers["content-disposition"]
    )
    lines = [re.sub(r"^\[\d\d/\d\d/\d{4} \d\d:\d\d\] ", "", line) for line in answer.text.splitlines()]
    assert lines == [
        "Chat Sonora — Gobierno del Estado de Sonora",
        "Hora de Hermosillo, Sonora",
        "",
        "Usted: Hola, <b>buenas</b>",
        "Usted:",
        "    (archivo: bache.png)",
        "Asistente: Con gusto",
    ]


async def test_typing_is_taken_and_leaves_no_message(citizen: Citizen, database: Database) -> None:
    assert (await citizen.post("typing")).status_code == 204
    assert await rows(database) == 0
