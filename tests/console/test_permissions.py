"""Every route of the console and of the accounts refuses who has not signed in."""

import re
import uuid
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from backend.agents.routes import router as agents_router
from backend.console.routes import router as console_router
from tests.staff import browser, sign_in

OPEN = {
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/tokens"),
    ("GET", "/consola/entrar"),
    ("POST", "/consola/entrar"),
}


def _routes(router: APIRouter) -> Iterator[APIRoute]:
    """Its own and those of the routers that it includes, which FastAPI keeps as they are."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(included := getattr(route, "original_router", None), APIRouter):
            yield from _routes(included)


ROUTES = sorted(
    (method, route.path)
    for router in (agents_router, console_router)
    for route in _routes(router)
    for method in route.methods
    if (method, route.path) not in OPEN
)


def _address(path: str) -> str:
    return re.sub(r"{[^}]+}", lambda _: str(uuid.uuid4()), path)


async def test_nobody_gets_in_without_a_session(app: FastAPI) -> None:
    assert len([path for _, path in ROUTES if path.startswith("/consola")]) > 40
    client = browser(app)
    for method, path in ROUTES:
        answer = await client.request(method, _address(path))
        if path.startswith("/consola"):
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/consola/entrar"), (method, path)
        else:
            assert answer.status_code == 401, (method, path)


async def test_what_changes_something_is_refused_without_the_csrf_token(app: FastAPI) -> None:
    staff = await sign_in(app, "adela")
    for method, path in ROUTES:
        if method != "GET":
            answer = await staff.client.request(method, _address(path))
            assert answer.status_code == 403, (method, path)


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
    from tests.staff import PASSWORD

    form = {"username": "ana", "password": PASSWORD, "siguiente": target}
    answer = await browser(app).post("/consola/entrar", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/consola"
