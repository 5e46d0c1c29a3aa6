"""Two models by share: conversations stay with theirs, and none is left without an answer."""

import uuid
from uuid import UUID

import pytest

from backend.assistant.port import AssistantError, Reply, Turn, TurnResult
from backend.assistant.rasa import RasaAssistant
from backend.assistant.shared import SharedAssistant, assistant_of, is_in_share
from backend.settings import Settings
from tests.fake_assistant import FakeAssistant

IDS = [UUID(int=number) for number in range(4000)]


def turn(conversation_id: UUID) -> Turn:
    return Turn(conversation_id, uuid.uuid4(), "hola", "web")


def test_the_share_is_stable_grows_by_adding_and_is_about_its_percentage() -> None:
    chosen = {one for one in IDS if is_in_share(one, 20)}
    assert chosen == {one for one in IDS if is_in_share(one, 20)}
    assert 0.17 < len(chosen) / len(IDS) < 0.23
    assert chosen < {one for one in IDS if is_in_share(one, 30)}
    assert not any(is_in_share(one, 0) for one in IDS)
    assert all(is_in_share(one, 100) for one in IDS)


async def test_every_turn_of_a_conversation_goes_to_its_own_model() -> None:
    first, second = FakeAssistant(), FakeAssistant()
    shared = SharedAssistant(first, second, second_percent=50)
    for one in IDS[:40] * 2:
        await shared.reply(turn(one))
    theirs = {one.conversation_id for one in second.turns}
    assert {one.conversation_id for one in first.turns}.isdisjoint(theirs)
    assert theirs == {one for one in IDS[:40] if is_in_share(one, 50)}


async def test_the_other_answers_while_a_model_is_away() -> None:
    first, second = FakeAssistant(), FakeAssistant()
    first.answers = [AssistantError("ConnectError", is_away=True)]
    second.answers = [TurnResult((Reply("del otro"),))]
    shared = SharedAssistant(first, second, second_percent=0)
    assert (await shared.reply(turn(IDS[0]))).replies == (Reply("del otro"),)


async def test_a_turn_that_may_have_begun_is_not_given_to_the_other() -> None:
    first, second = FakeAssistant(), FakeAssistant()
    first.answers = [AssistantError("ReadTimeout")]
    with pytest.raises(AssistantError):
        await SharedAssistant(first, second, second_percent=0).reply(turn(IDS[0]))
    assert second.turns == []


async def test_a_process_that_is_not_there_is_away() -> None:
    rasa = RasaAssistant("http://127.0.0.1:9", "token", timeout=1)
    for _ in range(2):  # not reached, then resting
        with pytest.raises(AssistantError) as raised:
            await rasa.reply(turn(IDS[0]))
        assert raised.value.is_away
    await rasa.close()


async def test_a_second_model_is_off_unless_it_has_an_address_and_a_share(settings: Settings) -> None:
    address = "http://127.0.0.1:5006"
    for changes, kind in (
        ({}, RasaAssistant),
        ({"second_rasa_url": address}, RasaAssistant),
        ({"second_model_share": 10}, RasaAssistant),
        ({"second_rasa_url": address, "second_model_share": 10}, SharedAssistant),
    ):
        made = assistant_of(settings.model_copy(update=changes))
        assert type(made) is kind
        await made.close()
