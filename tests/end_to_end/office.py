"""How the office stands to a citizen on a telephone, from the running product's own database."""

import psycopg

from tests.end_to_end.telephone import Standing

_STANDING = """
SELECT conversation.id::text, conversation.owner,
  (SELECT count(*) FROM message WHERE conversation_id = conversation.id AND author = 'citizen'),
  EXISTS (SELECT FROM message WHERE conversation_id = conversation.id
          AND handled_at IS NULL AND author IN ('citizen', 'control'))
  OR EXISTS (SELECT FROM delivery WHERE conversation_id = conversation.id
             AND state IN ('pending', 'sending', 'uncertain'))
FROM conversation WHERE channel = %s AND address = %s
"""


class ProductOffice:
    """One channel's conversations. Threads may share it."""

    def __init__(self, connection: psycopg.Connection, channel: str) -> None:
        self._connection = connection
        self._channel = channel

    def standing(self, citizen_id: str) -> Standing:
        row = self._connection.execute(_STANDING, (self._channel, citizen_id)).fetchone()
        if row is None:
            return Standing("", "bot", is_busy=False, messages=0)
        session_id, owner, messages, is_busy = row
        return Standing(session_id, owner, is_busy, messages)
