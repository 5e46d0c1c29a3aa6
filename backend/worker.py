"""The worker: advances conversations and dispatches the outbox, woken by the queue.

Tasks have their context (database, assistant, channels) from `Worker`; a task's failure is
recorded in the log and its work stays in its table, where the sweep finds it.
"""

import asyncio
import contextlib
import signal
from uuid import UUID

import procrastinate
import psycopg
import structlog
from procrastinate import JobContext
from sqlalchemy.exc import SQLAlchemyError

from backend import logs
from backend.assistant.port import Assistant
from backend.assistant.shared import assistant_of
from backend.conversations import jobs as conversation_jobs
from backend.conversations import service as conversations
from backend.conversations.inbox import ADVANCE
from backend.conversations.turns import Advancer
from backend.db import Database
from backend.jobqueue import queue
from backend.outbox import jobs as outbox_jobs
from backend.outbox.service import DISPATCH
from backend.settings import Settings
from channels.port import Channel
from channels.web import WebChannel

log = structlog.get_logger(__name__)

CONCURRENCY = 16


class Worker:
    """Everything that a task needs, opened once a process."""

    def __init__(self, settings: Settings, assistant: Assistant) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        self._room = asyncio.Semaphore(CONCURRENCY)
        self.channels: dict[str, Channel] = {"web": WebChannel()}
        self.advancer = Advancer(
            self.database,
            assistant,
            secret=settings.secret_key.get_secret_value().encode(),
            lease_seconds=settings.lease_seconds,
        )

    async def sweep_once(self) -> None:
        """Find work whose wake-up was lost, and give waiting citizens to agents who have room."""
        await outbox_jobs.dispatch(self.database, self.channels)
        async with self.database.transaction() as session:
            await conversations.assign_waiting(session)
            pending = await conversation_jobs.find_pending(session)
        await asyncio.gather(*map(self._take_up, pending))

    async def _take_up(self, conversation_id: UUID) -> None:
        """Advance one of many: a bot that hangs on some must not hold up the others, nor an error."""
        async with self._room:
            try:
                await self.advancer.advance(conversation_id)
            except Exception:
                log.exception("take_up_failed", conversation_id=str(conversation_id))

    async def sweep_for_ever(self) -> None:
        while True:
            try:
                await self.sweep_once()
            except Exception:  # the outer loop: whatever it was is recorded, and looked for again
                log.exception("sweep_failed")
            await asyncio.sleep(self.settings.sweep_seconds)


@queue.task(name=ADVANCE, pass_context=True)
async def advance(context: JobContext, conversation_id: str) -> None:
    """Handle a conversation's pending messages."""
    worker: Worker = context.additional_context["worker"]
    await worker.advancer.advance(UUID(conversation_id))


@queue.task(name=DISPATCH, pass_context=True)
async def dispatch(context: JobContext) -> None:
    """Send what is due."""
    worker: Worker = context.additional_context["worker"]
    await outbox_jobs.dispatch(worker.database, worker.channels)


async def run(settings: Settings) -> None:
    """Work until told to stop; through a lost database too."""
    logs.configure(settings.log_level)
    assistant = assistant_of(settings)
    worker = Worker(settings, assistant)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    sweep = asyncio.create_task(worker.sweep_for_ever())
    jobs = asyncio.create_task(_work_for_ever(worker))
    log.info("worker_started")
    await stopping.wait()
    for task in (sweep, jobs):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await assistant.close()
    await worker.database.close()


async def _work_for_ever(worker: Worker) -> None:
    while True:
        try:
            connector = procrastinate.PsycopgConnector(conninfo=worker.settings.database_url, max_size=4)
            with queue.replace_connector(connector) as app:
                async with app.open_async():
                    await app.run_worker_async(
                        concurrency=CONCURRENCY,
                        install_signal_handlers=False,
                        delete_jobs="always",
                        additional_context={"worker": worker},
                    )
        except (psycopg.Error, SQLAlchemyError, procrastinate.exceptions.ProcrastinateException, OSError) as error:
            log.warning("queue_disconnected", error=type(error).__name__)
            await asyncio.sleep(1.0)
