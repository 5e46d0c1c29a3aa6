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

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0


class Webhooks:
    """Posts forms to the office."""

    def __init__(self, state: TwilioState) -> None:
        self._state = state
        self._tasks: set[asyncio.Task[None]] = set()

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
        speed = self._state.clock.speed
        total = min(TOTAL_SECONDS, int(overrides.get("tt", 15_000)) / 1000) / speed
        timeout = httpx.Timeout(
            min(TOTAL_SECONDS, int(overrides.get("rt", 15_000)) / 1000) / speed,
            connect=max(1.0, min(10.0, int(overrides.get("ct", 5_000)) / 1000) / speed),
        )
        token = str(uuid.uuid4())
        loop = asyncio.get_running_loop()
        deadline = loop.time() + total
        async with httpx.AsyncClient(timeout=timeout, trust_env=False) as client:
            for attempt in range(1, retries + 2):
                kind = await self._attempt(client, address, form, token, attempt)
                if kind == "ok":
                    return True
                if loop.time() >= deadline or not policy & {kind, "all"}:
                    return False
        return False

    async def _attempt(
        self, client: httpx.AsyncClient, url: str, form: dict[str, str], token: str, attempt: int
    ) -> str:
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
            answer = await client.post(url, data=form, headers=headers)
            status = answer.status_code
            if status >= 300:
                kind = f"{status // 100}xx"
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            problem, kind = f"connect: {error}", "ct"
        except httpx.HTTPError as error:
            problem, kind = f"read: {type(error).__name__}", "rt"
        self._state.deliveries.append(Delivery(url, form, status, problem, attempt))
        return kind
