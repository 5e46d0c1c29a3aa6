"""What is sent by mistake or in bad faith: a clear answer, nothing broken, and the conversation goes on."""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.end_to_end.citizen import Citizen
from tests.end_to_end.product import Product

pytestmark = pytest.mark.product

MEGABYTE = 1024 * 1024


@pytest.fixture
def citizen(client: httpx.Client) -> Citizen:
    return Citizen(client).open()


def _post(citizen: Citizen, **body: str) -> httpx.Response:
    return citizen.client.post("/api/chat/messages", headers=citizen.headers, json=body)


def _answers(citizen: Citizen) -> None:
    """The conversation still works."""
    assert "¿Qué necesita?" in citizen.say("hola")[0]["text"]


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "Escriba"), ("   \n ", "Escriba"), ("\x00\x00", "Escriba"), ("a" * 10_000, "10,000")],
    ids=["empty", "blank", "only NUL", "10,000 characters"],
)
def test_what_cannot_be_stored_is_refused_in_words(citizen: Citizen, text: str, word: str) -> None:
    refused = _post(citizen, client_id=uuid.uuid4().hex, text=text)
    assert 400 <= refused.status_code < 500
    assert word in refused.json()["error"]["message"]
    _answers(citizen)


@pytest.mark.parametrize(
    "text", ["hola\x00 amigo", "😀🔥", "<script>alert(1)</script>", "'; DROP TABLE message; --", "{{7*7}}", "/restart"]
)
def test_odd_texts_are_stored_and_answered(citizen: Citizen, text: str) -> None:
    replies = citizen.say(text)
    assert replies and all(reply["text"] for reply in replies)
    mine = [message["text"] for message in citizen.heard if message["author"] == "citizen"]
    assert mine == [text.replace("\x00", "")]
    _answers(citizen)


@pytest.mark.parametrize("body", [b"{", b"[1,2]", b'{"client_id": 5}', b"\xff\xfe", b'"hola"'])
def test_broken_json_is_refused(citizen: Citizen, body: bytes) -> None:
    headers = {**citizen.headers, "Content-Type": "application/json"}
    refused = citizen.client.post("/api/chat/messages", content=body, headers=headers)
    assert refused.status_code in (400, 422)
    assert refused.json()["error"]["message"]
    _answers(citizen)


def test_a_payload_that_nobody_offered_is_refused(citizen: Citizen) -> None:
    refused = _post(citizen, client_id="x", payload="/volver_con_bot")
    assert refused.status_code in (400, 409, 422)
    _answers(citizen)


def test_a_strange_token_opens_nothing(client: httpx.Client) -> None:
    for headers in ({}, {"Authorization": "Bearer nada"}, {"Authorization": "Basic eA=="}):
        assert client.get("/api/chat/messages", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("foto.png", b"<html><script>alert(1)</script></html>"),
        ("foto.jpg", b"MZ\x90\x00" + b"\x00" * 500),
        ("papel.pdf", b"no soy un pdf"),
        ("dibujo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("vacio.png", b""),
    ],
)
def test_files_are_judged_by_their_content(citizen: Citizen, name: str, content: bytes) -> None:
    refused = citizen.attach(name, content)
    assert 400 <= refused.status_code < 500
    assert refused.json()["error"]["message"]
    _answers(citizen)


def test_a_hundred_megabytes_are_refused_before_they_are_read(citizen: Citizen) -> None:
    sent = 0

    def upload() -> Iterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        for _ in range(100):
            sent += 1
            yield b"\x00" * MEGABYTE
        yield b"\r\n--x--\r\n"

    headers = {**citizen.headers, "Content-Type": "multipart/form-data; boundary=x"}
    try:
        refused = citizen.client.post("/api/chat/attachments", content=upload(), headers=headers)
    except httpx.WriteError:
        assert sent < 100, "the server hung up only after it had all"
    else:
        assert refused.status_code == 413
        assert "MB" in refused.json()["error"]["message"]
    _answers(citizen)


def test_the_same_client_id_again_has_no_second_effect(citizen: Citizen, product: Product) -> None:
    first = citizen.send(client_id="una-vez", text="hola")
    again = citizen.send(client_id="una-vez", text="hola")
    replies = citizen.replies()
    assert first == again
    assert len(replies) == 1
    (count,) = product.execute("SELECT count(*) FROM message WHERE conversation_id = %s", citizen.session_id)[0]
    assert count == 2
