"""What a process counts and times, for Prometheus.

Labels hold names that stand in the code or the settings (a queue, a channel, a route's template, an error's kind, a
Rasa's address), never anything that a person typed: what is not known beforehand is counted as `other`.
"""

import re
from collections.abc import Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

#: Of this process alone; the library's own global one stays empty.
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

OTHER = "other"
#: In place of a Rasa's address: none was fit to have the turn.
NONE = "none"
_TROUBLE = frozenset({"warning", "error", "critical"})
_CODE_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}", re.IGNORECASE)
_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PATIENT = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


def _gauge(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(f"chat_sonora_{name}", meaning, labels, registry=REGISTRY)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(f"chat_sonora_{name}", meaning, labels, registry=REGISTRY)


def _histogram(name: str, meaning: str, buckets: Iterable[float], *labels: str) -> Histogram:
    return Histogram(f"chat_sonora_{name}", meaning, labels, buckets=tuple(buckets), registry=REGISTRY)


QUEUE_WAITING = _gauge("queue_waiting", "Rows that wait in a queue.", "queue")
QUEUE_OLDEST = _gauge("queue_oldest_seconds", "Age of a queue's oldest row that waits.", "queue")
QUEUE_OVERDUE = _gauge("queue_overdue_seconds", "How long ago a queue's next row should have been tried.", "queue")
DELIVERY_SECONDS = _histogram(
    "delivery_seconds", "From a message stored to the channel's taking it.", _PATIENT, "channel"
)
DELIVERIES = _counter("deliveries", "Tries at sending, by how they ended.", "channel", "outcome")
BOT_SECONDS = _histogram("bot_turn_seconds", "A turn with the bot, as the worker waits for it.", _QUICK, "rasa")
BOT_TURNS = _counter("bot_turns", "Turns with the bot: answered, or why not.", "outcome", "rasa")
BOT_UP = _gauge("bot_up", "1 while this process of the bot's answers.", "rasa")
LOG_EVENTS = _counter("log_events", "Warnings and errors logged.", "level", "event")
LOG_LINES_LOST = _counter("log_lines_lost", "Lines of the log that could not be written: a full disk, a closed pipe.")
LIVE_FOLLOWERS = _gauge("live_followers", "Event streams and long polls that are open.")
REDIS_AWAY = _gauge("redis_away", "1 while the Redis of REDIS_URL does not answer: each process counts by itself.")
CHATS_WAITING = _gauge("chats_waiting", "Citizens who wait for a person.")
CHATS_OLDEST = _gauge("chats_oldest_wait_seconds", "How long the first of them has waited.")
AGENTS_AVAILABLE = _gauge("agents_available", "Agents who take chats now.")
HTTP_REQUESTS = _counter("http_requests", "Requests answered.", "method", "route", "status")
HTTP_SECONDS = _histogram("http_request_seconds", "Until an answer begins.", _QUICK, "method", "route")
CHORE_DONE = _gauge("chore_last_success_timestamp_seconds", "When a chore last ended well.", "chore")
CHORE_EVERY = _gauge("chore_interval_seconds", "Seconds between two runs of a chore.", "chore")
CHORE_SECONDS = _histogram("chore_seconds", "How long a chore takes.", _PATIENT, "chore")
DATABASE_BYTES = _gauge("database_bytes", "Size of the database.")
DISK_FREE = _gauge("disk_free_ratio", "Free part of the disk where VAR_DIR lies.")
BACKUP_DONE = _gauge("backup_last_success_timestamp_seconds", "When the newest backup in BACKUP_DIR was made.")


def code_name(value: str) -> str:
    """`value` where it looks like a name of the code's, else `other`: a label must not take in anything else."""
    return value if _CODE_NAME.fullmatch(value) else OTHER


class _Pool(Collector):
    """An engine's connections, read when they are asked for."""

    def __init__(self, engine: "AsyncEngine") -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        from sqlalchemy.pool import QueuePool  # here: the supervisor logs, and holds no SQLAlchemy

        pool = self._engine.pool
        if not isinstance(pool, QueuePool):
            return
        family = GaugeMetricFamily(
            "chat_sonora_database_connections", "Connections of this process's pool.", labels=["state"]
        )
        family.add_metric(["in_use"], pool.checkedout())
        family.add_metric(["idle"], pool.checkedin())
        yield family
        most = GaugeMetricFamily("chat_sonora_database_connections_most", "Connections that the pool may have.")
        most.add_metric([], pool.size() + pool._max_overflow)
        yield most


def watch_pool(engine: "AsyncEngine") -> Collector:
    """Tell of an engine's connections from now on; give what it returns to `forget` when the engine is closed."""
    collector = _Pool(engine)
    REGISTRY.register(collector)
    return collector


def forget(collector: Collector) -> None:
    REGISTRY.unregister(collector)


def count_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Count each warning and error logged, by its name (a processor of structlog's)."""
    if event["level"] in _TROUBLE:
        LOG_EVENTS.labels(event["level"], code_name(str(event["event"]))).inc()
    return event
