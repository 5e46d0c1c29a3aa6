"""Signing in, sessions and tokens; who got in, and who tried and did not, is on the audit trail."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import passwords, second_factor
from backend.agents.errors import WeakPassword
from backend.agents.models import StaffSession, StaffToken, User
from backend.audit import service as audit
from backend.live import account_topic
from backend.messaging import credentials
from backend.messaging.credentials import CredentialsUnreadable
from backend.wakeups import notify

MAX_FAILED_LOGINS = 5
LOCKOUT = timedelta(minutes=15)
SESSION_IDLE = timedelta(hours=12)
TOKEN_LIFE = timedelta(days=90)
#: How long after the password the code may be typed.
SECOND_STEP = timedelta(minutes=5)
_STEP_PURPOSE = b"chat-sonora sign-in step 1"


@dataclass(frozen=True)
class Origin:
    """Whence somebody signs in: what their browser calls itself, and the address that the server saw."""

    address: str | None = None
    user_agent: str | None = None


NOWHERE = Origin()


@dataclass(frozen=True)
class OpenedSession:
    """`token` is told to the browser once; only its hash is kept."""

    token: str
    csrf_token: str
    user: User


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def authenticate(session: AsyncSession, username: str, password: str, origin: Origin = NOWHERE) -> User | None:
    """The account of these credentials, or None, whatever the cause, after the same work.

    Failures are counted, so the caller must commit before it refuses. Where a second factor is on, the account still
    owes its code, and what failed before stays counted until it comes.
    """
    user = await session.scalar(select(User).where(User.username == username.strip().lower()).with_for_update())
    is_right = await asyncio.to_thread(passwords.verify, user.password_hash if user else None, password)
    if user is None or is_locked(user):
        return None
    if not is_right or not user.is_active:
        await _count_failure(session, user, origin, "password")
        return None
    await _forgive(session, user)
    return user


async def check_code(
    session: AsyncSession, user_id: UUID, key: bytes, code: str, origin: Origin = NOWHERE
) -> User | None:
    """The account, whose password was right, with its second factor; or None, counted as a wrong password is."""
    user = await session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or not user.is_active or is_locked(user):
        return None
    if not await second_factor.check(session, user, key, code):
        await _count_failure(session, user, origin, "code")
        return None
    user.failed_logins, user.locked_until = 0, None
    await session.flush()
    return user


async def confirm_password(session: AsyncSession, user: User, password: str, origin: Origin = NOWHERE) -> bool:
    """Whether it is the password of who is signed in, before something grave; counted as at the door."""
    locked = await session.get(User, user.id, with_for_update=True, populate_existing=True)
    if locked is None or is_locked(locked):
        return False
    if not await asyncio.to_thread(passwords.verify, locked.password_hash, password):
        await _count_failure(session, locked, origin, "password")
        return False
    await _forgive(session, locked)
    return True


def is_locked(user: User) -> bool:
    return user.locked_until is not None and user.locked_until > clock.now()


async def _forgive(session: AsyncSession, user: User) -> None:
    """Forget what failed before a right password; where a second factor is on, only its code does."""
    if user.second_factor_since is None:
        user.failed_logins, user.locked_until = 0, None
        await session.flush()


async def _count_failure(session: AsyncSession, user: User, origin: Origin, what: str) -> None:
    user.failed_logins += 1
    await audit.record(session, None, "sign_in_failed", user.id, wrong=what, address=origin.address)
    if user.failed_logins >= MAX_FAILED_LOGINS:
        user.failed_logins, user.locked_until = 0, clock.now() + LOCKOUT
        await audit.record(session, None, "account_locked", user.id, address=origin.address)
    await session.flush()


def step_of(user: User, key: bytes) -> str:
    """What the page of the code carries: that this account's password, as it is now, was right just now."""
    values = {"user": str(user.id), "password": digest(user.password_hash)}
    return credentials.seal(key, values, purpose=_STEP_PURPOSE).decode()


async def user_of_step(session: AsyncSession, step: str, key: bytes) -> User | None:
    """Whose password it was; None after five minutes, or if the password has changed."""
    try:
        values = credentials.unseal(key, step.encode(), purpose=_STEP_PURPOSE, max_age=SECOND_STEP)
    except CredentialsUnreadable:
        return None
    user = await session.get(User, UUID(values["user"]))
    return user if user is not None and digest(user.password_hash) == values["password"] else None


async def sign_in(session: AsyncSession, user: User, origin: Origin) -> OpenedSession:
    """Let in who has shown all that is asked for."""
    await audit.record(session, user, "signed_in", user.id, address=origin.address)
    return await open_session(session, user, origin)


async def open_session(session: AsyncSession, user: User, origin: Origin = NOWHERE) -> OpenedSession:
    token, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    session.add(
        StaffSession(
            user_id=user.id,
            token_hash=digest(token),
            csrf_token=csrf_token,
            expires_at=clock.now() + SESSION_IDLE,
            user_agent=(origin.user_agent or "")[:300] or None,
            address=(origin.address or "")[:60] or None,
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
            .where(StaffSession.token_hash == digest(token), StaffSession.expires_at > moment, User.is_active)
        )
    ).one_or_none()
    if row is None:
        return None
    staff_session, user = row
    if moment - staff_session.last_seen_at > timedelta(minutes=1):
        staff_session.last_seen_at, staff_session.expires_at = moment, moment + SESSION_IDLE
    return staff_session, user


async def live_sessions(session: AsyncSession, user: User) -> Sequence[StaffSession]:
    """The account's open sessions, the last used first."""
    live = select(StaffSession).where(StaffSession.user_id == user.id, StaffSession.expires_at > clock.now())
    return (await session.scalars(live.order_by(StaffSession.last_seen_at.desc()))).all()


async def close_others(session: AsyncSession, user: User, token: str) -> int:
    """End the account's sessions but the one of `token`, and its programs' tokens; how many sessions."""
    ended = await session.scalars(
        delete(StaffSession)
        .where(StaffSession.user_id == user.id, StaffSession.token_hash != digest(token))
        .returning(StaffSession.id)
    )
    closed = len(ended.all())
    await _revoke_tokens(session, user.id)
    await notify(session, account_topic(user.id))
    await audit.record(session, user, "sessions_closed", user.id, sessions=closed)
    return closed


async def close_session(session: AsyncSession, token: str) -> None:
    """Sign out."""
    owner = await session.scalar(
        delete(StaffSession).where(StaffSession.token_hash == digest(token)).returning(StaffSession.user_id)
    )
    if owner is not None:
        await notify(session, account_topic(owner))
        await audit.record(session, await session.get_one(User, owner), "signed_out", owner)


async def end_sessions(session: AsyncSession, user_id: UUID) -> None:
    """End every session and token of an account, and with them the streams that they opened."""
    await session.execute(delete(StaffSession).where(StaffSession.user_id == user_id))
    await _revoke_tokens(session, user_id)
    await notify(session, account_topic(user_id))


async def _revoke_tokens(session: AsyncSession, user_id: UUID) -> None:
    await session.execute(
        update(StaffToken)
        .where(StaffToken.user_id == user_id, StaffToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


async def change_password(session: AsyncSession, user: User, current: str, new: str) -> None:
    """Of who has confirmed `current`. Raises WeakPassword. Other sessions and tokens of the account end."""
    if not passwords.is_acceptable(new, user.username) or new == current:
        raise WeakPassword
    user.password_hash = passwords.hash_password(new)
    user.must_change_password = False
    await end_sessions(session, user.id)
    await audit.record(session, user, "password_changed", user.id)


async def issue_token(session: AsyncSession, user: User, name: str) -> str:
    """A bearer token for programs, told once."""
    token = f"cs_{secrets.token_urlsafe(32)}"
    session.add(StaffToken(user_id=user.id, name=name, token_hash=digest(token), expires_at=clock.now() + TOKEN_LIFE))
    await audit.record(session, user, "token_issued", user.id, name=name)
    return token


async def find_by_token(session: AsyncSession, token: str) -> tuple[StaffToken, User] | None:
    """A live token and in whose name it acts, its use noted (at most once a minute), or None."""
    moment = clock.now()
    row = (
        await session.execute(
            select(StaffToken, User)
            .join(User, User.id == StaffToken.user_id)
            .where(
                StaffToken.token_hash == digest(token),
                StaffToken.revoked_at.is_(None),
                StaffToken.expires_at > moment,
                or_(User.is_active, User.is_system),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    staff_token, user = row
    if staff_token.last_used_at is None or moment - staff_token.last_used_at > timedelta(minutes=1):
        staff_token.last_used_at = moment
    return staff_token, user
