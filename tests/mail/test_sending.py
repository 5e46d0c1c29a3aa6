"""E-mail goes out once over real SMTP, is tried again where that helps, and says why where it does not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import update

from backend import clock
from backend.conversations.files import FileStore
from backend.conversations.messages import StoredFile
from backend.db import Database
from backend.errors import InvalidInput
from backend.mail import jobs, service
from backend.mail.models import EmailMessage, MailState
from backend.mail.smtp import BadSmtpUrl, SmtpMailer, parse
from backend.settings import Settings
from tests.mail.server import PDF, MailServer, mail_server

SITE = "https://chat.example"


class Post:
    """The outbox, a mailer and a server that takes what it sends."""

    def __init__(self, database: Database, server: MailServer, folder: Path) -> None:
        self.database, self.server = database, server
        self.files = FileStore(folder, max_bytes=10**6)
        self.mailer = SmtpMailer(server.url, "avisos@sonora.example")

    async def write(self, to: str = "enlace@cea.example", attachments: tuple[StoredFile, ...] = ()) -> UUID:
        async with self.database.transaction() as session:
            mail = await service.enqueue(
                session,
                to_address=to,
                subject="Petición turnada:\nfolio AC-1",
                text="Se turnó un folio.",
                link="/consola/enlace/turnos/1",
                attachments=attachments,
            )
            return mail.id

    async def send(self) -> int:
        return await jobs.send_due(self.database, self.mailer, self.files, SITE)

    async def stored(self, mail_id: UUID) -> EmailMessage:
        async with self.database.transaction() as session:
            return await session.get_one(EmailMessage, mail_id)

    async def pass_time(self) -> None:
        """As if whatever is waited for were over."""
        early = clock.now() - timedelta(minutes=1)
        async with self.database.transaction() as session:
            await session.execute(update(EmailMessage).values(next_attempt_at=early, lease_until=None))


@pytest.fixture
async def post(database: Database, tmp_path: Path) -> AsyncIterator[Post]:
    async with mail_server() as server:
        yield Post(database, server, tmp_path / "files")


async def test_mail_goes_out_once_with_its_files_though_two_workers_look_for_it(post: Post) -> None:
    kept = await post.files.keep_received(PDF, "oficio.pdf")
    mail_id = await post.write(attachments=(kept,))
    tried = await asyncio.gather(post.send(), post.send(), post.send())
    assert sum(tried) == 1
    (mail,) = post.server.received
    stored = await post.stored(mail_id)
    assert (stored.state, stored.attempts, stored.last_error) == (MailState.SENT, 1, None)
    assert mail["Message-ID"] == stored.message_id == f"<{mail_id}@sonora.example>"
    assert (mail["To"], mail["From"]) == ("enlace@cea.example", "avisos@sonora.example")
    assert mail["Subject"] == "Petición turnada: folio AC-1", "a line break ends no header"
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"{SITE}/consola/enlace/turnos/1" in body.get_content()
    (enclosed,) = mail.iter_attachments()
    assert (enclosed.get_filename(), enclosed.get_content()) == ("oficio.pdf", PDF)


async def test_a_server_that_is_busy_is_asked_again_later_with_the_same_message_id(post: Post) -> None:
    mail_id = await post.write()
    post.server.data_answer = "451 Busy"
    await post.send()
    waiting = await post.stored(mail_id)
    assert (waiting.state, waiting.last_error) == (MailState.PENDING, "451")
    assert waiting.next_attempt_at > clock.now() + timedelta(seconds=30)
    assert await post.send() == 0, "it waits"
    await post.pass_time()
    post.server.data_answer = None
    await post.send()
    first, second = post.server.received
    assert first["Message-ID"] == second["Message-ID"]
    assert (await post.stored(mail_id)).state is MailState.SENT


async def test_a_refused_address_fails_at_once_and_for_good(post: Post) -> None:
    post.server.rcpt_answer = "550 No such user"
    mail_id = await post.write()
    await post.send()
    failed = await post.stored(mail_id)
    assert (failed.state, failed.last_error, failed.attempts) == (MailState.FAILED, "550", 1)
    await post.pass_time()
    assert await post.send() == 0, "for good"


async def test_a_server_that_is_away_is_tried_in_vain_for_days_and_then_given_up(post: Post) -> None:
    nowhere = SmtpMailer("smtp://127.0.0.1:1", "avisos@sonora.example")
    mail_id = await post.write()
    for attempt in range(1, len(service.BACKOFF) + 2):
        assert (await post.stored(mail_id)).state is MailState.PENDING
        await jobs.send_due(post.database, nowhere, post.files, SITE)
        assert (await post.stored(mail_id)).attempts == attempt
        await post.pass_time()
    given_up = await post.stored(mail_id)
    assert (given_up.state, given_up.last_error) == (MailState.FAILED, "unreachable")


async def test_what_a_dead_worker_held_is_sent_when_its_lease_ends(post: Post) -> None:
    mail_id = await post.write()
    async with post.database.transaction() as session:
        (dead,) = await service.claim_due(session, domain="sonora.example")
    assert await post.send() == 0, "the lease holds"
    await post.pass_time()
    assert await post.send() == 1
    async with post.database.transaction() as session:
        await service.record(session, dead, service.MailNotSent("timeout"))
    assert (await post.stored(mail_id)).state is MailState.SENT, "the late worker's word counts no more"


async def test_without_a_server_mail_is_set_aside_and_never_goes_by_itself_later(post: Post) -> None:
    mail_id = await post.write()
    await jobs.send_due(post.database, None, post.files, SITE)
    aside = await post.stored(mail_id)
    assert (aside.state, aside.last_error) == (MailState.OFF, service.SMTP_OFF)
    assert await post.send() == 0


async def test_a_file_that_is_gone_is_told_and_nothing_is_sent(post: Post) -> None:
    mail_id = await post.write(attachments=(StoredFile("x.pdf", "application/pdf", 3, "0" * 64),))
    await post.send()
    assert ((await post.stored(mail_id)).last_error, post.server.received) == (service.FILE_GONE, [])


@pytest.mark.parametrize("typed", ["", "enlace", "a@b", "a b@c.mx", "a@c.mx\nBcc: x@y.mx", "a@c.mx, x@y.mx", "é@c.mx"])
def test_what_is_no_single_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        service.checked_address(typed)


def test_a_password_never_leaves_unencrypted() -> None:
    far = parse("smtp://user:p%40ss@mail.example:2525")
    assert (far.username, far.password, far.port, far.start_tls) == ("user", "p@ss", 2525, True)
    assert parse("smtp://user:x@127.0.0.1:25").start_tls is None
    assert parse("smtp://mail.example").start_tls is None
    assert parse("smtp+starttls://mail.example").start_tls is True
    assert (parse("smtps://mail.example").use_tls, parse("smtps://mail.example").port) == (True, 465)
    for bad in ("mail.example:25", "http://mail.example", "smtp://", "smtp://mail.example:puerto"):
        with pytest.raises(BadSmtpUrl):
            parse(bad)


def test_a_server_needs_an_address_that_mail_comes_from(settings: Settings) -> None:
    assert jobs.mailer_of(settings) is None
    values = settings.model_dump() | {"smtp_url": "smtp://127.0.0.1:25"}
    with pytest.raises(ValueError, match="MAIL_FROM"):
        Settings.model_validate(values)
    mailer = jobs.mailer_of(Settings.model_validate(values | {"mail_from": "a@b.mx"}))
    assert mailer is not None
    assert mailer.sender == "a@b.mx"
