"""The address of a webhook as an administrator types it; where it may lead is judged at each sending."""

import ipaddress
from urllib.parse import urlsplit

from backend.subscriptions.errors import SubscriptionRefused
from channels.outward import Address, is_allowed

MAX_LENGTH = 500


def check_form(typed: str, *, allow_loopback: bool) -> str:
    """The address as it is kept. Raises SubscriptionRefused in words for whoever typed it."""
    url = typed.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SubscriptionRefused("Esa dirección no es válida.", field="url") from error
    if not host or len(url) > MAX_LENGTH or any(char.isspace() or not char.isprintable() for char in url) or port == 0:
        raise SubscriptionRefused("Escriba una dirección completa, como https://ejemplo.gob.mx/avisos.", field="url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise SubscriptionRefused("La dirección no debe llevar usuario, contraseña ni #.", field="url")
    is_local = allow_loopback and _is_loopback_name(host)
    if parts.scheme != "https" and not (is_local and parts.scheme == "http"):
        raise SubscriptionRefused("La dirección debe empezar con https://.", field="url")
    literal = _literal(host)
    if literal is not None and not is_allowed(literal, allow_loopback=allow_loopback):
        raise SubscriptionRefused("Esa dirección es de una red interna. Debe estar en internet.", field="url")
    return url


def _is_loopback_name(host: str) -> bool:
    literal = _literal(host)
    return host == "localhost" or (literal is not None and literal.is_loopback)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
