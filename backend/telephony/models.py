"""Calls as they go on, what was told of them, and what was recorded.

The ledger's row of a call (`Interaction`) is derived from its events, whatever their order (`telephony.log`).
"""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column
from backend.ledger.models import Direction
from backend.vault.blind import Kind
from backend.vault.columns import Sealed, SealedJson, blind_index


class CallState(enum.StrEnum):
    """Where a call stands now."""

    #: With the menus, or leaving a message.
    MENU = "menu"
    WAITING = "en_fila"
    #: An agent's telephone rings for it.
    RINGING = "timbrando"
    TALKING = "en_llamada"
    #: Outbound: the agent's own telephone rings, the citizen's does not yet.
    CALLING_AGENT = "llamando_agente"
    ENDED = "terminada"


class Call(Base):
    """A call between the office and a citizen, by the SID of its first leg: the citizen's, or for one that the
    office makes, the agent's own.

    `agent_id` is who attends it, or is being rung for it; `seen_at` when Twilio last said anything of it.
    """

    __tablename__ = "voice_call"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("channel_account.id"))
    #: None only between our asking for a call and Twilio's first word of it.
    call_sid: Mapped[str | None] = mapped_column(String(40), unique=True)
    direction: Mapped[Direction] = mapped_column(enum_column(Direction, "direction"))
    phone: Mapped[str | None] = mapped_column(Sealed("voice_call.phone", Kind.PHONE))  # E.164; None: hidden
    state: Mapped[CallState] = mapped_column(enum_column(CallState, "state"), default=CallState.MENU)
    agent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    #: The folio that was filed by it, whose status was told, or for which it is made.
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"), index=True)
    call_reason_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("call_reason.id"))
    queued_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_voice_call_open", "state", "queued_at", postgresql_where=sql("state <> 'terminada'")),
        blind_index("ix_voice_call_phone", "phone", "started_at"),
    )


class EventKind(enum.StrEnum):
    """What the log is made of."""

    #: Inbound: it came in. Outbound: the citizen's number was dialled.
    BEGUN = "comenzo"
    #: The menus told what was asked: `asunto` in the detail.
    SERVED = "atendida_por_menu"
    QUEUED = "entro_a_la_fila"
    ACCEPTED = "contesto_agente"
    CALLBACK_ASKED = "pidio_llamada"
    MESSAGE_LEFT = "dejo_mensaje"
    #: The area to which it was put through answered: `area` in the detail.
    TRANSFERRED = "transferida"
    #: Twilio's status of a leg; `leg` in the detail is `raiz` or `persona`.
    STATUS = "estado"


class CallEvent(Base):
    """Something told of a call, once each by its `key`; Twilio's callbacks whole, as they came."""

    __tablename__ = "voice_call_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("voice_call.id"))
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[EventKind] = mapped_column(enum_column(EventKind, "kind"))
    #: Twilio's moment where it tells one, else when we first learned of it.
    at: Mapped[datetime]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The callback's form.
    raw: Mapped[dict[str, Any]] = mapped_column(SealedJson("voice_call_event.raw"), default=dict)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("call_id", "key"),)


class CallRing(Base):
    """An agent's telephone ringing for a call that came in, and until when it keeps the agent."""

    __tablename__ = "voice_call_ring"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("voice_call.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    started_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_voice_call_ring_user", "user_id", "started_at"),)


class RecordingKind(enum.StrEnum):
    #: A petition told after the tone: a folio was filed with it.
    PETITION = "peticion"
    VOICEMAIL = "recado"
    #: The talk with an agent.
    TALK = "llamada"


class RecordingState(enum.StrEnum):
    PENDING = "pendiente"
    STORED = "guardada"
    FAILED = "fallida"


class VoiceRecording(Base):
    """A recording: fetched from Twilio, kept in the file store under its SHA-256, and deleted there."""

    __tablename__ = "voice_recording"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("voice_call.id"), index=True)
    recording_sid: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[RecordingKind] = mapped_column(enum_column(RecordingKind, "kind"))
    seconds: Mapped[int | None]
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"), index=True)
    call_reason_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("call_reason.id"), index=True)
    state: Mapped[RecordingState] = mapped_column(enum_column(RecordingState, "state"), default=RecordingState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    problem: Mapped[str | None] = mapped_column(String(60))
    file_name: Mapped[str | None] = mapped_column(String(200))
    content_type: Mapped[str | None] = mapped_column(String(80))
    size: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    #: Twilio has it no more.
    is_forgotten: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index(
            "ix_voice_recording_due",
            "next_attempt_at",
            postgresql_where=sql("state = 'pendiente' OR (state = 'guardada' AND NOT is_forgotten)"),
        ),
    )


class KeypadAttempt(Base):
    """A wrong folio or code typed on a telephone, kept to limit guessing. Never the digits of a code."""

    __tablename__ = "keypad_attempt"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    #: Who called; hidden numbers are all one.
    caller: Mapped[str] = mapped_column(String(20))
    #: Year and number of the folio asked for.
    folio: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_keypad_attempt_at", "at"),
        Index("ix_keypad_attempt_caller", "caller", "at"),
        Index("ix_keypad_attempt_folio", "folio", "at"),
    )
