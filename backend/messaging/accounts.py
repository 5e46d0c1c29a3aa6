"""Accounts at the vendors as an administrator keeps them: made, changed, switched; never deleted, only off.

Secrets go in and never come out: whoever asks is told when each was saved.
"""

import enum
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.errors import NotFound
from backend.messaging.credentials import CredentialsUnreadable, seal, unseal
from backend.messaging.errors import AccountTaken, FieldsRefused
from backend.messaging.models import ChannelAccount, ReceiveMode
from backend.settings import Settings
from backend.text import strip_control
from channels.catalogue import ACCOUNTS, AccountKind, account_name

#: Ours, beside what an administrator enters: what Telegram shows with each call.
WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 — its name
_SAVED_AT = "saved_at"
_MAX_NAME = 80


class AccountState(enum.StrEnum):
    ON = "on"
    OFF = "off"
    NO_CREDENTIALS = "no_credentials"
    FAILING = "failing"


def kind_of(channel: str) -> AccountKind:
    """Raises NotFound."""
    kind = ACCOUNTS.get(channel)
    if kind is None:
        raise NotFound("No existe ese canal.")
    return kind


async def listed(session: AsyncSession) -> Sequence[ChannelAccount]:
    """Every account, the telephone's too."""
    return (await session.scalars(select(ChannelAccount).order_by(ChannelAccount.channel, ChannelAccount.name))).all()


async def get(session: AsyncSession, account_id: UUID, *, lock: bool = False) -> ChannelAccount:
    """Raises NotFound."""
    account = await session.get(ChannelAccount, account_id, with_for_update=lock, populate_existing=lock)
    if account is None:
        raise NotFound("No existe esa cuenta.")
    return account


def known_values(settings: Settings, account: ChannelAccount) -> dict[str, str] | None:
    """What was entered and is no secret; None where nothing can be read any more."""
    try:
        values = unseal(settings.key, account.credentials)
    except CredentialsUnreadable:
        return None
    return {one.name: values.get(one.name, "") for one in ACCOUNTS[account.channel].fields if not one.is_secret}


def secrets_saved_at(account: ChannelAccount) -> dict[str, datetime]:
    """When each secret was last entered."""
    return {name: datetime.fromisoformat(moment) for name, moment in account.options.get(_SAVED_AT, {}).items()}


def state_of(settings: Settings, account: ChannelAccount) -> AccountState:
    if known_values(settings, account) is None:
        return AccountState.NO_CREDENTIALS
    if not account.is_on:
        return AccountState.OFF
    good = max((moment for moment in (account.last_inbound_at, account.last_sent_at) if moment), default=None)
    is_failing = account.last_error_at is not None and (good is None or account.last_error_at > good)
    return AccountState.FAILING if is_failing else AccountState.ON


async def create(
    session: AsyncSession, settings: Settings, user: User, channel: str, name: str, typed: Mapping[str, str]
) -> ChannelAccount:
    """A new account, off until it is switched on. Raises FieldsRefused, AccountTaken."""
    kind = kind_of(channel)
    values = _checked(kind, name, typed, known={})
    if kind.can_poll:
        values[WEBHOOK_SECRET] = secrets.token_urlsafe(32)
    account_key = account_name(kind, values)
    query = select(ChannelAccount.id).where(ChannelAccount.channel == channel, ChannelAccount.account == account_key)
    if await session.scalar(query) is not None:
        raise AccountTaken
    account = ChannelAccount(
        channel=channel,
        account=account_key,
        name=name.strip(),
        credentials=seal(settings.key, values),
        options={_SAVED_AT: _saved(kind, values, {})},
        receive_mode=ReceiveMode.POLL if _must_poll(kind, settings) else ReceiveMode.WEBHOOK,
        is_on=False,
        updated_by=user.id,
    )
    session.add(account)
    await session.flush()
    await audit.record(session, user, "channel_created", account.id, channel=channel, account=account_key)
    return account


async def update(
    session: AsyncSession, settings: Settings, user: User, account_id: UUID, name: str, typed: Mapping[str, str]
) -> ChannelAccount:
    """Change an account; a secret left empty stays as it is. Raises FieldsRefused.

    The number, or the bot, is what conversations know the account by: another one is another account.
    """
    account = await get(session, account_id, lock=True)
    kind = ACCOUNTS[account.channel]
    try:
        known = unseal(settings.key, account.credentials)
    except CredentialsUnreadable:
        known = {}
    values = _checked(kind, name, typed, known)
    if account_name(kind, values) != account.account:
        raise FieldsRefused({kind.account_field: "Es otra cuenta. Para usarla, agregue una cuenta nueva."})
    if kind.can_poll:
        values[WEBHOOK_SECRET] = known.get(WEBHOOK_SECRET) or secrets.token_urlsafe(32)
    changed = sorted(field for field in values if values[field] != known.get(field))
    if account.name != name.strip():
        changed.append("name")
    account.name = name.strip()
    account.credentials = seal(settings.key, values)
    saved = {**account.options.get(_SAVED_AT, {}), **_saved(kind, values, known)}
    account.options = {**account.options, _SAVED_AT: saved}
    account.updated_by = user.id
    await session.flush()
    await audit.record(session, user, "channel_changed", account.id, fields=changed)
    return account


async def switch(session: AsyncSession, user: User, account_id: UUID, *, is_on: bool) -> ChannelAccount:
    """Switch an account on or off. What arrives and waits stays."""
    account = await get(session, account_id, lock=True)
    if account.is_on != is_on:
        account.is_on, account.updated_by = is_on, user.id
        await session.flush()
        await audit.record(session, user, "channel_switched_on" if is_on else "channel_switched_off", account.id)
    return account


def _checked(kind: AccountKind, name: str, typed: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The values to seal: what was typed, and for a secret left empty, the one we have. Raises FieldsRefused."""
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    if not 1 <= len(name.strip()) <= _MAX_NAME or strip_control(name) != name:
        problems["name"] = f"Escriba un nombre de hasta {_MAX_NAME} letras, para reconocer la cuenta."
    for one in kind.fields:
        value = typed.get(one.name, "").strip()
        if one.name == "number":
            value = re.sub(r"^whatsapp:|[\s()-]", "", value)
        if not value and one.is_secret and known.get(one.name):
            value = known[one.name]
        if not value:
            problems[one.name] = f"Escriba «{one.label}». {one.help}"
        elif not re.fullmatch(one.pattern, value):
            problems[one.name] = f"«{one.label}» no tiene la forma esperada. {one.help}"
        values[one.name] = value
    if problems:
        raise FieldsRefused(problems)
    return values


def _saved(kind: AccountKind, values: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The moment for each secret that is new."""
    names = [one.name for one in kind.fields if one.is_secret]
    return {name: clock.now().isoformat() for name in names if values[name] != known.get(name)}


def _must_poll(kind: AccountKind, settings: Settings) -> bool:
    """Without an address that the vendor can call, messages must be fetched."""
    return kind.can_poll and not settings.base_url.startswith("https://")
