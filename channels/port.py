"""The contract between the product and a channel: verify, parse, send.

A leaf library: it knows vendors and nothing of ours. Adapters raise nothing to say
that a send failed; they return one of the outcomes below, a closed vocabulary.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class SendFailure(enum.StrEnum):
    """Why a send failed, and whether trying again can help."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    RECIPIENT_UNREACHABLE = "recipient_unreachable"
    CHANNEL_OFF = "channel_off"

    @property
    def is_retryable(self) -> bool:
        return self in {SendFailure.UNAVAILABLE, SendFailure.RATE_LIMITED}


@dataclass(frozen=True)
class Button:
    title: str
    payload: str


@dataclass(frozen=True)
class OutboundMessage:
    """A message on its way out. `delivery_id` is ours, for receipts and reconciliation."""

    delivery_id: str
    recipient: str
    text: str
    buttons: Sequence[Button] = field(default_factory=tuple)


@dataclass(frozen=True)
class Sent:
    """The provider took the message; `provider_id` is its name for it, if it has one."""

    provider_id: str | None


@dataclass(frozen=True)
class NotSent:
    """The provider did not take it. `retry_after` in seconds, where the provider said so."""

    failure: SendFailure
    code: str
    retry_after: float | None = None


@dataclass(frozen=True)
class Uncertain:
    """The connection broke after the request left: the provider may or may not have it."""

    code: str


SendOutcome = Sent | NotSent | Uncertain


class Channel(Protocol):
    """An adapter. `resend_when_uncertain`: the documented policy for sends whose end nobody saw."""

    name: str
    resend_when_uncertain: bool

    async def send(self, message: OutboundMessage) -> SendOutcome: ...
