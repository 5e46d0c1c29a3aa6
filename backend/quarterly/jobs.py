"""The worker's part: makes the reports that are due and puts them into the mail outbox, once a period."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock, spreadsheets
from backend.agents.models import User
from backend.conversations.files import FileStore, StorageFull
from backend.conversations.messages import StoredFile
from backend.db import Database
from backend.mail import service as mail
from backend.quarterly import editions, layout, schedules
from backend.quarterly import pdf as informe_pdf
from backend.quarterly.content import Informe
from backend.quarterly.models import Dispatch, DispatchMail, DispatchState, Schedule
from backend.reports import exporting
from backend.reports import pdf as report_pdf
from backend.reports.computing import compute
from backend.reports.definitions import REPORTS
from backend.reports.drawing import drawings
from backend.reports.periods import Period
from backend.spreadsheets import Cell

log = structlog.get_logger(__name__)

#: A report that cannot be made is tried so often; then the head sees it, and may ask for another try.
MOST_ATTEMPTS = 5
_XLSX_WIDTHS = (46, 20, 20, 20, 20, 20)


async def send_due(database: Database, files: FileStore) -> int:
    """Make and enqueue whatever is due; how many reports. Any number of workers may look at once."""
    moment = clock.now()
    async with database.transaction() as session:
        rows = await session.scalars(select(Schedule).where(Schedule.is_active))
        wanted = [
            (one.id, period)
            for one in rows
            for period, since in [schedules.due(one.frequency, moment)]
            if one.created_at <= since
        ]
    done = 0
    for schedule_id, period in wanted:
        done += await _send(database, files, schedule_id, period)
    return done


async def _send(database: Database, files: FileStore, schedule_id: UUID, period: Period) -> int:
    """Make one report unless it was: the row of its schedule and period is whoever's comes first."""
    async with database.transaction() as session:
        values = {
            "schedule_id": schedule_id,
            "period": period.key,
            "state": DispatchState.FAILED,
            "problem": "pendiente",
        }
        keys = [Dispatch.schedule_id, Dispatch.period]
        await session.execute(
            insert(Dispatch).values(**values, attempts=0, at=clock.now()).on_conflict_do_nothing(index_elements=keys)
        )
    # Counted before it is made: a report that fells the worker is not tried for ever.
    async with database.transaction() as session:
        dispatch = await _free(session, schedule_id, period)
        if dispatch is None or dispatch.state is DispatchState.MADE or dispatch.attempts >= MOST_ATTEMPTS:
            return 0
        dispatch.attempts, dispatch.at = dispatch.attempts + 1, clock.now()
        attempt = dispatch.attempts
    async with database.transaction() as session:
        # Waited for: of workers that counted one after another the last makes it, whoever else is looking just now.
        dispatch = await _free(session, schedule_id, period, waits=True)
        if dispatch is None or dispatch.state is DispatchState.MADE or dispatch.attempts != attempt:
            return 0  # another worker's
        schedule = await session.get_one(Schedule, schedule_id)
        try:
            async with session.begin_nested():
                await _make(session, files, schedule, dispatch, period)
        except (SQLAlchemyError, StorageFull, OSError, ValueError) as error:
            # Seen by the head; the next look tries again.
            dispatch.problem = type(error).__name__[:60]
            log.exception("scheduled_report_failed", schedule_id=str(schedule_id), period=period.key)
            return 0
        dispatch.state, dispatch.problem = DispatchState.MADE, ""
        log.info("scheduled_report_made", schedule_id=str(schedule_id), period=period.key)
        return 1


async def _free(session: AsyncSession, schedule_id: UUID, period: Period, *, waits: bool = False) -> Dispatch | None:
    """The dispatch's row, locked; None while another worker has it, unless this one `waits`."""
    return await session.scalar(
        select(Dispatch)
        .where(Dispatch.schedule_id == schedule_id, Dispatch.period == period.key)
        .with_for_update(skip_locked=not waits)
    )


async def _make(
    session: AsyncSession, files: FileStore, schedule: Schedule, dispatch: Dispatch, period: Period
) -> None:
    """The files and an e-mail to each person who still works here."""
    made = await _informe_files(session, files, schedule, period) if schedule.report == schedules.INFORME else None
    if made is None:
        made = await _report_files(session, files, schedule, period)
    title = schedules.titles()[schedule.report]
    people = await session.scalars(
        select(User).where(User.id.in_([UUID(one) for one in schedule.user_ids]), User.is_active)
    )
    link = "/consola/informe" if schedule.report == schedules.INFORME else f"/consola/reportes/{schedule.report}"
    for person in people.all():
        letter = None
        if person.email:
            letter = await mail.enqueue(
                session,
                to_address=person.email,
                subject=f"{title}: {period.name}",
                text=f"Se adjunta «{title}», {period.name}. Es un envío programado; no responda a este correo.",
                link=link,
                attachments=made,
            )
        row = DispatchMail(dispatch_id=dispatch.id, user_id=person.id, email_id=letter.id if letter else None)
        session.add(row)
    await session.flush()


async def _informe_files(
    session: AsyncSession, files: FileStore, schedule: Schedule, period: Period
) -> list[StoredFile]:
    """The quarter's latest closed edition; what the tables say now, marked as a draft, while there is none."""
    year, quarter = period.first.year, (period.first.month + 2) // 3
    found = await editions.editions(session, year, quarter)
    closed = next((one for one in found if one.closed_at is not None), None)
    if closed is not None:
        informe = await editions.read(session, closed)
    else:
        informe = await editions.live(session, year, quarter, next(iter(found), None))
    name = f"informe-{period.key}"
    made = []
    if "pdf" in schedule.formats:
        content = await asyncio.to_thread(informe_pdf.render, informe)
        made.append(await files.keep_made(content, f"{name}.pdf", "application/pdf"))
    if "xlsx" in schedule.formats:
        content = await xlsx(informe)
        made.append(await files.keep_made(content, f"{name}.xlsx", spreadsheets.XLSX_TYPE))
    return made


async def xlsx(informe: Informe) -> bytes:
    """The Informe's figures as a workbook, as they are shown."""
    rows: list[Sequence[Cell]] = []
    for section in informe.sections:
        rows += [(section.title,), *(layout.cells(line) for line in section.lines), ("",)]
    rows += [(line,) for line in layout.proof(informe)]
    return await _workbook(informe.period.name, layout.COLUMNS, rows, _XLSX_WIDTHS)


async def _report_files(
    session: AsyncSession, files: FileStore, schedule: Schedule, period: Period
) -> list[StoredFile]:
    report = REPORTS[schedule.report]
    table = await compute(session, report, period, by=report.by[0])
    made = []
    if "pdf" in schedule.formats:
        columns = [report.figure(one) for one in report.columns]
        printed = report_pdf.Printed(
            table, await drawings(session, table), columns, exporting.told_filters(()), clock.local(clock.now())
        )
        content = await asyncio.to_thread(report_pdf.render, printed)
        made.append(await files.keep_made(content, exporting.file_name(table, "pdf"), "application/pdf"))
    if "xlsx" in schedule.formats:
        content = await _workbook(
            report.title, exporting.headings(table), exporting.lines(table), exporting.widths(table)
        )
        made.append(await files.keep_made(content, exporting.file_name(table, "xlsx"), spreadsheets.XLSX_TYPE))
    return made


async def _workbook(
    title: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]], widths: Sequence[int]
) -> bytes:
    async def at_once() -> AsyncIterator[Sequence[Sequence[Cell]]]:
        yield rows

    path = await spreadsheets.xlsx_file(title, headings, at_once(), widths)
    try:
        return await asyncio.to_thread(path.read_bytes)
    finally:
        path.unlink()
