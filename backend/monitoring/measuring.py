"""The worker's measures of what lies in the database and on the disk, taken every few seconds."""

import asyncio
import shutil
import time
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import DESK_ROLES, Presence, PresenceState, User
from backend.agents.presence_history import PRESENCE_LIFE
from backend.assistant.port import Assistant
from backend.backup.keeping import newest
from backend.conversations.models import Conversation, Owner
from backend.db import Database
from backend.monitoring import metrics, queues
from backend.settings import Settings

#: Seconds between two measures, and how old the last good one may be for the worker to count as ready.
EVERY, FRESH = 15.0, 60.0


class Measures:
    """Takes them. `is_fresh`: the database answered lately."""

    def __init__(self, database: Database, assistant: Assistant, settings: Settings) -> None:
        self._database = database
        self._assistant = assistant
        self._settings = settings
        self._taken_at: float | None = None

    @property
    def is_fresh(self) -> bool:
        return self._taken_at is not None and time.monotonic() - self._taken_at < FRESH

    async def take(self) -> None:
        """Measure everything. Any number of workers may: all come to the same."""
        async with self._database.snapshot() as session:
            for queue in await queues.look(session):
                metrics.QUEUE_WAITING.labels(queue.name).set(queue.waiting)
                metrics.QUEUE_OLDEST.labels(queue.name).set(queue.oldest)
                metrics.QUEUE_OVERDUE.labels(queue.name).set(queue.overdue)
            await _people(session, clock.now())
            size = await session.scalar(text("SELECT pg_database_size(current_database())"))
        metrics.DATABASE_BYTES.set(size or 0)
        self._taken_at = time.monotonic()
        for rasa, answers in (await self._assistant.answering()).items():
            metrics.BOT_UP.labels(rasa).set(answers)
        await asyncio.to_thread(self._look_at_disk)

    def _look_at_disk(self) -> None:
        folder = self._settings.var_dir.resolve()
        usage = shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists()))
        metrics.DISK_FREE.set(usage.free / usage.total)
        backup = newest(self._settings.backups_dir)
        if backup is not None:
            metrics.BACKUP_DONE.set(backup.made_at.timestamp())


async def _people(session: AsyncSession, moment: datetime) -> None:
    waiting, since = (
        await session.execute(
            select(func.count(), func.min(Conversation.queued_at)).where(Conversation.owner == Owner.QUEUE)
        )
    ).one()
    metrics.CHATS_WAITING.set(waiting)
    metrics.CHATS_OLDEST.set(max(0.0, (moment - since).total_seconds()) if since is not None else 0)
    available = await session.scalar(
        select(func.count())
        .select_from(Presence)
        .join(User, User.id == Presence.user_id)
        .where(
            User.is_active,
            User.role.in_(DESK_ROLES),
            Presence.state == PresenceState.AVAILABLE,
            Presence.last_seen_at >= moment - PRESENCE_LIFE,
        )
    )
    metrics.AGENTS_AVAILABLE.set(available or 0)
