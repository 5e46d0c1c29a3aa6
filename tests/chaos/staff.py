"""Somebody of the office at a browser, whose requests are cut where the process that has them dies."""

import asyncio
import csv
import io
import itertools
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.agents.models import Role
from backend.db import in_transaction
from tests.chaos.site import Site

_PASSWORD = "una-contrasena-larga"
_HEADERS = ("Nombre", "Celular", "Asunto", "Municipio")
_people = itertools.count()


def spreadsheet(rows: int, subject: str) -> bytes:
    """Petitions of as many people, who are in no other file."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(_HEADERS)
    for number in itertools.islice(_people, rows):
        word = "".join("abcdefghij"[int(digit)] for digit in f"{number:06}")
        writer.writerow([f"Persona {word} Ruiz", f"662{1_000_000 + number}", f"{subject} {word}", "Hermosillo"])
    return target.getvalue().encode()


class Head:
    """The head of department, signed in."""

    def __init__(self, site: Site) -> None:
        username = f"hilda.{uuid.uuid4().hex[:8]}"

        async def create(session: AsyncSession) -> None:
            await agents.create_user(
                session, username=username, full_name="Hilda Prueba", role=Role.HEAD, password=_PASSWORD
            )

        asyncio.run(in_transaction(site.server.url, create))
        self._site = site
        # A connection of its own for each request: one that a dead process had is cut whatever is asked next.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(base_url=site.base_url, timeout=60, limits=limits)
        told = self._client.post("/api/auth/login", json={"username": username, "password": _PASSWORD})
        told.raise_for_status()
        self._csrf = told.json()["csrf_token"]
        # By hand: a browser takes loopback for safe, httpx sends a cookie for safe connections on no other.
        self._client.headers["Cookie"] = "; ".join(f"{one.name}={one.value}" for one in self._client.cookies.jar)

    def close(self) -> None:
        self._client.close()

    def submit(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """A form. Raises httpx.TransportError where nobody answers."""
        given = {"csrf_token": self._csrf, **fields}
        return self._client.post(path, data=given, headers={"Origin": self._site.base_url})

    def import_file(self, name: str, content: bytes) -> str:
        """Upload, and say what each column is. The batch's address."""
        answer = self._client.post(
            "/consola/importaciones",
            data={"csrf_token": self._csrf},
            files={"file": (name, content)},
            headers={"Origin": self._site.base_url},
        )
        assert answer.status_code == 303, answer.text
        batch = answer.headers["location"]
        columns = {"columna_0": "nombre", "columna_1": "telefono", "columna_2": "narrativa", "columna_3": "municipio"}
        told = self.submit(f"{batch}/columnas", tipo="peticion", medio="gira", **columns)
        assert told.status_code == 303, told.text
        return str(batch)

    def wait_for(self, batch: str, state: str, seconds: float) -> None:
        """Until the page that waits says so."""
        deadline = time.monotonic() + seconds
        while (told := self._client.get(f"{batch}/avance").json())["state"] != state:
            assert time.monotonic() < deadline, told
            time.sleep(0.5)

    def report(self, batch: str) -> list[str]:
        """What became of each row."""
        lines = csv.reader(io.StringIO(self._client.get(f"{batch}/informe.csv").text.removeprefix("\ufeff")))
        return [line[1] for line in list(lines)[1:]]


@contextmanager
def head_of(site: Site) -> Iterator[Head]:
    """One for as long as the block lasts."""
    head = Head(site)
    try:
        yield head
    finally:
        head.close()
