"""What is kept of each message: once, masked, and only what is worth a look."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from backend.assistant.port import Handoff, Outcome, Reply, TurnResult
from backend.conversations.models import HandoffReason
from backend.db import Database
from backend.learning.models import FollowUp, Understanding
from tests.conversations.conftest import Stage
from tests.fake_assistant import FakeAssistant
from tests.learning.conftest import Hear, kept, understood

DOUBT = understood({"registrar_queja": 0.4, "registrar_peticion": 0.35, "ayuda": 0.1}, Outcome.ASKED)
SURE = understood({"registrar_queja": 0.95})
PERSON = understood({"hablar_con_persona": 0.97})


async def test_a_turn_is_kept_with_its_reading(stage: Stage, assistant: FakeAssistant, database: Database) -> None:
    assistant.answers = [TurnResult((Reply("¿Cuál?"),), understanding=DOUBT)]
    await stage.say("me llamo Rosa Ibarra y no me atienden")
    async with database.transaction() as session:
        row = (await session.scalars(select(Understanding))).one()
    assert (row.intent, row.confidence, row.model) == ("registrar_queja", 0.4, "0000000000000001")
    assert [one["intent"] for one in row.ranking] == ["registrar_queja", "registrar_peticion", "ayuda"]
    assert row.masked_text == "me llamo ‹nombre› y no me atienden"
    assert row.is_worth_a_look


async def test_an_answer_told_twice_is_kept_once(hear: Hear, database: Database) -> None:
    await hear("no me atienden", DOUBT, times=2)
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Understanding)) == 1


async def test_a_bot_that_tells_nothing_leaves_nothing(hear: Hear, database: Database) -> None:
    await hear("hola", None)
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Understanding)) == 0


@pytest.mark.parametrize(
    ("told", "is_kept"),
    [
        (SURE, False),
        (understood({"registrar_queja": 0.6}), True),
        (understood({"registrar_queja": 0.6}, in_form=True), False),
        (understood({"registrar_queja": 0.9}, Outcome.NOT_UNDERSTOOD, in_form=True), True),
        (understood({"dar_dato": 0.9}, Outcome.NOT_UNDERSTOOD, in_form=True), False),
        (understood({"ayuda": 0.3}, Outcome.ASKED, is_typed=False), False),
        (understood({"registrar_queja": 0.5, "emergencia": 0.3}, Outcome.ASKED), False),
    ],
)
async def test_text_is_kept_only_where_it_is_worth_a_look_and_tells_of_no_danger(
    hear: Hear, database: Database, told: object, is_kept: bool
) -> None:
    row = await kept(database, await hear("no me quieren atender", told))
    assert (row.masked_text is not None) is is_kept
    assert (row.text_key is not None) is is_kept


async def test_a_sensitive_message_keeps_no_text(hear: Hear, database: Database) -> None:
    marked = await kept(database, await hear("me golpea", DOUBT, is_sensitive=True))
    handed = await kept(database, await hear("tengo miedo", DOUBT, handoff=Handoff(HandoffReason.EMERGENCY, True)))
    assert marked.is_worth_a_look
    assert (marked.masked_text, handed.masked_text) == (None, None)


@pytest.mark.parametrize(
    ("after", "follow_up"),
    [
        (understood({"registrar_queja": 1.0}, is_typed=False), FollowUp.CONFIRMED),
        (understood({"registrar_peticion": 1.0}, is_typed=False), FollowUp.OTHER_READING),
        (understood({"ayuda": 1.0}, is_typed=False), FollowUp.NEITHER),
        (PERSON, FollowUp.ASKED_FOR_PERSON),
        (SURE, None),
    ],
)
async def test_the_next_message_tells_of_the_one_before(
    hear: Hear, database: Database, after: object, follow_up: FollowUp | None
) -> None:
    first = await hear("no me atienden", DOUBT, ago=timedelta(seconds=30))
    await hear("x", after)
    assert (await kept(database, first)).follow_up is follow_up


async def test_asking_for_a_person_makes_the_message_before_worth_a_look(hear: Hear, database: Database) -> None:
    first = await hear("no sirve el alumbrado", SURE, ago=timedelta(seconds=30))
    assert (await kept(database, first)).masked_text is None
    await hear("quiero hablar con una persona", PERSON)
    row = await kept(database, first)
    assert row.is_worth_a_look
    assert row.masked_text == "no sirve el alumbrado"


@pytest.mark.parametrize(
    ("before", "ago"),
    [(understood({"saludar": 0.9}), timedelta(seconds=9)), (SURE, timedelta(hours=1))],
    ids=["a greeting", "long ago"],
)
async def test_asking_for_a_person_tells_nothing_of(
    hear: Hear, database: Database, before: object, ago: timedelta
) -> None:
    first: UUID = await hear("hola", before, ago=ago)
    await hear("quiero hablar con una persona", PERSON)
    assert (await kept(database, first)).follow_up is None


async def test_a_long_message_is_cut_and_no_half_of_a_number_stays(hear: Hear, database: Database) -> None:
    text = "agua " * 199 + "6621234567 y más"  # the cut falls within the number
    row = await kept(database, await hear(text, DOUBT))
    assert row.masked_text is not None
    assert row.masked_text.startswith("agua agua")
    assert "662" not in row.masked_text
