"""A message in the parts in which its channel takes it: texts that fit, files, and the buttons at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.conversations.models import Attachment, Message
from channels.manners import MANNERS
from channels.texts import split

_CHOOSE = "Elija una opción:"


@dataclass(frozen=True)
class Part:
    """`text` None: the whole message's text."""

    text: str | None = None
    has_buttons: bool = False
    attachment_id: UUID | None = None


def parts_of(channel: str, message: Message, files: Sequence[Attachment]) -> list[Part]:
    """How `message` goes out: files first, then its text, then its buttons with the last of the text."""
    manners = MANNERS[channel]
    sent_files = [Part(text="", attachment_id=file.id) for file in files]
    if not message.text and sent_files:
        return sent_files
    texts = split(message.text, manners.text_limit)
    if message.buttons and manners.button_text_limit is not None:
        texts = _with_room_for_buttons(texts, manners.button_text_limit)
    if len(texts) == 1:
        return [*sent_files, Part(has_buttons=bool(message.buttons))]
    last = len(texts) - 1
    return [
        *sent_files,
        *(Part(text, has_buttons=bool(message.buttons) and place == last) for place, text in enumerate(texts)),
    ]


def _with_room_for_buttons(texts: list[str], limit: int) -> list[str]:
    """The buttons' own text is one short line: what comes before it goes before."""
    before, newline, line = texts[-1].rpartition("\n")
    if len(line) > limit:
        return [*texts, _CHOOSE]
    return [*texts[:-1], before.rstrip(), line] if newline and before.strip() else texts
