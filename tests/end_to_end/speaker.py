"""What a conversation file asks of the citizen who holds it, whatever the channel."""

from typing import Any, Protocol, Self


class Speaker(Protocol):
    """A citizen in one conversation. What is heard comes as the chat API's messages: author, text, buttons."""

    @property
    def session_id(self) -> str:
        """The conversation's id; empty before the office knows of it."""
        ...

    @property
    def owner(self) -> str:
        """Who answers now: bot, queue, agent or closed."""
        ...

    def open(self) -> Self: ...

    def say(self, text: str) -> list[dict[str, Any]]: ...

    def press(self, title: str) -> list[dict[str, Any]]:
        """Press the latest button of (a part of) this title. Raises AssertionError if none was offered."""
        ...

    def show(self, name: str, content: bytes) -> list[dict[str, Any]]:
        """Send a photo."""
        ...

    def replies(self) -> list[dict[str, Any]]:
        """Everything said to the citizen until nothing more is to come. Raises TimeoutError."""
        ...
