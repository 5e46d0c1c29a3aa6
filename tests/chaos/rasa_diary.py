"""Our input channel with a diary, for a real Rasa in the chaos tests; run by the bot's environment.

Each turn that is really had (not one answered again from the tracker) is a line of JSON in CHAOS_DIARY when it begins
and another when it ends without an error, with how many replies (where an action failed there are none, and the turn
counts as not had), so that a test can tell which process had which turn, and how often.
"""

import json
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import UserMessage
from sanic import Blueprint

from bot.connectors.chat_sonora import ChatSonoraInput


class NotedInput(ChatSonoraInput):
    """Named as the one it stands for, so it is reached at the same address."""

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        async def noted(message: UserMessage) -> None:
            _note("begun", message)
            await on_new_message(message)
            _note("ended", message)

        return super().blueprint(noted)


def _note(what: str, message: UserMessage) -> None:
    """One write, so that lines of several processes do not mix."""
    line = {
        "what": what,
        "rasa": os.environ["CHAOS_NAME"],
        "conversation": message.sender_id,
        "message": message.message_id,
        "at": time.monotonic(),
        "replies": len(message.output_channel.messages),
    }
    with Path(os.environ["CHAOS_DIARY"]).open("ab", buffering=0) as diary:
        diary.write(json.dumps(line).encode() + b"\n")
