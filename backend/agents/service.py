"""Accounts and presence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import passwords, presence_history, second_factor, sessions
from backend.agents.errors import (
    ExtensionTaken,
    LiaisonAgency,
    OwnAccount,
    UsernameTaken,
    WeakPassword,
)
from backend.agents.models import DESK_ROLES, BreakKind, Presence, PresenceState, Role, User
from backend.agents.presence_history import PRESENCE_LIFE
from backend.audit import service as audit
from backend.catalog.areas import checked_extension
from backend.catalog.models import Agency, OfficeArea
from backend.errors import NotFound
from backend.live import account_topic
from backend.wakeups import notify

DEFAULT_CAPACITY = 5
FIRST_ADMIN = "admin"


@dataclass(frozen=True)
class AvailableAgent:
    user_id: UUID
    capacity: int


async def create_user(
    session: AsyncSession,
    *,
    username: str,
    full_name: str,
    role: Role,
    password: str | None = None,
    agency_id: UUID | None = None,
    by: User | None = None,
) -> tuple[User, str | None]:
    """A new account. Without `password` a one-time password is made and returned, to be changed at first login.

    `agency_id` goes with Role.LIAISON and nobody else. Raises UsernameTaken, WeakPassword, LiaisonAgency.
    """
    name = username.strip().lower()
    await _require_agency(session, role, agency_id)
    if await session.scalar(select(User.id).where(User.username == name)) is not None:
        raise UsernameTaken
    if password is not None and not passwords.is_acceptable(password, name):
        raise WeakPassword
    one_time = None if password is not None else passwords.one_time_password()
    user = User(
        username=name,
        full_name=full_name.strip(),
        role=role,
        agency_id=agency_id,
        password_hash=passwords.hash_password(password or one_time or ""),
        must_change_password=password is None,
    )
    session.add(user)
    await session.flush()
    await audit.record(session, by, "user_created", user.id, username=user.username, role=role.value)
    return user, one_time


async def _require_agency(session: AsyncSession, role: Role, agency_id: UUID | None) -> None:
    if (role is Role.LIAISON) != (agency_id is not None):
        raise LiaisonAgency
    if agency_id is not None and await session.get(Agency, agency_id) is None:
        raise LiaisonAgency


async def agency_of_key(session: AsyncSession, key: str) -> UUID:
    """The agency that the catalog keeps under `key`. Raises LiaisonAgency."""
    found: UUID | None = await session.scalar(select(Agency.id).where(Agency.key == key.strip().lower()))
    if found is None:
        raise LiaisonAgency("No existe esa dependencia en el catálogo.")
    return found


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
    user = await session.scalar(select(User).where(User.username == username.strip().lower(), ~User.is_system))
    if user is None:
        raise NotFound("No existe ese usuario.")
    return user


async def list_users(session: AsyncSession) -> Sequence[User]:
    """Every person's account; other systems' are under Integraciones."""
    people = select(User).where(~User.is_system)
    return (await session.scalars(people.order_by(User.is_active.desc(), User.full_name))).all()


async def reset_password(session: AsyncSession, user: User, *, by: User | None = None) -> str:
    """A new one-time password; every session and token of the account ends."""
    one_time = passwords.one_time_password()
    user.password_hash = passwords.hash_password(one_time)
    user.must_change_password = True
    user.failed_logins, user.locked_until = 0, None
    await sessions.end_sessions(session, user.id)
    await audit.record(session, by, "password_reset", user.id)
    return one_time


async def reset_second_factor(session: AsyncSession, user_id: UUID, *, by: User | None) -> User:
    """Take away the second factor of who lost their telephone; sessions and tokens end. Raises Conflict, NotFound."""
    user = await get_user(session, user_id)
    await second_factor.switch_off(session, user, by=by)
    await sessions.end_sessions(session, user.id)
    return user


async def set_active(session: AsyncSession, user: User, *, is_active: bool, by: User | None = None) -> None:
    """Disable or enable an account; a disabled one's sessions and tokens die at once."""
    user.is_active = is_active
    if not is_active:
        await sessions.end_sessions(session, user.id)
        if await session.get(Presence, user.id) is not None:
            await set_presence(session, user.id, PresenceState.OFFLINE)
    await audit.record(session, by, "user_enabled" if is_active else "user_disabled", user.id)


async def set_presence(
    session: AsyncSession,
    user_id: UUID,
    state: PresenceState,
    *,
    capacity: int | None = None,
    break_kind: BreakKind | None = None,
) -> bool:
    """Say whether an agent takes chats; True when that changed something. The heartbeat is a repetition of this.

    `break_kind` goes with PresenceState.BREAK; without it the break is a rest.
    """
    moment = clock.now()
    kind = (break_kind or BreakKind.REST) if state is PresenceState.BREAK else None
    presence = await session.get(Presence, user_id, with_for_update=True)
    if presence is None:
        values = {"user_id": user_id, "state": state, "break_kind": kind, "changed_at": moment, "last_seen_at": moment}
        made = await session.scalar(
            insert(Presence)
            .values(**values, capacity=capacity or DEFAULT_CAPACITY)
            .on_conflict_do_nothing(index_elements=[Presence.user_id])
            .returning(Presence.user_id)
        )
        if made is not None:
            await presence_history.note(session, user_id, state, kind, moment)
        return True
    is_other = presence.state is not state or presence.break_kind is not kind
    is_back = presence_history.has_lapsed(presence, moment)
    has_changed = is_other or is_back or capacity not in (None, presence.capacity)
    if is_back:
        await presence_history.note_lapse(session, presence)
    if is_other or is_back:
        await presence_history.note(session, user_id, state, kind, moment)
    if is_other:
        presence.state, presence.break_kind, presence.changed_at = state, kind, moment
    presence.capacity = capacity or presence.capacity
    presence.last_seen_at = moment
    await session.flush()
    return has_changed


async def presence_of(session: AsyncSession, user_id: UUID) -> Presence | None:
    return await session.get(Presence, user_id)


async def touch_presence(session: AsyncSession, user_id: UUID) -> None:
    """The agent's console is still open."""
    moment = clock.now()
    presence = await session.get(Presence, user_id, with_for_update=True)
    if presence is None:
        return
    if presence_history.has_lapsed(presence, moment):
        await presence_history.note_lapse(session, presence)
        await presence_history.note(session, user_id, presence.state, presence.break_kind, moment)
    presence.last_seen_at = moment
    await session.flush()


@dataclass(frozen=True)
class Colleague:
    """Somebody to whom a conversation may be passed."""

    user_id: UUID
    full_name: str
    is_available: bool


async def colleagues(session: AsyncSession, user_id: UUID) -> list[Colleague]:
    """Everybody else with an active account, who takes chats now first."""
    available = {agent.user_id for agent in await available_agents(session)}
    users = await session.scalars(
        select(User).where(User.is_active, User.id != user_id, User.role.in_(DESK_ROLES)).order_by(User.full_name)
    )
    found = [Colleague(user.id, user.full_name, user.id in available) for user in users]
    return sorted(found, key=lambda colleague: not colleague.is_available)


async def change_user(
    session: AsyncSession,
    by: User,
    user_id: UUID,
    *,
    full_name: str | None = None,
    role: Role | None = None,
    agency_id: UUID | None = None,
    is_active: bool | None = None,
) -> User:
    """An administrator changes an account; `agency_id` goes with a liaison's role.

    Raises OwnAccount for what would lock them out, LiaisonAgency, NotFound.
    """
    user = await get_user(session, user_id)
    if user.id == by.id and (is_active is False or role not in (None, user.role)):
        raise OwnAccount
    if role is not None or agency_id is not None:
        await _require_agency(session, role or user.role, agency_id)
        if (before := user.role) is not (role or before):
            await audit.record(session, by, "role_changed", user.id, before=before.value, after=(role or before).value)
        elif agency_id != user.agency_id:
            await audit.record(session, by, "agency_changed", user.id, agency=str(agency_id))
        user.role, user.agency_id = role or user.role, agency_id
        await notify(session, account_topic(user.id))
    if full_name is not None and full_name.strip() != user.full_name:
        user.full_name = full_name.strip()
        await audit.record(session, by, "user_renamed", user.id)
    if is_active is not None and is_active != user.is_active:
        await set_active(session, user, is_active=is_active, by=by)
    await session.flush()
    return user


async def place_user(
    session: AsyncSession, user_id: UUID, *, area_id: UUID | None, extension: str, by: User | None = None
) -> User:
    """Say in which area a person works and which telephone is theirs; calls logged before keep what they say.

    Raises InvalidInput, ExtensionTaken, NotFound.
    """
    user = await get_user(session, user_id)
    number = checked_extension(extension)
    if area_id is not None and await session.get(OfficeArea, area_id) is None:
        raise NotFound("Esa área no existe.")
    if number is not None:
        owner = await session.scalar(select(User.id).where(User.extension == number, User.id != user.id))
        if owner is not None:
            raise ExtensionTaken
    user.area_id, user.extension = area_id, number
    await audit.record(session, by, "user_placed", user.id, extension=number or "")
    return user


async def get_user(session: AsyncSession, user_id: UUID) -> User:
    """A person's account. Raises NotFound, for another system's too."""
    user = await session.get(User, user_id)
    if user is None or user.is_system:
        raise NotFound("No existe ese usuario.")
    return user


async def available_agents(session: AsyncSession) -> list[AvailableAgent]:
    """Agents who take chats now: available, seen lately, account active."""
    rows = await session.execute(
        select(Presence.user_id, Presence.capacity)
        .join(User, User.id == Presence.user_id)
        .where(
            Presence.state == PresenceState.AVAILABLE,
            Presence.last_seen_at > clock.now() - PRESENCE_LIFE,
            User.is_active,
            User.role.in_(DESK_ROLES),
        )
    )
    return [AvailableAgent(user_id, capacity) for user_id, capacity in rows]


async def names(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    """Full names by account."""
    if not ids:
        return {}
    rows = await session.execute(select(User.id, User.full_name).where(User.id.in_(ids)))
    return dict(rows.all())
