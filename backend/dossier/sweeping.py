"""The worker's part: scans of captures that nobody filed are forgotten, and their bytes with them."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.files import FileStore
from backend.db import Base, Database
from backend.dossier.models import Document

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
            # Bytes first: if this transaction fails, the row remains and is met again.
            if not await _is_used_elsewhere(session, document):
                files.discard(document.sha256, before)
            await session.delete(document)
    if stale:
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


async def _is_used_elsewhere(session: AsyncSession, document: Document) -> bool:
    """Whether another row of any table names the same bytes: the store keeps the same content once."""
    naming = [
        select(func.count()).where(column == document.sha256).scalar_subquery()
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("sha256")
    ]
    uses = (await session.execute(select(*naming))).one()
    return sum(uses) > 1
