"""Telegram, from the citizen's telephone and back, by webhook and by asking."""

import asyncio

import pytest

from backend.assistant.port import Reply, ReplyButton, TurnResult
from backend.messaging.models import ChannelAccount, ReceiveMode
from backend.outbox.models import DeliveryState
from tests.channels.conftest import Office
from tests.end_to_end.conversation import PNG
from tests.fakes.conversation import Kind
from tests.fakes.handles import TelegramCitizen, TelegramServer


@pytest.fixture
def citizen(telegram: TelegramServer, telegram_account: ChannelAccount) -> TelegramCitizen:
    return telegram.citizen("Guadalupe Ruiz")


async def _turn(office: Office, telegram: TelegramServer) -> None:
    await asyncio.to_thread(telegram.settle)
    await office.work()
    await asyncio.to_thread(telegram.settle)


async def test_a_message_is_stored_and_answered(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer
) -> None:
    citizen.send_text("¡Hola! ¿Cómo están?")
    await _turn(office, telegram)
    assert [message.text for message in citizen.received] == ["eco: ¡Hola! ¿Cómo están?"]
    (conversation,) = await office.conversations()
    assert (conversation.channel, conversation.display_name) == ("telegram", "Guadalupe Ruiz")
    (delivery,) = await office.deliveries()
    assert delivery.state is DeliveryState.SENT


async def test_a_long_payload_comes_back_from_its_button(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer
) -> None:
    long = "/elegir" + '{"valor": "' + "x" * 200 + '"}'
    office.assistant.answers.append(
        TurnResult((Reply("¿Cuál?", (ReplyButton("Uno", "/a"), ReplyButton("Dos", long))),))
    )
    citizen.send_text("hola")
    await _turn(office, telegram)
    citizen.press("Dos")
    await _turn(office, telegram)
    assert office.assistant.turns[-1].text == long
    assert telegram.callback_answers, "the button's spinner was stopped"


async def test_an_edited_message_is_marked_once_and_keeps_what_it_said(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer
) -> None:
    name = citizen.send_text("un bahce")
    await _turn(office, telegram)
    citizen.edit(name, "un bache")
    await _turn(office, telegram)
    (conversation,) = await office.conversations()
    assert await office.from_citizen() == ["un bache"]
    assert len(office.assistant.turns) == 1, "an edit is no new message to the bot"
    assert "corrigió su mensaje" in citizen.received[-1].text
    from sqlalchemy import select

    from backend.conversations.models import MessageRevision

    async with office.database.transaction() as session:
        assert [revision.text for revision in await session.scalars(select(MessageRevision))] == ["un bahce"]
    assert conversation.blocked_at is None


@pytest.mark.parametrize(
    ("kind", "said"), [(Kind.STICKER, "un sticker"), (Kind.POLL, "una encuesta"), (Kind.VOICE, "nota de voz")]
)
async def test_what_the_bot_cannot_take_in_is_answered_kindly(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer, kind: Kind, said: str
) -> None:
    if kind is Kind.POLL:
        from tests.fakes.conversation import CitizenMessage

        citizen.send(CitizenMessage(kind=kind, text="¿Playa o sierra?"))
    else:
        citizen.send_file(kind, b"OggS" + b"\0" * 60, content_type="audio/ogg")
    await _turn(office, telegram)
    assert said in citizen.received[-1].text
    assert office.assistant.turns == []


async def test_a_photo_is_kept_and_told_to_the_bot(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer
) -> None:
    citizen.send_file(Kind.PHOTO, PNG, content_type="image/png", caption="el bache")
    await _turn(office, telegram)
    (conversation,) = await office.conversations()
    first = (await office.transcript(conversation))[0]
    assert (first.text, [file.content_type for file in first.attachments]) == ("el bache", ["image/png"])


@pytest.mark.parametrize(
    ("parameter", "told"),
    [("", "/saludar"), ("folio", "/consultar_folio"), ("otra-cosa", "/saludar")],
)
async def test_a_deep_link_begins_where_it_says(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer, parameter: str, told: str
) -> None:
    citizen.start(parameter)
    await _turn(office, telegram)
    assert office.assistant.turns[-1].text == told


async def test_a_group_is_politely_refused_and_left(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer
) -> None:
    group = telegram.add_group("Vecinos", citizen)
    citizen.send_text("/start", group=group)
    await _turn(office, telegram)
    assert await office.conversations() == []
    assert any("en un grupo todos leerían" in message.text for message in telegram.conversation(str(group)))


async def test_who_blocks_the_bot_gets_nothing_more_until_they_write(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer
) -> None:
    citizen.send_text("hola")
    await asyncio.to_thread(telegram.settle)
    citizen.block()
    await _turn(office, telegram)
    (conversation,) = await office.conversations()
    assert conversation.blocked_at is not None
    (delivery,) = await office.deliveries()
    assert (delivery.state, delivery.error_code) == (DeliveryState.FAILED, "recipient_blocked")
    citizen.unblock()
    citizen.send_text("ya volví")
    await _turn(office, telegram)
    assert citizen.received[-1].text == "eco: ya volví"


async def test_one_chats_limit_leaves_the_others_replies_flowing(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer
) -> None:
    telegram.speed(1)
    office.assistant.answers.append(TurnResult(tuple(Reply(f"parte {number}") for number in range(6))))
    citizen.send_text("hola")
    await asyncio.to_thread(telegram.settle)
    await office.take_turns()
    others = [telegram.citizen(f"Vecina {number}") for number in range(5)]
    for other in others:
        other.send_text("hola")
    await asyncio.to_thread(telegram.settle)
    await office.take_turns()
    await office.worker.dispatcher.send_all_due()
    assert [len(other.received) for other in others] == [1] * 5
    for _ in range(40):
        await office.worker.dispatcher.send_all_due()
        if len(citizen.received) == 6:
            break
        await asyncio.sleep(0.5)
    assert [message.text for message in citizen.received] == [f"parte {number}" for number in range(6)]


async def test_a_laptop_asks_and_misses_nothing(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer, telegram_account: ChannelAccount
) -> None:
    adapter = await office.worker.adapters.open(telegram_account)
    await adapter.remove_webhook()  # type: ignore[union-attr]
    async with office.database.transaction() as session:
        account = await session.get_one(ChannelAccount, telegram_account.id)
        account.receive_mode = ReceiveMode.POLL
    for number in range(5):
        citizen.send_text(f"mensaje {number}")
    assert await office.worker.poller.poll_once(telegram_account.id, wait_seconds=0) == 5
    assert await office.worker.poller.poll_once(telegram_account.id, wait_seconds=0) == 0
    assert await office.from_citizen() == [f"mensaje {number}" for number in range(5)]


async def test_an_update_told_again_is_stored_once(
    office: Office, citizen: TelegramCitizen, telegram: TelegramServer
) -> None:
    citizen.send_text("una sola vez")
    await asyncio.to_thread(telegram.settle)
    telegram.replay(telegram.updates[-1]["update_id"], 5)
    await _turn(office, telegram)
    assert await office.from_citizen() == ["una sola vez"]
    assert len(citizen.received) == 1
