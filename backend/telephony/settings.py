"""How an account of the telephone behaves: what an administrator sets beside its credentials."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.audit import service as audit
from backend.messaging import accounts
from backend.messaging.errors import FieldsRefused
from backend.messaging.models import ChannelAccount
from backend.text import strip_control

_KEPT_AS = "voice"
LONGEST_TEXT = 500
MOST_WAITING = (1, 200)
WAIT_MINUTES = (1, 60)


@dataclass(frozen=True)
class LineSettings:
    """`greeting` and `address` are told as they are; `queue_size` callers at most wait, `wait_minutes` each."""

    greeting: str = "Gracias por llamar a Atención Ciudadana del Gobierno del Estado de Sonora."
    address: str = ""
    has_menus: bool = True
    hears_speech: bool = False
    records_talks: bool = False
    queue_size: int = 20
    wait_minutes: int = 10


def of(account: ChannelAccount) -> LineSettings:
    kept = account.options.get(_KEPT_AS, {})
    names = {one.name for one in fields(LineSettings)}
    return LineSettings(**{name: value for name, value in kept.items() if name in names})


def read(typed: Mapping[str, str]) -> LineSettings:
    """What an administrator typed. Raises FieldsRefused."""
    problems: dict[str, str] = {}
    greeting = " ".join(strip_control(typed.get("greeting", "")).split())
    address = " ".join(strip_control(typed.get("address", "")).split())
    if not greeting:
        problems["greeting"] = "Escriba el saludo."
    for name, text in (("greeting", greeting), ("address", address)):
        if len(text) > LONGEST_TEXT:
            problems[name] = f"Use {LONGEST_TEXT} letras como máximo."
    size = _number(typed, "queue_size", MOST_WAITING, problems)
    minutes = _number(typed, "wait_minutes", WAIT_MINUTES, problems)
    if problems:
        raise FieldsRefused(problems)
    flags = {name: bool(typed.get(name)) for name in ("has_menus", "hears_speech", "records_talks")}
    return LineSettings(greeting, address, **flags, queue_size=size, wait_minutes=minutes)


def _number(typed: Mapping[str, str], name: str, limits: tuple[int, int], problems: dict[str, str]) -> int:
    least, most = limits
    text = typed.get(name, "").strip()
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1
    if not least <= value <= most:
        problems[name] = f"Escriba un número de {least} a {most}."
    return value


async def save(session: AsyncSession, user: User, account_id: UUID, wanted: LineSettings) -> None:
    account = await accounts.get(session, account_id, lock=True)
    before: dict[str, Any] = asdict(of(account))
    changed = sorted(name for name, value in asdict(wanted).items() if before[name] != value)
    account.options = {**account.options, _KEPT_AS: asdict(wanted)}
    account.updated_by = user.id
    await audit.record(session, user, "voice_settings_changed", account.id, fields=changed)
