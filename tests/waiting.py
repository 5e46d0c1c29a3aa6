"""Waiting for what other tasks do."""

import asyncio
from collections.abc import Callable

_PATIENCE_SECONDS = 30


async def until(happened: Callable[[], bool]) -> None:
    """Until it did; looked for often, and given up as a hang."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not happened():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
