"""Logs: one JSON object a line, an event and ids. Never text, name, phone or token."""

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import TextIO

import psycopg
import structlog
from structlog.typing import ExcInfo

from backend.monitoring import metrics, tracing

#: How the lines of an error's text begin in a traceback: its own, and that of groups, one in the other.
_MARGINS = ("\n", *(f"\n{' ' * 2 * depth}| " for depth in range(1, 6)))


def _without_values(exc_info: ExcInfo) -> str:
    """A traceback in which PostgreSQL's errors name what they are about, and no values: those are citizens' words."""
    told = "".join(traceback.format_exception(*exc_info))
    for error in _told_of(exc_info[1]):
        if isinstance(error, psycopg.Error) and error.sqlstate is not None:
            named = (error.sqlstate, error.diag.table_name, error.diag.column_name, error.diag.constraint_name)
            for margin in _MARGINS:
                told = told.replace(str(error).replace("\n", margin), " ".join(filter(None, named)))
    return told


def _told_of(error: BaseException | None) -> Iterator[BaseException]:
    """All errors that a traceback tells: the error, what it came of, and those of a group."""
    if error is not None:
        yield error
        yield from _told_of(error.__cause__ or error.__context__)
        for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
            yield from _told_of(one)


class _Lines(structlog.PrintLogger):
    """Lines are written where that can be done: on a full disk, or into a pipe that is closed, one is lost and counted.

    Whoever logged goes on: a log that cannot be written stops no turn and no process.
    """

    def msg(self, message: str) -> None:
        try:
            super().msg(message)
        except (OSError, ValueError):  # ValueError: the file is closed
            metrics.LOG_LINES_LOST.inc()

    log = debug = info = warn = warning = error = critical = fatal = exception = msg


def configure(level: str, target: TextIO | None = None) -> None:
    """Send our events and the libraries' warnings to standard output, or where a command's own output is not."""
    target = target or sys.stdout
    logging.basicConfig(level=logging.WARNING, stream=target, format="%(levelname)s %(name)s %(message)s")
    # An access log would hold query strings; a vendor library's debug log, bodies.
    for noisy in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # each retry to reach a collector would be a line
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            metrics.count_event,
            tracing.add_trace_id,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_without_values),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _Lines(target),
        cache_logger_on_first_use=True,
    )
