"""What other slices may ask of conversations. See the modules for each promise."""

from backend.conversations.inbox import AwaitedFile, open_conversation, receive, receive_locked
from backend.conversations.messages import NewMessage, StoredFile, append, attach, clean_text, lock
from backend.conversations.messages import record as record_event
from backend.conversations.ownership import (
    add_note,
    announce,
    assign_waiting,
    close,
    hand_to_queue,
    mark_read_by_agent,
    people_ahead,
    reply_as_agent,
    return_to_bot,
    take_over,
    transfer,
)

__all__ = [
    "AwaitedFile",
    "NewMessage",
    "StoredFile",
    "add_note",
    "announce",
    "append",
    "assign_waiting",
    "attach",
    "clean_text",
    "close",
    "hand_to_queue",
    "lock",
    "mark_read_by_agent",
    "open_conversation",
    "people_ahead",
    "receive",
    "receive_locked",
    "record_event",
    "reply_as_agent",
    "return_to_bot",
    "take_over",
    "transfer",
]
