"""The second factor: codes of a person's own telephone (TOTP, RFC 6238), and recovery codes for when it is lost.

A secret counts once a first right code has shown that the telephone has it (`User.second_factor_since`).
"""

import hashlib
import hmac
from dataclasses import dataclass

import pyotp
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import passwords
from backend.agents.errors import WrongCode
from backend.agents.models import RecoveryCode, SecondFactor, User
from backend.audit import service as audit
from backend.errors import Conflict
from backend.messaging import credentials

ISSUER = "Chat Sonora"
RECOVERY_CODES = 10
#: Seconds a code is shown, and how many codes before and after this one are taken for a clock that is off.
_STEP, _SKEW = 30, 1
_PURPOSE = b"chat-sonora second factor 1"


@dataclass(frozen=True)
class Enrolment:
    """What a telephone needs once: the secret to type, and the address that the QR holds."""

    secret: str
    address: str


async def begin(session: AsyncSession, user: User, key: bytes) -> Enrolment:
    """A new secret, which counts for nothing until `confirm`. Raises Conflict where a second factor is on."""
    if user.second_factor_since is not None:
        raise Conflict("Su segundo factor ya está activo.")
    secret = pyotp.random_base32()
    await session.merge(
        SecondFactor(
            user_id=user.id, sealed_secret=credentials.seal(key, {"secret": secret}, purpose=_PURPOSE), last_step=None
        )
    )
    await session.flush()
    return _enrolment(user, secret)


async def pending(session: AsyncSession, user: User, key: bytes) -> Enrolment | None:
    """The secret of an enrolment that was begun and not confirmed yet."""
    kept = await session.get(SecondFactor, user.id)
    return None if kept is None or user.second_factor_since else _enrolment(user, _secret(kept, key))


def _enrolment(user: User, secret: str) -> Enrolment:
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER))


def _secret(kept: SecondFactor, key: bytes) -> str:
    return credentials.unseal(key, kept.sealed_secret, purpose=_PURPOSE)["secret"]


async def confirm(session: AsyncSession, user: User, key: bytes, code: str) -> list[str]:
    """Switch it on with a first right code; the recovery codes, told this once. Raises WrongCode."""
    kept = await session.get(SecondFactor, user.id, with_for_update=True)
    if kept is None or user.second_factor_since is not None or not _is_right(kept, key, code):
        raise WrongCode
    user.second_factor_since = clock.now()
    codes = await _renew(session, user)
    await audit.record(session, user, "second_factor_on", user.id)
    return codes


async def check(session: AsyncSession, user: User, key: bytes, typed: str) -> bool:
    """Whether `typed` is a code of now, or a recovery code, that was not used before; from then on it is used.

    The caller holds the account's row locked, so that of two at once with the same code one is refused.
    """
    kept = await session.get(SecondFactor, user.id, with_for_update=True)
    if kept is None:
        return False
    if _is_right(kept, key, typed):
        await session.flush()
        return True
    spent = await session.get(RecoveryCode, _digest(typed), with_for_update=True)
    if spent is None or spent.user_id != user.id or spent.used_at is not None:
        return False
    spent.used_at = clock.now()
    await session.flush()
    await audit.record(session, user, "recovery_code_used", user.id, left=await codes_left(session, user))
    return True


def _is_right(kept: SecondFactor, key: bytes, typed: str) -> bool:
    """Whether it is the code of this time step or a neighbour's, later than the last one used; then it is that."""
    code = "".join(typed.split())
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return False
    totp, now = pyotp.TOTP(_secret(kept, key)), int(clock.now().timestamp()) // _STEP
    for step in range(now - _SKEW, now + _SKEW + 1):
        is_new = kept.last_step is None or step > kept.last_step
        if hmac.compare_digest(totp.generate_otp(step), code) and is_new:
            kept.last_step = step
            return True
    return False


async def new_recovery_codes(session: AsyncSession, user: User) -> list[str]:
    """Other recovery codes, told this once; the former ones open nothing any more."""
    codes = await _renew(session, user)
    await audit.record(session, user, "recovery_codes_renewed", user.id)
    return codes


async def _renew(session: AsyncSession, user: User) -> list[str]:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [passwords.one_time_password() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=_digest(code), user_id=user.id) for code in codes)
    await session.flush()
    return codes


async def codes_left(session: AsyncSession, user: User) -> int:
    """How many recovery codes are unused."""
    left = select(func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return int(await session.scalar(left) or 0)


async def switch_off(session: AsyncSession, user: User, *, by: User | None) -> None:
    """Take it away: by its owner, or by an administrator (a command: None) where the telephone is lost."""
    if user.second_factor_since is None:
        raise Conflict("Esa cuenta no tiene segundo factor.")
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    await session.execute(delete(SecondFactor).where(SecondFactor.user_id == user.id))
    user.second_factor_since = None
    is_own = by is not None and by.id == user.id
    await audit.record(session, by, "second_factor_off" if is_own else "second_factor_reset", user.id)


def _digest(code: str) -> str:
    return hashlib.sha256("".join(code.lower().replace("-", "").split()).encode()).hexdigest()
