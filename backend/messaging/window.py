"""WhatsApp's window: free text only within some hours of the citizen's last message."""

from datetime import datetime, timedelta

from backend import clock
from backend.conversations.models import Conversation
from channels.manners import MANNERS

#: The channels on which free text may stop being allowed.
CHANNELS = tuple(name for name, manners in MANNERS.items() if manners.window_hours is not None)


def closes_at(conversation: Conversation) -> datetime | None:
    """When free text stops being allowed (maybe in the past; at once where the citizen never wrote); None: never."""
    manners = MANNERS.get(conversation.channel)
    if manners is None or manners.window_hours is None:
        return None
    if conversation.last_citizen_at is None:
        return conversation.created_at
    return conversation.last_citizen_at + timedelta(hours=manners.window_hours)


def is_open(conversation: Conversation) -> bool:
    """Whether free text may go to this conversation now."""
    end = closes_at(conversation)
    return end is None or end > clock.now()
