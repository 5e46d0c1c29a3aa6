"""The mail outbox: putting in, claiming, recording, trying again."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.messages import StoredFile
from backend.errors import Conflict, InvalidInput, NotFound
from backend.mail.models import EmailMessage, MailState
from backend.mail.smtp import MailNotSent

#: Waits before the second attempt, the third …: about two days in all, as mail servers do themselves.
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))
LEASE = timedelta(minutes=3)
#: Why mail did not go: nobody has set a server.
SMTP_OFF = "smtp_off"
#: What goes out no more unless staff ask for it.
STUCK = (MailState.FAILED, MailState.OFF)
#: A file that was to go with it is no longer there.
FILE_GONE = "file_gone"

_ADDRESS = re.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")


@dataclass(frozen=True)
class Claim:
    """An e-mail that is ours to send until the lease ends."""

    id: UUID
    lease_token: UUID
    message_id: str
    to_address: str
    subject: str
    text: str
    link: str
    attachments: Sequence[dict[str, Any]]
    attempt: int


def checked_address(typed: str) -> str:
    """An e-mail address as it can be written to. Raises InvalidInput."""
    address = typed.strip()
    if len(address) > 254 or not _ADDRESS.match(address):
        raise InvalidInput("Escriba un correo electrónico válido, como nombre@dependencia.gob.mx.", field="email")
    return address


async def enqueue(
    session: AsyncSession,
    *,
    to_address: str,
    subject: str,
    text: str,
    link: str = "",
    attachments: Sequence[StoredFile] = (),
    petition_id: UUID | None = None,
    turn_id: UUID | None = None,
) -> EmailMessage:
    """Have an e-mail sent once the transaction commits. `link` is a path of our own site. Raises InvalidInput."""
    mail = EmailMessage(
        to_address=checked_address(to_address),
        subject=" ".join(subject.split())[:200],
        text=text,
        link=link,
        attachments=[asdict(one) for one in attachments],
        petition_id=petition_id,
        turn_id=turn_id,
        state=MailState.PENDING,
        attempts=0,
        next_attempt_at=clock.now(),
        created_at=clock.now(),
    )
    session.add(mail)
    await session.flush()
    return mail


async def claim_due(session: AsyncSession, *, domain: str, limit: int = 10) -> list[Claim]:
    """Take what is due, or was taken by a worker that died, for a lease; other workers' rows are left alone."""
    moment = clock.now()
    rows = await session.scalars(
        select(EmailMessage)
        .where(
            EmailMessage.state.in_((MailState.PENDING, MailState.SENDING)),
            EmailMessage.next_attempt_at <= moment,
            or_(EmailMessage.lease_until.is_(None), EmailMessage.lease_until < moment),
        )
        .order_by(EmailMessage.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claims = []
    for mail in rows:
        mail.state, mail.attempts = MailState.SENDING, mail.attempts + 1
        mail.lease_token, mail.lease_until = uuid.uuid4(), moment + LEASE
        mail.message_id = mail.message_id or f"<{mail.id}@{domain}>"
        claims.append(
            Claim(
                mail.id,
                mail.lease_token,
                mail.message_id,
                mail.to_address,
                mail.subject,
                mail.text,
                mail.link,
                mail.attachments,
                mail.attempts,
            )
        )
    await session.flush()
    return claims


async def record(session: AsyncSession, claim: Claim, problem: MailNotSent | None) -> None:
    """Write how an attempt ended, unless the lease has passed to somebody else."""
    mail = await session.get(EmailMessage, claim.id, with_for_update=True)
    if mail is None or mail.lease_token != claim.lease_token:
        return
    mail.lease_token = mail.lease_until = None
    if problem is None:
        mail.state, mail.sent_at, mail.last_error = MailState.SENT, clock.now(), None
        return
    mail.last_error = problem.code
    if problem.is_permanent or mail.attempts > len(BACKOFF):
        mail.state = MailState.FAILED
    else:
        mail.state, mail.next_attempt_at = MailState.PENDING, clock.now() + BACKOFF[mail.attempts - 1]


async def set_aside(session: AsyncSession) -> int:
    """While e-mail is off: what is due does not go, now or by itself later; how many."""
    aside = await session.scalars(
        update(EmailMessage)
        .where(EmailMessage.state == MailState.PENDING, EmailMessage.next_attempt_at <= clock.now())
        .values(state=MailState.OFF, last_error=SMTP_OFF)
        .returning(EmailMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(aside.all())


async def retry(session: AsyncSession, mail_id: UUID, *, turn_id: UUID | None, to_address: str | None) -> None:
    """Send a failed e-mail again (of a turn: `turn_id`), with the same Message-ID, to the address that is known now.

    Raises NotFound, InvalidInput, or Conflict if it is on its way.
    """
    mail = await session.get(EmailMessage, mail_id, with_for_update=True)
    if mail is None or mail.turn_id != turn_id:
        raise NotFound("No existe ese correo.")
    if mail.state not in STUCK:
        raise Conflict("Ese correo ya salió o está por salir. Actualice la página.")
    if to_address:
        mail.to_address = checked_address(to_address)
    mail.state, mail.attempts, mail.next_attempt_at = MailState.PENDING, 0, clock.now()


async def of_turns(session: AsyncSession, turn_ids: Sequence[UUID]) -> dict[UUID, list[EmailMessage]]:
    """The e-mails of some turns, the first one first."""
    rows = await session.scalars(
        select(EmailMessage).where(EmailMessage.turn_id.in_(turn_ids)).order_by(EmailMessage.created_at)
    )
    found: dict[UUID, list[EmailMessage]] = {turn_id: [] for turn_id in turn_ids}
    for mail in rows:
        if mail.turn_id is not None:
            found[mail.turn_id].append(mail)
    return found
