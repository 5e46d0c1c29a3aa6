"""What an open page is told."""

from collections.abc import AsyncIterator

from sse_starlette import ServerSentEvent


async def until(events: AsyncIterator[ServerSentEvent], *kinds: str) -> dict[str, ServerSentEvent]:
    """The events up to the one with which each of these kinds has come; of one kind, the first."""
    told: dict[str, ServerSentEvent] = {}
    while not told.keys() >= set(kinds):
        event = await anext(events)
        told.setdefault(str(event.event), event)
    return told
