"""A quarter is closed once: what it said stays, what was corrected since is told, what was tampered with is found."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Role, User
from backend.db import Database
from backend.ledger import service as ledger
from backend.ledger.models import AttendedBy, Outcome
from backend.quarterly import checking, editions, goals, layout
from backend.quarterly.checking import Delta
from backend.quarterly.content import Line
from backend.quarterly.errors import EditionClosed, NotYet, QuarterlyRefused
from backend.quarterly.models import Edition
from tests.quarterly.calls import MIDSUMMER, add_call, add_quarter
from tests.staff import add_staff

TYPED = {"llamadas.recibidas": "12", "llamadas.abandonadas": "3", "llamadas.proporcion_atendidas": "90 %"}


async def _head(database: Database) -> User:
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        return await agents.find_user(session, "hilda")


async def _edition(database: Database) -> Edition:
    """The third quarter's latest edition."""
    async with database.transaction() as session:
        return (await editions.editions(session, 2026, 3))[0]


async def _problems(database: Database) -> list[str]:
    edition = await _edition(database)
    async with database.transaction() as session:
        return list((await checking.verify(session, edition)).problems)


async def _closed(database: Database) -> User:
    """A closed quarter of ten calls received; who closed it."""
    head = await _head(database)
    async with database.transaction() as session:
        await add_quarter(session)
        await goals.set_goals(session, 2026, 3, TYPED, by=head)
        edition = await editions.draft(session, 2026, 3, by=head)
        await editions.write(session, edition, {"achievements": "Se contestó más.", "prepared_name": "Hilda Soto"})
    await editions.close(database, edition.id, by=head)
    return head


def _line(lines: list[Line], key: str) -> Line:
    return next(line for line in lines if line.key == key)


async def test_goals_achieved_and_variance_are_those_reckoned_by_hand(database: Database) -> None:
    head = await _head(database)
    async with database.transaction() as session:
        await add_quarter(session)
        await goals.set_goals(session, 2026, 3, TYPED, by=head)
        with pytest.raises(QuarterlyRefused, match="muchas"):
            await goals.set_goals(session, 2026, 3, {"llamadas.recibidas": "muchas"}, by=head)
        informe = await editions.live(session, 2026, 3)
    lines = list(informe.lines)
    received = _line(lines, "llamadas.recibidas")
    assert (received.value, received.before, received.variance, received.fulfilment) == (10, 0, -2, 83.3)
    assert received.is_met is False
    abandoned = _line(lines, "llamadas.abandonadas")
    assert (abandoned.value, abandoned.variance, abandoned.is_met) == (2, -1, True), "not to be exceeded"
    share = _line(lines, "llamadas.proporcion_atendidas")
    assert layout.cells(share)[2:] == ("80.0 %", "90.0 %", "−10.0 puntos", "88.9 %")
    assert _line(lines, "llamadas.realizadas").value == 4
    assert layout.goals_told(informe) == "Metas cumplidas: 1 de 3."


async def test_a_closed_quarter_stays_and_later_corrections_are_told_with_their_rows(database: Database) -> None:
    head = await _closed(database)
    edition = await _edition(database)
    assert await _problems(database) == []
    async with database.transaction() as session:
        late = await add_call(session, wait=45)
        informe = await editions.read(session, edition)
        rows = (await checking.frozen_rows(session, edition, "llamadas.abandonadas")).ids()
        mended = await ledger.get(session, rows[0], for_update=True)
        await ledger.correct(
            session, mended, user_id=head.id, reason="Sí se atendió",
            outcome=Outcome.ATTENDED, attended_by=AttendedBy.PERSON,
        )  # fmt: skip
    async with database.transaction() as session:
        found = {one.line.key: one for one in await checking.deltas(session, edition)}
        again = await editions.read(session, edition)
    assert again == informe, "what was closed does not move"
    assert _line(list(again.lines), "llamadas.recibidas").value == 10
    _assert_delta(found["llamadas.recibidas"], 10, 11, added=[late.id])
    _assert_delta(found["llamadas.abandonadas"], 2, 1, removed=[mended.id])
    share = found["llamadas.proporcion_atendidas"]
    assert (share.line.value, share.now, share.changed) == (0.8, 0.9091, [mended.id])
    assert "llamadas.realizadas" not in found
    assert await _problems(database) == [], "corrections are no tampering"


def _assert_delta(
    delta: Delta, before: int, now: int, *, added: Sequence[UUID] = (), removed: Sequence[UUID] = ()
) -> None:
    assert (delta.line.value, delta.now, delta.difference) == (before, now, now - before)
    assert (list(delta.added), list(delta.removed)) == (list(added), list(removed))


async def test_nothing_reopens_a_closed_quarter_and_its_correction_is_another_edition(database: Database) -> None:
    head = await _closed(database)
    first = await _edition(database)
    with pytest.raises(EditionClosed):
        await editions.close(database, first.id, by=head)
    async with database.transaction() as session:
        with pytest.raises(EditionClosed):
            await goals.set_goals(session, 2026, 3, {}, by=head)
        with pytest.raises(EditionClosed):
            await editions.write(session, first, {"achievements": "Otra cosa"})
    with pytest.raises(DBAPIError, match="closed edition"):
        async with database.transaction() as session:
            await session.execute(text("UPDATE quarter_edition SET texts = '{}'"))
    async with database.transaction() as session:
        await add_call(session)
        with pytest.raises(QuarterlyRefused):
            await editions.correct(session, 2026, 3, " ", by=head)
        second = await editions.correct(session, 2026, 3, "Faltaba una llamada.", by=head)
    await editions.close(database, second.id, by=head)
    async with database.transaction() as session:
        latest, earlier = await editions.editions(session, 2026, 3)
        told = [
            _line(list((await editions.read(session, one)).lines), "llamadas.recibidas").value
            for one in (earlier, latest)
        ]
    assert (latest.number, latest.reason, told) == (2, "Faltaba una llamada.", [10, 11])
    assert latest.texts["achievements"] == "Se contestó más."
    with clock.pinned(MIDSUMMER), pytest.raises(NotYet):
        async with database.transaction() as session:
            begun = await editions.draft(session, 2026, 4, by=head)
        await editions.close(database, begun.id, by=head)


TAMPERED = (
    (r"""UPDATE quarter_edition SET content = replace(content, '"value"\:"10"', '"value"\:"99"')""", "El contenido"),
    (
        "UPDATE quarter_edition SET content = content || ' ',"
        " sha256 = encode(sha256(convert_to(content || ' ', 'UTF8')), 'hex')",
        "bitácora",
    ),
    (
        "UPDATE quarter_rows SET rows = substr(rows, 25) WHERE figure = 'llamadas.recibidas'",
        "«Recibidas»: los registros",
    ),
)


async def test_tampering_is_found_though_the_database_was_made_to_allow_it(database: Database) -> None:
    await _closed(database)
    for tampering, _ in TAMPERED:
        with pytest.raises(DBAPIError, match="never changed"):
            async with database.transaction() as session:
                await session.execute(text(tampering))
    async with database.transaction() as session:
        for table in ("quarter_edition", "quarter_rows"):
            await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    for tampering, told in TAMPERED:
        async with database.transaction() as session:
            await session.execute(text("SAVEPOINT whole"))
            await session.execute(text(tampering))
            edition = (await editions.editions(session, 2026, 3))[0]
            problems = (await checking.verify(session, edition)).problems
            await session.execute(text("ROLLBACK TO SAVEPOINT whole"))
        assert any(told in problem for problem in problems), problems
    assert await _problems(database) == []


async def test_every_figure_is_frozen_with_rows_that_give_it_again(database: Database) -> None:
    """Reckoned from the packed rows alone by the check itself: medians, shares and counts."""
    await _closed(database)
    edition = await _edition(database)
    async with database.transaction() as session:
        lines = (await editions.read(session, edition)).lines
        waits = (await checking.frozen_rows(session, edition, "llamadas.espera_mediana")).brought()
    assert waits == [10, 20, 30, 40, 50, 60, 70, 80]
    assert all(line.rows is not None and line.rows_sha256 for line in lines)
    assert edition.closed_at is not None
    assert edition.closed_at > datetime(2026, 10, 1, tzinfo=UTC)
