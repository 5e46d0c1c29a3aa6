"""Counting HTTP requests by their route's template: an address itself may hold a folio or a token."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.monitoring import metrics

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class CountRequests:
    """Counts each answer when it begins: a stream of events may last for hours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                _count(scope, int(message["status"]), time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, send_counted)


def _count(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else metrics.OTHER
    route = route_of(scope)
    metrics.HTTP_REQUESTS.labels(method, route, str(status)).inc()
    metrics.HTTP_SECONDS.labels(method, route).observe(seconds)


def route_of(scope: Scope) -> str:
    """The template of the route that was met, a folder's name for its files, `other` where nothing was met."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str) and path:
        return path
    folder = scope.get("root_path")
    return f"{folder}/*" if "endpoint" in scope and isinstance(folder, str) and folder else metrics.OTHER
