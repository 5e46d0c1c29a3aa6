"""Presence as it was, shifts and who is missing, tasks and goals: each as reckoned by hand."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend import clock
from backend.agents import presence_history
from backend.agents import service as agents
from backend.agents.models import BreakKind, PresenceState, Role, User
from backend.app import create_app
from backend.db import Database
from backend.settings import Settings
from backend.staffing import goals, shifts, tasks, team
from backend.staffing.models import ExceptionKind, GoalPeriod, ShiftException, TaskEventKind, TaskState
from tests.quarterly.calls import add_call
from tests.staff import add_staff, sign_in

#: Wednesday 11 November 2026, 9:00 in Hermosillo.
NINE = datetime(2026, 11, 11, 16, tzinfo=UTC)


async def _staff(database: Database) -> tuple[User, User, User]:
    for name, role in (("ana", Role.ANALYST), ("beto", Role.ANALYST), ("hilda", Role.HEAD)):
        await add_staff(database, name, role)
    async with database.transaction() as session:
        ana, beto, hilda = [await agents.find_user(session, name) for name in ("ana", "beto", "hilda")]
    return ana, beto, hilda


async def test_time_available_and_on_breaks_is_what_the_console_was_heard_of(database: Database) -> None:
    ana, _, _ = await _staff(database)

    async def say(minute: int, state: PresenceState, kind: BreakKind | None = None) -> None:
        with clock.pinned(NINE + timedelta(minutes=minute)):
            async with database.transaction() as session:
                await agents.set_presence(session, ana.id, state, break_kind=kind)

    for minute in range(10):  # the heartbeat repeats it, and is no change
        await say(minute, PresenceState.AVAILABLE)
    await say(10, PresenceState.BREAK, BreakKind.MEAL)
    await say(11, PresenceState.BREAK, BreakKind.MEAL)
    await say(40, PresenceState.BREAK, BreakKind.MEAL)  # silent since minute 11: gone at 12, back at 40
    await say(41, PresenceState.AVAILABLE)  # and never heard of again: gone at 42
    with clock.pinned(NINE + timedelta(hours=3)):
        async with database.transaction() as session:
            found = (await presence_history.totals(session, [ana.id], NINE, NINE + timedelta(hours=2)))[ana.id]
            part = await presence_history.totals(
                session, [ana.id], NINE + timedelta(minutes=5), NINE + timedelta(minutes=11)
            )
            told = await presence_history.spans(session, [ana.id], NINE, clock.now())
    assert (found.available, found.breaks, found.away) == (11 * 60, {BreakKind.MEAL: 3 * 60}, 0)
    assert (part[ana.id].available, part[ana.id].on_break) == (5 * 60, 60)
    assert [one.break_kind for one in told] == [None, BreakKind.MEAL, BreakKind.MEAL, None]
    with pytest.raises(DBAPIError, match="never changed"):
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM presence_change"))


async def test_the_head_is_warned_of_who_is_out_of_shift_and_of_hours_that_nobody_covers(database: Database) -> None:
    ana, beto, hilda = await _staff(database)
    with clock.pinned(NINE):
        async with database.transaction() as session:
            await shifts.set_week(session, ana.id, [(day, time(8), time(12)) for day in range(5)])
            await shifts.set_week(session, beto.id, [(day, time(12), time(15)) for day in range(5)])
            away = ShiftException(
                user_id=beto.id, first=date(2026, 11, 13), last=date(2026, 11, 13), kind=ExceptionKind.VACATION,
                created_by=hilda.id,
            )  # fmt: skip
            await shifts.add_exception(session, away)
            for one in (ana, beto, hilda):
                await agents.set_presence(session, one.id, PresenceState.AVAILABLE)
            seen = await team.team(session, NINE)
    # Office hours are Monday to Friday, 8:00 to 15:00; Monday 16 is a holiday of the catalog or not, so look to Friday.
    assert [(gap.day, gap.starts, gap.ends) for gap in seen.gaps if gap.day <= date(2026, 11, 13)] == [
        (date(2026, 11, 13), time(12), time(15))
    ]
    assert {one.user.full_name for one in seen.members if one.is_out_of_shift} == {"Beto"}, "hilda has no hours"
    assert [one.is_on for one in seen.members] == [True, False, False]
    with pytest.raises(shifts.ShiftRefused):
        async with database.transaction() as session:
            await shifts.set_week(session, ana.id, [(0, time(8), time(12)), (0, time(11), time(15))])


async def test_a_goal_counts_what_its_person_did_in_the_period(database: Database) -> None:
    ana, beto, hilda = await _staff(database)
    async with database.transaction() as session:
        for agent, started in ((ana, NINE), (ana, NINE), (beto, NINE), (ana, NINE - timedelta(days=40))):
            (await add_call(session, started=started)).agent_id = agent.id
        for target in (8, 4):
            await goals.set_goal(
                session, ana.id, "llamadas_recibidas", GoalPeriod.MONTH, date(2026, 11, 30), target, by=hilda.id
            )
        (one,) = await goals.progress(session, ana.id, date(2026, 11, 11))
        assert (one.achieved, one.goal.target, one.percent) == (2, 4, 50)
        assert await goals.progress(session, ana.id, date(2026, 12, 1)) == []
        with pytest.raises(goals.GoalRefused):
            await goals.set_goal(session, ana.id, "otra", GoalPeriod.WEEK, date(2026, 11, 11), 1, by=hilda.id)


async def test_a_task_is_given_seen_by_its_person_alone_carried_on_and_its_history_kept(
    database: Database, settings: Settings
) -> None:
    ana, _, _ = await _staff(database)
    app = create_app(settings)
    hilda, hers, others = [await sign_in(app, name) for name in ("hilda", "ana", "beto")]
    refused = await hilda.submit("/consola/tareas", title="Llamar a todos", folio="no-existe", user_id=str(ana.id))
    assert refused.status_code == 422
    assert 'value="Llamar a todos"' in refused.text
    made = await hilda.submit("/consola/tareas", title="Llamar a todos", due_on="2020-01-01", user_id=str(ana.id))
    page = made.headers["location"].split("?")[0]
    assert "Llamar a todos" in (await hers.get("/consola/mi-trabajo")).text
    assert (await others.get(page)).status_code == 404
    assert (await hers.submit(f"{page}/estado", state="cancelada")).status_code == 403
    assert (await hers.submit(f"{page}/estado", state="hecha", back="mi-trabajo")).status_code == 303
    await hers.submit(f"{page}/comentario", text="Contestaron ocho.")
    await hilda.submit(page, title="Llamar a todas", user_id=str(ana.id))
    async with database.transaction() as session:
        ((view,), total) = await tasks.listed(session, tasks.Wanted(state=TaskState.DONE))
        kinds = [event.kind for event, _ in await tasks.history(session, view.task)]
        changed = (await tasks.history(session, view.task))[-1][0].detail
    assert total == 1
    assert kinds == [TaskEventKind.CREATED, TaskEventKind.STATE, TaskEventKind.COMMENT, TaskEventKind.EDITED]
    assert changed == {"title": ["Llamar a todos", "Llamar a todas"], "due_on": ["2020-01-01", ""]}
    assert "Llamar a todas" in (await hilda.get("/consola/tareas/exportar.csv?estado=todas")).text
