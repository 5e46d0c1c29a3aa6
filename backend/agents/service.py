"""Accounts, sessions, tokens and presence."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import passwords
from backend.agents.errors import LockedOut, UsernameTaken, WeakPassword, WrongCredentials
from backend.agents.models import Presence, PresenceState, Role, StaffSession, StaffToken, User
from backend.errors import NotFound

MAX_FAILED_LOGINS = 5
LOCKOUT = timedelta(minutes=15)
SESSION_IDLE = timedelta(hours=12)
TOKEN_LIFE = timedelta(days=90)
#: An agent whose console has not called for this long is away, whatever they said.
PRESENCE_LIFE = timedelta(seconds=60)
FIRST_ADMIN = "admin"


@dataclass(frozen=True)
class OpenedSession:
    """`token` is told to the browser once; only its hash is kept."""

    token: str
    csrf_token: str
    user: User


@dataclass(frozen=True)
class AvailableAgent:
    user_id: UUID
    capacity: int


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def create_user(
    session: AsyncSession, *, username: str, full_name: str, role: Role, password: str | None = None
) -> tuple[User, str | None]:
    """A new account. Without `password` a one-time password is made and returned, to be changed at first login."""
    name = username.strip().lower()
    if await session.scalar(select(User.id).where(User.username == name)) is not None:
        raise UsernameTaken
    if password is not None and not passwords.is_acceptable(password, name):
        raise WeakPassword
    one_time = None if password is not None else passwords.one_time_password()
    user = User(
        username=name,
        full_name=full_name.strip(),
        role=role,
        password_hash=passwords.hash_password(password or one_time or ""),
        must_change_password=password is None,
    )
    session.add(user)
    await session.flush()
    return user, one_time


async def ensure_first_admin(session: AsyncSession) -> tuple[str, str] | None:
    """The first administrator's name and one-time password, if there was nobody and it was just made."""
    if await session.scalar(select(User.id).limit(1)) is not None:
        return None
    user, one_time = await create_user(
        session, username=FIRST_ADMIN, full_name="Administración del sistema", role=Role.ADMIN
    )
    assert one_time is not None
    return user.username, one_time


async def find_user(session: AsyncSession, username: str) -> User:
    user = await session.scalar(select(User).where(User.username == username.strip().lower()))
    if user is None:
        raise NotFound("No existe ese usuario.")
    return user


async def list_users(session: AsyncSession) -> Sequence[User]:
    return (await session.scalars(select(User).order_by(User.is_active.desc(), User.full_name))).all()


async def reset_password(session: AsyncSession, user: User) -> str:
    """A new one-time password; every session and token of the account ends."""
    one_time = passwords.one_time_password()
    user.password_hash = passwords.hash_password(one_time)
    user.must_change_password = True
    user.failed_logins, user.locked_until = 0, None
    await end_sessions(session, user.id)
    return one_time


async def set_active(session: AsyncSession, user: User, *, is_active: bool) -> None:
    """Disable or enable an account; a disabled one's sessions and tokens die at once."""
    user.is_active = is_active
    if not is_active:
        await end_sessions(session, user.id)
        await session.execute(update(Presence).where(Presence.user_id == user.id).values(state=PresenceState.OFFLINE))
    await session.flush()


async def end_sessions(session: AsyncSession, user_id: UUID) -> None:
    await session.execute(delete(StaffSession).where(StaffSession.user_id == user_id))
    await session.execute(
        update(StaffToken)
        .where(StaffToken.user_id == user_id, StaffToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


async def authenticate(session: AsyncSession, username: str, password: str) -> User | LockedOut | WrongCredentials:
    """The account, or why not. Failures are counted, so the caller must commit before it raises what it got."""
    moment = clock.now()
    user = await session.scalar(select(User).where(User.username == username.strip().lower()).with_for_update())
    is_right = passwords.verify(user.password_hash if user else None, password)
    if user is None:
        return WrongCredentials()
    if user.locked_until is not None and user.locked_until > moment:
        return LockedOut(retry_after=int((user.locked_until - moment).total_seconds()) + 1)
    if not is_right or not user.is_active:
        user.failed_logins += 1
        if user.failed_logins >= MAX_FAILED_LOGINS:
            user.failed_logins, user.locked_until = 0, moment + LOCKOUT
        await session.flush()
        return WrongCredentials()
    user.failed_logins, user.locked_until = 0, None
    await session.flush()
    return user


async def open_session(session: AsyncSession, user: User) -> OpenedSession:
    token, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    session.add(
        StaffSession(
            user_id=user.id,
            token_hash=_digest(token),
            csrf_token=csrf_token,
            expires_at=clock.now() + SESSION_IDLE,
        )
    )
    await session.flush()
    return OpenedSession(token, csrf_token, user)


async def find_session(session: AsyncSession, token: str) -> tuple[StaffSession, User] | None:
    """The live session of a cookie's token, its life prolonged (at most once a minute), or None."""
    moment = clock.now()
    row = (
        await session.execute(
            select(StaffSession, User)
            .join(User, User.id == StaffSession.user_id)
            .where(StaffSession.token_hash == _digest(token), StaffSession.expires_at > moment, User.is_active)
        )
    ).one_or_none()
    if row is None:
        return None
    staff_session, user = row
    if moment - staff_session.last_seen_at > timedelta(minutes=1):
        staff_session.last_seen_at, staff_session.expires_at = moment, moment + SESSION_IDLE
    return staff_session, user


async def close_session(session: AsyncSession, token: str) -> None:
    await session.execute(delete(StaffSession).where(StaffSession.token_hash == _digest(token)))


async def change_password(session: AsyncSession, user: User, current: str, new: str) -> None:
    """Raises WrongCredentials, WeakPassword. Other sessions and tokens of the account end."""
    if not passwords.verify(user.password_hash, current):
        raise WrongCredentials("La contraseña actual no es correcta.")
    if not passwords.is_acceptable(new, user.username) or new == current:
        raise WeakPassword
    user.password_hash = passwords.hash_password(new)
    user.must_change_password = False
    await end_sessions(session, user.id)


async def issue_token(session: AsyncSession, user: User, name: str) -> str:
    """A bearer token for programs, told once."""
    token = f"cs_{secrets.token_urlsafe(32)}"
    session.add(StaffToken(user_id=user.id, name=name, token_hash=_digest(token), expires_at=clock.now() + TOKEN_LIFE))
    await session.flush()
    return token


async def find_by_token(session: AsyncSession, token: str) -> User | None:
    moment = clock.now()
    row = (
        await session.execute(
            select(StaffToken, User)
            .join(User, User.id == StaffToken.user_id)
            .where(
                StaffToken.token_hash == _digest(token),
                StaffToken.revoked_at.is_(None),
                StaffToken.expires_at > moment,
                User.is_active,
            )
        )
    ).one_or_none()
    if row is None:
        return None
    staff_token, user = row
    if staff_token.last_used_at is None or moment - staff_token.last_used_at > timedelta(minutes=1):
        staff_token.last_used_at = moment
    return user


async def set_presence(
    session: AsyncSession, user_id: UUID, state: PresenceState, *, capacity: int | None = None
) -> None:
    """Say whether an agent takes chats. The heartbeat is a repetition of this."""
    moment = clock.now()
    values: dict[str, object] = {"state": state, "last_seen_at": moment}
    if capacity is not None:
        values["capacity"] = capacity
    statement = insert(Presence).values(user_id=user_id, changed_at=moment, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=[Presence.user_id], set_=values))


async def presence_of(session: AsyncSession, user_id: UUID) -> Presence | None:
    return await session.get(Presence, user_id)


async def touch_presence(session: AsyncSession, user_id: UUID, moment: datetime) -> None:
    """The agent's console is still open."""
    await session.execute(update(Presence).where(Presence.user_id == user_id).values(last_seen_at=moment))


async def available_agents(session: AsyncSession) -> list[AvailableAgent]:
    """Agents who take chats now: available, seen lately, account active."""
    rows = await session.execute(
        select(Presence.user_id, Presence.capacity)
        .join(User, User.id == Presence.user_id)
        .where(
            Presence.state == PresenceState.AVAILABLE,
            Presence.last_seen_at > clock.now() - PRESENCE_LIFE,
            User.is_active,
        )
    )
    return [AvailableAgent(user_id, capacity) for user_id, capacity in rows]
