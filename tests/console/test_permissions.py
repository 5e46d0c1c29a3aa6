"""What the console's pages may run, and where signing in may lead. Who may call what: `tests/security/`."""

import pytest
from fastapi import FastAPI

from tests.staff import PASSWORD, browser, sign_in


async def test_pages_run_only_our_own_scripts(app: FastAPI) -> None:
    staff = await sign_in(app, "adela")
    for path in ("/consola", "/consola/entrar", "/consola/peticiones", "/consola/usuarios", "/consola/horario"):
        answer = await staff.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
        assert " onclick" not in answer.text


@pytest.mark.parametrize("target", ["https://malo.example", "//malo.example", "/consola\\@malo", "/consolamalo"])
async def test_signing_in_never_leads_to_another_site(app: FastAPI, target: str) -> None:
    form = {"username": "ana", "password": PASSWORD, "siguiente": target}
    answer = await browser(app).post("/consola/entrar", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/consola"
