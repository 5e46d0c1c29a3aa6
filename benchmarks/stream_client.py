"""Whoever follows event streams, in a process of its own: `python -m benchmarks.stream_client`.

Reads one line of JSON, a list of `[url, headers]`; says `ready` once each stream has begun; and, when its input ends,
prints a list of `[stream, serial, at]`: on which stream a message arrived, which it was (`m-000123` in its data), and
when, by the clock that all processes of a machine share.
"""

import asyncio
import json
import re
import sys
import time

import aiohttp

_SERIAL = re.compile(rb"m-(\d{6})")
#: Streams being opened at one time.
_OPENING = 20


class Followers:
    def __init__(self) -> None:
        self.arrived: list[tuple[int, int, float]] = []
        self._opening = asyncio.Semaphore(_OPENING)

    async def follow(self, client: aiohttp.ClientSession, place: int, url: str, headers: dict[str, str]) -> None:
        """Follow one stream until told to stop; returns from `_begin` once its first bytes are there."""
        await self._opening.acquire()
        is_open = False
        try:
            async with client.get(url, headers=headers) as answer:
                async for chunk in answer.content.iter_any():
                    at = time.monotonic()
                    if not is_open:
                        is_open = True
                        self._opening.release()
                    self.arrived += [(place, int(serial), at) for serial in _SERIAL.findall(chunk)]
        finally:
            if not is_open:
                self._opening.release()

    async def wait_open(self) -> None:
        """Until nobody is opening any more; every stream was begun in order before."""
        for _ in range(_OPENING):
            await self._opening.acquire()


async def main() -> None:
    streams = json.loads(await asyncio.to_thread(sys.stdin.readline))
    followers = Followers()
    timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, raise_for_status=True) as client:
        following = [
            asyncio.create_task(followers.follow(client, place, url, headers))
            for place, (url, headers) in enumerate(streams)
        ]
        await asyncio.sleep(0)  # each has asked for its turn to open
        await followers.wait_open()
        if any(task.done() for task in following):
            raise RuntimeError("a stream ended")
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    print(json.dumps(followers.arrived))


if __name__ == "__main__":
    asyncio.run(main())
