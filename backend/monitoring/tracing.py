"""Traces by OpenTelemetry: off, and not even imported, unless OTEL_EXPORTER_OTLP_ENDPOINT is set.

What leaves is held to a list of attributes: addresses hold folios, tokens and what staff searched for, messages of
errors hold what people wrote. A library that one day notes more of a request does not publish it.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from backend.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

#: What a span may say of itself; ours begin with `chat_sonora.`.
ALLOWED = frozenset(
    {
        "http.method",
        "http.request.method",
        "http.route",
        "http.status_code",
        "http.response.status_code",
        "net.peer.name",
        "net.peer.port",
        "server.address",
        "server.port",
        "error.type",
        "exception.type",
    }
)
OURS = "chat_sonora."
_UNTRACED = "readyz,health/live,health/ready,static"

#: Seconds that a collector has, its retries included: one that is away must not hold up the process's end.
PATIENCE = 3.0

_provider: "TracerProvider | None" = None
_tracer: "Tracer | None" = None


def start(settings: Settings, process: str) -> None:
    """Trace this process from now on, if the settings say where to."""
    global _provider, _tracer  # noqa: PLW0603 — one a process, as its logs are
    if settings.otel_exporter_otlp_endpoint is None or _provider is not None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    address = settings.otel_exporter_otlp_endpoint.rstrip("/") + "/v1/traces"
    resource = Resource.create({"service.name": f"chat-sonora-{process}"})
    _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(_discreet(OTLPSpanExporter(endpoint=address, timeout=PATIENCE))))
    _tracer = _provider.get_tracer("chat-sonora")
    HTTPXClientInstrumentor().instrument(tracer_provider=_provider)


def stop() -> None:
    """Send what is left, and trace no more."""
    global _provider, _tracer  # noqa: PLW0603
    if _provider is None:
        return
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

    HTTPXClientInstrumentor().uninstrument()
    _provider.shutdown()
    _provider = _tracer = None


def instrument(app: "FastAPI") -> None:
    """Trace an application's requests, where this process traces."""
    if _provider is None:
        return
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=_provider, excluded_urls=_UNTRACED, exclude_spans=["receive", "send"]
    )


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[None]:
    """A piece of work as traces tell it. `attributes`: names of the code's and ids alone."""
    if _tracer is None:
        yield
        return
    told = {f"{OURS}{key}": value for key, value in attributes.items()}
    with _tracer.start_as_current_span(name, attributes=told):
        yield


def add_trace_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A log's line says which trace it belongs to (a processor of structlog's)."""
    if _tracer is not None:
        from opentelemetry.trace import get_current_span

        context = get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _discreet(exporter: "SpanExporter") -> "SpanExporter":
    """`exporter`, given only what may be told."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Discreet(SpanExporter):
        def export(self, spans: "Sequence[ReadableSpan]") -> SpanExportResult:
            return exporter.export([_redacted(one) for one in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    return Discreet()


def _redacted(span: "ReadableSpan") -> "ReadableSpan":
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.trace import Status

    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_allowed(span.attributes),
        events=[Event(one.name, _allowed(one.attributes), one.timestamp) for one in span.events],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _allowed(attributes: Any) -> dict[str, Any]:
    return {key: value for key, value in (attributes or {}).items() if key in ALLOWED or key.startswith(OURS)}
