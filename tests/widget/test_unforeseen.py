"""What nobody foresaw is told in words to who asked, and is in the log."""

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from backend.console import pages_session
from backend.widget import service
from tests.staff import browser
from tests.widget.conftest import Citizen


async def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("nobody thought of it")


async def test_a_citizen_is_told_so_and_the_log_tells_why(citizen: Citizen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "send", _broken)
    with capture_logs() as logged:
        answer = await citizen.client.post("/api/chat/messages", json={"client_id": "m-1", "text": "hola"})
    assert answer.status_code == 500
    assert answer.json()["error"]["message"].startswith("Ocurrió un error. Ya quedó registrado")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["request_failed"]


async def test_staff_get_a_page(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_session, "page", _broken_page)
    async with browser(app) as client:
        answer = await client.get("/consola/entrar")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "Ocurrió un error. Ya quedó registrado" in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def _broken_page(*_: object, **__: object) -> None:
    raise RuntimeError("nobody thought of it")
