"""How Telegram tells a bot what happened: by webhook or by long polling, never both.

After «Getting updates», `setWebhook`, `getWebhookInfo` and `getUpdates`: an update waits up to 24 hours;
one that is not answered with a 2xx is posted again after a growing delay, and the later ones of the
same chat wait behind it, while other chats go on.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx

from tests.fakes.conversation import NoSuch
from tests.fakes.telegram_server.errors import TelegramError
from tests.fakes.telegram_server.state import TelegramState

KEPT = timedelta(hours=24)
FIRST_UPDATE_ID = 810_000_001
#: Updates a bot gets only where it asks for them by name.
_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass
class Update:
    update_id: int
    kind: str
    body: dict[str, Any]
    chat_id: int
    born: datetime

    @property
    def public(self) -> dict[str, Any]:
        return {"update_id": self.update_id, self.kind: self.body}


@dataclass
class Webhook:
    url: str
    secret_token: str = ""
    max_connections: int = 40
    allowed: list[str] = field(default_factory=list)
    last_error_date: int = 0
    last_error: str = ""


class Updates:
    def __init__(self, state: TelegramState) -> None:
        self._state = state
        self.webhook: Webhook | None = None
        self.allowed: list[str] = []
        self.pending: dict[int, Update] = {}
        #: Every update there was, delivered or not.
        self.log: dict[int, Update] = {}
        #: Every attempt at the webhook.
        self.deliveries: list[dict[str, Any]] = []
        self._next_id = FIRST_UPDATE_ID
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._repeats: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(40)
        self._poll = 0
        self._client = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def add(self, kind: str, body: dict[str, Any], chat_id: int) -> int:
        """Tell the bot of something; the update's id, also where the bot did not want to hear of it."""
        update = Update(self._next_id, kind, body, chat_id, self._state.clock.now())
        self._next_id += 1
        wanted = kind in self.allowed if self.allowed else kind not in _ON_REQUEST
        if wanted:
            self.pending[update.update_id] = self.log[update.update_id] = update
            self._wake(chat_id)
        return update.update_id

    def skip_ids(self, count: int) -> None:
        """Leave a gap: after a quiet week the vendor goes on with any higher number."""
        self._next_id += count

    def is_idle(self) -> bool:
        return not self._repeats and (self.webhook is None or not self.pending)

    def set_webhook(self, webhook: Webhook | None, *, drop_pending: bool) -> None:
        if drop_pending:
            self.pending.clear()
        self.webhook = webhook
        if webhook is not None:
            self.allowed = webhook.allowed
            self._slots = asyncio.Semaphore(webhook.max_connections)
            for chat_id in {update.chat_id for update in self.pending.values()}:
                self._wake(chat_id)

    def info(self) -> dict[str, Any]:
        info: dict[str, Any] = {
            "url": self.webhook.url if self.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
        }
        if self.webhook:
            info |= {"max_connections": self.webhook.max_connections, "ip_address": "127.0.0.1"}
            if self.webhook.last_error:
                info |= {
                    "last_error_date": self.webhook.last_error_date,
                    "last_error_message": self.webhook.last_error,
                }
        if self.allowed:
            info["allowed_updates"] = self.allowed
        return info

    def replay(self, update_id: int, times: int) -> None:
        """Post an update again, out of its turn, whatever became of it before."""
        if self.webhook is None or update_id not in self.log:
            raise NoSuch(f"no update {update_id}, or no webhook")
        for _ in range(times):
            task = asyncio.create_task(self._repeat(self.log[update_id], self.webhook))
            self._repeats.add(task)
            task.add_done_callback(self._repeats.discard)

    async def _repeat(self, update: Update, webhook: Webhook) -> None:
        await self._post(update, webhook)

    async def poll(self, offset: int, limit: int, timeout: float) -> list[dict[str, Any]]:
        """`getUpdates`: confirms what is below the offset, waits for something to come."""
        if self.webhook is not None:
            raise TelegramError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poll += 1
        mine = self._poll
        if offset < 0:
            offset = sorted(self.pending)[offset:][0] if self.pending else 0
        for update_id in [known for known in self.pending if known < offset]:
            del self.pending[update_id]
        deadline = self._state.clock.now() + timedelta(seconds=timeout)
        while not self.pending and self._state.clock.now() < deadline:
            await asyncio.sleep(0.01)
            if mine != self._poll:
                raise TelegramError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
        return [update.public for update in list(self.pending.values())[:limit]]

    def _wake(self, chat_id: int) -> None:
        if self.webhook is not None and chat_id not in self._workers:
            self._workers[chat_id] = asyncio.create_task(self._work(chat_id))

    async def _work(self, chat_id: int) -> None:
        """Deliver one chat's updates in order, until there are none or the webhook is gone."""
        delay = self._state.faults.settings.retry_seconds
        while (webhook := self.webhook) and (update := self._first(chat_id)):
            async with self._slots:
                delivered = await self._post(update, webhook)
            if delivered or self._state.clock.now() - update.born > KEPT:
                self.pending.pop(update.update_id, None)
                delay = self._state.faults.settings.retry_seconds
            else:
                await self._state.clock.sleep(delay)
                delay = min(delay * 2, self._state.faults.settings.longest_retry_seconds)
        del self._workers[chat_id]

    def _first(self, chat_id: int) -> Update | None:
        return next((update for update in self.pending.values() if update.chat_id == chat_id), None)

    async def _post(self, update: Update, webhook: Webhook) -> bool:
        """Post an update, and again if duplicates were asked for; was it answered with a 2xx."""
        for _ in range(1 + self._state.faults.settings.duplicate_updates):
            status, problem = await self._attempt(update, webhook)
            self.deliveries.append(
                {"url": webhook.url, "update_id": update.update_id, "status": status, "problem": problem}
            )
            if problem:
                webhook.last_error, webhook.last_error_date = problem, self._state.timestamp()
                return False
        return True

    async def _attempt(self, update: Update, webhook: Webhook) -> tuple[int | None, str]:
        headers = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret_token} if webhook.secret_token else {}
        timeout = self._state.faults.settings.timeout_seconds
        try:
            answer = await self._client.post(webhook.url, json=update.public, headers=headers, timeout=timeout)
        except httpx.ConnectError:
            return None, "Connection refused"
        except httpx.TimeoutException:
            return None, "Read timeout expired"
        except httpx.HTTPError:
            return None, "Connection reset by peer"
        if answer.is_success:
            return answer.status_code, ""
        phrase = HTTPStatus(answer.status_code).phrase
        return answer.status_code, f"Wrong response from the webhook: {answer.status_code} {phrase}"
