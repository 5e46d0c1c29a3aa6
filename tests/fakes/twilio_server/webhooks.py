"""How Twilio calls the office: signed forms, its time limits and its few retries.

After «Webhooks: Connection Overrides» and «Webhooks Security» of the vendor's documents:
connect within 5 s, the first byte within 15 s, all attempts within 15 s; one retry
(`rc`, 0 to 5) and only where the connection could not be made (`rp=ct`), unless the URL's
fragment says otherwise (`#rc=3&rp=ct,rt,4xx,5xx` or `rp=all`). Every attempt carries the same
`I-Twilio-Idempotency-Token`. The fragment is for Twilio alone: it is neither sent nor, here, signed.
A messaging webhook that failed goes once to the number's fallback URL, with ErrorCode and ErrorUrl.
"""

import asyncio
import uuid
from urllib.parse import parse_qs, urldefrag

import httpx
from twilio.request_validator import RequestValidator

from tests.fakes.twilio_server.state import Delivery, TwilioState


class Webhooks:
    """Posts forms to the office."""

    def __init__(self, state: TwilioState) -> None:
        self._state = state
        self._client = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    async def post_message(self, form: dict[str, str], url: str) -> None:
        """An inbound message's form to its webhook, and to the fallback if that fails."""
        if not await self.post(form, url):
            failure = self._state.deliveries[-1]
            self._state.alerts.append({"code": 11200, "url": url, "status": failure.status, "problem": failure.problem})
            if self._state.account.fallback_url:
                failed = {**form, "ErrorCode": "11200", "ErrorUrl": urldefrag(url).url}
                await self.post(failed, self._state.account.fallback_url)

    async def post(self, form: dict[str, str], url: str) -> bool:
        """Post a form; was it answered with a 2xx in the end."""
        address, fragment = urldefrag(url)
        overrides = {name: values[-1] for name, values in parse_qs(fragment).items()}
        retries = min(5, int(overrides.get("rc", 1)))
        policy = set(overrides.get("rp", "ct").split(","))
        limit = self._state.faults.settings.timeout_seconds
        total = min(limit, int(overrides.get("tt", 15_000)) / 1000)
        timeout = httpx.Timeout(
            min(limit, int(overrides.get("rt", 15_000)) / 1000), connect=int(overrides.get("ct", 5_000)) / 1000
        )
        token = str(uuid.uuid4())
        loop = asyncio.get_running_loop()
        deadline = loop.time() + total
        for attempt in range(1, retries + 2):
            kind = await self._attempt(address, form, token, attempt, timeout)
            if kind == "ok":
                return True
            if loop.time() >= deadline or not policy & {kind, "all"}:
                return False
        return False

    async def _attempt(self, url: str, form: dict[str, str], token: str, attempt: int, timeout: httpx.Timeout) -> str:
        """One attempt: ok, or what failed in the words of `rp`: ct, rt, 4xx, 5xx."""
        signature = RequestValidator(self._state.account.token).compute_signature(url, form)
        headers = {
            "X-Twilio-Signature": signature,
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        status, problem, kind = None, "", "ok"
        try:
            answer = await self._client.post(url, data=form, headers=headers, timeout=timeout)
            status = answer.status_code
            if status >= 300:
                kind = f"{status // 100}xx"
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            problem, kind = f"connect: {error}", "ct"
        except httpx.HTTPError as error:
            problem, kind = f"read: {type(error).__name__}", "rt"
        self._state.deliveries.append(Delivery(url, form, status, problem, attempt))
        return kind
