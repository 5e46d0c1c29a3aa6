"""The backend's internal API, as the actions use it. Shapes: backend/internal_api/schemas.py."""

import asyncio
import logging
import os
import time
from typing import Any

import httpx

TIMEOUT_SECONDS = 4.0
#: How long a call is made again that reached nobody, or a backend whose database restarts.
PATIENCE_SECONDS = 5.0
_AGAIN_SECONDS = 0.2

#: What the backend takes. A longer text is no folio, name or phone, and is cut to be refused as such.
_FOLIO_MAX, _NAME_MAX, _PHONE_MAX = 200, 200, 100


#: It would tell of every call, by the conversation's name.
logging.getLogger("httpx").setLevel(logging.WARNING)


class BackendError(Exception):
    """The backend gave no usable answer."""


class BackendClient:
    """Speaks for one conversation's current message.

    Each effect carries `<message id>:<action>` as its idempotency key, so a turn that Rasa
    runs again after a crash has no second effect. What the conversation stands at is read by such
    a key too: what the first run has already changed would make the message an answer to the next
    question. `place`: how far in the message's turn this is, the same when it is run again; None
    where there is no message.
    """

    def __init__(
        self, http: httpx.AsyncClient, conversation_id: str, message_id: str, place: int | None = None
    ) -> None:
        self._http = http
        self._base = f"/conversations/{conversation_id}"
        self._message_id = message_id
        self._place = place
        self._effects = self._reads = 0

    async def context(self) -> dict[str, Any]:
        self._reads += 1
        key = f"{self._message_id}:context:{self._place}.{self._reads}"
        headers = {"Idempotency-Key": key} if self._place is not None else {}
        return await self._call("GET", self._base, headers=headers)

    async def office(self) -> dict[str, Any]:
        return await self._call("GET", "/office")

    async def emergency_text(self) -> str:
        answer = await self._call("GET", "/texts/emergency")
        return str(answer["text"])

    async def consent(self, accepted: bool) -> None:
        await self._effect("consent", {"accepted": accepted})

    async def open_draft(self, kind: str, fields: dict[str, str]) -> dict[str, Any]:
        return await self._effect("draft", {"kind": kind, "fields": fields})

    async def answer(self, field: str, text: str) -> dict[str, Any]:
        return await self._effect("draft/answer", {"field": field, "text": text})

    async def clear(self, field: str) -> dict[str, Any]:
        return await self._effect("draft/clear", {"field": field})

    async def cancel_draft(self) -> None:
        await self._effect("draft/cancel", {})

    async def file_draft(self) -> dict[str, Any]:
        return await self._effect("draft/file", {})

    async def offer(self) -> dict[str, Any] | None:
        """The open petition that the draft repeats, if it may be joined."""
        found: dict[str, Any] | None = (await self._effect("draft/offer", {}))["offer"]
        return found

    async def join(self) -> dict[str, Any]:
        return await self._effect("draft/join", {})

    async def decline(self) -> None:
        await self._effect("draft/decline", {})

    async def status(self, folio: str, code: str | None) -> dict[str, Any]:
        return await self._effect("status", _lookup(folio, code))

    async def add_information(self, folio: str, code: str | None, text: str) -> dict[str, Any]:
        return await self._effect("information", {**_lookup(folio, code), "text": text})

    async def callback(self, name: str, phone: str, note: str) -> dict[str, Any]:
        body = {"name": name[:_NAME_MAX], "phone": phone[:_PHONE_MAX], "note": note}
        return await self._effect("callback", body)

    async def _effect(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        self._effects += 1
        key = f"{self._message_id}:{name}:{self._effects}"
        return await self._call("POST", f"{self._base}/{name}", json=body, headers={"Idempotency-Key": key})

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = await self._once_there(method, path, **options)
            response.raise_for_status()
            answer: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise BackendError(f"{method} {path.rsplit('/', 1)[-1]}: {type(error).__name__}") from error
        return answer

    async def _once_there(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Safe to repeat: an effect is known by its key. What was slow once is not: the turn has no time for it."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                response = await self._http.request(method, path, **options)
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                if time.monotonic() > give_up_at:
                    raise
            else:
                if response.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > give_up_at:
                    return response
            await asyncio.sleep(_AGAIN_SECONDS)


def _lookup(folio: str, code: str | None) -> dict[str, str | None]:
    return {"folio": folio[:_FOLIO_MAX], "access_code": code and code[:_FOLIO_MAX]}


_shared: httpx.AsyncClient | None = None


def shared_http() -> httpx.AsyncClient:
    """The process's one connection pool to the backend."""
    global _shared
    if _shared is None:
        _shared = httpx.AsyncClient(
            base_url=os.environ["INTERNAL_API_URL"],
            headers={"Authorization": f"Bearer {os.environ['INTERNAL_API_TOKEN']}"},
            timeout=TIMEOUT_SECONDS,
        )
    return _shared
