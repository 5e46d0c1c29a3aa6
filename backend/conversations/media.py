"""Files that a vendor holds: fetched with no transaction open, stored, and their message let go on.

A row is leased by moving its next attempt into the future; a worker that dies leaves it to be tried again.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
import vobject
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.files import FileStore, StorageFull
from backend.conversations.messages import StoredFile, attach
from backend.conversations.models import InboundMedia, MediaState, Message
from backend.conversations.scanning import ScannerAway
from backend.crew import Crew
from backend.db import Database
from backend.errors import ChatSonoraError
from backend.live import FETCH_MEDIA, INBOX, LiveEvents, conversation_topic, turn_topic
from backend.messaging.adapters import Adapters
from backend.wakeups import notify
from channels.port import MediaContent, MediaReference, MediaUnavailable

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 6
_LEASE = timedelta(seconds=60)
_BACKOFF_SECONDS = 2.0
#: Files fetched side by side in one process.
_ROOM = 4


@dataclass(frozen=True)
class _Claim:
    media_id: UUID
    message_id: UUID
    channel: str
    account: str
    reference: MediaReference


@dataclass(frozen=True)
class _Card:
    """A telephone card that came as a file (WhatsApp's way)."""

    name: str
    phone: str


async def is_awaited(session: AsyncSession, message_id: UUID) -> bool:
    """Whether a message still waits for a file of its own."""
    pending = select(InboundMedia.id).where(
        InboundMedia.message_id == message_id, InboundMedia.state == MediaState.PENDING
    )
    return await session.scalar(pending.limit(1)) is not None


async def problems(session: AsyncSession, message_id: UUID) -> list[str]:
    """Why files of a message could not be had, in order."""
    rows = await session.scalars(
        select(InboundMedia.problem)
        .where(InboundMedia.message_id == message_id, InboundMedia.state == MediaState.FAILED)
        .order_by(InboundMedia.position)
    )
    return [problem or "unavailable" for problem in rows]


class MediaFetcher:
    """Fetches the files that vendors hold for us, a few side by side in this process."""

    def __init__(self, database: Database, adapters: Adapters, files: FileStore, *, max_bytes: int) -> None:
        self._database = database
        self._adapters = adapters
        self._files = files
        self._max_bytes = max_bytes
        self._crew = Crew("media", self._fetch_next, room=_ROOM)

    async def run(self, live: LiveEvents, *, idle_seconds: float) -> None:
        """For ever: fetch when messages with files arrive, and look for what no wake-up told of, or is due again."""
        await self._crew.run(live, FETCH_MEDIA, idle_seconds=idle_seconds)

    async def fetch_due(self) -> None:
        """Fetch every file that is due."""
        await self._crew.finish()

    async def _fetch_next(self) -> bool:
        """Fetch one file, another beside it if there is one; False where none is due."""
        async with self._database.transaction() as session:
            claim = await _claim(session)
        if claim is None:
            return False
        self._crew.start()
        result = await _fetch(claim, self._adapters, self._files, self._max_bytes)
        async with self._database.transaction() as session:
            await _record(session, claim, result)
        return True


async def _claim(session: AsyncSession) -> _Claim | None:
    moment = clock.now()
    row = (
        await session.execute(
            select(InboundMedia, Message)
            .join(Message, Message.id == InboundMedia.message_id)
            .where(InboundMedia.state == MediaState.PENDING, InboundMedia.next_attempt_at <= moment)
            .order_by(InboundMedia.next_attempt_at)
            .limit(1)
            .with_for_update(of=InboundMedia, skip_locked=True)
        )
    ).first()
    if row is None:
        return None
    media, message = row
    media.attempts += 1
    media.next_attempt_at = moment + _LEASE
    reference = MediaReference(media.reference, media.file_name)
    return _Claim(media.id, message.id, message.channel, message.account, reference)


async def _fetch(
    claim: _Claim, adapters: Adapters, files: FileStore, max_bytes: int
) -> StoredFile | _Card | MediaUnavailable:
    adapter = await adapters.vendor(claim.channel, claim.account)
    if adapter is None:
        return MediaUnavailable("channel_off", is_retryable=True)
    try:
        content = await adapter.fetch(claim.reference, max_bytes=max_bytes)
        return _card(content) or await files.keep_received(content.content, content.file_name)
    except MediaUnavailable as error:
        return error
    except StorageFull as error:  # there may be room again before the vendor forgets the file
        return MediaUnavailable(error.code, is_retryable=True)
    except ChatSonoraError as error:  # too large, empty, a kind that we do not keep; or not looked at yet
        return MediaUnavailable(error.code, is_retryable=isinstance(error, ScannerAway))


def _card(content: MediaContent) -> _Card | None:
    """The telephone of a vCard; None for anything else, and for a card without one."""
    if not content.content.lstrip().upper().startswith(b"BEGIN:VCARD"):
        return None
    try:
        card = vobject.readOne(content.content.decode("utf-8", "replace"))
        return _Card(str(card.fn.value)[:120], str(card.tel.value)[:30])
    except (vobject.base.ParseError, AttributeError, StopIteration):
        return None


async def _record(session: AsyncSession, claim: _Claim, result: StoredFile | _Card | MediaUnavailable) -> None:
    media = await session.get_one(InboundMedia, claim.media_id, with_for_update=True)
    message = await session.get_one(Message, claim.message_id, with_for_update=True)
    if media.state is not MediaState.PENDING:
        return
    match result:
        case StoredFile():
            media.state = MediaState.STORED
            await attach(session, message, result)
        case _Card():
            media.state = MediaState.STORED
            message.extra = message.extra | {"card": {"name": result.name, "phone": result.phone, "is_own": False}}
        case MediaUnavailable(code=code, is_retryable=is_retryable):
            media.problem = code
            if is_retryable and media.attempts < MAX_ATTEMPTS:
                media.next_attempt_at = clock.now() + timedelta(seconds=_BACKOFF_SECONDS**media.attempts)
            else:
                media.state = MediaState.FAILED
                log.warning("media_failed", media_id=str(media.id), code=code)
    await session.flush()
    await notify(session, conversation_topic(message.conversation_id), INBOX)
    if not await is_awaited(session, message.id):
        await notify(session, turn_topic(message.conversation_id))
