"""Every route of an application, those of its included routers too, which `app.routes` alone does not list."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from backend.agents import auth


@dataclass(frozen=True)
class Known:
    method: str
    path: str
    #: For those who sign in: staff, liaisons, programs with a token of theirs.
    asks_who: bool

    def address(self, ids: Mapping[str, str]) -> str:
        """The path with `ids` for its parameters, by name; anything for those not named."""
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: ids.get(found[1], str(uuid.uuid4())), self.path)


def all_routes(app: FastAPI) -> list[Known]:
    """Sorted by path."""
    found = [
        Known(method, context.path or "", _asks_who(context.original_route.dependant))
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in sorted((context.methods or set()) - {"HEAD"})
    ]
    assert len(found) > 100, "routes are no longer found"
    return sorted(found, key=lambda known: (known.path, known.method))


def _asks_who(dependant: Dependant) -> bool:
    return any(one.call is auth._any_user or _asks_who(one) for one in dependant.dependencies)
