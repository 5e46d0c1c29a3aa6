"""A request's legal deadline, by hand on the calendar; its history; who is reminded, once a step."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Role, User
from backend.app import create_app
from backend.catalog.models import Holiday
from backend.db import Database
from backend.mail.models import EmailMessage
from backend.settings import Settings
from backend.transparency import queries, reminders, service, terms
from backend.transparency.errors import RequestClosed, RequestRefused
from backend.transparency.models import EventKind, InfoRequest, RequestState
from backend.transparency.service import Draft
from tests.quarterly.calls import add_quarter
from tests.staff import add_staff, sign_in

#: Monday 2 November 2026. Of November, Monday 16 is off by law (third Monday).
RECEIVED = date(2026, 11, 2)


def at(day: date, hour: int = 18) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


async def _staff(database: Database) -> tuple[User, User]:
    await add_staff(database, "ana")
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        head, ana = await agents.find_user(session, "hilda"), await agents.find_user(session, "ana")
        ana.email = "ana@sonora.example"
    return head, ana


async def _receive(session: AsyncSession, head: User, folio: str = "2604", *, user: User | None = None) -> InfoRequest:
    draft = Draft(folio, RECEIVED, "Chats atendidos por mes", user_id=user.id if user else None)
    return await service.receive(session, draft, by=head)


async def test_the_deadline_counts_working_days_and_stands_while_a_clarification_is_awaited(
    database: Database,
) -> None:
    head, _ = await _staff(database)
    async with database.transaction() as session:
        session.add(Holiday(day=date(2026, 11, 20), name="Cierre de la oficina"))
        with clock.pinned(at(date(2026, 11, 25))):
            one = await _receive(session, head)
            # Weeks of 3 to 6 (4), 9 to 13 (5), 17 to 19 (3: 16 and 20 are off), 23 to 27 (5): 17; then 30, 1 and 2.
            assert one.due_on == date(2026, 12, 2)
            await service.ask_clarification(session, one, "¿De qué año?", date(2026, 11, 5), by=head)
            assert (one.due_on, one.state) == (None, RequestState.CLARIFYING)
            await service.receive_clarification(session, one, "De 2026", date(2026, 11, 18), by=head)
            # It begins anew: 19 (1), 23 to 27 (6), 30 to 4 (11), 7 to 11 (16), 14 to 17 (20).
            assert one.due_on == date(2026, 12, 17)
            await service.extend(session, one, "Hay que revisar archivos.", by=head)
            # 18 (21), 21 to 24 (25), 25 is off, 28 to 31 (29), 1 January is off, 4 (30).
            assert one.due_on == date(2027, 1, 4)
            with pytest.raises(RequestRefused):
                await service.extend(session, one, "Otra vez.", by=head)
            rules = await terms.current(session)
            await terms.change(session, terms.Wanted(rules.answer_days, 5, 10, False, "Reglamento propio"))
            other = await _receive(session, head, "2605")
            await service.ask_clarification(session, other, "¿De qué año?", date(2026, 11, 5), by=head)
            await service.receive_clarification(session, other, "De 2026", date(2026, 11, 18), by=head)
            # It goes on: 3 to 5 are 3, then 19 (4), 23 to 27 (9), 30 to 4 (14), 7 to 11 (19), 14 (20).
            assert other.due_on == date(2026, 12, 14)
            assert one.due_on == date(2027, 1, 4), "a change of terms moves nobody's deadline"


async def test_history_is_kept_for_ever_and_a_closed_request_does_not_change(database: Database) -> None:
    head, ana = await _staff(database)
    async with database.transaction() as session:
        with clock.pinned(at(date(2026, 11, 10))):
            one = await _receive(session, head)
            await service.edit(session, one, Draft("2604", RECEIVED, "Chats de 2026", user_id=ana.id), by=head)
            await service.add_note(session, one, "Se pidió a sistemas.", by=ana)
            await service.close(session, one, RequestState.ANSWERED, "Son 900.", date(2026, 11, 9), by=ana)
            with pytest.raises(RequestClosed):
                await service.save_answer(session, one, "Son 901.")
        told = [(event.kind, name) for event, name in await queries.history(session, one)]
        assert told == [
            (EventKind.RECEIVED, "Hilda"),
            (EventKind.EDITED, "Hilda"),
            (EventKind.NOTE, "Ana"),
            (EventKind.CLOSED, "Ana"),
        ]
    for change in ("UPDATE info_event SET text = 'x'", "DELETE FROM info_event"):
        with pytest.raises(DBAPIError, match="never changed"):
            async with database.transaction() as session:
                await session.execute(text(change))


async def test_the_assignee_is_reminded_once_a_step_and_never_of_what_waits_for_a_clarification(
    database: Database,
) -> None:
    head, ana = await _staff(database)
    async with database.transaction() as session:
        with clock.pinned(at(date(2026, 11, 6))):
            one = await _receive(session, head, user=ana)  # due on 1 December
            waiting = await _receive(session, head, "2605", user=ana)
            await service.ask_clarification(session, waiting, "¿Cuál?", date(2026, 11, 6), by=head)
    assert one.due_on == date(2026, 12, 1)
    days = (date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27), date(2026, 12, 1), date(2026, 12, 1))
    made = [await reminders.look_after(database, day) for day in days]
    assert made == [0, 1, 0, 1, 0]
    async with database.transaction() as session:
        mails = (await session.scalars(select(EmailMessage).order_by(EmailMessage.created_at))).all()
    assert [mail.to_address for mail in mails] == ["ana@sonora.example"] * 2
    assert "vence el 01/12/2026" in mails[0].subject
    assert "vence hoy" in mails[1].subject
    assert "Chats" not in "".join(mail.text for mail in mails)


async def test_pages_list_export_quote_and_keep_what_was_typed(database: Database, settings: Settings) -> None:
    await _staff(database)
    async with database.transaction() as session:
        await add_quarter(session)
    app = create_app(settings)
    hilda, ana = await sign_in(app, "hilda"), await sign_in(app, "ana")
    refused = await hilda.submit("/consola/transparencia", folio="2604", received_on="2026-08-03", text="")
    assert refused.status_code == 422
    assert 'value="2604"' in refused.text
    made = await hilda.submit(
        "/consola/transparencia", folio="2604", received_on="2026-08-03", text="=HIPER() llamadas"
    )
    page = made.headers["location"].split("?")[0]
    assert "Venció hace" in (await hilda.get("/consola/transparencia?plazo=vencida")).text
    assert "Ninguna solicitud coincide" in (await hilda.get("/consola/transparencia?plazo=en_tiempo")).text
    exported = (await hilda.get("/consola/transparencia/exportar.csv")).text
    assert "'=HIPER() llamadas" in exported
    quoted = await hilda.submit(f"{page}/cifra", figure="llamadas.recibidas", first="2026-07-01", last="2026-09-30")
    assert quoted.status_code == 303
    assert "del 01/07/2026 al 30/09/2026: 10" in (await hilda.get(page)).text
    assert (await ana.get(page)).status_code == 404, "it is not hers"
    assert (await ana.get("/consola/transparencia")).status_code == 403
