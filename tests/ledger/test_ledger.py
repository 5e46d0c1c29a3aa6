"""The ledger's rows: none contradicts itself, and a correction keeps what was said before."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog import service as catalog
from backend.db import Database
from backend.ledger import service as ledger
from backend.ledger.errors import InteractionNotFound, InteractionRefused
from backend.ledger.models import Direction, Interaction, InteractionChange, InteractionKind, Outcome, Purpose, Source

NOW = clock.now()


def call(**fields: object) -> Interaction:
    values = {
        "kind": InteractionKind.CALL,
        "direction": Direction.INBOUND,
        "channel": "telefono",
        "source": Source.CONSOLE,
        "started_at": NOW,
        "notes": "",
    }
    return Interaction(**values | fields)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ended_at": NOW - timedelta(seconds=1)}, "ended_at"),
        ({"answered_at": NOW - timedelta(seconds=1)}, "answered_at"),
        ({"ended_at": NOW, "outcome": Outcome.NO_ANSWER}, "outcome"),
        ({"ended_at": NOW, "outcome": Outcome.ABANDONED, "direction": Direction.OUTBOUND}, "outcome"),
        ({"ended_at": NOW, "outcome": Outcome.TRANSFERRED}, "transfer_area_id"),
        ({"purpose": Purpose.TRANSFER}, "transfer_area_id"),
    ],
)
def test_a_row_never_contradicts_itself(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(InteractionRefused) as refused:
        ledger.check(call(**wrong))
    assert refused.value.details["field"] == field


async def _corrected(session: AsyncSession) -> Interaction:
    row = await ledger.add(session, call())
    area = (await catalog.areas(session))[0]
    await ledger.correct(
        session,
        row,
        user_id=None,
        reason="se pasó a otra área",
        ended_at=NOW + timedelta(minutes=3),
        outcome=Outcome.TRANSFERRED,
        transfer_area_id=area.id,
        notes="",
    )
    return row


async def test_a_correction_keeps_what_was_said_before(database: Database) -> None:
    async with database.transaction() as session:
        row = await _corrected(session)
        assert await ledger.correct(session, row, user_id=None, outcome=Outcome.TRANSFERRED) is None
        with pytest.raises(InteractionRefused):
            await ledger.correct(session, row, user_id=None, transfer_area_id=None)
        assert row.transfer_area_id is not None
    async with database.transaction() as session:
        change = (await session.scalars(select(InteractionChange))).one()
        assert change.reason == "se pasó a otra área"
        assert set(change.fields) == {"ended_at", "outcome", "transfer_area_id"}
        assert change.fields["outcome"] == [None, "transferida"]
        with pytest.raises(InteractionNotFound):
            await ledger.get(session, uuid4())


async def test_the_database_refuses_to_change_a_correction(database: Database) -> None:
    async with database.transaction() as session:
        await _corrected(session)
    for statement in ("UPDATE interaction_change SET reason = ''", "DELETE FROM interaction_change"):
        with pytest.raises(DBAPIError, match="never changed nor deleted"):
            async with database.transaction() as session:
                await session.execute(text(statement))
