"""A clamd on loopback that obeys `INSTREAM`, and can be told to fail as the real one does.

https://docs.clamav.net/manual/Usage/ClamdProtocol.html: `zINSTREAM\\0`, then chunks of a four-byte length in network
order and so many bytes; a length of zero ends them. Longer than `limit` (`StreamMaxLength`): told so, and hung up on.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

VIRUS = b"esto es un virus de prueba"


@dataclass
class StandIn:
    url: str = ""
    limit: int = 25 * 1024 * 1024
    #: `hang`: takes everything and never answers; `garble`: answers what no clamd would.
    mood: str = ""
    scanned: list[int] = field(default_factory=list)

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            command = await reader.readuntil(b"\0")
            answer = await self._instream(reader) if command == b"zINSTREAM\0" else b"UNKNOWN COMMAND"
            if self.mood == "hang":
                await asyncio.sleep(60)
            writer.write((b"\xff\xfe" if self.mood == "garble" else answer) + b"\0")
            await writer.drain()
        finally:
            writer.close()

    async def _instream(self, reader: asyncio.StreamReader) -> bytes:
        content = b""
        while (length := struct.unpack("!L", await reader.readexactly(4))[0]) > 0:
            content += await reader.readexactly(length)
            if len(content) > self.limit:
                return b"INSTREAM size limit exceeded. ERROR"
        self.scanned.append(len(content))
        return b"stream: Test.Virus-1 FOUND" if VIRUS in content else b"stream: OK"


@asynccontextmanager
async def clamd() -> AsyncIterator[StandIn]:
    stand_in = StandIn()
    server = await asyncio.start_server(stand_in.attend, "127.0.0.1", 0)
    stand_in.url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield stand_in
