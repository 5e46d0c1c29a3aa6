"""Conversations, their messages (the inbox among them), events, ratings and attachments."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend import words
from backend.db import Base, NamesFile, enum_column
from backend.vault.blind import Kind
from backend.vault.columns import Sealed, SealedText, blind_index

#: The words of a message.
MESSAGE_WORDS = words.vector("text")


class Owner(enum.StrEnum):
    """Who answers the citizen now. Decided before the bot sees a message."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"
    CLOSED = "closed"


class Author(enum.StrEnum):
    """Who wrote a message. `NOTE` is private to staff; `CONTROL` is ours to the bot and shown to nobody."""

    CITIZEN = "citizen"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"
    NOTE = "note"
    CONTROL = "control"


#: What a citizen may read.
PUBLIC_AUTHORS = (Author.CITIZEN, Author.BOT, Author.AGENT, Author.SYSTEM)


class HandoffReason(enum.StrEnum):
    REQUESTED = "requested"
    EMERGENCY = "emergency"
    MISUNDERSTOOD = "misunderstood"
    BOT_FAILED = "bot_failed"
    BAD_MOOD = "bad_mood"
    TRANSFERRED = "transferred"
    OTHER_LANGUAGE = "other_language"


class CloseReason(enum.StrEnum):
    SOLVED = "solved"
    REGISTERED = "registered"
    INFORMED = "informed"
    NO_ANSWER = "no_answer"
    OUT_OF_SCOPE = "out_of_scope"
    ABUSE = "abuse"
    OTHER = "other"


class EventKind(enum.StrEnum):
    OPENED = "opened"
    QUEUED = "queued"
    ASSIGNED = "assigned"
    TAKEN = "taken"
    TRANSFERRED = "transferred"
    RETURNED_TO_BOT = "returned_to_bot"
    CLOSED = "closed"
    REOPENED = "reopened"
    RATED = "rated"
    EMERGENCY = "emergency"
    BOT_FAILED = "bot_failed"
    REPLY_DROPPED = "reply_dropped"
    PETITION_FILED = "petition_filed"
    CONTACT_JOINED = "contact_joined"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    BLOCKED_US = "blocked_us"
    UNBLOCKED_US = "unblocked_us"
    CONTACT_SPLIT = "contact_split"


class RatingState(enum.StrEnum):
    NONE = "none"
    SCORE_ASKED = "score_asked"
    COMMENT_ASKED = "comment_asked"
    DONE = "done"


class Conversation(Base):
    """One citizen on one channel. Its row lock serialises all that happens in it (design, section 4).

    `lease_*` belong to the worker that is having a turn with the bot, with no transaction open.
    `ownership_epoch` grows with each change of owner that a person made, so that a reply
    in flight can tell that it is too late.
    """

    __tablename__ = "conversation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(80))
    external_user_id: Mapped[str] = mapped_column(Sealed("conversation.external_user_id", Kind.CHANNEL_USER))
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact.id"), index=True)
    #: Shared by conversations that are proved to be one person's (docs/adr/0010); a contact may hold several,
    #: joined by staff, and what opens a petition without its code is this.
    identity_id: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4, index=True)
    #: How the vendor is told whom to send to, where that is not `external_user_id`.
    address: Mapped[str | None] = mapped_column(SealedText("conversation.address"))
    #: E.164, vouched for by the channel; None where it does not tell.
    verified_phone: Mapped[str | None] = mapped_column(Sealed("conversation.verified_phone", Kind.PHONE))
    display_name: Mapped[str | None] = mapped_column(String(120))
    opted_out_at: Mapped[datetime | None]
    blocked_at: Mapped[datetime | None]
    owner: Mapped[Owner] = mapped_column(enum_column(Owner, "owner"), default=Owner.BOT)
    ownership_epoch: Mapped[int] = mapped_column(default=0)
    agent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    language: Mapped[str] = mapped_column(String(10), default="es-MX")
    page_url: Mapped[str | None] = mapped_column(String(500))

    handoff_reason: Mapped[HandoffReason | None] = mapped_column(enum_column(HandoffReason, "handoff_reason"))
    is_emergency: Mapped[bool] = mapped_column(default=False)
    queued_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[CloseReason | None] = mapped_column(enum_column(CloseReason, "close_reason"))

    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    agent_read_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    last_message_at: Mapped[datetime | None]
    last_citizen_at: Mapped[datetime | None]

    rating_state: Mapped[RatingState] = mapped_column(
        enum_column(RatingState, "rating_state"), default=RatingState.NONE
    )
    in_scripted_intake: Mapped[bool] = mapped_column(default=False)
    consent_version: Mapped[str | None] = mapped_column(String(20))
    consent_at: Mapped[datetime | None]
    #: Blocked, and what was said taken away (docs/retention.md).
    withheld_at: Mapped[datetime | None]
    wiped_at: Mapped[datetime | None]

    lease_token: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    #: Which of the assistant's processes had the last turn, since when (None: no turn is remembered there), and until
    #: when it may be under way.
    rasa: Mapped[str | None] = mapped_column(String(255))
    rasa_turn_at: Mapped[datetime | None]
    rasa_busy_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        blind_index(
            "uq_conversation_channel_account_external_user_id",
            "external_user_id",
            before=("channel", "account"),
            unique=True,
        ),
        blind_index("ix_conversation_verified_phone", "verified_phone"),
        Index("ix_conversation_owner", "owner", "last_message_at"),
        Index("ix_conversation_last_message", "last_message_at"),
        Index("ix_conversation_agent", "agent_id", "owner"),
        Index("ix_conversation_rasa_busy", "rasa_busy_until", postgresql_where=sql("rasa_busy_until IS NOT NULL")),
        #: Who wrote last to a bot, whose settings offer them (`messaging.setup.latest_chats`).
        Index(
            "ix_conversation_bot_chats",
            "account",
            "last_citizen_at",
            postgresql_where=sql("channel = 'telegram' AND address IS NOT NULL"),
        ),
        CheckConstraint("owner <> 'agent' OR agent_id IS NOT NULL", name="agent_owns"),
        CheckConstraint("owner <> 'queue' OR queued_at IS NOT NULL", name="queued_since"),
    )


class Message(Base):
    """One message. `seq` is its place in the conversation, given under the row lock: a reader that has
    seen `n` and asks for what is after `n` misses nothing.

    Inbound messages are unique on `(channel, account, external_id)`; `handled_at` is null until
    the conversation has dealt with them. A bot's reply is unique on `(in_reply_to, reply_index)`.
    """

    __tablename__ = "message"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    author: Mapped[Author] = mapped_column(enum_column(Author, "author"))
    agent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    text: Mapped[str] = mapped_column(default="")
    payload: Mapped[str | None] = mapped_column(String(1000))
    buttons: Mapped[list[dict[str, Any]]] = mapped_column(default=list)

    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(80))
    external_id: Mapped[str | None] = mapped_column(String(200))
    handled_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    is_sensitive: Mapped[bool] = mapped_column(default=False)
    #: What is no text: `location`, `contact` or `unsupported`, as `channels.port` gives them.
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    in_reply_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("message.id"))
    reply_index: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("channel", "account", "external_id"),
        UniqueConstraint("in_reply_to", "reply_index"),
        Index(
            "ix_message_pending",
            "conversation_id",
            "seq",
            postgresql_where=sql("handled_at IS NULL AND author IN ('citizen', 'control')"),
        ),
        Index(
            "ix_message_words",
            sql(f"({MESSAGE_WORDS})"),  # nosemgrep: sql-from-a-string (our own words)
            postgresql_using="gin",
        ),
    )


class Attachment(NamesFile, Base):
    """A file that a citizen or an agent sent. Its bytes lie under `VAR_DIR/attachments`, named by their SHA-256."""

    __tablename__ = "attachment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"), index=True)
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("message.id"), index=True)
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MessageRevision(Base):
    """What a message said before its sender changed or deleted it. `external_id` names the change: once each."""

    __tablename__ = "message_revision"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("message.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("message_id", "external_id"),)


class MediaState(enum.StrEnum):
    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"


class InboundMedia(Base):
    """A file that a vendor holds for us. Its message waits, unhandled, until it is stored or given up."""

    __tablename__ = "inbound_media"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("message.id"), index=True)
    position: Mapped[int]
    #: The vendor's own name for it: an address or a file id.
    reference: Mapped[str] = mapped_column(String(1000))
    file_name: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[MediaState] = mapped_column(enum_column(MediaState, "state"), default=MediaState.PENDING)
    problem: Mapped[str | None] = mapped_column(String(60))
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("message_id", "position"),
        Index("ix_inbound_media_due", "next_attempt_at", postgresql_where=sql("state = 'pending'")),
    )


class ConversationEvent(Base):
    """What happened to a conversation, by whom and why. Never changed, never deleted."""

    __tablename__ = "conversation_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"))
    kind: Mapped[EventKind] = mapped_column(enum_column(EventKind, "kind"))
    from_owner: Mapped[Owner | None] = mapped_column(enum_column(Owner, "from_owner"))
    to_owner: Mapped[Owner | None] = mapped_column(enum_column(Owner, "to_owner"))
    agent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    reason: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_conversation_event_conversation", "conversation_id", "at"),
        Index("ix_conversation_event_bot_failed", "at", postgresql_where=sql("kind = 'bot_failed'")),
    )


class Rating(Base):
    """What the citizen thought of the attention, 1 to 5."""

    __tablename__ = "rating"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"), index=True)
    agent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    score: Mapped[int]
    comment: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="score_range"),
        Index("ix_rating_created", "created_at"),
    )
