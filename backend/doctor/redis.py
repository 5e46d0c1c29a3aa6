"""Redis: whether it is needed, and fit for what it is there for."""

from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from sqlalchemy import text

from backend.doctor.findings import Finding, Installation, broken, good, warning
from backend.wakeups import CHANNEL

NAME = "redis"
LEAST_VERSION = (6, 2)
_PATIENCE = 5.0
#: Each web process has one connection whose last word was this.
_WEBS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = :listen").bindparams(
    listen=f"LISTEN {CHANNEL}"
)


async def redis(found: Installation) -> AsyncIterator[Finding]:
    """It answers, is new enough, forgets nothing before its time and asks for a password; or one web does without."""
    if found.settings.redis_url is None:
        yield await _without(found)
        return
    url = found.settings.redis_url.get_secret_value()
    if not _is_guarded(url):
        told = "Acepta a cualquiera que llegue a su puerto: REDIS_URL no lleva contraseña."
        yield broken(NAME, told, "Ponga requirepass en Redis, y REDIS_URL=redis://:CONTRASEÑA@servidor:6379/0.")
    try:
        answer = await _told_by(url)
    except (RedisError, OSError, TimeoutError) as error:
        mend = "Revise su servicio y REDIS_URL; docs/operations.md, «Redis is away». Mientras, nada se pierde."
        yield broken(NAME, f"No responde ({type(error).__name__}).", mend)
        return
    version = str(answer["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST_VERSION:
        yield broken(NAME, f"La versión {version} es muy antigua.", "Use la 6.2 o una más nueva.")
    policy = str(answer.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        told = f"Con maxmemory-policy {policy} puede olvidar los límites antes de tiempo."
        yield warning(NAME, told, "Ponga maxmemory-policy noeviction: lleno, cada proceso cuenta por su lado.")
    yield good(NAME, f"Responde (versión {version}).")


async def _without(found: Installation) -> Finding:
    async with found.database.transaction() as session:
        webs = await session.scalar(_WEBS) or 0
    if webs > 1:
        told = f"Hay {webs} procesos web y ningún Redis: cada uno cuenta los límites por su lado."
        return warning(NAME, told, "Ponga REDIS_URL: docs/operations.md, «Several processes».")
    return good(NAME, "No se usa; con un solo proceso web no hace falta.")


async def _told_by(url: str) -> dict[str, Any]:
    client: Redis = Redis.from_url(
        url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, retry=Retry(NoBackoff(), 0)
    )
    try:
        answer: dict[str, Any] = await client.info()
        return answer
    finally:
        await client.aclose()


def _is_guarded(url: str) -> bool:
    """It wants a password, or nobody from another machine comes by."""
    address = urlsplit(url)
    if address.scheme == "unix" or address.password or address.hostname in (None, "localhost"):
        return True
    try:
        return ip_address(address.hostname or "").is_loopback
    except ValueError:
        return False
