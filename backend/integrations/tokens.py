"""Keys of other systems: each acts in the name of an account of its own, with the scopes it was given."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import passwords
from backend.agents.models import Role, Scope, StaffToken, User
from backend.audit import service as audit
from backend.errors import InvalidInput, NotFound

#: How long a key may live, in days.
LIVES = (90, 365, 730)


@dataclass(frozen=True)
class TokenRow:
    token: StaffToken
    is_live: bool


async def issue(session: AsyncSession, by: User, name: str, scopes: Collection[Scope], days: int) -> str:
    """A new system's key, told once. Raises InvalidInput with the `field` that is wrong."""
    called = " ".join(name.split())
    if not 3 <= len(called) <= 100:
        raise InvalidInput("Escriba el nombre del sistema, de 3 a 100 letras.", field="name")
    if not set(scopes) & {Scope.READ, Scope.WRITE}:
        raise InvalidInput("Elija al menos «Leer» o «Registrar y cambiar».", field="scopes")
    if days not in LIVES:
        raise InvalidInput("Elija una vigencia de la lista.", field="days")
    account = User(
        username=f"sistema-{secrets.token_hex(6)}",
        full_name=called,
        role=Role.ANALYST,
        password_hash=passwords.hash_password(secrets.token_urlsafe(32)),
        must_change_password=False,
        is_active=False,
        is_system=True,
    )
    session.add(account)
    await session.flush()
    token, moment = f"csi_{secrets.token_urlsafe(32)}", clock.now()
    made = StaffToken(
        user_id=account.id,
        name=called,
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
        scopes=sorted(scope.value for scope in set(scopes)),
        created_at=moment,
        expires_at=moment + timedelta(days=days),
    )
    session.add(made)
    await session.flush()
    await audit.record(session, by, "integration_token_issued", made.id, name=called, scopes=made.scopes, days=days)
    return token


async def revoke(session: AsyncSession, by: User, token_id: UUID) -> None:
    """From now on the key opens nothing. Twice is once. Raises NotFound."""
    token = await session.get(StaffToken, token_id, with_for_update=True)
    if token is None or token.scopes is None:
        raise NotFound("No existe esa llave.")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        await audit.record(session, by, "integration_token_revoked", token.id, name=token.name)


async def listed(session: AsyncSession) -> Sequence[TokenRow]:
    """Every system's key, the live ones first, the newest first."""
    moment = clock.now()
    rows = await session.scalars(
        select(StaffToken).where(StaffToken.scopes.is_not(None)).order_by(StaffToken.created_at.desc())
    )
    found = [
        TokenRow(row, row.revoked_at is None and (row.expires_at is None or row.expires_at > moment)) for row in rows
    ]
    return sorted(found, key=lambda row: not row.is_live)
