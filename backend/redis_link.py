"""Redis, where there is one: counts and wake-ups that several processes share, and nothing that must not be lost.

Whoever uses it goes on without it while it does not answer (docs/adr/0032-redis.md).
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from backend.monitoring import metrics

T = TypeVar("T")
log = structlog.get_logger(__name__)

#: Seconds: in which it must answer; for which, after it did not, nobody asks; in which a listener hears something.
ANSWER_SECONDS, REST_SECONDS, SILENCE_SECONDS = 0.5, 2.0, 5.0
_CONNECTIONS = 32


class RedisAway(Exception):
    """Redis does not answer, or did not a moment ago."""


class RedisLink:
    """One process's connections to Redis, and whether it answers.

    All names are of this installation alone, by its secret: others may use the same server.
    """

    def __init__(self, url: str, secret: bytes) -> None:
        self._secret = secret
        self.prefix = f"chat-sonora:{self.masked('installation')[:12]}"
        # A connection that its server closed while idle is opened anew; what comes late is given up at once.
        again = Retry(NoBackoff(), 1, supported_errors=(ConnectionLost,))
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=again,
        )
        self.client: Redis = Redis(connection_pool=pool)
        # A listener must know that it was deaf: it begins anew by itself.
        self._ears: Redis = Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        self._is_away = False
        self._ask_again_at = 0.0

    def masked(self, value: str) -> str:
        """A value as Redis may hold it: who reads it there learns neither it nor, by guessing, that it is this one."""
        return hmac.new(self._secret, b"redis:" + value.encode(), hashlib.sha256).hexdigest()[:32]

    def name(self, what: str) -> str:
        """A key or channel of this installation's."""
        return f"{self.prefix}:{what}"

    async def ask(self, work: Callable[[], Awaitable[T]]) -> T:
        """What Redis answered. Raises RedisAway: soon, or at once where it is known to be away."""
        if self._is_away:
            if time.monotonic() < self._ask_again_at:
                raise RedisAway
            self._ask_again_at = time.monotonic() + REST_SECONDS  # one asks for all
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await work()
        except (RedisError, OSError, TimeoutError) as error:
            self._fell(error)
            raise RedisAway from error
        self._rose()
        return answer

    async def listen(self, name: str, *, begun: Callable[[], None], heard: Callable[[str], None]) -> None:
        """Hear what is published under `name`, for ever. `begun` whenever it begins: before it, nothing was heard."""
        while True:
            try:
                async with self._ears.pubsub() as subscription:
                    await subscription.subscribe(name)
                    await self._hear(subscription, begun, heard)
            except (RedisError, OSError, TimeoutError) as error:
                self._fell(error)
            await asyncio.sleep(REST_SECONDS / 2)

    async def _hear(self, subscription: PubSub, begun: Callable[[], None], heard: Callable[[str], None]) -> None:
        was_silent = False
        while True:
            message = await subscription.get_message(timeout=SILENCE_SECONDS)
            if message is None:
                if was_silent:
                    raise ConnectionLost("not even an echo")
                await subscription.ping()
            elif message["type"] == "subscribe":
                self._rose()
                begun()
            elif message["type"] == "message":
                heard(message["data"].decode())
            was_silent = message is None

    async def close(self) -> None:
        await self.client.aclose(close_connection_pool=True)
        await self._ears.aclose()

    def _fell(self, error: Exception) -> None:
        self._ask_again_at = time.monotonic() + REST_SECONDS
        if not self._is_away:
            self._is_away = True
            metrics.REDIS_AWAY.set(1)
            log.warning("redis_away", error=type(error).__name__)

    def _rose(self) -> None:
        if self._is_away:
            self._is_away = False
            metrics.REDIS_AWAY.set(0)
            log.info("redis_back")


def link_to(url: SecretStr | None, secret: bytes) -> RedisLink | None:
    """The Redis at an address; None where there is none."""
    return RedisLink(url.get_secret_value(), secret) if url is not None else None
