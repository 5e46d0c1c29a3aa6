"""Twilio's own client library, pointed at a stand-in: only scheme and host of each request change."""

from typing import Any
from urllib.parse import urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from tests.fakes.handles import TwilioServer


class RedirectedHttpClient(TwilioHttpClient):
    """Sends what goes to https://*.twilio.com to another address."""

    def __init__(self, base_url: str, **options: Any) -> None:
        super().__init__(**options)
        self._base = urlsplit(base_url)

    def request(self, method: str, url: str, **options: Any) -> Response:
        moved = urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc).geturl()
        return super().request(method, moved, **options)


def client_of(server: TwilioServer, *, token: str | None = None, timeout: float = 10) -> Client:
    """A client with the account's credentials, or with another token."""
    http_client = RedirectedHttpClient(server.base_url, timeout=timeout)
    return Client(server.account_sid, token or server.auth_token, http_client=http_client)
