"""Recordings brought from Twilio into the file store, and then deleted there: one copy, and that is ours.

A row is leased by moving its next attempt into the future; a worker that dies leaves it to be tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.files import FileStore, StorageFull
from backend.conversations.messages import StoredFile
from backend.db import Database
from backend.errors import ChatSonoraError, NotFound
from backend.messaging.models import ChannelAccount
from backend.outreach.models import CallReason
from backend.registry.models import Petition
from backend.telephony.lines import Lines
from backend.telephony.models import Call, RecordingState, VoiceRecording
from channels.port import MediaUnavailable

log = structlog.get_logger(__name__)

#: Four hours of talk, the longest call that Twilio lets through, as MP3.
MAX_BYTES = 120 * 1024 * 1024
#: With a pause that doubles up to an hour, about two days.
MAX_ATTEMPTS = 50
_LEASE = timedelta(seconds=90)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)


@dataclass(frozen=True)
class _Claim:
    recording_id: UUID
    recording_sid: str
    account: ChannelAccount
    attempts: int
    is_stored: bool


async def fetch_due(database: Database, lines: Lines, files: FileStore) -> int:
    """Fetch, or forget at Twilio's, every recording that is due; how many were tried."""
    tried = 0
    while True:
        async with database.transaction() as session:
            claim = await _claim(session)
        if claim is None:
            return tried
        tried += 1
        if claim.is_stored:
            await _forget(database, lines, claim)
            continue
        result = await _fetch(claim, lines, files)
        async with database.transaction() as session:
            await _record(session, claim, result)


async def _claim(session: AsyncSession) -> _Claim | None:
    moment = clock.now()
    owed = or_(
        VoiceRecording.state == RecordingState.PENDING,
        and_(VoiceRecording.state == RecordingState.STORED, VoiceRecording.is_forgotten.is_(False)),
    )
    row = (
        await session.execute(
            select(VoiceRecording, ChannelAccount)
            .join(Call, Call.id == VoiceRecording.call_id)
            .join(ChannelAccount, ChannelAccount.id == Call.account_id)
            .where(owed, VoiceRecording.next_attempt_at <= moment)
            .order_by(VoiceRecording.next_attempt_at)
            .limit(1)
            .with_for_update(of=VoiceRecording, skip_locked=True)
        )
    ).first()
    if row is None:
        return None
    recording, account = row
    recording.attempts += 1
    recording.next_attempt_at = moment + _LEASE
    is_stored = recording.state is RecordingState.STORED
    return _Claim(recording.id, recording.recording_sid, account, recording.attempts, is_stored)


async def _fetch(claim: _Claim, lines: Lines, files: FileStore) -> StoredFile | MediaUnavailable:
    line = await lines.open(claim.account)
    if line is None:
        return MediaUnavailable("credentials_unreadable", is_retryable=True)
    try:
        media = await line.recording(claim.recording_sid, max_bytes=MAX_BYTES)
        return await files.keep_received(media.content, media.file_name)
    except MediaUnavailable as unavailable:
        return unavailable
    except ChatSonoraError as refused:
        return MediaUnavailable(refused.code, is_retryable=isinstance(refused, StorageFull))


async def _record(session: AsyncSession, claim: _Claim, result: StoredFile | MediaUnavailable) -> None:
    recording = await session.get_one(VoiceRecording, claim.recording_id, with_for_update=True)
    if isinstance(result, StoredFile):
        recording.state, recording.problem = RecordingState.STORED, None
        recording.file_name, recording.content_type = result.file_name, result.content_type
        recording.size, recording.sha256 = result.size, result.sha256
        recording.attempts, recording.next_attempt_at = 0, clock.now()
        log.info("recording_stored", recording_id=str(recording.id))
        return
    recording.problem = result.code[:60]
    recording.next_attempt_at = _next(claim.attempts)
    if not result.is_retryable or claim.attempts >= MAX_ATTEMPTS:
        recording.state = RecordingState.FAILED
        log.error("recording_lost", recording_id=str(recording.id), error=result.code)


def _next(attempts: int) -> datetime:
    pause: timedelta = _FIRST_PAUSE * 2.0 ** min(attempts, 12)
    return clock.now() + min(_LONGEST_PAUSE, pause)


async def _forget(database: Database, lines: Lines, claim: _Claim) -> None:
    line = await lines.open(claim.account)
    is_gone = line is not None and await line.forget_recording(claim.recording_sid)
    async with database.transaction() as session:
        recording = await session.get_one(VoiceRecording, claim.recording_id, with_for_update=True)
        # Given up after as many tries: what stays there, Twilio's own retention deletes.
        recording.is_forgotten = is_gone or claim.attempts >= MAX_ATTEMPTS
        recording.next_attempt_at = _next(claim.attempts)


@dataclass(frozen=True)
class Heard:
    """A recording with the call that it is of, its petition's folio and the call that is owed for it."""

    recording: VoiceRecording
    call: Call
    folio: str | None
    task_id: UUID | None


async def latest(
    session: AsyncSession, *, petition_id: UUID | None = None, reason_ids: Sequence[UUID] = (), limit: int = 30
) -> list[Heard]:
    """Recordings of a petition, or of calls that are owed, or all; the newest first."""
    query = (
        select(VoiceRecording, Call, Petition.folio, CallReason.task_id)
        .join(Call, Call.id == VoiceRecording.call_id)
        .outerjoin(Petition, Petition.id == VoiceRecording.petition_id)
        .outerjoin(CallReason, CallReason.id == VoiceRecording.call_reason_id)
        .order_by(VoiceRecording.created_at.desc())
        .limit(limit)
    )
    if petition_id is not None:
        query = query.where(VoiceRecording.petition_id == petition_id)
    if reason_ids:
        query = query.where(VoiceRecording.call_reason_id.in_(reason_ids))
    return [Heard(*row) for row in await session.execute(query)]


@dataclass(frozen=True)
class StoredRecording:
    """As the file store wants to know a file."""

    file_name: str
    content_type: str
    sha256: str


async def stored(session: AsyncSession, recording_id: UUID) -> StoredRecording:
    """The file of a recording. Raises NotFound until it is here."""
    found = await session.get(VoiceRecording, recording_id)
    if found is None or not found.sha256 or not found.file_name or not found.content_type:
        raise NotFound("Esa grabación no está disponible.")
    return StoredRecording(found.file_name, found.content_type, found.sha256)
