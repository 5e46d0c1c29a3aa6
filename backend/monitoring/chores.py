"""Watching what is done again and again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from backend.monitoring import metrics, tracing


def expect(name: str, every: float) -> None:
    """A chore is about to begin its life: it is not late yet. It runs each `every` seconds, or oftener."""
    metrics.CHORE_EVERY.labels(name).set(every)
    done(name)


def done(name: str) -> None:
    """It, or a look of it that is one of many, ended well."""
    metrics.CHORE_DONE.labels(name).set_to_current_time()


@contextmanager
def watched(name: str) -> Iterator[None]:
    """Time one run; it counts as done only if it ends well."""
    began = time.perf_counter()
    with tracing.span("chore", chore=name):
        yield
    metrics.CHORE_SECONDS.labels(name).observe(time.perf_counter() - began)
    done(name)
