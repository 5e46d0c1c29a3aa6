"""The administrator's desk: pages that ask vendors, and so hold no transaction while they do."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from backend.agents.auth import CurrentAdmin
from backend.agents.models import User
from backend.console.rendering import staff_page
from backend.db import Database, Tx
from backend.messaging.adapters import Adapters
from backend.settings import Settings


@dataclass(frozen=True)
class Desk:
    request: Request
    user: User
    database: Database
    adapters: Adapters
    settings: Settings

    async def page(self, name: str, context: dict[str, Any], status: int = 200) -> Response:
        async with self.database.transaction() as session:
            return await staff_page(self.request, session, self.user, name, context, status)


async def _desk(request: Request, tx: Tx, user: CurrentAdmin) -> Desk:
    # Whoever calls is known: what follows opens transactions of its own, shorter than a vendor's answer.
    await tx.commit()
    state = request.app.state
    return Desk(request, user, state.database, state.adapters, state.settings)


#: An administrator, with the request's transaction already ended.
AdminDesk = Annotated[Desk, Depends(_desk)]
