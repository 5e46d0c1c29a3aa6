"""What the stand-in for Twilio knows. It belongs to the server's event loop: nothing else touches it."""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from tests.fakes.clock import VendorClock
from tests.fakes.conversation import ButtonView, NewCitizen, NoSuch
from tests.fakes.faults import Faults, LinkFaults
from tests.fakes.pace import Pace

WHATSAPP = "whatsapp:"
_MEXICAN_MOBILE = re.compile(r"^(whatsapp:)?\+521(\d{10})$")


class TwilioFaults(LinkFaults):
    """The faults of Twilio, and its limits."""

    #: Times of the vendor, in its seconds.
    callback_seconds: float = Field(0.2, ge=0)
    approval_seconds: float = Field(5, ge=0)
    #: How long a webhook may take, in our seconds.
    timeout_seconds: float = Field(15, gt=0, le=15)
    #: Send each callback (each inbound webhook) so many times more.
    duplicate_callbacks: int = Field(0, ge=0, le=20)
    duplicate_webhooks: int = Field(0, ge=0, le=20)
    #: Send a message's callbacks in any order.
    shuffle_callbacks: bool = False
    #: Messages a second a sender may send on WhatsApp before they fail with 63018.
    sender_per_second: float = Field(80, gt=0)
    #: Requests at once before the API answers 429 with 20429.
    api_concurrency: int = Field(100, ge=1)
    #: Hours after a citizen's last message in which free text reaches them.
    window_hours: float = Field(24, gt=0)
    #: Seconds (the vendor's) that the API works on each request, which then count as at once.
    busy_seconds: float = Field(0, ge=0)
    #: Do citizens read what they get on WhatsApp.
    reads: bool = True
    #: Nothing on a telephone times out: keys, messages and rings wait until somebody does something.
    waits_for_people: bool = False


@dataclass
class Media:
    sid: str
    content_type: str
    content: bytes
    filename: str = ""


@dataclass
class Citizen:
    """Someone with a telephone. `address` is what the office knows them by."""

    address: str
    name: str
    phone: str
    #: WhatsApp's business-scoped user id.
    user_id: str = ""
    username: str = ""
    last_wrote: datetime | None = None
    opted_out: bool = False
    #: What they saw the office do, such as `typing`.
    actions: list[str] = field(default_factory=list)
    #: Why messages to them fail, if they do.
    unreachable: int | None = None

    @property
    def is_whatsapp(self) -> bool:
        return self.address.startswith(WHATSAPP)


@dataclass
class Message:
    sid: str
    from_: str
    to: str
    body: str
    direction: str
    created: datetime
    status: str = "queued"
    media: list[Media] = field(default_factory=list)
    media_urls: list[str] = field(default_factory=list)
    buttons: list[ButtonView] = field(default_factory=list)
    list_title: str = ""
    content_sid: str = ""
    is_template: bool = False
    sent: datetime | None = None
    updated: datetime | None = None
    error_code: int | None = None
    callback_url: str = ""
    service_sid: str | None = None
    #: The form of an inbound message's webhook.
    webhook: dict[str, str] = field(default_factory=dict)

    @property
    def citizen_address(self) -> str:
        return self.from_ if self.direction == "inbound" else self.to


@dataclass
class Account:
    """The office's account, and where its webhooks go. An address may be empty: nothing is sent there."""

    sid: str
    token: str
    whatsapp_number: str = "whatsapp:+16625550100"
    sms_number: str = "+16625550101"
    webhook_url: str = ""
    sms_webhook_url: str = ""
    fallback_url: str = ""
    voice_number: str = "+16625550102"
    voice_url: str = ""
    voice_status_url: str = ""


@dataclass
class Delivery:
    """One attempt at a webhook, and how it ended: an HTTP status, or what broke."""

    url: str
    form: dict[str, str]
    status: int | None
    problem: str
    attempt: int


class TwilioState:
    def __init__(self, account: Account, clock: VendorClock) -> None:
        self.account = account
        self.clock = clock
        self.faults = Faults(TwilioFaults())
        self.messages: dict[str, Message] = {}
        self.citizens: dict[str, Citizen] = {}
        self.contents: dict[str, dict[str, Any]] = {}
        self.deliveries: list[Delivery] = []
        self.alerts: list[dict[str, Any]] = []
        self.paces: dict[str, Pace] = {}
        #: Webhooks, receipts and downloads under way.
        self.under_way = 0
        #: Whether no call is between two things that people do.
        self.calls_are_idle: Callable[[], bool] = lambda: True

    def add(self, new: NewCitizen) -> Citizen:
        """A citizen, or the one who already has this telephone."""
        digest = hashlib.sha256(new.phone.encode()).hexdigest()
        user_id = f"MX.{int(digest[:14], 16)}"
        phone = new.phone or f"+521662{int(digest[:12], 16) % 10_000_000:07d}"
        address = phone if new.sms else WHATSAPP + (user_id if new.hides_phone else phone)
        known = self.citizens.get(key(address))
        if known is None:
            known = Citizen(address, new.name, phone, user_id, new.username)
            self.citizens[key(address)] = known
        return known

    def citizen(self, address: str) -> Citizen:
        """Raises NoSuch."""
        try:
            return self.citizens[key(address)]
        except KeyError:
            raise NoSuch(f"no citizen {address!r}") from None

    def recipient(self, address: str) -> Citizen:
        """The citizen of an address; a stranger who never wrote, if nobody has it yet."""
        if key(address) not in self.citizens:
            phone = address.removeprefix(WHATSAPP)
            self.citizens[key(address)] = Citizen(address, phone, phone)
        return self.citizens[key(address)]

    def window_is_open(self, citizen: Citizen) -> bool:
        if citizen.last_wrote is None:
            return False
        hours = self.faults.settings.window_hours
        return self.clock.now() - citizen.last_wrote < timedelta(hours=hours)

    def pace_of(self, sender: str) -> Pace:
        rate = self.faults.settings.sender_per_second
        pace = self.paces.get(sender)
        if pace is None or pace.per_second != rate:
            pace = self.paces[sender] = Pace(self.clock, rate, max(1, rate))
        return pace

    def conversation(self, citizen: Citizen) -> list[Message]:
        return [message for message in self.messages.values() if key(message.citizen_address) == key(citizen.address)]


def sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def key(address: str) -> str:
    """One key for both ways to write a Mexican mobile: `+521…` and `+52…`."""
    return _MEXICAN_MOBILE.sub(r"\1+52\2", address)
