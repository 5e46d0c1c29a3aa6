"""Shapes of the accounts API."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend.agents.models import BreakKind, PresenceState, Role


class Credentials(BaseModel):
    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=200)
    code: str | None = Field(
        None, max_length=40, description="Where the account has a second factor: a code of now, or a recovery code."
    )


class PasswordChange(BaseModel):
    current: str = Field(min_length=1, max_length=200)
    new: str = Field(min_length=1, max_length=200)


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    full_name: str
    role: Role
    agency_id: UUID | None = Field(description="Whose liaison; null for the office's staff.")
    is_active: bool
    must_change_password: bool
    second_factor_since: datetime | None = Field(description="Since when the account has a second factor.")
    created_at: datetime


class SignedIn(BaseModel):
    user: UserOut
    csrf_token: str = Field(description="Send it as `X-CSRF-Token` on whatever changes something.")


class TokenOut(BaseModel):
    token: str = Field(description="Send it as `Authorization: Bearer …`. It is told once.")


class NewUser(BaseModel):
    username: str = Field(min_length=2, max_length=60, pattern=r"^[A-Za-z0-9._-]+$")
    full_name: str = Field(min_length=2, max_length=200)
    role: Role
    agency_id: UUID | None = Field(None, description="For `liaison`, and nobody else.")


class UserWithPassword(UserOut):
    one_time_password: str = Field(description="Told once; changed at the first login.")


class UserChange(BaseModel):
    is_active: bool | None = None
    role: Role | None = None
    agency_id: UUID | None = Field(None, description="With the role `liaison`.")
    full_name: str | None = Field(None, min_length=2, max_length=200)


class PresenceChange(BaseModel):
    state: PresenceState
    break_kind: BreakKind | None = Field(None, description="With `break`; without it, a rest.")
    capacity: int | None = Field(None, ge=1, le=50, description="Chats at once.")


class PresenceOut(BaseModel):
    state: PresenceState
    break_kind: BreakKind | None = None
    capacity: int
