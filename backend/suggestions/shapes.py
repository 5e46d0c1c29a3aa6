"""What is learned and what is guessed, as both processes know it: neither tables nor scikit-learn."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A text about a topic, by its key."""

    topic: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Guess:
    """A topic by its key. `words` are the narrative's that speak for it, the weightiest first."""

    topic: str
    confidence: float
    words: tuple[str, ...]
