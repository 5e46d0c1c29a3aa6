"""Choices among a question's options, as buttons."""

import json

from backend.assistant.port import ReplyButton
from backend.registry.intake import Option

#: Payload of a choice: the option's value follows as JSON. The same as the bot's, so that a button offered by
#: one may be pressed when the other answers.
VALUE = "/elegir"


def button(option: Option) -> ReplyButton:
    return ReplyButton(option.title, VALUE + json.dumps({"valor": option.value}, ensure_ascii=False))
