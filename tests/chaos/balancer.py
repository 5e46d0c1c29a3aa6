"""A load balancer on loopback: connections turn by turn to the processes behind it, past those that refuse."""

import asyncio
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tests.fakes.running import bind, url_of

_CHUNK = 64 * 1024


class Balancer:
    """As a proxy before several web processes: a connection stays with the one that took it."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._turns = itertools.count()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, to its end. Where nobody takes it, it is cut."""
        behind = await self._connect()
        if behind is not None:
            await asyncio.gather(_copy(reader, behind[1]), _copy(behind[0], writer))
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        first = next(self._turns)
        for step in range(len(self._ports)):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self._ports[(first + step) % len(self._ports)])
        return None


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):
        writer.close()


@contextmanager
def balancing(ports: Sequence[int]) -> Iterator[str]:
    """The address that leads to the processes on these ports, for as long as the block lasts."""
    bound = bind()
    balancer = Balancer(ports)
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(asyncio.start_server(balancer.serve, sock=bound))
        ready.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield url_of(bound)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
