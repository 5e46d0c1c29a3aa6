"""Traces as a collector gets them: what was done, in which order, and nothing of anybody's."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
import structlog
from fastapi import FastAPI
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from backend.monitoring import tracing
from backend.settings import Settings
from tests.staff import browser

SECRET = "bot123456:AAE-secreto"


class Collector:
    """An OTLP/HTTP collector that keeps what it gets."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.do_GET()

            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                return None

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def spans(self) -> dict[str, dict[str, str]]:
        """By name, each with its attributes and its trace."""
        found = {}
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        attributes = {one.key: str(one.value) for one in span.attributes}
                        found[span.name] = attributes | {"trace": span.trace_id.hex()}
        return found


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    yield collector
    collector.server.shutdown()
    thread.join()
    collector.server.server_close()


async def test_a_request_its_calls_and_its_spans_are_one_trace_without_anybodys_data(settings: Settings) -> None:
    app = FastAPI()
    logged: list[structlog.typing.EventDict] = []

    with collecting() as collector:
        tracing.start(settings.model_copy(update={"otel_exporter_otlp_endpoint": collector.address}), "web")

        @app.get("/folio/{folio}")
        async def look(folio: str) -> str:
            with tracing.span("turn", message_id="m-1"):
                logged.append(tracing.add_trace_id(None, "info", {"event": "looked"}))
                async with httpx.AsyncClient() as client:
                    await client.get(f"{collector.address}/{SECRET}/sendMessage?telefono=6621234567")
            with pytest.raises(ValueError, match="Zacarías"), tracing.span("chore", chore="mail"):
                raise ValueError("no se pudo avisar a Zacarías")
            return folio

        tracing.instrument(app)
        await browser(app).get("/folio/AC-2026-000123-K?nombre=Zacarías", headers={"User-Agent": "Quihuis"})
        tracing.stop()

    spans = collector.spans
    assert set(spans) == {"GET /folio/{folio}", "turn", "GET", "chore"}
    assert len({one["trace"] for one in spans.values()}) == 1
    assert [one["trace_id"] for one in logged] == [spans["turn"]["trace"]]
    assert "m-1" in spans["turn"]["chat_sonora.message_id"]
    told = b"".join(collector.bodies)
    for planted in (SECRET, "6621234567", "000123-K", "Zacar", "Quihuis"):
        assert planted.encode() not in told, planted


async def test_without_a_collector_nothing_is_traced(settings: Settings) -> None:
    tracing.start(settings, "web")
    with tracing.span("turn"):
        assert tracing.add_trace_id(None, "info", {"event": "x"}) == {"event": "x"}
