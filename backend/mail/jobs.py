"""The worker's part: empties the mail outbox; no transaction is open while a server is spoken to."""

import asyncio

import structlog

from backend.conversations.files import FileStore
from backend.db import Database
from backend.mail import service
from backend.mail.service import Claim
from backend.mail.smtp import Enclosure, Mailer, MailNotSent, Outgoing, SmtpMailer
from backend.settings import Settings

log = structlog.get_logger(__name__)


def mailer_of(settings: Settings) -> Mailer | None:
    """The mailer that the settings name; None where e-mail is off."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    return SmtpMailer(settings.smtp_url.get_secret_value(), settings.mail_from)


async def send_due(database: Database, mailer: Mailer | None, files: FileStore, base_url: str) -> int:
    """Send all that is due, a few side by side; how many were tried. Without a mailer, set them aside."""
    if mailer is None:
        async with database.transaction() as session:
            aside = await service.set_aside(session)
        if aside:
            log.warning("mail_is_off", set_aside=aside)
        return 0
    tried = 0
    while True:
        async with database.transaction() as session:
            claims = await service.claim_due(session, domain=mailer.sender.rsplit("@", 1)[-1])
        if not claims:
            return tried
        await asyncio.gather(*(_send(database, mailer, files, base_url, claim) for claim in claims))
        tried += len(claims)


async def _send(database: Database, mailer: Mailer, files: FileStore, base_url: str, claim: Claim) -> None:
    problem: MailNotSent | None = None
    try:
        enclosures = [await asyncio.to_thread(_enclosure, files, one) for one in claim.attachments]
        text = f"{claim.text}\n\n{base_url}{claim.link}\n" if claim.link else f"{claim.text}\n"
        await mailer.send(Outgoing(claim.message_id, claim.to_address, claim.subject, text, enclosures))
    except MailNotSent as not_sent:
        problem = not_sent
    async with database.transaction() as session:
        await service.record(session, claim, problem)
    log.info("mail_tried", mail_id=str(claim.id), attempt=claim.attempt, error=problem.code if problem else None)


def _enclosure(files: FileStore, kept: dict[str, object]) -> Enclosure:
    try:
        content = files.path(str(kept["sha256"])).read_bytes()
    except FileNotFoundError:
        raise MailNotSent(service.FILE_GONE, is_permanent=True) from None
    return Enclosure(str(kept["file_name"]), str(kept["content_type"]), content)
