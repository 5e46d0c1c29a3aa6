"""Where a request of ours may go: into the public internet, and nowhere else.

An address that somebody types or a vendor names, or a name whose owner points it elsewhere later, must not make this
server knock at its own doors or its neighbours'. So a name is looked up at every request, all that it leads to is
judged, and the connection is made to what was judged, not to what a second look-up might say.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: IPv6 that carries an IPv4 address to its translator.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Exception):
    """Nothing may be sent to where a name leads: this machine, the office's network, or nowhere. `args[0]` is why."""


@dataclass(frozen=True)
class Target:
    """A judged address: `ip` is connected to, `host` is who must answer there."""

    url: SplitResult
    host: str
    ip: str

    @property
    def direct_url(self) -> str:
        """The URL with the judged IP in its name's place."""
        where = f"[{self.ip}]" if ":" in self.ip else self.ip
        port = f":{self.url.port}" if self.url.port else ""
        return self.url._replace(netloc=f"{where}{port}").geturl()

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.url.port}" if self.url.port else host


def is_allowed(ip: Address, *, allow_loopback: bool) -> bool:
    """Whether an address lies in the public internet, also where IPv6 wraps an IPv4 one."""
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if wrapped is None and ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_allowed(wrapped, allow_loopback=allow_loopback)
    if ip.is_loopback:
        return allow_loopback
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


async def resolve(url: str, *, allow_loopback: bool) -> Target:
    """Look the address up now. Raises AddressRefused when it leads nowhere, or anywhere it must not."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not allow_loopback:
        raise AddressRefused("sin_https")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused("no_se_encuentra") from error
    ips = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]
    # One inner address among outer ones is reason enough: nobody honest has that.
    if not ips or not all(is_allowed(ip, allow_loopback=allow_loopback) for ip in ips):
        raise AddressRefused("red_interna")
    if parts.scheme != "https" and not all(ip.is_loopback for ip in ips):
        raise AddressRefused("sin_https")
    return Target(parts, host, str(ips[0]))
