"""Who has which conversation open, so that two colleagues do not answer the same person.

Each process keeps it in memory, from what every open page's process tells all others now and then, by the wake-ups'
own way (Redis, or NOTIFY): nothing is stored, and a process that was just started knows it within a heartbeat. Whether
somebody is available is another matter, and PostgreSQL's.
"""

import time
from collections import defaultdict
from uuid import UUID

#: Seconds that a page counts as open after it last said so; more than two heartbeats of the console's stream.
OPEN_SECONDS = 45.0
_OPEN, _LEFT = "viewing", "left"


def opened_topic(conversation_id: UUID, user_id: UUID, page: str) -> str:
    """Says that `page` (one open stream's own name) of this person's shows the conversation; repeated while it does."""
    return f"{_OPEN}:{conversation_id}:{user_id}:{page}"


def left_topic(conversation_id: UUID, user_id: UUID, page: str) -> str:
    """Says that it does no longer."""
    return f"{_LEFT}:{conversation_id}:{user_id}:{page}"


class Viewers:
    """What this process has heard."""

    def __init__(self) -> None:
        self._pages: defaultdict[str, dict[tuple[str, str], float]] = defaultdict(dict)
        self._tidy_at = time.monotonic() + OPEN_SECONDS

    def of(self, conversation_id: UUID) -> set[UUID]:
        """Whoever has it open, with one page or more."""
        return {UUID(user) for user in self._users(str(conversation_id))}

    def hear(self, topic: str) -> str | None:
        """Take a signal in. The conversation whose viewers it changes; None: it changes none, or is no such signal."""
        kind, *parts = topic.split(":")
        if kind not in (_OPEN, _LEFT):
            return None
        conversation, user, page = parts
        before = self._users(conversation)
        if kind == _OPEN:
            self._pages[conversation][user, page] = time.monotonic() + OPEN_SECONDS
        else:
            self._pages[conversation].pop((user, page), None)
        self._tidy()
        return conversation if self._users(conversation) != before else None

    def _users(self, conversation: str) -> set[str]:
        now = time.monotonic()
        pages = self._pages.get(conversation, {})
        return {user for (user, _), until in pages.items() if until > now}

    def _tidy(self) -> None:
        """Forget the pages of processes that died, now and then."""
        now = time.monotonic()
        if now < self._tidy_at:
            return
        self._tidy_at = now + OPEN_SECONDS
        for conversation, pages in list(self._pages.items()):
            kept = {page: until for page, until in pages.items() if until > now}
            if kept:
                self._pages[conversation] = kept
            else:
                del self._pages[conversation]
