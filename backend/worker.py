"""The worker: advances conversations and dispatches the outbox, woken by commits (`backend.wakeups`).

A wake-up only rings; the work is in its table, where the sweep finds what no wake-up told of and what failed.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass

import structlog

from backend import heap, logs
from backend.acuse.service import ChatAcuse
from backend.arco import reminders as arco_reminders
from backend.assistant.pool import assistant_of
from backend.assistant.port import Assistant
from backend.audit import anchoring
from backend.calls.cdr import jobs as cdr_jobs
from backend.conversations import media, taking
from backend.conversations import service as conversations
from backend.conversations.files import FileStore
from backend.conversations.scanning import scanner_at
from backend.conversations.turns import Advancer
from backend.db import Database
from backend.dossier import sweeping as dossier_sweeping
from backend.imports import jobs as imports
from backend.integrations import idempotency as api_answers
from backend.internal_api import idempotency as bot_answers
from backend.ledger import chats
from backend.limits import RateLimiter
from backend.live import LiveEvents
from backend.mail import jobs as mail_jobs
from backend.messaging import reconciliation, templates
from backend.messaging.adapters import Adapters
from backend.messaging.typing import TypingAssistant
from backend.monitoring import chores as watching
from backend.monitoring import measuring, metrics, tracing
from backend.monitoring.assistant import MeasuredAssistant
from backend.monitoring.listener import told_to_operators
from backend.notices import jobs as notice_jobs
from backend.outbox.dispatcher import Dispatcher
from backend.outreach import jobs as outreach_jobs
from backend.quarterly import jobs as scheduled_reports
from backend.redis_link import link_to
from backend.related import telling
from backend.retention import jobs as retention_jobs
from backend.settings import Settings
from backend.subscriptions.sending import Sender
from backend.suggestions.jobs import Suggester
from backend.telephony import recordings, sweep
from backend.telephony.lines import Lines
from backend.transparency import reminders as transparency_reminders
from backend.turns import reminders as turn_reminders
from backend.vault import kek
from backend.webhooks.polling import Poller
from backend.webhooks.reading import ArrivalReader

log = structlog.get_logger(__name__)

#: A turn that is under way when a worker is told to stop ends, or is given up by the bot, before it is cut off; by then
#: the supervisor (`STOP_SECONDS`) has not killed the worker.
_TURN_ENDS_SECONDS = 1.0


class Worker:
    """Everything that a task needs, opened once a process."""

    def __init__(self, settings: Settings, assistant: Assistant) -> None:
        kek.install(settings.field_keys)
        self.settings = settings
        self.redis = link_to(settings.redis_url, settings.key)
        self.database = Database(settings.database_url, link=self.redis)
        assistant = MeasuredAssistant(assistant)
        self.measures = measuring.Measures(self.database, assistant, settings)
        self.adapters = Adapters(settings, self.database)
        self.lines = Lines(settings)
        scanner = scanner_at(settings.clamd_url)
        self.files = FileStore(settings.attachments_dir, max_bytes=settings.attachment_max_bytes, scanner=scanner)
        self.dispatcher = Dispatcher(self.database, self.adapters, settings, self.files, RateLimiter(self.redis))
        self.mailer = mail_jobs.mailer_of(settings)
        self.suggester = Suggester(self.database)
        self.retention = retention_jobs.Round(self.database, self.files, imports.folder_of(settings.var_dir))
        self.webhooks = Sender(self.database, settings)
        self.poller = Poller(self.database, self.adapters)
        self.live = LiveEvents(settings.database_url, self.redis)
        self.arrivals = ArrivalReader(self.database, self.adapters)
        self.advancer = Advancer(
            self.database,
            TypingAssistant(assistant, self.database, self.adapters),
            secret=settings.key,
            lease_seconds=settings.lease_seconds,
            turn_seconds=settings.turn_timeout,
            acuses=ChatAcuse(self.files, settings.base_url),
        )
        self.turns = taking.TurnTaker(self.database, self.advancer)
        self.media = media.MediaFetcher(
            self.database, self.adapters, self.files, max_bytes=settings.attachment_max_bytes
        )

    async def assign_waiting(self) -> None:
        """Give waiting citizens to agents who have room."""
        async with self.database.transaction() as session:
            await conversations.assign_waiting(session)

    async def fetch_recordings(self) -> None:
        """Get the calls' recordings that Twilio holds for us."""
        files = FileStore(self.settings.attachments_dir, max_bytes=recordings.MAX_BYTES)
        await recordings.fetch_due(self.database, self.lines, files)

    async def send_mail(self) -> None:
        """Send the e-mail that is due."""
        await mail_jobs.send_due(self.database, self.mailer, self.files, self.settings.base_url)

    async def advance_imports(self) -> None:
        """Bring spreadsheets that are being imported to their next stop."""
        await imports.advance_due(self.database, imports.folder_of(self.settings.var_dir))

    async def advance_call_records(self) -> None:
        """The same of an exchange's call records."""
        await cdr_jobs.advance_due(self.database, imports.folder_of(self.settings.var_dir))

    def chores(self) -> "list[Chore]":
        """What is looked after from time to time, each in a loop of its own: none waits for another."""
        often, hours = self.settings.sweep_seconds, self.settings.notice_fallback_hours
        return [
            Chore(taking.SWEEP, often, self.turns.sweep),
            Chore("waiting", often, self.assign_waiting),
            Chore("notices", 10.0, lambda: notice_jobs.fall_back(self.database, hours=hours)),
            Chore("followers", 10.0, lambda: telling.tell_followers(self.database)),
            Chore("reconciliation", 60.0, lambda: reconciliation.catch_up(self.database, self.adapters)),
            Chore("mail", often, self.send_mail),
            Chore("turns", 600.0, lambda: turn_reminders.look_after(self.database, self.settings)),
            Chore("transparency", 600.0, lambda: transparency_reminders.look_after(self.database)),
            Chore("arco", 60.0, lambda: arco_reminders.look_after(self.database)),
            Chore("retention", 1800.0, lambda: retention_jobs.run_daily(self.retention)),
            Chore("scheduled_reports", 60.0, lambda: scheduled_reports.send_due(self.database, self.files)),
            Chore("suggestions", 30.0, self.suggester.suggest_pending),
            Chore("imports", often, self.advance_imports),
            Chore("call_records", often, self.advance_call_records),
            Chore("recordings", 5.0, self.fetch_recordings),
            Chore("silent_calls", 60.0, lambda: sweep.close_silent(self.database, self.lines)),
            Chore("webhooks", often, self.webhooks.run_once),
            Chore("webhooks_tidy", 3600.0, self.webhooks.tidy),
            Chore("staged_scans", 3600.0, lambda: dossier_sweeping.forget_staged(self.database, self.files)),
            Chore("api_answers", 3600.0, lambda: api_answers.forget_old(self.database)),
            Chore("bot_answers", 3600.0, lambda: bot_answers.forget_old(self.database)),
            Chore("chats_ledger", 30.0, lambda: chats.look_after(self.database)),
            Chore("audit", 300.0, lambda: anchoring.look_after(self.database, self.settings)),
            Chore("outreach", 60.0, lambda: outreach_jobs.gather(self.database)),
            Chore("measures", measuring.EVERY, self.measures.take),
            Chore("templates", 60.0, lambda: templates.refresh_pending(self.database, self.adapters)),
        ]

    def lasting(self) -> Iterator[tuple[str, Coroutine[object, object, None]]]:
        """What a worker does for as long as it lives, by its name."""
        idle, turn_ends = self.settings.sweep_seconds, self.settings.turn_timeout + _TURN_ENDS_SECONDS
        yield from ((chore.name, chore.run()) for chore in self.chores())
        yield taking.HEARING, self.turns.run(self.live, idle_seconds=idle, stop_seconds=turn_ends)
        yield "media", self.media.run(self.live, idle_seconds=idle)
        yield "outbox", self.dispatcher.run(self.live, idle_seconds=idle)
        yield "polling", self.poller.run()
        yield "arrivals", self.arrivals.run(self.live, idle_seconds=idle)

    async def close(self) -> None:
        await self.live.stop()
        await self.webhooks.close()
        await self.adapters.close()
        await self.lines.close()
        await self.database.close()
        if self.redis is not None:
            await self.redis.close()


@dataclass(frozen=True)
class Chore:
    """Something done again and again. `every` in seconds, between one end and the next beginning."""

    name: str
    every: float
    do: Callable[[], Awaitable[object]]

    async def run(self) -> None:
        watching.expect(self.name, self.every)
        while True:
            try:
                with watching.watched(self.name):
                    await self.do()
            except Exception:  # the outer loop: whatever it was is recorded, and tried again
                log.exception("chore_failed", chore=self.name)
            await asyncio.sleep(self.every)


async def _for_ever(name: str, work: Coroutine[object, object, None]) -> None:
    """Until this task is cancelled. An end of its own, or a cancellation from within, a group would take for well."""
    try:
        await work
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
    raise RuntimeError(f"{name} ended")


async def run(settings: Settings) -> int:
    """Work until told to stop; through a lost database too. The process's exit code."""
    logs.configure(settings.log_level)
    tracing.start(settings, "worker")
    assistant = assistant_of(settings)
    worker = Worker(settings, assistant)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    pool = metrics.watch_pool(worker.database.engine)
    await worker.live.start()
    code = 0
    try:
        async with asyncio.TaskGroup() as lasting:
            tasks = [lasting.create_task(_for_ever(*each)) for each in worker.lasting()]
            heap.settle()
            log.info("worker_started")
            async with told_to_operators(settings, lambda: worker.measures.is_fresh):
                await stopping.wait()
            for task in tasks:
                task.cancel()
    except* Exception:  # what lasts never ends by itself: whoever keeps this process starts it anew, whole
        log.exception("worker_broken")
        code = 1
    metrics.forget(pool)
    await assistant.close()
    await worker.close()
    tracing.stop()
    return code
