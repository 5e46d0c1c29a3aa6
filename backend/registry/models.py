"""The registry of actions: people, petitions, their events, and drafts not yet filed."""

import enum
import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Computed, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend import clock
from backend.db import Base, enum_column
from backend.vault.blind import Kind
from backend.vault.columns import Sealed, SealedJson, blind_index

#: The words of `search_text` as a search finds them: as they are, and by their stems. Nothing but letters and
#: digits makes a word, so that «fuga/drenaje» is two.
_WORDS = "regexp_replace(search_text, '[^a-z0-9]+', ' ', 'g')"
SIMPLE_WORDS = f"strip(to_tsvector('simple', {_WORDS}))"
SPANISH_WORDS = f"strip(to_tsvector('spanish', {_WORDS}))"
#: What lists are narrowed by, newest first.
LISTED_BY = (
    ("status", ""),
    ("kind", ""),
    ("channel", ""),
    ("municipality", "_id"),
    ("topic", "_id"),
    ("agency", "_id"),
    ("assignee", "_id"),
)
#: The most pressing first, for the order of a list.
PRIORITY_RANK = "strpos('urgente alta normal', priority::text)"
IS_OPEN = "status IN ('recibida', 'en_analisis', 'turnada', 'en_atencion', 'requiere_informacion')"


class PetitionKind(enum.StrEnum):
    PETICION = "peticion"
    QUEJA = "queja"
    SUGERENCIA = "sugerencia"
    FELICITACION = "felicitacion"
    AUDIENCIA = "audiencia"
    APOYO_SOCIAL = "apoyo_social"
    ASESORIA_JURIDICA = "asesoria_juridica"
    REGISTRO_CIVIL = "registro_civil"
    CARTA_NO_ANTECEDENTES = "carta_no_antecedentes"
    DERECHOS_ARCO = "derechos_arco"


class EntryChannel(enum.StrEnum):
    """How a petition came in (design, section 7)."""

    PRESENCIAL = "presencial"
    GIRA = "gira"
    CORRESPONDENCIA = "correspondencia"
    CORREO = "correo"
    REDES_SOCIALES = "redes_sociales"
    CALL_CENTER = "call_center"
    CHAT_SONORA = "chat_sonora"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"
    SMS = "sms"
    #: Another system filed it, by the HTTP API or Open311.
    INTEGRACION = "integracion"


class PetitionStatus(enum.StrEnum):
    RECIBIDA = "recibida"
    EN_ANALISIS = "en_analisis"
    TURNADA = "turnada"
    EN_ATENCION = "en_atencion"
    REQUIERE_INFORMACION = "requiere_informacion"
    CONCLUIDA_SATISFACTORIA = "concluida_satisfactoria"
    CONCLUIDA_NO_SATISFACTORIA = "concluida_no_satisfactoria"
    IMPROCEDENTE = "improcedente"
    CANCELADA = "cancelada"


class Priority(enum.StrEnum):
    NORMAL = "normal"
    HIGH = "alta"
    URGENT = "urgente"


class ActorKind(enum.StrEnum):
    CITIZEN = "citizen"
    BOT = "bot"
    STAFF = "staff"
    SYSTEM = "system"


class PetitionEventKind(enum.StrEnum):
    FILED = "filed"
    STATUS_CHANGED = "status_changed"
    INFORMATION_ADDED = "information_added"
    ATTACHMENT_ADDED = "attachment_added"
    EDITED = "edited"
    ASSIGNED = "assigned"
    NOTE = "note"
    #: Staff told the citizen something in words of their own.
    NOTICE = "notice"
    #: What the citizen says of a conclusion, apart from what the agency says: `detail["solved"]`.
    CITIZEN_VERDICT = "citizen_verdict"
    #: The clock of the due date was stopped, or runs again, by staff.
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    LABELLED = "labelled"
    #: Of a turn, named by `turn_id`.
    TURNED = "turned"
    TURN_ACKNOWLEDGED = "turn_acknowledged"
    TURN_ANSWERED = "turn_answered"
    TURN_RETURNED = "turn_returned"
    TURN_WITHDRAWN = "turn_withdrawn"
    TURN_NOTE = "turn_note"
    TURN_REMINDED = "turn_reminded"
    TURN_ESCALATED = "turn_escalated"
    EXTENSION_ASKED = "extension_asked"
    EXTENSION_GRANTED = "extension_granted"
    EXTENSION_REFUSED = "extension_refused"
    #: An oficio or a letter was made, or sent by e-mail.
    LETTER_MADE = "letter_made"
    LETTER_MAILED = "letter_mailed"
    #: Of two petitions: the same thing told twice, one of a group, or otherwise related.
    MERGED = "merged"
    UNMERGED = "unmerged"
    GROUPED = "grouped"
    UNGROUPED = "ungrouped"
    RELATED = "related"
    UNRELATED = "unrelated"
    #: A neighbour with the same problem joined, instead of a folio of their own.
    SUPPORTED = "supported"
    #: The committee on social help, a home visit, or another step of a special procedure.
    PROCEDURE_STEP = "procedure_step"


class DraftState(enum.StrEnum):
    OPEN = "open"
    FILED = "filed"
    CANCELLED = "cancelled"


class Person(Base):
    """Somebody who addressed the office. `search_text` is their name without accents, lower case, and the words that
    stand for telephone, e-mail and CURP (`vault.blind`)."""

    __tablename__ = "person"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    full_name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(Sealed("person.phone", Kind.PHONE))  # E.164
    email: Mapped[str | None] = mapped_column(Sealed("person.email", Kind.EMAIL))
    curp: Mapped[str | None] = mapped_column(Sealed("person.curp", Kind.CURP))
    search_text: Mapped[str] = mapped_column(default="")
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SIMPLE_WORDS, persisted=True), deferred=True)
    #: They opposed: no more is written or said to them than the law asks for.
    opposed_at: Mapped[datetime | None]
    #: Blocked (docs/retention.md): out of lists and searches; taken away on `wipe_on`, once.
    withheld_at: Mapped[datetime | None]
    wipe_on: Mapped[date | None]
    wiped_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_person_search", "search", postgresql_using="gin"),
        *(blind_index(f"ix_person_{name}", name) for name in ("phone", "email", "curp")),
        Index("ix_person_wipe", "wipe_on", postgresql_where=sql("wiped_at IS NULL AND wipe_on IS NOT NULL")),
    )
    #: Nobody reads `search` back after writing, nor waits for it when many are written.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 (declared so by the base)


#: A colonia as it is compared, of the petition table's own columns; `related.candidates` folds what it looks for alike.
PLACE_KEY = sql("translate(lower(colonia), 'áéíóúüñ', 'aeiouun')")


class Petition(Base):
    """A petition with its folio. The access code is not stored: it is derived from `access_nonce`
    and a key outside the database (see `registry.folios`)."""

    __tablename__ = "petition"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    folio: Mapped[str] = mapped_column(String(20), unique=True)
    year: Mapped[int]
    number: Mapped[int]
    access_nonce: Mapped[str] = mapped_column(String(32))
    kind: Mapped[PetitionKind] = mapped_column(enum_column(PetitionKind, "kind"))
    status: Mapped[PetitionStatus] = mapped_column(
        enum_column(PetitionStatus, "status"), default=PetitionStatus.RECIBIDA
    )
    priority: Mapped[Priority] = mapped_column(enum_column(Priority, "priority"), default=Priority.NORMAL)
    channel: Mapped[EntryChannel] = mapped_column(enum_column(EntryChannel, "channel"))
    topic_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("topic.id"))
    agency_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("agency.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    municipality_id: Mapped[str | None] = mapped_column(ForeignKey("municipality.id"))
    colonia: Mapped[str | None] = mapped_column(String(120))
    postal_code: Mapped[str | None] = mapped_column(String(5))
    street: Mapped[str | None] = mapped_column(String(160))
    #: How to find the place: «frente a la primaria».
    place_reference: Mapped[str | None] = mapped_column(String(300))
    narrative: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    #: The day by which it is to be concluded; None while the clock stands, or where its kind has no term.
    due_on: Mapped[date | None] = mapped_column(index=True)
    concluded_at: Mapped[datetime | None]
    #: Blocked, and what was personal in it taken away (docs/retention.md). A petition itself is never deleted.
    withheld_at: Mapped[datetime | None]
    wiped_at: Mapped[datetime | None]
    search_text: Mapped[str] = mapped_column(default="")
    search: Mapped[str] = mapped_column(
        TSVECTOR, Computed(f"{SPANISH_WORDS} || {SIMPLE_WORDS}", persisted=True), deferred=True
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    #: Set here, not by the database: a flush must not leave it to be read again.
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=clock.now)

    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 (as for a person)
    __table_args__ = (
        UniqueConstraint("year", "number"),
        Index("ix_petition_search", "search", postgresql_using="gin"),
        Index("ix_petition_place", "municipality_id", PLACE_KEY, "created_at"),
        *(Index(f"ix_petition_{name}_created", f"{name}{suffix}", "created_at") for name, suffix in LISTED_BY),
        Index("ix_petition_open_created", "created_at", postgresql_where=sql(IS_OPEN)),
        Index("ix_petition_open_due", "due_on", "created_at", postgresql_where=sql(IS_OPEN)),
        Index("ix_petition_concluded", "concluded_at", postgresql_where=sql("concluded_at IS NOT NULL")),
        # What one works from is under way, a small part: by who has it, by agency, by change, by how pressing.
        Index("ix_petition_open_assignee", "assignee_id", "created_at", postgresql_where=sql(IS_OPEN)),
        Index("ix_petition_open_agency", "agency_id", "created_at", postgresql_where=sql(IS_OPEN)),
        Index("ix_petition_open_updated", "updated_at", postgresql_where=sql(IS_OPEN)),
        Index("ix_petition_agency_status", "agency_id", "status", "created_at"),
        Index(
            "ix_petition_open_rank",
            sql(f"({PRIORITY_RANK})"),  # nosemgrep: sql-from-a-string (our own words)
            "due_on",
            postgresql_where=sql(IS_OPEN),
        ),
        Index("ix_petition_rank", sql(f"({PRIORITY_RANK})"), "due_on"),  # nosemgrep: sql-from-a-string (as above)
        # Nine of ten are of the usual priority: the newest are among any.
        Index("ix_petition_unusual_priority", "priority", "created_at", postgresql_where=sql("priority <> 'normal'")),
        # Other systems read in the order of change, all petitions or those of one agency or place.
        Index("ix_petition_updated", "updated_at", "id"),
        Index("ix_petition_agency_updated", "agency_id", "updated_at", "id"),
        Index("ix_petition_municipality_updated", "municipality_id", "updated_at", "id"),
        #: Few, and each has its request: which has none is told without reading them.
        Index("ix_petition_arco", "created_at", "id", postgresql_where=sql("kind = 'derechos_arco'")),
    )


class PetitionEvent(Base):
    """What happened to a petition, by whom and why. Never changed, never deleted."""

    __tablename__ = "petition_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"))
    kind: Mapped[PetitionEventKind] = mapped_column(enum_column(PetitionEventKind, "kind"))
    from_status: Mapped[PetitionStatus | None] = mapped_column(enum_column(PetitionStatus, "from_status"))
    to_status: Mapped[PetitionStatus | None] = mapped_column(enum_column(PetitionStatus, "to_status"))
    actor: Mapped[ActorKind] = mapped_column(enum_column(ActorKind, "actor"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    turn_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("turn.id"))
    text: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_petition_event_petition", "petition_id", "at"),
        #: A turn's own history, and what its agency told last.
        Index("ix_petition_event_turn", "turn_id", "at", postgresql_where=sql("turn_id IS NOT NULL")),
        #: What reports count by when it was done.
        Index("ix_petition_event_by_staff", "at", postgresql_where=sql("user_id IS NOT NULL")),
        Index("ix_petition_event_verdict", "at", postgresql_where=sql("kind = 'citizen_verdict'")),
        Index("ix_petition_event_last_word", "petition_id", "id", postgresql_where=sql("kind = 'citizen_verdict'")),
        #: Whose topic staff chose, for the suggestions to learn from.
        Index("ix_petition_event_topic", "id", postgresql_where=sql("kind = 'edited' AND detail ? 'topic_id'")),
    )


class PetitionTerm(Base):
    """In how many working days a kind of petition is to be concluded; `urgent_days` for an urgent one."""

    __tablename__ = "petition_term"

    kind: Mapped[PetitionKind] = mapped_column(enum_column(PetitionKind, "kind"), primary_key=True)
    days: Mapped[int]
    urgent_days: Mapped[int]


class PetitionSuspension(Base):
    """Days in which a petition's clock stands: from `first` on; `until` is the first day that counts again."""

    __tablename__ = "petition_suspension"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"))
    first: Mapped[date]
    until: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_petition_suspension_petition", "petition_id"),
        Index("uq_petition_suspension_open", "petition_id", unique=True, postgresql_where=sql("until IS NULL")),
    )


class PetitionDraft(Base):
    """A petition being told. It outlives the bot's session, a change of model, of channel and of owner.

    `fields` holds the normalised answers by field name; `awaiting` is the field asked for last.
    """

    __tablename__ = "petition_draft"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"))
    kind: Mapped[PetitionKind] = mapped_column(enum_column(PetitionKind, "kind"))
    fields: Mapped[dict[str, Any]] = mapped_column(SealedJson("petition_draft.fields"), default=dict)
    awaiting: Mapped[str | None] = mapped_column(String(40))
    #: The conversations in which it was told before it moved, whose files are its own too.
    earlier_conversations: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[DraftState] = mapped_column(enum_column(DraftState, "state"), default=DraftState.OPEN)
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (
        Index("uq_petition_draft_open", "conversation_id", unique=True, postgresql_where=sql("state = 'open'")),
    )


class FolioCounter(Base):
    """The last number given in a year; its row lock makes the sequence gapless."""

    __tablename__ = "folio_counter"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class FolioAttempt(Base):
    """A wrong folio or access code, kept to limit guessing."""

    __tablename__ = "folio_attempt"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_folio_attempt_conversation", "conversation_id", "at"),)
