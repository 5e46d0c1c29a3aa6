"""A mail server on loopback, spoken to over real SMTP, that can be told what to answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

#: A file that passes for what it says.
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@dataclass
class MailServer:
    """`rcpt_answer` and `data_answer` are what it says next; None: it takes the mail."""

    url: str = ""
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    rcpt_answer: str | None = None
    data_answer: str | None = None

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: Any) -> str:  # noqa: N802
        if self.rcpt_answer:
            return self.rcpt_answer
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.received.append(parsed)
        self.recipients += envelope.rcpt_tos
        return self.data_answer or "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """The server, listening while the block lasts."""
    handler = MailServer()
    listening = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, loop=asyncio.get_running_loop()), "127.0.0.1", 0
    )
    handler.url = f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield handler
    finally:
        listening.close()
