"""Rasa's SQL tracker store, asked for a conversation once a turn, and told of its end once.

As it ships, the store is asked four times a turn and looks each time whether the schema is there, before each event's
class is searched among all classes: most of a turn's time. Nothing is kept from one turn to the next, so several
Rasas over one database, and one that dies at any moment, are as they were: the database alone remembers.

While the database is away, as when it restarts, a turn waits, until the channel gives it up. Rasa would take a failed
read for a conversation that begins, and keep a failed end in memory: forgotten by the next turn, or had once more.
"""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

_T = TypeVar("_T")

#: How many of a tracker's events the database has; on trackers that came from it or went to it.
_STORED = "_stored_events"
#: How long the database may be away: longer than any turn lasts.
_PATIENCE_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.1
#: The tracker that the turn under way has saved.
_saved: ContextVar[DialogueStateTracker | None] = ContextVar("saved", default=None)


def saved_in_this_turn() -> DialogueStateTracker | None:
    """What the turn that was just awaited has stored; None where it stored nothing."""
    return _saved.get()


def _know_events_by_name() -> None:
    """From now on this process searches for an event's class once, not at every event of every tracker."""
    if not hasattr(Event.resolve_by_type, "cache_info"):
        Event.resolve_by_type = staticmethod(cache(Event.resolve_by_type))


async def _once_there(ask: Callable[[], Awaitable[_T]], *, again: Callable[[], Awaitable[_T]] | None = None) -> _T:
    """What the database answers, once it is there. `again`: what it is asked when it was away the first time."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except DBAPIError as error:
            is_away = isinstance(error, OperationalError) or error.connection_invalidated
            if not is_away or time.monotonic() > deadline:
                raise
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        ask = again or ask


class TurnTrackerStore(SQLTrackerStore):
    """The tracker store of `bot/endpoints.yml`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _know_events_by_name()

    async def has_heard(self, sender_id: str, message_id: str) -> bool:
        """Whether a turn of this message is stored, however long ago. Raises SQLAlchemyError: nobody knows."""
        return await _once_there(lambda: self._find(sender_id, message_id))

    async def _find(self, sender_id: str, message_id: str | None) -> bool:
        event = self.SQLEvent
        # Within a text the quotes would be escaped: only an event's own field reads so.
        field = f'"message_id": {json.dumps(message_id)}'
        with self.session_scope() as session:
            heard = session.query(event.id).filter(
                event.sender_id == sender_id,
                event.type_name == UserUttered.type_name,
                event.data.contains(field, autoescape=True),
            )
            return heard.first() is not None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store what is new of a tracker: whole or not at all, and never twice."""
        _saved.set(None)
        await _once_there(lambda: super(TurnTrackerStore, self).save(tracker), again=lambda: self._save_again(tracker))
        setattr(tracker, _STORED, len(tracker.events))
        _saved.set(tracker)

    async def _save_again(self, tracker: DialogueStateTracker) -> None:
        """Where the connection was lost at the commit, it may all be there."""
        if not await self._find(tracker.sender_id, tracker.latest_message.message_id):
            await super().save(tracker)

    async def _retrieve(self, sender_id: str, fetch_events_from_all_sessions: bool) -> DialogueStateTracker | None:
        return await _once_there(lambda: self._read(sender_id, fetch_events_from_all_sessions))

    async def _read(self, sender_id: str, of_all_sessions: bool) -> DialogueStateTracker | None:
        with self.session_scope() as session:
            query = self._event_query(session, sender_id, of_all_sessions)
            events = [json.loads(data) for (data,) in query.with_entities(self.SQLEvent.data)]
        if not events:
            return None
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        setattr(tracker, _STORED, len(tracker.events))
        return tracker

    def _additional_events(self, session: Session, tracker: DialogueStateTracker) -> Iterator[Event]:
        """The events after those that the tracker was made of; of one made from nothing, all."""
        return itertools.islice(tracker.events, getattr(tracker, _STORED, 0), None)

    @contextlib.contextmanager
    def session_scope(self) -> Iterator[Session]:
        """A session; that its schema exists was seen when the store was made."""
        with self.sessionmaker() as session:
            yield session
