"""A disk that is full: what cannot be kept is refused in words, words still go through, and later it all fits again.

The limit is the kernel's on the size of the process's files (RLIMIT_FSIZE): each write beyond it fails, as on a full
disk, without one being mounted.
"""

import io
import uuid
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.chaos.site import Site
from tests.chaos.table import Table
from tests.chaos.traffic import PhoneWriter, WebWriter, new_text, on_telegram
from tests.chaos.trial import is_good, told

#: Enough for a row of nothing; less than any photo.
_MOST_BYTES = 512


def photo(side: int) -> bytes:
    """A picture of noise, which no format makes small."""
    target = io.BytesIO()
    Image.effect_noise((side, side), 80).save(target, "PNG")
    return target.getvalue()


def upload(writer: WebWriter, client_id: str, content: bytes) -> httpx.Response:
    return writer.client.post(
        "/api/chat/attachments",
        data={"client_id": client_id},
        files={"file": ("foto.png", content)},
        headers=writer.headers,
    )


@pytest.mark.timeout(300)
def test_a_full_disk_loses_nothing_that_was_taken(site: Site, table: Table) -> None:
    web, phone = WebWriter(site), on_telegram(site)
    left_by_others = _half_files(site)  # by processes that a trial before this one killed
    assert isinstance(phone, PhoneWriter)
    small, large = photo(60), photo(1200)  # the second is written to disk while it is still being received
    assert len(small) > _MOST_BYTES and len(large) > 1024 * 1024
    for part in site.parts:
        part.limit_files(_MOST_BYTES)
    for content in (small, large):
        refused = upload(web, uuid.uuid4().hex, content)
        assert refused.status_code == 507
        assert "archivo" in refused.json()["error"]["message"]
    web.write(new_text(web))
    phone.show(new_text(phone), small)
    phone.write(new_text(phone))
    assert is_good(told(site, table, "disk full: words on the web", [web]))

    for part in site.parts:
        part.limit_files(None)
    client_id = uuid.uuid4().hex
    kept = upload(web, client_id, small)
    assert kept.status_code == 202
    assert upload(web, client_id, small).json() == kept.json()
    assert is_good(told(site, table, "disk full, then not: a photo on Telegram", [phone]))
    url = kept.json()["attachment"]["url"]
    assert web.client.get(url, headers=web.headers).content == small
    assert _files_of(site, phone) == [(len(small),)]
    assert _half_files(site) <= left_by_others, "half a file was left behind"


def _files_of(site: Site, writer: PhoneWriter) -> list[tuple[object, ...]]:
    return site.server.execute(
        "SELECT a.size FROM attachment a JOIN message m ON m.id = a.message_id WHERE m.text = ANY(%s)", writer.sent
    )


def _half_files(site: Site) -> set[Path]:
    return set((site.folder / "var" / "attachments").glob("upload-*"))
