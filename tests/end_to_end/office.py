"""How the office stands to a citizen on a telephone, from the running product's own database."""

from uuid import UUID

import psycopg

from tests.end_to_end.telephone import Standing
from tests.sealed import hold_keys_of, opened

_STANDING = """
SELECT conversation.id::text, conversation.owner,
  (SELECT count(*) FROM message WHERE conversation_id = conversation.id AND author = 'citizen'),
  EXISTS (SELECT FROM message WHERE conversation_id = conversation.id
          AND handled_at IS NULL AND author IN ('citizen', 'control'))
  OR EXISTS (SELECT FROM delivery WHERE conversation_id = conversation.id
             AND state IN ('pending', 'sending', 'uncertain'))
FROM conversation WHERE id = %s
"""
_UNKNOWN = "SELECT id, address FROM conversation WHERE channel = %s AND address IS NOT NULL AND id <> ALL(%s)"


class ProductOffice:
    """One channel's conversations. Threads may share it."""

    def __init__(self, connection: psycopg.Connection, channel: str) -> None:
        self._connection = connection
        self._channel = channel
        #: Whose each conversation is: their addresses are sealed, so each is opened once.
        self._of: dict[str, UUID] = {}

    def standing(self, citizen_id: str) -> Standing:
        if citizen_id not in self._of:
            self._look_for_more()
        row = self._connection.execute(_STANDING, (self._of.get(citizen_id),)).fetchone()
        if row is None:
            return Standing("", "bot", is_busy=False, messages=0)
        session_id, owner, messages, is_busy = row
        return Standing(session_id, owner, is_busy, messages)

    def _look_for_more(self) -> None:
        known = list(self._of.values())
        hold_keys_of(self._connection)
        for number, address in self._connection.execute(_UNKNOWN, (self._channel, known)).fetchall():
            self._of[opened("conversation.address", address)] = number
