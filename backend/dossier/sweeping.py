"""The worker's part: scans of captures that nobody filed are forgotten, and their bytes with them."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select

from backend import clock
from backend.conversations.files import FileStore
from backend.db import Database
from backend.dossier.models import Document
from backend.holdings import wiping

log = structlog.get_logger(__name__)

#: A browser keeps a draft for a week after its last change (`capture_draft.js`); a page that is left open may still
#: file older scans, and nobody leaves one for a month. Longer would keep papers of people who petitioned nothing.
STAGED_LIFE = timedelta(days=30)
_AT_ONCE = 200


async def forget_staged(database: Database, files: FileStore) -> int:
    """Delete the scans that were staged too long ago; how many. One that is being filed right now is left alone."""
    before = clock.now() - STAGED_LIFE
    async with database.transaction() as session:
        stale = (await session.scalars(_stale(before))).all()
        for document in stale:
            await session.delete(document)
    if stale:
        async with database.transaction() as session:
            await wiping.discard(session, files, {document.sha256 for document in stale}, before)
        log.info("staged_scans_forgotten", count=len(stale))
    return len(stale)


def _stale(before: datetime) -> Select[Document]:
    return (
        select(Document)
        .where(Document.petition_id.is_(None), Document.created_at < before)
        .order_by(Document.created_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
