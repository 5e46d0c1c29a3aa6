"""A Redis beside the chaos tests' site, for as long as a test wants one; and somebody who guesses at its limits."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import httpx

from backend.registry import folios
from tests.chaos.site import Site
from tests.redis_server import RedisServer, running_redis

_numbers = count(1)


@contextmanager
def with_redis(site: Site) -> Iterator[RedisServer]:
    """The site's processes, started anew with a Redis, until they are started as somebody else wants them."""
    with running_redis() as server:
        site.become(site.removed, {"REDIS_URL": server.url})
        yield server


def guessed(site: Site, tries: int) -> Counter[int]:
    """What a guesser is answered who has a folio, and tries codes at each web in turn."""
    number = next(_numbers)
    folio = folios.make(2026, 900_000 + number)
    # No connection outlives a request, so each goes to the next process.
    limits = httpx.Limits(max_keepalive_connections=0)
    headers = {"Origin": site.base_url, "X-Forwarded-For": f"203.0.113.{number}"}
    with httpx.Client(base_url=site.base_url, timeout=15, limits=limits, headers=headers) as client:
        form = {"folio": folio, "clave": "AAAA-2222"}
        return Counter(client.post("/folio", data=form).status_code for _ in range(tries))
