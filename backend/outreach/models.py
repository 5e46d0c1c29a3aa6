"""A call that is owed, the reasons for it, each try of it, and what limits them all."""

import enum
import uuid
from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend import clock
from backend.db import Base, enum_column
from backend.ledger.models import Purpose
from backend.vault.blind import Kind
from backend.vault.columns import Sealed, blind_index


class ReasonKind(enum.StrEnum):
    """Why somebody must be called, the most pressing first."""

    #: They asked for a person when none was there, or left a message.
    ASKED = "pidio"
    #: They left, or hung up, before anybody attended.
    ABANDONED = "abandono"
    #: How their petition ended, which could not be told in writing.
    CONCLUSION = "conclusion"
    #: Another notice that reached them in no other way.
    NOTICE = "aviso"
    #: Their petition waits for something that only they know.
    INFORMATION = "informacion"
    MANUAL = "manual"
    CAMPAIGN = "campana"


#: Those whose call is a notice's proof: it asks whether the person was told.
TELLING = frozenset({ReasonKind.CONCLUSION, ReasonKind.NOTICE})


class ReasonState(enum.StrEnum):
    PENDING = "pending"
    DONE = "done"


class TaskState(enum.StrEnum):
    PENDING = "pendiente"
    #: Somebody answered, and it was said.
    DONE = "hecha"
    #: Tried as often as the rules allow, in vain.
    EXHAUSTED = "agotada"
    #: Not to be made: `closed_because`.
    CLOSED = "cerrada"


class ClosedBecause(enum.StrEnum):
    WRONG_NUMBER = "numero_equivocado"
    DO_NOT_CALL = "no_llamar"
    NOT_NEEDED = "ya_no_hace_falta"
    CAMPAIGN_ENDED = "campana_terminada"
    BY_STAFF = "personal"


class CallOutcome(enum.StrEnum):
    """What became of a try, in the order of the digit keys."""

    ANSWERED = "contesto"
    ASKED_LATER = "pidio_otra_hora"
    NO_ANSWER = "no_contesto"
    BUSY = "ocupado"
    VOICEMAIL = "buzon"
    WRONG_NUMBER = "numero_equivocado"


class CallTask(Base):
    """One call to one person, for whatever reasons there are. A telephone has at most one that is pending.

    `claimed_*` belong to whoever took it to dial now; `assignee_id` to whom the head gave it. `rank` is that of its
    most pressing reason. `name`, `phone` and `person_id` are of the first reason that knew them.
    """

    __tablename__ = "call_task"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    #: E.164; None only for what was asked before numbers were required.
    phone: Mapped[str | None] = mapped_column(Sealed("call_task.phone", Kind.PHONE))
    name: Mapped[str | None] = mapped_column(String(200))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[TaskState] = mapped_column(enum_column(TaskState, "state"), default=TaskState.PENDING)
    rank: Mapped[int]
    #: The day by which somebody should have spoken with them.
    due_on: Mapped[date]
    next_try_at: Mapped[datetime]
    #: Tries in all, and those of them in which nobody answered.
    tries: Mapped[int] = mapped_column(default=0)
    failed_tries: Mapped[int] = mapped_column(default=0)
    last_tried_at: Mapped[datetime | None]
    last_outcome: Mapped[CallOutcome | None] = mapped_column(enum_column(CallOutcome, "last_outcome"))
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    claimed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    claimed_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    #: None: a rule did it.
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    closed_because: Mapped[ClosedBecause | None] = mapped_column(enum_column(ClosedBecause, "closed_because"))
    closed_note: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=clock.now)

    __table_args__ = (
        CheckConstraint("(state = 'pendiente') = (closed_at IS NULL)", name="closed_when_over"),
        CheckConstraint("(state = 'cerrada') = (closed_because IS NOT NULL)", name="closed_for_a_reason"),
        blind_index("ix_call_task_phone", "phone"),
        blind_index("uq_call_task_pending_phone", "phone", unique=True, where="state = 'pendiente'"),
        Index("ix_call_task_pending_person", "person_id", postgresql_where=sql("state = 'pendiente'")),
        Index("ix_call_task_pending_due", "due_on", "id", postgresql_where=sql("state = 'pendiente'")),
        Index("ix_call_task_closed", "closed_at", "id", postgresql_where=sql("state <> 'pendiente'")),
    )


class CallReason(Base):
    """Why somebody must be called. `was_reached` is what a notice has for proof; None: nobody said."""

    __tablename__ = "call_reason"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("call_task.id"), index=True)
    kind: Mapped[ReasonKind] = mapped_column(enum_column(ReasonKind, "kind"))
    #: What it came of, where that must not be asked twice: an abandoned contact, a petition's status.
    origin: Mapped[str | None] = mapped_column(String(120), unique=True)
    #: None for a petition that came in on paper or by telephone.
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"), index=True)
    campaign_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("call_campaign.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(Sealed("call_reason.phone", Kind.PHONE))
    #: What to say, or what is known of why.
    note: Mapped[str] = mapped_column(default="")
    purpose: Mapped[Purpose] = mapped_column(enum_column(Purpose, "purpose"))
    state: Mapped[ReasonState] = mapped_column(enum_column(ReasonState, "state"), default=ReasonState.PENDING)
    done_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    was_reached: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("(kind = 'campana') = (campaign_id IS NOT NULL)", name="campaign_named"),
        Index("ix_call_reason_pending", "kind", postgresql_where=sql("state = 'pending'")),
    )


class CallAttempt(Base):
    """One try, and the ledger's row of it. Never changed: what was said of it is corrected in the ledger."""

    __tablename__ = "call_attempt"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("call_task.id"))
    number: Mapped[int]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    outcome: Mapped[CallOutcome] = mapped_column(enum_column(CallOutcome, "outcome"))
    notes: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    #: When the rules said to try again; None: no more.
    next_try_at: Mapped[datetime | None]
    interaction_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("interaction.id"))

    __table_args__ = (Index("uq_call_attempt_task_number", "task_id", "number", unique=True),)


class CampaignState(enum.StrEnum):
    OPEN = "abierta"
    #: Nobody is offered its calls.
    PAUSED = "pausada"
    ENDED = "terminada"


class CallCampaign(Base):
    """Calls that the head ordered: to whom, what for, what to say and by when."""

    __tablename__ = "call_campaign"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[Purpose] = mapped_column(enum_column(Purpose, "purpose"))
    #: What to say; `{nombre}` and `{folio}` stand for the person's.
    script: Mapped[str]
    ends_on: Mapped[date]
    state: Mapped[CampaignState] = mapped_column(enum_column(CampaignState, "state"), default=CampaignState.OPEN)
    #: From where its list came: a filter of petitions, in words, or a file's name.
    source: Mapped[str] = mapped_column(String(300))
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_call_campaign_created", "created_at"),)


class CallRules(Base):
    """When and how often one may call: one row, which the head edits."""

    __tablename__ = "call_rules"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    opens: Mapped[time]
    closes: Mapped[time]
    #: Days of the week, Monday is 0: `01234`. Days on which the office is closed never count.
    weekdays: Mapped[str] = mapped_column(String(7))
    most_tries: Mapped[int]
    #: Between two tries that nobody answered, and after a busy line.
    gap_minutes: Mapped[int]
    busy_minutes: Mapped[int]
    #: Working days after which a petition that waits for information is worth a call.
    information_days: Mapped[int]

    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("opens < closes", name="opens_first"))


class DoNotCall(Base):
    """A telephone that asked not to be called. Whoever asks for a call themselves is called all the same."""

    __tablename__ = "do_not_call"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    phone: Mapped[str] = mapped_column(Sealed("do_not_call.phone", Kind.PHONE))
    reason: Mapped[str] = mapped_column(String(300), default="")
    added_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lifted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    lifted_at: Mapped[datetime | None]

    __table_args__ = (blind_index("uq_do_not_call_phone", "phone", unique=True, where="lifted_at IS NULL"),)
