"""What can go wrong between us and a vendor, and how to ask for it."""

import time
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class LinkFaults(BaseModel):
    """Faults of the connection, the same for every vendor. All zero: none.

    Down is a connection that is cut before the request is read; a send that is *cut* was
    accepted (the citizen gets it), one that is *dropped* was not: the caller sees the same.
    """

    model_config = ConfigDict(extra="forbid")

    #: Cut every connection for so many of our seconds from now on.
    down_seconds: float = Field(0, ge=0)
    #: Answer so many of our seconds late.
    slow_seconds: float = Field(0, ge=0)
    #: Answer the next `fail_times` requests with `fail_status`.
    fail_status: int = Field(503, ge=400, le=599)
    fail_times: int = Field(0, ge=0)
    #: The next so many sends are accepted, and the connection cut before the answer.
    cut_sends: int = Field(0, ge=0)
    #: The next so many sends are cut before they are accepted.
    drop_sends: int = Field(0, ge=0)


F = TypeVar("F", bound=LinkFaults)


class Faults(Generic[F]):
    """The faults now asked for, and what is left of them."""

    def __init__(self, settings: F) -> None:
        self.settings = settings
        self._down_until = 0.0

    def change(self, changes: dict[str, object]) -> F:
        """Set some, leave the others. Raises pydantic.ValidationError."""
        self.settings = type(self.settings).model_validate({**self.settings.model_dump(), **changes})
        if "down_seconds" in changes:
            self._down_until = time.monotonic() + self.settings.down_seconds
        return self.settings

    def is_down(self) -> bool:
        return time.monotonic() < self._down_until

    def _take(self, name: str) -> bool:
        left: int = getattr(self.settings, name)
        if left:
            setattr(self.settings, name, left - 1)
        return left > 0

    def takes_failure(self) -> bool:
        return self._take("fail_times")

    def takes_cut(self) -> bool:
        return self._take("cut_sends")

    def takes_drop(self) -> bool:
        return self._take("drop_sends")
