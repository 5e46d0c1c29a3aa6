"""Hostile files: refused, or kept and given back so that no browser runs anything of them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from fastapi import UploadFile

from backend.conversations import files, scanning
from backend.conversations.files import FileStore, UnsupportedFile
from backend.conversations.messages import StoredFile
from backend.conversations.scanning import Clamd, InfectedFile, ScannerAway, scanner_at
from backend.errors import ChatSonoraError, TooLarge
from backend.imports import reading
from backend.imports.reading import UnreadableFile
from tests.security.clamd import VIRUS, clamd
from tests.widget.support import picture

SCRIPT = b"<script>alert(document.domain)</script>"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"


def huge_picture(side: int = 60_000) -> bytes:
    """A PNG of a few bytes that says it has 3,600 million pixels."""
    header = b"IHDR" + struct.pack("!2L5B", side, side, 8, 2, 0, 0, 0)
    chunk = struct.pack("!L", 13) + header + struct.pack("!L", zlib.crc32(header))
    small = picture()
    return small[:8] + chunk + small[33:]


def packed(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return target.getvalue()


def docx(document: bytes = b"<w:document/>") -> bytes:
    kinds = b'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml"/></Types>'
    return packed(**{"[Content_Types]_xml": kinds, "_rels/.rels": b"<R/>", "word__document_xml": document})


#: What is sent, and what comes of it in the chat and the console, and by another channel: a refusal, or the type kept.
HOSTILE: dict[str, tuple[Callable[[], bytes], type[ChatSonoraError] | str, type[ChatSonoraError] | str]] = {
    "EICAR": (lambda: EICAR, UnsupportedFile, UnsupportedFile),
    "EICAR in a PDF": (lambda: PDF + EICAR, InfectedFile, InfectedFile),
    "EICAR after a picture": (lambda: picture() + EICAR, InfectedFile, InfectedFile),
    "GIF and JS": (lambda: b"GIF89a/*" + b"\0" * 40 + b"*/=1;alert(1)", UnsupportedFile, UnsupportedFile),
    "HTML, then PDF": (lambda: SCRIPT + PDF, UnsupportedFile, UnsupportedFile),
    "PDF with HTML": (lambda: b"%PDF-1.4\n" + SCRIPT + PDF, "application/pdf", "application/pdf"),
    "JPEG with JS": (lambda: picture("JPEG") + SCRIPT, "image/jpeg", "image/jpeg"),
    "SVG with a script": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
                          UnsupportedFile, UnsupportedFile),
    "program": (lambda: b"MZ" + b"\0" * 200, UnsupportedFile, UnsupportedFile),
    "archive": (lambda: packed(x=b"x"), UnsupportedFile, UnsupportedFile),
    "DOCX that unfolds": (lambda: docx(b" " * 50_000_000), UnsupportedFile, ".docx"),
    "picture of 3,600 million points": (huge_picture, TooLarge, TooLarge),
    "picture cut short": (lambda: picture()[:40], UnsupportedFile, UnsupportedFile),
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "attachments", max_bytes=1024 * 1024)


def sent(content: bytes, name: str = "foto.png") -> UploadFile:
    return UploadFile(io.BytesIO(content), filename=name)


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_file_is_refused_or_given_back_harmless(store: FileStore, tmp_path: Path, name: str) -> None:
    make, uploaded, received = HOSTILE[name]
    content = make()
    for expected, keep in ((uploaded, lambda: store.keep(sent(content))),
                           (received, lambda: store.keep_received(content, "foto.png"))):  # fmt: skip
        if isinstance(expected, str):
            _is_harmless(store, await keep(), expected)
        else:
            with pytest.raises(expected):
                await keep()
    kept = list((tmp_path / "attachments").iterdir())
    assert len(kept) == (1 if isinstance(received, str) else 0), "nothing refused stays on the disk"


def _is_harmless(store: FileStore, kept: StoredFile, kind: str) -> None:
    """Its own type, which a browser may not guess anew; in an origin of its own, where nothing runs."""
    assert kind in (kept.content_type, Path(kept.file_name).suffix)
    answer = store.response(kept)
    assert answer.headers["content-type"] == kept.content_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    shown = "inline" if kept.content_type.startswith("image/") else "attachment"
    assert answer.headers["content-disposition"].startswith(f"{shown};")


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "foto.png\0.exe", "foto\r\nSet-Cookie: a=b.png",
     "\u202egnp.exe", ".htaccess", "...", "x" * 5000, '"><img src=x onerror=alert(1)>.png', "CON", ""],
)  # fmt: skip
async def test_a_name_leads_nowhere_and_breaks_no_header(store: FileStore, tmp_path: Path, name: str) -> None:
    kept = await store.keep(sent(picture(), name))
    assert [one.name for one in (tmp_path / "attachments").iterdir()] == [kept.sha256]
    assert not set(kept.file_name) & set("/\\\0\r\n\u202e")
    assert kept.file_name.endswith(".png")
    assert 4 < len(kept.file_name) <= 130
    assert "\n" not in store.response(kept).headers["content-disposition"]


@pytest.mark.parametrize(("part", "unfolds_to"), [
    ("xl/sharedStrings.xml", reading.MAX_PART + 1), ("xl/worksheets/sheet1.xml", reading.MAX_UNZIPPED + 1),
])  # fmt: skip
def test_a_workbook_that_unfolds_to_more_than_memory_is_not_opened(tmp_path: Path, part: str, unfolds_to: int) -> None:
    path = tmp_path / "lista.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, b" " * 1024)
        archive.infolist()[0].file_size = unfolds_to  # what its directory says; less than it unfolds to is never read
    with pytest.raises(UnreadableFile, match="demasiado grande"):
        next(reading.rows(path))


def test_a_workbook_whose_xml_multiplies_itself_is_not_read(tmp_path: Path) -> None:
    lines = ['<!ENTITY a0 "ja">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    bomb = f"<?xml version='1.0'?><!DOCTYPE x [{''.join(lines)}]><sst><si><t>&a11;</t></si></sst>".encode()
    path = tmp_path / "lista.xlsx"
    path.write_bytes(_workbook(bomb))
    try:
        told = sum(len(text) for _, texts in reading.rows(path) for text in texts)
    except UnreadableFile:
        told = 0
    assert told < 1000


def _workbook(shared_strings: bytes) -> bytes:
    """A workbook of one sheet, with these shared strings."""
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(["Nombre", "Teléfono"])
    book.save(target)
    result = io.BytesIO()
    with zipfile.ZipFile(target) as whole, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as changed:
        for one in whole.infolist():
            content = shared_strings if one.filename == "xl/sharedStrings.xml" else whole.read(one)
            changed.writestr(one.filename, content)
    return result.getvalue()


async def test_with_a_scanner_nothing_is_kept_that_it_did_not_pass(tmp_path: Path) -> None:
    folder = tmp_path / "attachments"
    async with clamd() as scanner:
        store = FileStore(folder, max_bytes=1024 * 1024, scanner=scanner_at(scanner.url))
        large = picture() + b"\0" * 300_000  # of several chunks
        kept = await store.keep(sent(large))
        assert (kept.size, scanner.scanned) == (len(large), [len(large)])
        with pytest.raises(InfectedFile):
            await store.keep(sent(PDF + VIRUS, "acta.pdf"))
        with pytest.raises(InfectedFile):
            await store.keep_received(picture() + VIRUS, "foto.png")
        scanner.mood = "garble"
        with pytest.raises(ScannerAway):
            await store.keep(sent(PDF, "acta.pdf"))
        scanner.mood, scanner.limit = "", 1000
        with pytest.raises(ScannerAway):
            await store.keep(sent(large))
    with pytest.raises(ScannerAway):
        await store.keep(sent(PDF, "acta.pdf"))
    assert [one.name for one in folder.iterdir()] == [kept.sha256]


async def test_a_scanner_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    async with clamd() as scanner:
        scanner.mood = "hang"
        store = FileStore(tmp_path, max_bytes=1024, scanner=Clamd(scanner.url, seconds=0.2))
        with pytest.raises(ScannerAway) as refused:
            await store.keep(sent(PDF, "acta.pdf"))
    assert refused.value.status == 503


def test_without_a_setting_the_test_signature_alone_is_known() -> None:
    assert isinstance(scanner_at(None), scanning.SignatureOnly)
    assert isinstance(scanner_at("unix:///run/clamav/clamd.ctl"), Clamd)
    assert set(files.UPLOADED_TYPES) < set(files.RECEIVED_TYPES)
