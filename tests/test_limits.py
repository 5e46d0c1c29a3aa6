"""What a use costs where many people have theirs, and what is kept of uses that have run out."""

import asyncio
from typing import Any

import pytest
from limits.aio.storage import MemoryStorage

from backend import limits
from backend.errors import TooManyRequests
from backend.limits import RateLimiter

PEOPLE = 200


async def test_nobody_pays_for_looking_at_what_all_others_did(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    really = asyncio.to_thread

    async def counted(*what: Any) -> Any:
        looks.append(what)
        return await really(*what)

    monkeypatch.setattr(asyncio, "to_thread", counted)
    limiter = RateLimiter()
    for number in range(PEOPLE):
        await limiter.check("message", str(number), per_minute=5)
    for _ in range(20):
        await limiter.check("message", "one", per_minute=20)
        await asyncio.sleep(0.05)
    assert len(looks) <= 2 * PEOPLE


async def test_uses_that_have_run_out_are_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_LOOK_SECONDS", 0.01)
    limiter = RateLimiter()
    for number in range(PEOPLE):
        await limiter.wait_turn("send", str(number), per_second=5)
    counts = limiter._own.storage
    assert isinstance(counts, MemoryStorage)
    assert len(counts.events) == PEOPLE
    for _ in range(100):
        await asyncio.sleep(0.1)
        await limiter.wait_turn("send", "one", per_second=5)
        if len(counts.events) == 1:
            return
    pytest.fail(f"{len(counts.events)} are kept")


async def test_a_limit_holds_while_nothing_is_looked_for() -> None:
    limiter = RateLimiter()
    for _ in range(5):
        await limiter.check("message", "one", per_minute=5)
    with pytest.raises(TooManyRequests) as refused:
        await limiter.check("message", "one", per_minute=5)
    assert 0 < refused.value.details["retry_after"] <= 60
