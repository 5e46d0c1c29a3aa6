"""Models side by side: shares with their intervals, and silence where there is too little."""

from datetime import timedelta
from uuid import UUID

import pytest

from backend import clock
from backend.assistant.port import Outcome
from backend.conversations.models import Rating
from backend.db import Database
from backend.learning import queries
from backend.learning.statistics import Share
from tests.learning.conftest import hear_in, open_one, understood


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        (Share(8, 10), 0.4902, 0.9433),
        (Share(0, 10), 0.0, 0.2775),
        (Share(10, 10), 0.7225, 1.0),
        (Share(0, 0), 0.0, 1.0),
    ],
)
def test_intervals_are_wilsons(share: Share, low: float, high: float) -> None:
    assert share.interval == (pytest.approx(low, abs=0.0001), pytest.approx(high, abs=0.0001))


def test_thirty_cases_are_enough() -> None:
    assert not Share(29, 29).is_enough
    assert Share(1, 30).is_enough


async def test_each_models_work_is_counted_apart(database: Database) -> None:
    async def talk(model: str, outcome: Outcome, then: str | None, score: int | None) -> UUID:
        conversation_id = await open_one(database)
        first = understood({"registrar_queja": 0.9}, outcome, model=model)
        await hear_in(database, conversation_id, "no me atienden", first, ago=timedelta(seconds=20))
        if then is not None:
            await hear_in(database, conversation_id, "x", understood({then: 1.0}, model=model, is_typed=False))
        if score is not None:
            async with database.transaction() as session:
                session.add(Rating(conversation_id=conversation_id, score=score))
        return conversation_id

    await talk("a", Outcome.ANSWERED, None, 5)
    await talk("a", Outcome.ASKED, "registrar_peticion", 2)
    await talk("a", Outcome.NOT_UNDERSTOOD, "hablar_con_persona", None)
    mixed = await talk("b", Outcome.ANSWERED, None, 4)
    await hear_in(database, mixed, "y otra cosa", understood({"ayuda": 0.9}, model="a"))
    async with database.transaction() as session:
        found = {one.model: one for one in await queries.models(session, clock.now() - timedelta(days=1))}
    a, b = found["a"], found["b"]
    assert (a.messages, a.conversations) == (6, 4)
    assert a.understood == Share(2, 4)
    assert a.asked == Share(1, 4)
    assert a.handed_over == Share(1, 4)
    assert a.satisfied == Share(1, 2)  # the conversation that two models had counts for neither
    assert (b.understood, b.satisfied) == (Share(1, 1), Share(0, 0))
