"""The contract between the product and a channel: verify, parse, send.

A leaf library: it knows vendors and nothing of ours. What a vendor tells us becomes one of
the `Inbound` kinds; what came of a send, one of the `SendOutcome` kinds. Both are closed
vocabularies: the product handles every one, and an adapter invents none.
"""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl


class SendFailure(enum.StrEnum):
    """Why a send failed, and whether trying again can help."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    #: The vendor will not take this message in any way: malformed, forbidden, too long.
    REJECTED = "rejected"
    #: No such address, or no WhatsApp there.
    RECIPIENT_UNREACHABLE = "recipient_unreachable"
    #: The person blocked us or opted out at the vendor: nothing more is sent.
    RECIPIENT_BLOCKED = "recipient_blocked"
    #: Free text outside WhatsApp's 24 hours, and no approved template to use instead.
    WINDOW_CLOSED = "window_closed"
    #: Our own credentials are refused: the account needs an administrator.
    UNAUTHORISED = "unauthorised"
    CHANNEL_OFF = "channel_off"

    @property
    def is_retryable(self) -> bool:
        return self in {SendFailure.UNAVAILABLE, SendFailure.RATE_LIMITED}


@dataclass(frozen=True)
class Button:
    title: str
    payload: str


@dataclass(frozen=True)
class OutboundFile:
    """A file to send: its bytes lie at `path`; `url` gives them, for a while, to a vendor that fetches."""

    file_name: str
    content_type: str
    path: str
    url: str


@dataclass(frozen=True)
class Template:
    """A message approved beforehand, with what fills `{{1}}`, `{{2}}`, …"""

    content_sid: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class OutboundMessage:
    """A message on its way out. `delivery_id` is ours, for receipts and reconciliation.

    Exactly one of text, file and template is what is sent; buttons go with a text.
    """

    delivery_id: str
    recipient: str
    text: str
    buttons: Sequence[Button] = field(default_factory=tuple)
    file: OutboundFile | None = None
    template: Template | None = None


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


@dataclass(frozen=True)
class WebhookRequest:
    """A vendor's call as it came. `url` is built from the configured public address, never from its headers."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form in their order, taken apart once. Raises ValueError: not in UTF-8."""
        return parse_qsl(self.body.decode(), keep_blank_values=True)


class NotAuthentic(Exception):
    """The call does not prove that it comes from the vendor."""


class Malformed(Exception):
    """The call is the vendor's, and not what its documents promise."""


@dataclass(frozen=True)
class Sender:
    """Who wrote. `external_user_id` names the person on this account for good; `address` is where answers go."""

    external_user_id: str
    address: str
    display_name: str | None = None
    #: E.164, only where the channel itself vouches for it.
    verified_phone: str | None = None


@dataclass(frozen=True)
class MediaReference:
    """A file that the vendor holds for us; `Channel.fetch` gets it."""

    reference: str
    file_name: str | None = None


@dataclass(frozen=True)
class Location:
    """Degrees, WGS 84."""

    latitude: float
    longitude: float
    label: str | None = None


@dataclass(frozen=True)
class ContactCard:
    """A telephone that somebody shared. `is_own`: the channel says that it is the sender's."""

    name: str
    phone: str
    is_own: bool = False


@dataclass(frozen=True)
class ButtonPress:
    """A button of ours: the message that bore it, by the vendor's name for it, and its place from 0.

    `message_id` is None where the vendor does not tell: the latest message with such a button is meant.
    """

    message_id: str | None
    index: int
    title: str


@dataclass(frozen=True)
class InboundMessage:
    """What a citizen sent. `external_id` is unique on the account. `unsupported` names a kind that we cannot read."""

    external_id: str
    sender: Sender
    text: str = ""
    media: tuple[MediaReference, ...] = ()
    press: ButtonPress | None = None
    location: Location | None = None
    card: ContactCard | None = None
    unsupported: str | None = None
    #: What came with Telegram's `/start`, or None.
    start_parameter: str | None = None
    #: When it was sent, seconds since 1970, where it comes late (recovered from the vendor's list).
    sent_at: float | None = None


@dataclass(frozen=True)
class InboundEdit:
    """The sender changed an earlier message. `change_id` is unique to this change."""

    external_id: str
    change_id: str
    sender: Sender
    text: str


@dataclass(frozen=True)
class InboundDeletion:
    external_id: str
    change_id: str
    sender: Sender


class ReceiptState(enum.StrEnum):
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True)
class Receipt:
    """How a message of ours fares. `delivery_id` is ours, where the vendor gives it back."""

    provider_id: str
    state: ReceiptState
    delivery_id: str | None = None
    failure: SendFailure | None = None
    code: str | None = None


@dataclass(frozen=True)
class Blocked:
    """The person blocked us, or took the block back."""

    sender: Sender
    is_blocked: bool


@dataclass(frozen=True)
class GroupMessage:
    """Somebody spoke to us in a group, where nothing personal may be said. Answered once, politely, and left."""

    address: str
    was_spoken_to: bool


@dataclass(frozen=True)
class Nothing:
    """Something that needs no answer: a channel's own housekeeping."""

    kind: str


Inbound = InboundMessage | InboundEdit | InboundDeletion | Receipt | Blocked | GroupMessage | Nothing


@dataclass(frozen=True)
class MediaContent:
    """A file's bytes as fetched, not yet believed to be of any type."""

    content: bytes
    file_name: str | None


class MediaUnavailable(Exception):
    """The file cannot be had. `is_retryable`: not now; else never. `code` is for logs and staff."""

    def __init__(self, code: str, *, is_retryable: bool) -> None:
        self.code = code
        self.is_retryable = is_retryable
        super().__init__(code)


@dataclass(frozen=True)
class Listed:
    """A message in the vendor's own list, for reconciliation. `is_inbound`: from a citizen to us."""

    provider_id: str
    is_inbound: bool
    counterpart: str
    state: str
    #: Seconds since 1970.
    at: float
    text: str
    media_count: int = 0
    error_code: str | None = None


@dataclass(frozen=True)
class Manners:
    """What a channel bears.

    `text_limit` characters a text; `per_second` messages for the whole account, `chat_pause` seconds between two
    to one person; `window_hours` after a person's last message in which free text is allowed (None: always).
    """

    text_limit: int
    per_second: int | None = None
    chat_pause: float = 0.0
    window_hours: int | None = None
    sends_files: bool = True
    shows_typing: bool = False
    #: There is no vendor between: what is stored is what its reader reads, and nothing is left to send.
    is_read_where_stored: bool = False
    #: Longest text that may bear buttons, on one line; what does not fit goes before, on its own. None: no such limit.
    button_text_limit: int | None = None


class Channel(Protocol):
    """One account's adapter."""

    name: str
    manners: Manners
    #: The documented policy for a send whose end nobody saw, where `find` cannot tell (docs/adr/0008).
    resend_when_uncertain: bool

    async def send(self, message: OutboundMessage) -> SendOutcome:
        """Send; never raises for what the vendor may answer."""
        ...

    async def find(self, message: OutboundMessage, since: float, known: Collection[str]) -> Sent | NotSent | None:
        """Whether an uncertain send (no earlier than `since`, seconds since 1970) arrived; None: it cannot be told.

        `known`: the vendor's names of messages that are other deliveries'.
        """
        ...


class VendorChannel(Channel, Protocol):
    """A channel with somebody else's servers between us and the citizen."""

    def verify(self, request: WebhookRequest) -> None:
        """Raises NotAuthentic. Constant time."""
        ...

    def sender_of(self, request: WebhookRequest) -> str:
        """Who a verified call is from: always the same for one person, empty where it does not tell. Never raises.

        For the order in which calls are read, so it costs next to nothing; two people may share it.
        """
        ...

    def parse(self, request: WebhookRequest) -> Sequence[Inbound]:
        """What a verified call says. Raises Malformed."""
        ...

    async def fetch(self, media: MediaReference, *, max_bytes: int) -> MediaContent:
        """A file from the vendor's own hosts. Raises MediaUnavailable."""
        ...

    async def show_typing(self, address: str, in_reply_to: str | None) -> None:
        """Show that an answer to a message is being written, where the channel can; its failure is of no matter."""
        ...

    async def settle(self, inbound: Inbound, *, group_refusal: str) -> None:
        """What the vendor expects after something is stored: a press acknowledged, a group refused and left.

        Its failure is of no matter.
        """
        ...

    async def list_since(self, since: float) -> Sequence[Listed] | None:
        """The vendor's list of messages from `since` on, for reconciliation; None: it keeps none.

        Raises ChannelRefused.
        """
        ...

    async def check(self) -> str:
        """Prove the credentials; the account's name at the vendor. Raises ChannelRefused."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class Recovering(Protocol):
    """An adapter whose vendor keeps messages, so that one whose webhook never came can still be had."""

    async def recover(self, listed: Listed) -> InboundMessage:
        """A citizen's message out of the vendor's list, under the id its webhook would have had.

        Raises ChannelRefused. What a list does not tell (a place, which button) is not in it.
        """
        ...

    def receipt_of(self, listed: Listed) -> Receipt | None:
        """What the list says of a message of ours; None while it is on its way."""
        ...


class ChannelRefused(Exception):
    """The vendor refused our credentials or a setting. `code` is for logs; `text`, Spanish, for an administrator."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(code)
