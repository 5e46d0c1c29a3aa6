"""Staff: accounts, sessions, tokens and presence."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.agents.roles import DESK_ROLES, Role
from backend.db import Base, enum_column

__all__ = [
    "DESK_ROLES",
    "BreakKind",
    "Presence",
    "PresenceRecord",
    "PresenceState",
    "RecoveryCode",
    "Role",
    "Scope",
    "SecondFactor",
    "StaffSession",
    "StaffToken",
    "User",
]


class Scope(enum.StrEnum):
    """What an integration's token opens, beyond nothing; each is given by itself."""

    READ = "leer"
    WRITE = "escribir"
    #: Names, contacts, addresses and what was written as it was written; without it, all that is masked.
    PERSONS = "datos_personales"


class PresenceState(enum.StrEnum):
    AVAILABLE = "available"
    AWAY = "away"
    #: On a break, of a `BreakKind`: at work, but taking no chats.
    BREAK = "break"
    OFFLINE = "offline"


class BreakKind(enum.StrEnum):
    """What somebody on a break says it is."""

    REST = "descanso"
    MEAL = "comida"
    MEETING = "junta"
    TRAINING = "capacitacion"


class User(Base):
    """A member of staff, or an agency's liaison. Accounts are disabled, never deleted.

    `is_system`: another system, in whose name its tokens act. Nobody can sign in to it, so it is never active.
    """

    __tablename__ = "staff_user"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    full_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(enum_column(Role, "role"))
    #: Whose liaison; set for Role.LIAISON alone.
    agency_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("agency.id"))
    email: Mapped[str | None] = mapped_column(String(254))
    #: Where in the office they work.
    area_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("office_area.id"))
    #: Of their telephone on the office's exchange, or the number at which calls for them ring.
    extension: Mapped[str | None] = mapped_column(String(20), unique=True)
    password_hash: Mapped[str]
    must_change_password: Mapped[bool] = mapped_column(default=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_system: Mapped[bool] = mapped_column(default=False, server_default=sql("false"))
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    #: Since when a code of their telephone is asked for; None: the password alone.
    second_factor_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("(role = 'liaison') = (agency_id IS NOT NULL)", name="liaison_has_agency"),
        CheckConstraint("NOT (is_system AND is_active)", name="system_never_signs_in"),
    )


class StaffSession(Base):
    """A console session; only the SHA-256 of its token is kept."""

    __tablename__ = "staff_session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    #: Where it was opened, for its owner to know it again.
    user_agent: Mapped[str | None] = mapped_column(String(300))
    address: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class SecondFactor(Base):
    """A person's TOTP secret, sealed. It counts once `User.second_factor_since` is set, by a first right code."""

    __tablename__ = "second_factor"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"), primary_key=True)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    #: The last time step whose code was accepted: neither it nor an earlier one is again.
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RecoveryCode(Base):
    """A code that stands in once for a lost telephone; only its SHA-256 is kept, of some 76 bits of chance."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"), index=True)
    used_at: Mapped[datetime | None]


class StaffToken(Base):
    """A bearer token with which a program acts as a member of staff; only its SHA-256 is kept.

    With `scopes` it is another system's, and opens what they say; without, all that its person may do.
    """

    __tablename__ = "staff_token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Presence(Base):
    """Whether an agent takes chats now, and how many at once."""

    __tablename__ = "presence"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"), primary_key=True)
    state: Mapped[PresenceState] = mapped_column(enum_column(PresenceState, "state"))
    #: Set for PresenceState.BREAK alone.
    break_kind: Mapped[BreakKind | None] = mapped_column(enum_column(BreakKind, "break_kind"))
    capacity: Mapped[int] = mapped_column(default=5)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("(state = 'break') = (break_kind IS NOT NULL)", name="break_has_kind"),
        Index("ix_presence_state", "state"),
    )


class PresenceRecord(Base):
    """From when on somebody was in a state, until their next row. Never changed, never deleted but by retention."""

    __tablename__ = "presence_change"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    state: Mapped[PresenceState] = mapped_column(enum_column(PresenceState, "state"))
    break_kind: Mapped[BreakKind | None] = mapped_column(enum_column(BreakKind, "break_kind"))
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("(state = 'break') = (break_kind IS NOT NULL)", name="break_has_kind"),
        Index("ix_presence_change_user", "user_id", "at", "id"),
    )
