"""The port to a mail server, and SMTP behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage as Mime
from email.utils import formatdate
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_TIMEOUT = 30.0


class MailNotSent(Exception):
    """`is_permanent`: another try cannot help. `code` is SMTP's number or a word of ours."""

    def __init__(self, code: str, *, is_permanent: bool = False) -> None:
        self.code = code
        self.is_permanent = is_permanent
        super().__init__(code)


class BadSmtpUrl(ValueError):
    """SMTP_URL is not `smtp://[user:password@]host[:port]`, `smtp+starttls://…` or `smtps://…`."""


@dataclass(frozen=True)
class Enclosure:
    file_name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Outgoing:
    """An e-mail as it goes out."""

    message_id: str
    to_address: str
    subject: str
    text: str
    enclosures: Sequence[Enclosure] = ()


class Mailer(Protocol):
    """Something that sends e-mail."""

    @property
    def sender(self) -> str:
        """The address that mail comes from."""
        ...

    async def send(self, mail: Outgoing) -> None:
        """Hand an e-mail to the server. Raises MailNotSent."""
        ...


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed in. `start_tls` None: where the server offers it."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None

    def client(self, patience: float) -> aiosmtplib.SMTP:
        """A connection to it, yet to be opened, which waits so many seconds for each answer."""
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            use_tls=self.use_tls,
            start_tls=self.start_tls,
            timeout=patience,
        )


def parse(url: str) -> SmtpServer:
    """The server of an SMTP_URL. A password is only ever sent encrypted, but to this machine itself.

    Raises BadSmtpUrl, which does not repeat the URL: it may hold a password.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise BadSmtpUrl("SMTP_URL has a bad port") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise BadSmtpUrl("SMTP_URL must be smtp://, smtp+starttls:// or smtps:// with a host")
    username = unquote(parts.username) if parts.username else None
    needs_tls = parts.scheme == "smtp+starttls" or (username is not None and not _is_loopback(parts.hostname))
    use_tls = parts.scheme == "smtps"
    start_tls = False if use_tls else (True if needs_tls else None)
    password = unquote(parts.password) if parts.password else None
    return SmtpServer(parts.hostname, port or _PORTS[parts.scheme], username, password, use_tls, start_tls)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class SmtpMailer:
    """Sends over SMTP, one connection a message."""

    def __init__(self, url: str, sender: str) -> None:
        self._server = parse(url)
        self.sender = sender

    async def send(self, mail: Outgoing) -> None:
        try:
            async with self._server.client(_TIMEOUT) as client:
                await client.send_message(_mime(mail, self.sender), sender=self.sender, recipients=[mail.to_address])
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _of_code(refused.recipients[0].code) from refused
        except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as refused:
            raise _of_code(refused.code) from refused
        except aiosmtplib.SMTPResponseException as refused:
            # Greeting or sign-in: the server's or the settings' trouble, not this message's.
            raise MailNotSent(str(refused.code)) from refused
        except aiosmtplib.SMTPTimeoutError as slow:
            raise MailNotSent("timeout") from slow
        except (aiosmtplib.SMTPException, OSError) as broken:
            raise MailNotSent("unreachable") from broken


def _of_code(code: int) -> MailNotSent:
    return MailNotSent(str(code), is_permanent=500 <= code < 600)


def _mime(mail: Outgoing, sender: str) -> Mime:
    message = Mime()
    message["From"], message["To"], message["Subject"] = sender, mail.to_address, mail.subject
    message["Message-ID"], message["Date"] = mail.message_id, formatdate()
    # Says to other programs that nobody wrote this, so that no absence notice answers it (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    for one in mail.enclosures:
        kind, subtype = one.content_type.split("/", 1)
        message.add_attachment(one.content, maintype=kind, subtype=subtype, filename=one.file_name)
    return message
