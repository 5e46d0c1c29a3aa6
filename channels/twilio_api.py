"""What Twilio's channels share: signature, client, error codes, statuses, media, lists.

Sources: https://www.twilio.com/docs/usage/security (signatures), /docs/messaging/guides/webhook-request,
/docs/messaging/guides/track-outbound-message-status, /docs/api/errors. Message POSTs are not idempotent.
"""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit, urlunsplit

import aiohttp
import httpx
from multidict import MultiDict
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels import outward
from channels.port import (
    ChannelRefused,
    Listed,
    Malformed,
    MediaContent,
    MediaReference,
    MediaUnavailable,
    NotAuthentic,
    NotSent,
    OutboundMessage,
    Receipt,
    ReceiptState,
    SendFailure,
    SendOutcome,
    Sent,
    Uncertain,
    WebhookRequest,
)

SEND_SECONDS = 15.0
_MEDIA_SECONDS = 20.0
_MAX_REDIRECTS = 3
#: What the library lets through when no answer came.
TRANSPORT_ERRORS = (TimeoutError, aiohttp.ClientError)
_MEDIA_HOSTS = ("twilio.com", "twiliocdn.com", "amazonaws.com")
_CREDENTIAL_HOSTS = ("twilio.com",)
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})
API_HOST = "https://api.twilio.com"
_UNKNOWN_ACCOUNT = (20003, 20404)

FAILURES: dict[int, SendFailure] = {
    20003: SendFailure.UNAUTHORISED,
    20404: SendFailure.UNAUTHORISED,
    70051: SendFailure.UNAUTHORISED,
    20429: SendFailure.RATE_LIMITED,
    63018: SendFailure.RATE_LIMITED,
    30001: SendFailure.RATE_LIMITED,
    # Twilio could not fetch our file, as while no web process of ours runs: nothing was shown, so it may be sent again.
    63019: SendFailure.UNAVAILABLE,
    63016: SendFailure.WINDOW_CLOSED,
    63003: SendFailure.RECIPIENT_UNREACHABLE,
    63024: SendFailure.RECIPIENT_UNREACHABLE,
    21211: SendFailure.RECIPIENT_UNREACHABLE,
    21614: SendFailure.RECIPIENT_UNREACHABLE,
    30003: SendFailure.RECIPIENT_UNREACHABLE,
    30005: SendFailure.RECIPIENT_UNREACHABLE,
    30006: SendFailure.RECIPIENT_UNREACHABLE,
    21610: SendFailure.RECIPIENT_BLOCKED,
    30004: SendFailure.RECIPIENT_BLOCKED,
}

_STATES = {
    "sent": ReceiptState.SENT,
    "delivered": ReceiptState.DELIVERED,
    "read": ReceiptState.READ,
    "failed": ReceiptState.FAILED,
    "undelivered": ReceiptState.FAILED,
    "canceled": ReceiptState.FAILED,
}
#: Our delivery's id, in the status callback's address.
DELIVERY_PARAMETER = "delivery"


class _HttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]
    """The library's client, mended in two ways.

    A body announced as JSON is sent as JSON: the asynchronous client of 9.13 sends a form, which the Content API
    refuses (the synchronous one does not). And `base` replaces every host, for a stand-in on loopback or a proxy.
    """

    def __init__(self, base: str | None, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._base = urlsplit(base) if base else None

    async def request(
        self, method: str, url: str, *, data: Any = None, headers: dict[str, str] | None = None, **kwargs: Any
    ) -> Any:
        if (headers or {}).get("Content-Type") == "application/json" and data is not None:
            data = json.dumps(data)
        if self._base is not None:
            parts = urlsplit(url)
            url = urlunsplit((self._base.scheme, self._base.netloc, parts.path, parts.query, ""))
        return await super().request(method, url, data=data, headers=headers, **kwargs)


class TwilioApi:
    """One Twilio account. `base` replaces Twilio's own hosts (None: Twilio's)."""

    def __init__(self, account_sid: str, auth_token: str, *, base: str | None = None) -> None:
        self.account_sid = account_sid
        self._auth_token = auth_token
        self._base = base
        self._http = _HttpClient(base, SEND_SECONDS)
        self.client = Client(account_sid, auth_token, http_client=self._http)
        self._validator = RequestValidator(auth_token)

    async def close(self) -> None:
        await self._http.close()

    def verify(self, request: WebhookRequest) -> None:
        """Raises NotAuthentic unless the call bears this account's signature (constant-time compare in the library)."""
        signature = _header(request.headers, "x-twilio-signature")
        if not signature or not self._validator.validate(request.url, _signed_content(request), signature):
            raise NotAuthentic

    async def create_message(self, delivery_id: str, status_callback: str, **fields: Any) -> SendOutcome:
        """POST a message once. A connection that breaks after the request left is Uncertain, never tried again here."""
        separator = "&" if "?" in status_callback else "?"
        callback = f"{status_callback}{separator}{DELIVERY_PARAMETER}={delivery_id}"
        try:
            message = await self.client.messages.create_async(status_callback=callback, **fields)
        except TwilioRestException as error:
            return outcome_of(error)
        except (*TRANSPORT_ERRORS, TwilioException, ValueError) as error:
            return broken(error)
        return Sent(str(message.sid))

    async def find(self, message: OutboundMessage, sender: str, since: float, known: Collection[str]) -> Sent | None:
        """The message in Twilio's own list, if an uncertain send did arrive.

        Raises TwilioException and what TRANSPORT_ERRORS names.
        """
        async for listed in self._stream(to=message.recipient, from_=sender, date_sent_after=_moment(since)):
            if listed.sid not in known and (
                message.template is not None or listed.body.strip() == message.text.strip()
            ):
                return Sent(str(listed.sid))
        return None

    async def list_since(self, address: str, since: float) -> Sequence[Listed]:
        """Every message to and from `address` since then, as Twilio has it. Raises ChannelRefused."""
        found = []
        try:
            for is_inbound, filters in ((True, {"to": address}), (False, {"from_": address})):
                async for listed in self._stream(date_sent_after=_moment(since), **filters):
                    found.append(_listed(listed, is_inbound=is_inbound))
        except (*TRANSPORT_ERRORS, TwilioException) as error:
            raise refused(error, "Twilio no dio su lista de mensajes.") from error
        return found

    async def media_of(self, listed: Listed) -> tuple[MediaReference, ...]:
        """The files of a message in the list. Raises ChannelRefused."""
        if not listed.media_count:
            return ()
        try:
            files = await self.client.messages(listed.provider_id).media.list_async()
        except (*TRANSPORT_ERRORS, TwilioException) as error:
            raise refused(error, "Twilio no dio los archivos del mensaje.") from error
        return tuple(MediaReference(f"{API_HOST}{file.uri.removesuffix('.json')}") for file in files)

    async def _stream(self, **filters: Any) -> AsyncIterator[Any]:
        async for listed in await self.client.messages.stream_async(page_size=200, **filters):
            yield listed

    async def check(self) -> str:
        """The account's name. Raises ChannelRefused."""
        try:
            account = await self.client.api.accounts(self.account_sid).fetch_async()
        except (*TRANSPORT_ERRORS, TwilioException) as error:
            raise refused(error, "Twilio rechazó la consulta.") from error
        return str(account.friendly_name)

    async def fetch(self, media: MediaReference, *, max_bytes: int) -> MediaContent:
        """A file that Twilio holds; the credentials go to Twilio's own hosts alone. Raises MediaUnavailable."""
        address = media.reference
        # A connection for each host: two names at one judged IP must each prove who they are.
        each_its_own = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=_MEDIA_SECONDS, trust_env=False, limits=each_its_own) as client:
            for _ in range(_MAX_REDIRECTS + 1):
                try:
                    answer = await self._get(client, address, max_bytes)
                except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                    raise MediaUnavailable(type(error).__name__, is_retryable=True) from error
                except outward.AddressRefused as refused:  # or not found for now, which is tried again
                    raise MediaUnavailable(str(refused), is_retryable=True) from refused
                if isinstance(answer, bytes):
                    return MediaContent(answer, media.file_name)
                address = urljoin(address, answer)
        raise MediaUnavailable("too_many_redirects", is_retryable=False)

    async def _get(self, client: httpx.AsyncClient, address: str, max_bytes: int) -> bytes | str:
        """The bytes at `address`, or where it redirects to. A host of Twilio's that leads inward is not asked."""
        asked, is_twilios = self._allowed(address)
        target = await outward.resolve(asked, allow_loopback=self._base is not None)
        auth = (self.account_sid, self._auth_token) if is_twilios else None
        headers, tls = {"host": target.host_header}, {"sni_hostname": target.host}
        async with client.stream("GET", target.direct_url, auth=auth, headers=headers, extensions=tls) as response:
            if response.is_redirect:
                return response.headers["location"]
            if response.status_code != httpx.codes.OK:
                is_retryable = response.status_code == 429 or response.status_code >= 500
                raise MediaUnavailable(f"status_{response.status_code}", is_retryable=is_retryable)
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > max_bytes:
                    raise MediaUnavailable("too_large", is_retryable=False)
            return bytes(content)

    def _allowed(self, address: str) -> tuple[str, bool]:
        """The address to ask, and whether it may see our credentials. Raises MediaUnavailable for a foreign host."""
        parts = urlsplit(address)
        host = parts.hostname or ""
        if self._base is not None:
            base = urlsplit(self._base)
            if parts.netloc == base.netloc:
                # As at Twilio, whose media lie behind a redirect on a host that wants no credentials.
                return address, parts.path.startswith("/2010-04-01/")
            if _is_under(host, _CREDENTIAL_HOSTS):
                return urlunsplit((base.scheme, base.netloc, parts.path, parts.query, "")), True
            if {host, base.hostname} <= _LOOPBACK:  # a stand-in's content network: not where credentials go
                return address, False
        if parts.scheme != "https" or not _is_under(host, _MEDIA_HOSTS) or parts.port not in (None, 443):
            raise MediaUnavailable("foreign_host", is_retryable=False)
        return address, _is_under(host, _CREDENTIAL_HOSTS)


def _listed(message: Any, *, is_inbound: bool) -> Listed:
    return Listed(
        provider_id=str(message.sid),
        is_inbound=is_inbound,
        counterpart=message.from_ if is_inbound else message.to,
        state=str(message.status),
        at=(message.date_sent or message.date_created).timestamp(),
        text=message.body or "",
        media_count=int(message.num_media or 0),
        error_code=str(message.error_code) if message.error_code else None,
    )


def refused(error: Exception, text: str) -> ChannelRefused:
    """A refusal, in an administrator's words; `text` where Twilio's own code says no more."""
    if isinstance(error, TRANSPORT_ERRORS):
        return ChannelRefused("unreachable", "No se pudo llegar a Twilio. Intente de nuevo.")
    # A list refused comes as the library's base error, with the answer among its arguments.
    status = next((argument.status_code for argument in error.args if isinstance(argument, Response)), None)
    code = None
    if isinstance(error, TwilioRestException):
        status, code = error.status, error.code
    if status in {401, 403} or code in _UNKNOWN_ACCOUNT:
        return ChannelRefused("unauthorised", "Twilio no reconoce el SID o el token. Revíselos.")
    return ChannelRefused(str(code or (f"status_{status}" if status else type(error).__name__)), text)


def _is_under(host: str, domains: Sequence[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def fields(request: WebhookRequest) -> dict[str, str]:
    """The form of a call, each field once. Raises Malformed."""
    try:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=bool(request.body)))
    except ValueError as error:
        raise Malformed("not a form in UTF-8") from error


def _signed_content(request: WebhookRequest) -> "MultiDict[str] | str":
    """What is signed beside the address: a form, where a field may come twice; else the body, by its digest.

    Twilio binds a body that is no form by `bodySHA256` in the address, which is signed; without it nothing does.
    """
    is_form = "json" not in _header(request.headers, "content-type").lower()
    if not is_form and "bodySHA256" not in parse_qs(urlsplit(request.url).query):
        raise NotAuthentic
    try:
        return MultiDict(request.form) if is_form else request.body.decode()
    except ValueError as error:
        raise NotAuthentic from error


def broken(error: Exception) -> SendOutcome:
    """What a connection that broke means: unsent where none was made, else nobody knows."""
    name = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NotSent(SendFailure.UNAVAILABLE, name)
    return Uncertain(name)


def outcome_of(error: TwilioRestException) -> SendOutcome:
    """What a refusal means for the send."""
    code = str(error.code or f"status_{error.status}")
    known = FAILURES.get(error.code or 0)
    if known is not None:
        return NotSent(known, code)
    if error.status == 429:
        return NotSent(SendFailure.RATE_LIMITED, code)
    if error.status in {401, 403}:
        return NotSent(SendFailure.UNAUTHORISED, code)
    if error.status == 503:
        return NotSent(SendFailure.UNAVAILABLE, code)
    # A message POST is not idempotent: after another 5xx nobody knows whether it went.
    return Uncertain(code) if error.status >= 500 else NotSent(SendFailure.REJECTED, code)


def receipt(request: WebhookRequest, form: Mapping[str, str]) -> Receipt | None:
    """What a status callback says; None for a status on the way (queued, sending). Raises Malformed."""
    state = _STATES.get(form.get("MessageStatus", ""))
    if not form.get("MessageSid"):
        raise Malformed("no MessageSid")
    if state is None:
        return None
    ours = parse_qs(urlsplit(request.url).query).get(DELIVERY_PARAMETER, [None])[0]
    code = form.get("ErrorCode") or None
    return Receipt(form["MessageSid"], state, ours, _failure(state, code), code)


def receipt_of(listed: Listed) -> Receipt | None:
    """The same of a message in the list."""
    state = _STATES.get(listed.state)
    if state is None:
        return None
    failure = _failure(state, listed.error_code)
    return Receipt(listed.provider_id, state, None, failure, listed.error_code)


def _failure(state: ReceiptState, code: str | None) -> SendFailure | None:
    if state is not ReceiptState.FAILED:
        return None
    return FAILURES.get(int(code) if code and code.isdigit() else 0, SendFailure.REJECTED)
