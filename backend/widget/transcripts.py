"""A conversation as a text that a citizen can keep or print."""

from collections.abc import Iterable

from backend import clock
from backend.conversations.models import Author
from backend.conversations.views import MessageView

_NAMES = {Author.CITIZEN: "Usted", Author.BOT: "Asistente", Author.SYSTEM: "Chat Sonora"}


def as_text(views: Iterable[MessageView]) -> str:
    """Every message with its date on the office's clock, its author and its text."""
    lines = ["Chat Sonora — Gobierno del Estado de Sonora", "Hora de Hermosillo, Sonora", ""]
    for view in views:
        name = _NAMES.get(view.author) or view.agent_name or "Personal de la oficina"
        lines.append(f"[{clock.local(view.created_at):%d/%m/%Y %H:%M}] {name}: {view.text}".rstrip())
        lines += [f"    (archivo: {file.file_name})" for file in view.attachments]
    return "\n".join(lines) + "\n"
