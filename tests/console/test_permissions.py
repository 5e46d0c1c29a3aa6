"""Every route of the console and of the accounts refuses who has not signed in."""

import uuid

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from backend.agents.routes import router as agents_router
from backend.console.routes import router as console_router
from tests.staff import browser

OPEN = {
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/tokens"),
    ("GET", "/consola/entrar"),
    ("POST", "/consola/entrar"),
}
ROUTES = sorted(
    (method, route.path)
    for router in (agents_router, console_router)
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
    if (method, route.path) not in OPEN
)


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_nobody_gets_in_without_a_session(app: FastAPI, method: str, path: str) -> None:
    address = path
    while "{" in address:
        start, end = address.index("{"), address.index("}")
        address = address[:start] + str(uuid.uuid4()) + address[end + 1 :]
    answer = await browser(app).request(method, address)
    if path.startswith("/consola"):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/consola/entrar")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize(("method", "path"), [one for one in ROUTES if one[0] != "GET"])
async def test_what_changes_something_is_refused_without_the_csrf_token(app: FastAPI, method: str, path: str) -> None:
    from tests.staff import sign_in

    staff = await sign_in(app, "adela")
    address = path
    while "{" in address:
        start, end = address.index("{"), address.index("}")
        address = address[:start] + str(uuid.uuid4()) + address[end + 1 :]
    assert (await staff.client.request(method, address)).status_code == 403


async def test_pages_run_only_our_own_scripts(app: FastAPI) -> None:
    from tests.staff import sign_in

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
    from tests.staff import PASSWORD

    form = {"username": "ana", "password": PASSWORD, "siguiente": target}
    answer = await browser(app).post("/consola/entrar", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/consola"
