"""Every channel there is, and the telephone. A new one is its adapter's file and an entry here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from channels.manners import MANNERS
from channels.port import Manners, VendorChannel
from channels.sms import SmsChannel
from channels.telegram import TelegramChannel
from channels.twilio_api import TwilioApi
from channels.voice import VoiceLine
from channels.whatsapp import ContentCache, WhatsAppChannel


@dataclass(frozen=True)
class Field:
    """Something an administrator enters. `help` says in Spanish where it is found."""

    name: str
    label: str
    help: str
    is_secret: bool = False
    #: A whole match is required.
    pattern: str = r".{1,200}"


@dataclass(frozen=True)
class Surroundings:
    """What an adapter needs of the product. No address ends in a slash; `*_base` replace the vendors' hosts."""

    status_callback: str
    contents: ContentCache
    twilio_base: str | None = None
    telegram_base: str | None = None


@dataclass(frozen=True)
class AccountKind:
    """What an administrator keeps accounts of."""

    name: str
    title: str
    fields: tuple[Field, ...]
    #: The field that names the account in conversations.
    account_field: str
    can_poll: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Kind(AccountKind):
    """A channel, and how one of its accounts is opened. `values` hold a value for each of `fields`."""

    manners: Manners
    open: Callable[[Mapping[str, str], Surroundings], VendorChannel]


_TWILIO_FIELDS = (
    Field("account_sid", "SID de la cuenta", "En la consola de Twilio, «Account SID».", pattern=r"AC[0-9a-fA-F]{32}"),
    Field("auth_token", "Token de autenticación", "En la consola de Twilio, «Auth Token».", is_secret=True),
    Field("number", "Número", "Con clave de país, por ejemplo +526621234567.", pattern=r"\+\d{8,15}"),
)
_TELEGRAM_FIELDS = (
    Field(
        "token", "Token del bot", "Lo da @BotFather al crear el bot.", is_secret=True, pattern=r"\d{3,20}:[\w-]{10,80}"
    ),
)


def _twilio(values: Mapping[str, str], around: Surroundings) -> TwilioApi:
    return TwilioApi(values["account_sid"], values["auth_token"], base=around.twilio_base)


def _open_whatsapp(values: Mapping[str, str], around: Surroundings) -> VendorChannel:
    return WhatsAppChannel(
        _twilio(values, around),
        values["number"],
        status_callback=around.status_callback,
        contents=around.contents,
    )


def _open_sms(values: Mapping[str, str], around: Surroundings) -> VendorChannel:
    return SmsChannel(_twilio(values, around), values["number"], status_callback=around.status_callback)


def _open_telegram(values: Mapping[str, str], around: Surroundings) -> VendorChannel:
    return TelegramChannel(values["token"], values["webhook_secret"], base=around.telegram_base)


CHANNELS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("whatsapp", "WhatsApp", _TWILIO_FIELDS, "number", MANNERS["whatsapp"], _open_whatsapp),
        Kind("telegram", "Telegram", _TELEGRAM_FIELDS, "token", MANNERS["telegram"], _open_telegram, can_poll=True),
        Kind("sms", "SMS", _TWILIO_FIELDS, "number", MANNERS["sms"], _open_sms),
    )
}
#: Calls are no messages: its accounts are kept like a channel's, and nothing else is.
VOICE = AccountKind("voz", "Teléfono", _TWILIO_FIELDS, "number")
ACCOUNTS: Mapping[str, AccountKind] = {**CHANNELS, VOICE.name: VOICE}


def open_line(values: Mapping[str, str], twilio_base: str | None) -> VoiceLine:
    """The telephone number of an account of VOICE."""
    return VoiceLine(TwilioApi(values["account_sid"], values["auth_token"], base=twilio_base), values["number"])


def account_name(kind: AccountKind, values: Mapping[str, str]) -> str:
    """The account's name in conversations: the number, or a Telegram bot's id (its token up to the colon)."""
    return values[kind.account_field].partition(":")[0]
