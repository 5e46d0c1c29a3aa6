"""How Rasa calls the action server: over connections that are kept from one call to the next.

As it ships, Rasa makes a client, a connection and the longest of JSON encoders' ways for each action: a tenth of a
turn's work, in its process and in the action server's.
"""

import aiohttp
import ujson
from rasa.utils.endpoints import DEFAULT_REQUEST_TIMEOUT, EndpointConfig

#: Ends before the action server ends an idle connection, lest a call be sent into one that is just being closed.
_KEPT_SECONDS = 2.0
_connector: aiohttp.TCPConnector | None = None


def keep_connections() -> None:
    """From now on this process calls its endpoints over a pool of connections."""
    EndpointConfig.session = _session


def _session(endpoint: EndpointConfig) -> aiohttp.ClientSession:
    """What Rasa opens and closes for each call: its connections outlive it."""
    auth = aiohttp.BasicAuth(**endpoint.basic_auth) if endpoint.basic_auth else None
    return aiohttp.ClientSession(
        connector=_pool(),
        connector_owner=False,
        headers=endpoint.headers,
        auth=auth,
        timeout=aiohttp.ClientTimeout(total=DEFAULT_REQUEST_TIMEOUT),
        json_serialize=ujson.dumps,
    )


def _pool() -> aiohttp.TCPConnector:
    """The process's one pool; made when the first call is, as it belongs to the event loop."""
    global _connector
    if _connector is None or _connector.closed:
        _connector = aiohttp.TCPConnector(keepalive_timeout=_KEPT_SECONDS)
    return _connector


async def end_connections() -> None:
    """Close what is kept, when the process stops."""
    if _connector is not None:
        await _connector.close()
