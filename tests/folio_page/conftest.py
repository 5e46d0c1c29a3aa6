"""A petition of somebody's, whose page is looked at by them and by others."""

import re
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.registry import petitions
from backend.registry.models import Petition
from backend.settings import Settings
from tests.notices.conftest import Desk, desk
from tests.staff import browser

__all__ = ["desk"]


@dataclass
class Page:
    """The public page as somebody without JavaScript has it."""

    client: httpx.AsyncClient
    desk: Desk
    secret: bytes
    petition_id: UUID

    async def get(self) -> Petition:
        return await self.desk.get(self.petition_id)

    async def keys(self) -> tuple[str, str]:
        """Folio and code."""
        petition = await self.get()
        return petition.folio, petitions.code_of(petition, self.secret)

    async def open(self) -> str:
        folio, code = await self.keys()
        answer = await self.client.post("/folio", data={"folio": folio.lower(), "clave": f" {code.lower()} "})
        assert answer.status_code == 200, answer.text
        return answer.text

    async def submit(self, action: str, **fields: str) -> httpx.Response:
        """Open the page anew and send the form of that action."""
        return await self.client.post(action, data={"ticket": ticket_of(await self.open()), **fields})


def ticket_of(page: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
async def page(app: FastAPI, desk: Desk, settings: Settings) -> Page:
    petition = await desk.petition(await desk.conversation("telegram"))
    return Page(browser(app), desk, settings.secret_key.get_secret_value().encode(), petition)
