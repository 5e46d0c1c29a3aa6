"""Who may use the pages of this subject: nobody without a session, and nothing changes without its token."""

import uuid

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from backend.app import create_app
from backend.console import api_capture, pages_capture, pages_dossier, pages_imports, pages_procedures
from backend.db import Database
from backend.settings import Settings
from tests.staff import add_staff, browser, sign_in

PARTS = (api_capture, pages_capture, pages_dossier, pages_imports, pages_procedures)
ROUTES = sorted(
    (method, route.path)
    for part in PARTS
    for route in part.router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
)


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await add_staff(database, "ana")
    return create_app(settings)


def _address(path: str) -> str:
    while "{" in path:
        path = path[: path.index("{")] + str(uuid.uuid4()) + path[path.index("}") + 1 :]
    return path


async def test_every_route_refuses_who_is_not_signed_in_or_shows_no_token(app: FastAPI) -> None:
    staff = await sign_in(app, "ana")
    assert len(ROUTES) > 15
    for method, path in ROUTES:
        answer = await browser(app).request(method, _address(path))
        assert answer.status_code == (303 if path.startswith("/consola") else 401), path
        if method != "GET":
            assert (await staff.client.request(method, _address(path))).status_code == 403, path
