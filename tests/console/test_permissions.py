"""Every route of the console and of the accounts refuses who has not signed in."""

import pytest
from fastapi import FastAPI

from tests.all_routes import all_routes
from tests.staff import PASSWORD, browser, sign_in

OURS = ("/consola", "/api/console", "/api/auth", "/api/users", "/api/presence", "/api/petitions", "/api/people")

OPEN = {
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/tokens"),
    ("GET", "/consola/entrar"),
    ("POST", "/consola/entrar"),
    ("POST", "/consola/entrar/codigo"),
    ("GET", "/consola/tablero/pantalla"),
    ("POST", "/consola/tablero/pantalla"),
}


async def test_nobody_gets_in_without_a_session(app: FastAPI) -> None:
    client = browser(app)
    for route in all_routes(app):
        if not route.path.startswith(OURS) or (route.method, route.path) in OPEN:
            continue
        answer = await client.request(route.method, route.address({}))
        where = f"{route.method} {route.path}: {answer.status_code}"
        if route.path.startswith("/consola"):
            assert answer.status_code == 303, where
            assert answer.headers["location"].startswith("/consola/entrar"), where
        else:
            assert answer.status_code == 401, where


async def test_what_changes_something_is_refused_without_the_csrf_token(app: FastAPI) -> None:
    staff = await sign_in(app, "adela")
    for route in all_routes(app):
        if route.asks_who and route.method != "GET":
            answer = await staff.client.request(route.method, route.address({}))
            assert answer.status_code == 403, f"{route.method} {route.path}: {answer.status_code}"


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
