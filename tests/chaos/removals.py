"""Builds of the product with one of its protections removed, to show that the oracle would tell.

They exist in `tests.chaos.process` alone. Each is named for the protection that is gone.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import true
from sqlalchemy.orm.attributes import set_committed_value
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import clock
from backend.settings import Settings
from tests.chaos.replacing import replace_function

REPEATS_KNOWN = "a repeated message is known by its sender's id"
COMMIT_FIRST = "a vendor is answered after the commit"
ARRIVAL_KEPT = "an accepted call stays until what it says is stored"
LEASE_ENDS = "a dead worker's lease ends"
TURN_LEASED = "a conversation is leased for a turn"
CLAIM_DURABLE = "a delivery's claim is committed before it is sent"
DELIVERY_LEASED = "a delivery is leased while it is sent"
ONE_BY_ONE = "a conversation's deliveries go one after another"
COUNTS_ALONG = "each process counts too what Redis counts"
STREAM_RESUMES = "a stream goes on after the last event seen"
DEADLINE = "a request is answered within its time"
TURN_LIMITED = "a turn with the bot is limited in time"
EMPTY_FAILS = "an empty answer of the bot's is a failure"
CAUGHT_UP = "what a vendor could not deliver is fetched from its list"
TURN_MOVES = "a turn whose Rasa is gone is had at another"
PINNED = "a conversation stays with its Rasa"
IMPORT_CLAIMED = "an import is one worker's at a time"
MANY_AT_ONCE = "a change of many petitions is one transaction"
LEFT_AS_IT_IS = "a petition that is so already is left as it is"

_NEVER, _AT_ONCE = timedelta(days=1), timedelta(seconds=-60)


def _forget_repeats() -> None:
    def make(original: Any) -> Any:
        async def receive_locked(session: Any, conversation: Any, *, external_id: str, **given: Any) -> Any:
            return await original(session, conversation, external_id=f"{external_id}:{uuid4().hex[:8]}", **given)

        return receive_locked

    replace_function("backend.conversations.inbox", "receive_locked", make)


def _take_calls_away_to_read_them() -> None:
    from backend.messaging.models import Arrival
    from backend.webhooks import reading

    async def read_next(self: Any) -> bool:
        async with self._database.transaction() as session:
            found = (await session.execute(reading._NEXT)).first()
            if found is None:
                return False
            taken = await session.get_one(Arrival, found.id)
            await session.delete(taken)
        async with self._database.transaction() as session:
            told = {column.name: getattr(taken, column.name) for column in Arrival.__table__.columns}
            session.add(Arrival(**told))
            await session.flush()
            await self._read(session, found.id, found.account_id)
        return True

    replace_function("backend.webhooks.reading", "ArrivalReader._read_next", lambda _: read_next)


def _send_without_lease() -> None:
    from backend.outbox import service

    # Nor the while for which a delivery whose lease ended is left to whoever had it.
    service.VENDOR_LEASE = service.LEASE = service.UNCERTAIN_GRACE = _AT_ONCE


def _claim_without_a_trace() -> None:
    """Nothing in the database says that a delivery may have been sent; it is only put off while it is."""
    from backend.outbox.models import Delivery, DeliveryAttempt, DeliveryState

    def claiming(original: Any) -> Any:
        async def lease(session: Any, delivery: Delivery, *given: Any) -> Any:
            claim = await original(session, delivery, *given)
            delivery.next_attempt_at, delivery.state = delivery.lease_until or clock.now(), DeliveryState.PENDING
            (await session.get_one(DeliveryAttempt, claim.attempt_id)).outcome = "waiting"
            return claim

        return lease

    def recording(original: Any) -> Any:
        async def record(session: Any, claim: Any, outcome: Any) -> None:
            (await session.get_one(Delivery, claim.delivery_id)).state = DeliveryState.SENDING
            await original(session, claim, outcome)

        return record

    replace_function("backend.outbox.service", "_lease", claiming)
    replace_function("backend.outbox.service", "record", recording)


def _send_in_any_order() -> None:
    replace_function("backend.outbox.service", "_is_first_of_its_conversation", lambda _: true)


def _from_the_beginning(raw: str | None) -> int:
    return 0


def _begin_streams_anew() -> None:
    replace_function("backend.widget.service", "parse_cursor", lambda _: _from_the_beginning)


def _count_by_redis_alone() -> None:
    async def hit(self: Any, item: Any, subject: str, key: str) -> bool:
        return await self._together(lambda shared, name: shared.hit(item, subject, name), key) is not False

    replace_function("backend.limits", "RateLimiter._hit", lambda _: hit)


def _without_deadline() -> None:
    def make(original: Any) -> Any:
        async def call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
            await self._app(scope, receive, send)

        return call

    replace_function("backend.middleware", "Deadline.__call__", make)


def _take_empty_for_an_answer() -> None:
    from backend.assistant.port import AssistantError, TurnResult

    def make(original: Any) -> Any:
        def result(answer: Any) -> TurnResult:
            try:
                made: TurnResult = original(answer)
            except AssistantError:
                return TurnResult(())
            return made

        return result

    replace_function("backend.assistant.rasa", "_result", make)


def _never_catch_up() -> None:
    from backend.messaging import reconciliation

    reconciliation.CATCH_UP_EVERY = _NEVER


def _never_move() -> None:
    async def stay(self: Any, claimed: Any) -> None:
        return None

    replace_function("backend.conversations.turns", "Advancer._move", lambda _: stay)


def _forget_pins() -> None:
    def make(original: Any) -> Any:
        async def take(session: Any, conversation: Any, *given: Any, **named: Any) -> Any:
            conversation.rasa = conversation.rasa_busy_until = None
            return await original(session, conversation, *given, **named)

        return take

    replace_function("backend.conversations.pins", "take", make)


def _import_together() -> None:
    async def claim(session: Any, batch_id: Any, state: Any) -> Any:
        from backend.imports.models import ImportBatch

        batch = await session.get_one(ImportBatch, batch_id)
        return batch if batch.state is state else None

    replace_function("backend.imports.jobs", "_claim", lambda _: claim)


def _commit_between_petitions() -> None:
    def make(original: Any) -> Any:
        async def one(session: Any, *given: Any) -> Any:
            # Past SQLAlchemy, which lets nobody commit within the edge's transaction.
            await (await session.connection()).exec_driver_sql("COMMIT")
            return await original(session, *given)

        return one

    replace_function("backend.workspace.bulk", "_one", make)


def _forget_what_was_changed() -> None:
    from backend.registry.models import Petition, Priority

    def make(original: Any) -> Any:
        async def one(session: Any, folio: str, change: Any) -> Any:
            async def again(petition: Petition) -> Any:
                set_committed_value(petition, "priority", Priority.NORMAL)
                return await change(petition)

            return await original(session, folio, again)

        return one

    replace_function("backend.workspace.bulk", "_one", make)


_ON_CODE: dict[str, Callable[[], None]] = {
    REPEATS_KNOWN: _forget_repeats,
    ARRIVAL_KEPT: _take_calls_away_to_read_them,
    DELIVERY_LEASED: _send_without_lease,
    CLAIM_DURABLE: _claim_without_a_trace,
    ONE_BY_ONE: _send_in_any_order,
    STREAM_RESUMES: _begin_streams_anew,
    COUNTS_ALONG: _count_by_redis_alone,
    DEADLINE: _without_deadline,
    EMPTY_FAILS: _take_empty_for_an_answer,
    CAUGHT_UP: _never_catch_up,
    TURN_MOVES: _never_move,
    PINNED: _forget_pins,
    IMPORT_CLAIMED: _import_together,
    MANY_AT_ONCE: _commit_between_petitions,
    LEFT_AS_IT_IS: _forget_what_was_changed,
}
_ON_SETTINGS: dict[str, dict[str, float]] = {
    LEASE_ENDS: {"lease_seconds": _NEVER.total_seconds()},
    TURN_LEASED: {"lease_seconds": _AT_ONCE.total_seconds()},
    TURN_LIMITED: {"turn_timeout": _NEVER.total_seconds()},
}
ALL = (*_ON_CODE, *_ON_SETTINGS, COMMIT_FIRST)


def remove(name: str, settings: Settings) -> Settings:
    """Take one protection out of this process; the settings to go on with."""
    assert name in ALL, name
    if name in _ON_CODE:
        _ON_CODE[name]()
    return settings.model_copy(update=dict(_ON_SETTINGS.get(name, {})))


class AnswersFirst:
    """ASGI middleware that tells a vendor «200» and only then lets the product see the call."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/webhooks/"):
            await self._app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def nobody(message: Message) -> None:
            return None

        task = asyncio.create_task(self._app(scope, again, nobody))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
