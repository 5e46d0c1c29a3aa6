"""One row for each time the office and a citizen dealt with each other, whatever the way."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend import clock
from backend.db import Base, enum_column
from backend.vault.blind import Kind
from backend.vault.columns import Sealed, SealedJson, blind_index, ending_sql

#: A row's name and notes as a search finds them: each word as it is, but without accents.
WORDS = "to_tsvector('simple', translate(lower(coalesce(caller_name, '') || ' ' || notes), 'áéíóúüñ', 'aeiouun'))"


class InteractionKind(enum.StrEnum):
    CHAT = "chat"
    CALL = "llamada"
    WALK_IN = "visita"


class Direction(enum.StrEnum):
    """Who began it: the citizen, or the office."""

    INBOUND = "recibida"
    OUTBOUND = "realizada"


class Purpose(enum.StrEnum):
    """What it was about, as the department's reports count it. For chats None until somebody says."""

    PETITION = "peticion"
    INFORMATION = "informacion"
    FOLLOW_UP = "seguimiento"
    COMPLAINT = "queja"
    CONGRATULATION = "felicitacion"
    #: Came in only to be passed on to another area.
    TRANSFER = "transferida"
    WRONG_NUMBER = "equivocada"
    PRANK = "broma"


class Outcome(enum.StrEnum):
    """How it ended."""

    #: The citizen was attended, by a person or by the bot alone: `attended_by`.
    ATTENDED = "atendida"
    #: Passed on to another area: `transfer_area_id`.
    TRANSFERRED = "transferida"
    #: Inbound: the citizen left before anybody attended.
    ABANDONED = "abandonada"
    VOICEMAIL = "buzon"
    #: Outbound: nobody answered, or the line was busy.
    NO_ANSWER = "no_contesto"
    BUSY = "ocupado"
    #: The number does not exist, or is not this person's.
    WRONG_NUMBER = "numero_equivocado"
    #: The line failed.
    FAILED = "fallida"


class AttendedBy(enum.StrEnum):
    BOT = "bot"
    PERSON = "persona"
    NOBODY = "nadie"


class Source(enum.StrEnum):
    """Who wrote the row; unique by its `external_id` there."""

    CONSOLE = "consola"
    CHAT = "chat"
    TWILIO = "twilio"
    CDR = "cdr"


class Interaction(Base):
    """A contact: a chat's episode, a call received or made, a visit.

    A chat's episode lasts from the citizen's first message, or the first after a close, to its close. `started_at` is
    when the citizen came or the telephone rang, `answered_at` when a person attended first, `ended_at` None while it
    lasts. The four `*_seconds` split the time from start to end by who kept whom waiting, and add up to it; the
    `*_office_seconds` are what of each fell in the office's hours. They are set when it ends.
    """

    __tablename__ = "interaction"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    kind: Mapped[InteractionKind] = mapped_column(enum_column(InteractionKind, "kind"))
    direction: Mapped[Direction] = mapped_column(enum_column(Direction, "direction"))
    #: `web`, `whatsapp`, `telegram`, `sms`, `telefono` or `presencial`.
    channel: Mapped[str] = mapped_column(String(20))
    source: Mapped[Source] = mapped_column(enum_column(Source, "source"))
    #: The source's own name for it: a call's SID, a CDR's unique id, a conversation and its episode.
    external_id: Mapped[str | None] = mapped_column(String(160))

    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    bot_seconds: Mapped[int | None]
    queue_seconds: Mapped[int | None]
    person_seconds: Mapped[int | None]
    citizen_seconds: Mapped[int | None]
    bot_office_seconds: Mapped[int | None]
    queue_office_seconds: Mapped[int | None]
    person_office_seconds: Mapped[int | None]
    citizen_office_seconds: Mapped[int | None]

    attended_by: Mapped[AttendedBy | None] = mapped_column(enum_column(AttendedBy, "attended_by"))
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome, "outcome"))
    purpose: Mapped[Purpose | None] = mapped_column(enum_column(Purpose, "purpose"))
    #: The person who attended, or who attended last, and the area they were of then.
    agent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    area_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("office_area.id"))
    extension: Mapped[str | None] = mapped_column(String(20))
    transfer_area_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("office_area.id"))
    #: With whom they were put through there.
    transfer_to: Mapped[str | None] = mapped_column(String(160))

    phone: Mapped[str | None] = mapped_column(Sealed("interaction.phone", Kind.PHONE))  # E.164
    caller_name: Mapped[str | None] = mapped_column(String(200))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    municipality_id: Mapped[str | None] = mapped_column(ForeignKey("municipality.id"))
    topic_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("topic.id"))
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversation.id"))
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"))
    notes: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(TSVECTOR, Computed(WORDS, persisted=True), deferred=True)

    #: Of chats: why the bot handed over, how many messages it answered and how many of them it had not understood.
    handoff_reason: Mapped[str | None] = mapped_column(String(40))
    bot_answers: Mapped[int | None]
    bot_misses: Mapped[int | None]
    #: What the citizen thought of the attention, 1 to 5.
    score: Mapped[int | None]

    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=clock.now)

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        # But for a chat that staff held elsewhere, which is written down like a call.
        CheckConstraint(
            "kind <> 'chat' OR conversation_id IS NOT NULL OR source = 'consola'", name="chat_has_conversation"
        ),
        CheckConstraint("ended_at >= started_at", name="ends_after_start"),
        CheckConstraint("outcome IS NULL OR ended_at IS NOT NULL", name="outcome_at_the_end"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score_range"),
        Index("ix_interaction_started", "started_at"),
        Index("ix_interaction_kind_started", "kind", "started_at"),
        Index("ix_interaction_agent_started", "agent_id", "started_at"),
        blind_index("ix_interaction_phone", "phone", "started_at"),
        Index("ix_interaction_phone_ending", sql(ending_sql("phone")), "started_at"),
        Index("ix_interaction_person", "person_id", "started_at"),
        Index("ix_interaction_petition", "petition_id", "started_at"),
        Index("ix_interaction_conversation", "conversation_id", "started_at"),
        Index("ix_interaction_open", "started_at", postgresql_where=sql("ended_at IS NULL")),
        # The log of calls: everything but the console's own chats, and its words.
        Index("ix_interaction_logged", "started_at", "id", postgresql_where=sql("source <> 'chat'")),
        Index("ix_interaction_words", "words", postgresql_using="gin", postgresql_where=sql("source <> 'chat'")),
        Index("ix_interaction_missed", "ended_at", postgresql_where=sql("outcome IN ('abandonada', 'buzon')")),
    )


class InteractionChange(Base):
    """A correction: what a field said before and after, by whom and why. Never changed, never deleted."""

    __tablename__ = "interaction_change"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    interaction_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("interaction.id"))
    #: None: a machine learned it late, as a call's length from a status callback.
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")
    #: `{field: [before, after]}`.
    fields: Mapped[dict[str, Any]] = mapped_column(SealedJson("interaction_change.fields"), default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_interaction_change_interaction", "interaction_id", "at"),)


class LedgerCursor(Base):
    """How far a source has been read into the ledger: the moment and the id of what was read last."""

    __tablename__ = "ledger_cursor"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
    last_id: Mapped[uuid.UUID]
