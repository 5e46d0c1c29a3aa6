"""What is asked of a vendor while an account is set up: credentials, webhook, a message to try it.

No transaction is open while a vendor answers: each of these opens its own, before and after.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.conversations.models import Conversation
from backend.db import Database
from backend.errors import InvalidInput
from backend.messaging import accounts
from backend.messaging.adapters import Adapters, webhook_address
from backend.messaging.errors import VendorRefused
from backend.messaging.meanings import is_cured_by_check, meaning_of
from backend.messaging.models import ChannelAccount, ReceiveMode
from backend.settings import Settings
from channels.phones import normal_phone
from channels.port import ChannelRefused, NotSent, OutboundMessage, SendOutcome, Sent, VendorChannel

TEST_TEXT = "Mensaje de prueba de Chat Sonora. Si lo recibió, el canal funciona. No es necesario responder."
#: Telegram calls no other port (https://core.telegram.org/bots/api#setwebhook).
_TELEGRAM_PORTS = (None, 443, 80, 88, 8443)
_CHAT_ID = re.compile(r"\d{3,20}")
_NATIONAL_DIGITS = 10
_CHATS = 3


@runtime_checkable
class WebhookChannel(Protocol):
    """An adapter that tells its vendor itself where to call."""

    async def register_webhook(self, address: str) -> None: ...
    async def remove_webhook(self) -> None: ...
    async def webhook_problem(self) -> tuple[str, int, str | None]: ...


@dataclass(frozen=True)
class WebhookHealth:
    """What the vendor says of the webhook: where it calls, how many updates wait, its last complaint."""

    address: str
    is_ours: bool
    waiting: int
    last_error: str | None


@dataclass(frozen=True)
class TestOutcome:
    """How a test message fared, in words."""

    is_good: bool
    text: str


async def _open(database: Database, adapters: Adapters, account_id: UUID) -> tuple[ChannelAccount, VendorChannel]:
    """Raises NotFound, VendorRefused."""
    async with database.transaction() as session:
        account = await accounts.get(session, account_id)
    adapter = await adapters.open(account)
    if adapter is None:
        raise VendorRefused(meaning_of("credentials_unreadable").what + " Captúrelas de nuevo.")
    return account, adapter


async def _open_webhook(
    database: Database, adapters: Adapters, account_id: UUID
) -> tuple[ChannelAccount, WebhookChannel]:
    account, adapter = await _open(database, adapters, account_id)
    if not isinstance(adapter, WebhookChannel):
        raise InvalidInput("En este canal el webhook se captura en la consola del proveedor.")
    return account, adapter


async def check(database: Database, adapters: Adapters, user: User, account_id: UUID) -> str:
    """Prove the credentials; the account's name at the vendor. Raises VendorRefused; the error is kept either way."""
    _, adapter = await _open(database, adapters, account_id)
    try:
        name = await adapter.check()
    except ChannelRefused as refused:
        await note(database, user, account_id, "channel_checked", problem=refused.code)
        raise VendorRefused(refused.text, reason=refused.code) from refused
    await note(database, user, account_id, "channel_checked", problem=None)
    return name


async def switch_on(database: Database, adapters: Adapters, user: User, account_id: UUID) -> None:
    """Switch an account on once its credentials are proved. Raises VendorRefused.

    A vendor that is down is no reason: the account may be wanted for when it is back.
    """
    try:
        await check(database, adapters, user, account_id)
    except VendorRefused as refused:
        if refused.details.get("reason") != "unreachable":
            raise
    async with database.transaction() as session:
        await accounts.switch(session, user, account_id, is_on=True)


async def set_receive_mode(
    database: Database, adapters: Adapters, settings: Settings, user: User, account_id: UUID, mode: ReceiveMode
) -> None:
    """Have messages brought by the vendor's calls, or fetch them. Raises VendorRefused, InvalidInput.

    To have them brought registers the webhook (again, if it was); to fetch them removes it first, for a vendor
    refuses to be asked while it has an address to call.
    """
    account, adapter = await _open_webhook(database, adapters, account_id)
    if mode is ReceiveMode.WEBHOOK:
        _refuse_address(settings)
    try:
        if mode is ReceiveMode.WEBHOOK:
            await adapter.register_webhook(webhook_address(settings, account))
        else:
            await adapter.remove_webhook()
    except ChannelRefused as refused:
        await note(database, user, account_id, f"channel_mode_{mode.value}", problem=refused.code)
        raise VendorRefused(refused.text) from refused
    async with database.transaction() as session:
        account = await accounts.get(session, account_id, lock=True)
        account.receive_mode, account.updated_by = mode, user.id
        await audit.record(session, user, f"channel_mode_{mode.value}", account_id)


def _refuse_address(settings: Settings) -> None:
    """Raises InvalidInput unless Telegram can call our public address."""
    if settings.telegram_api_url is not None:  # a stand-in, or a Bot API server of our own: both take any address
        return
    address = urlsplit(settings.base_url)
    if address.scheme != "https":
        raise InvalidInput(
            f"La dirección pública es {settings.base_url} y Telegram solo llama a direcciones https. "
            "Configure PUBLIC_URL con la dirección https del sistema, o reciba por consulta."
        )
    if address.port not in _TELEGRAM_PORTS:
        raise InvalidInput("Telegram solo llama a los puertos 443, 80, 88 y 8443. Cambie el puerto de PUBLIC_URL.")


async def webhook_health(database: Database, adapters: Adapters, settings: Settings, account_id: UUID) -> WebhookHealth:
    """What the vendor says of our webhook. Raises VendorRefused."""
    account, adapter = await _open_webhook(database, adapters, account_id)
    try:
        address, waiting, last_error = await adapter.webhook_problem()
    except ChannelRefused as refused:
        raise VendorRefused(refused.text) from refused
    return WebhookHealth(address, address == webhook_address(settings, account), waiting, last_error)


def recipient_of(channel: str, typed: str) -> str:
    """How a vendor is told whom to send to. Raises InvalidInput."""
    typed = typed.strip()
    if channel == "telegram":
        if not _CHAT_ID.fullmatch(typed):
            raise InvalidInput("Escriba el identificador del chat: solo números.")
        return typed
    digits = "".join(char for char in typed if char.isdigit())
    phone = normal_phone(f"52{digits}" if len(digits) == _NATIONAL_DIGITS else digits)
    if phone is None:
        raise InvalidInput("Escriba un teléfono de 10 dígitos, o con clave de país, por ejemplo +526621234567.")
    return f"whatsapp:{phone}" if channel == "whatsapp" else phone


async def send_test(database: Database, adapters: Adapters, user: User, account_id: UUID, typed: str) -> TestOutcome:
    """Send a message to try an account, on or off. Raises InvalidInput, VendorRefused."""
    account, adapter = await _open(database, adapters, account_id)
    recipient = recipient_of(account.channel, typed)
    outcome = await adapter.send(OutboundMessage(str(uuid.uuid4()), recipient, TEST_TEXT))
    provider_id = outcome.provider_id if isinstance(outcome, Sent) else None
    async with database.transaction() as session:
        account = await accounts.get(session, account_id, lock=True)
        if isinstance(outcome, Sent):
            account.last_sent_at = clock.now()
        elif isinstance(outcome, NotSent):
            account.last_error_code, account.last_error_at = outcome.code[:60], clock.now()
        await audit.record(
            session, user, "channel_tested", account_id, outcome=type(outcome).__name__, provider_id=provider_id
        )
    return _told(account.channel, outcome)


def _told(channel: str, outcome: SendOutcome) -> TestOutcome:
    if isinstance(outcome, Sent):
        later = (
            " Si la persona no ha escrito a este número en las últimas 24 horas, WhatsApp no lo entregará."
            if channel == "whatsapp"
            else ""
        )
        return TestOutcome(True, f"El proveedor aceptó el mensaje. Confirme que llegó al teléfono.{later}")
    if isinstance(outcome, NotSent):
        meaning = meaning_of(outcome.code)
        return TestOutcome(False, f"No se envió (código {outcome.code}). {meaning.what} {meaning.advice}")
    return TestOutcome(
        False, "Se cortó la conexión antes de la respuesta. Vea en el teléfono si llegó antes de intentar de nuevo."
    )


async def latest_chats(session: AsyncSession, account: ChannelAccount) -> Sequence[tuple[str, str]]:
    """The people who wrote last to a bot: their chat's id and the name they give themselves."""
    rows = await session.execute(
        select(Conversation.address, Conversation.display_name)
        .where(
            Conversation.channel == literal_column("'telegram'"),  # written out, as its index has it
            Conversation.account == account.account,
            Conversation.address.is_not(None),
            Conversation.last_citizen_at.is_not(None),
        )
        .order_by(Conversation.last_citizen_at.desc())
        .limit(_CHATS)
    )
    return [(address or "", name or "") for address, name in rows]


async def note(database: Database, user: User, account_id: UUID, kind: str, *, problem: str | None) -> None:
    """Keep how it went: a refusal as the account's last error, a success as the end of one of that sort."""
    async with database.transaction() as session:
        account = await accounts.get(session, account_id, lock=True)
        if problem is not None:
            account.last_error_code, account.last_error_at = problem[:60], clock.now()
        elif account.last_error_code is not None and is_cured_by_check(account.last_error_code):
            account.last_error_code, account.last_error_at = None, None
        await audit.record(session, user, kind, account_id, problem=problem)
