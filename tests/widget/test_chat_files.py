"""Photos and documents: judged by their content, kept for their conversation alone."""

from pathlib import Path

import pytest

from backend.conversations.models import Attachment
from backend.db import Database
from backend.settings import Settings
from tests.widget.conftest import MEBIBYTE, Citizen
from tests.widget.support import picture, refusal, rows

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


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
