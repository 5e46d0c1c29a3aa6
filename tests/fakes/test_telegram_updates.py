"""What the office hears from Telegram: the kinds of updates, in order, with the secret, again and again until taken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from telegram import Bot, Update
from telegram.error import BadRequest

from tests.fakes.conftest import Office
from tests.fakes.conversation import CitizenMessage, Kind
from tests.fakes.handles import TelegramCitizen, TelegramServer
from tests.fakes.test_telegram_methods import bot_of

SECRET = "s3creto_de-prueba"


@pytest.fixture
async def bot(telegram: TelegramServer, office: Office) -> AsyncIterator[Bot]:
    """A bot whose webhook is the office's."""
    async with bot_of(telegram) as bot:
        await bot.set_webhook(f"{office.base_url}/telegram", secret_token=SECRET)
        yield bot


def heard(office: Office, server: TelegramServer) -> list[dict[str, Any]]:
    server.settle()
    return [call.json for call in office.calls]


async def until(happened: Callable[[], bool]) -> None:
    """Wait for it; the test's own time limit ends a vain wait."""
    while not happened():
        await asyncio.sleep(0.01)


async def test_the_secret_comes_with_each_update(bot: Bot, telegram: TelegramServer, office: Office) -> None:
    telegram.citizen().start("AC-2026-000123-K")
    updates = heard(office, telegram)
    assert office.calls[0].headers["x-telegram-bot-api-secret-token"] == SECRET
    assert updates[0]["message"]["text"] == "/start AC-2026-000123-K"
    assert updates[0]["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_a_secret_of_other_letters_is_refused(bot: Bot, office: Office) -> None:
    with pytest.raises(BadRequest, match="Secret token contains unallowed characters"):
        await bot.set_webhook(f"{office.base_url}/telegram", secret_token="con espacios")
    with pytest.raises(BadRequest, match="an https url must be provided"):
        await bot.set_webhook("http://portal.example/telegram")


SENDS: list[tuple[str, Callable[[TelegramCitizen], object]]] = [
    ("photo", lambda c: c.send_file(Kind.PHOTO, b"jpg")),
    ("document", lambda c: c.send_file(Kind.DOCUMENT, b"pdf", filename="acta.pdf")),
    ("voice", lambda c: c.send_file(Kind.VOICE, b"ogg")),
    ("audio", lambda c: c.send_file(Kind.AUDIO, b"mp3")),
    ("video", lambda c: c.send_file(Kind.VIDEO, b"mp4")),
    ("sticker", lambda c: c.send_file(Kind.STICKER, b"webp")),
    ("location", lambda c: c.send_location(29.07, -110.95)),
    ("venue", lambda c: c.send_location(29.07, -110.95, label="Catedral", address="Centro")),
    ("contact", lambda c: c.send_contact()),
    ("contact", lambda c: c.send_contact(phone="+526620000000", name="Otro")),
    ("poll", lambda c: c.send(CitizenMessage(kind=Kind.POLL))),
    ("forward_origin", lambda c: c.send(CitizenMessage(text="Circula esto", forwarded=True))),
]


@pytest.mark.parametrize(("kind", "act"), SENDS)
async def test_kinds_of_messages(
    bot: Bot, telegram: TelegramServer, office: Office, kind: str, act: Callable[[TelegramCitizen], object]
) -> None:
    """Each is read by the library as what it is."""
    act(telegram.citizen())
    update = Update.de_json(heard(office, telegram)[-1], bot)
    assert update.message is not None
    assert getattr(update.message, kind)


async def test_someone_elses_contact_has_no_user_id(bot: Bot, telegram: TelegramServer, office: Office) -> None:
    citizen = telegram.citizen()
    citizen.send_contact()
    citizen.send_contact(phone="+526620000000", name="Otro")
    own, other = (update["message"]["contact"] for update in heard(office, telegram))
    assert own["user_id"] == int(citizen.id)
    assert other == {"phone_number": "526620000000", "first_name": "Otro"}


async def test_edits_keep_the_message_id(bot: Bot, telegram: TelegramServer, office: Office) -> None:
    citizen = telegram.citizen()
    message_id = citizen.send_text("Hay un bahce")
    citizen.edit(message_id, "Hay un bache")
    sent, edited = heard(office, telegram)
    assert edited["edited_message"]["text"] == "Hay un bache"
    assert edited["edited_message"]["message_id"] == sent["message"]["message_id"] == int(message_id)
    assert edited["update_id"] > sent["update_id"]


async def test_blocks_are_told(bot: Bot, telegram: TelegramServer, office: Office) -> None:
    citizen = telegram.citizen()
    citizen.start()
    citizen.block()
    citizen.send_text("Volví")  # who writes has unblocked
    kinds = [next(name for name in update if name != "update_id") for update in heard(office, telegram)]
    assert kinds == ["message", "my_chat_member", "my_chat_member", "message"]
    states = [update["my_chat_member"]["new_chat_member"]["status"] for update in heard(office, telegram)[1:3]]
    assert states == ["kicked", "member"]


async def test_groups(bot: Bot, telegram: TelegramServer, office: Office) -> None:
    citizen = telegram.citizen("Guadalupe")
    group = telegram.add_group("Vecinos", citizen)
    citizen.send_text("¿Alguien sabe?", group=group)
    added, written = heard(office, telegram)
    assert added["my_chat_member"]["chat"] == {"id": group, "type": "group", "title": "Vecinos"}
    assert written["message"]["chat"]["id"] == group
    await bot.send_message(group, "Escríbame en privado, por favor.")
    assert await bot.leave_chat(group)
    assert telegram.conversation(str(group))[-1].text == "Escríbame en privado, por favor."


async def test_ids_are_unique_and_rise_with_gaps(bot: Bot, telegram: TelegramServer, office: Office) -> None:
    citizen = telegram.citizen()
    citizen.send_text("Uno")
    telegram.skip_update_ids(5_000)
    citizen.send_text("Dos")
    first, second = (update["update_id"] for update in heard(office, telegram))
    assert second == first + 5_001


async def test_refused_updates_come_again_and_hold_up_their_chat_alone(
    bot: Bot, telegram: TelegramServer, office: Office
) -> None:
    telegram.faults(retry_seconds=4)
    office.statuses = [500, 0, 503]
    waiting = telegram.citizen("Espera")
    waiting.send_text("Uno")
    waiting.send_text("Dos")
    telegram.settle()
    texts = [update["message"]["text"] for update in heard(office, telegram)]
    assert texts == ["Uno", "Uno", "Uno", "Uno", "Dos"]
    assert [attempt["status"] for attempt in telegram.deliveries] == [500, None, 503, 200, 200]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 503 Service Unavailable"
    assert info.pending_update_count == 0


async def test_other_chats_go_on_while_one_waits(bot: Bot, telegram: TelegramServer, office: Office) -> None:
    telegram.faults(retry_seconds=10_000)
    office.statuses = [500]
    telegram.citizen("Espera").send_text("Uno")
    await until(lambda: len(office.calls) == 1)
    telegram.citizen("Otra").send_text("Dos")
    await until(lambda: len(office.calls) == 2)
    telegram.advance(10_000)
    texts = [update["message"]["text"] for update in heard(office, telegram)]
    assert texts == ["Uno", "Dos", "Uno"]


async def test_updates_wait_for_a_webhook(telegram: TelegramServer, office: Office) -> None:
    citizen = telegram.citizen()
    citizen.send_text("Antes")
    async with bot_of(telegram) as bot:
        assert (await bot.get_webhook_info()).pending_update_count == 1
        await bot.set_webhook(f"{office.base_url}/telegram", drop_pending_updates=True)
        citizen.send_text("Después")
        assert [update["message"]["text"] for update in heard(office, telegram)] == ["Después"]


async def test_only_the_kinds_asked_for(bot: Bot, telegram: TelegramServer, office: Office) -> None:
    await bot.set_webhook(f"{office.base_url}/telegram", allowed_updates=["message"])
    citizen = telegram.citizen()
    citizen.edit(citizen.send_text("Hola"), "Hola, buenas")
    assert [list(update) for update in heard(office, telegram)] == [["update_id", "message"]]


async def test_doubles_and_replays(bot: Bot, telegram: TelegramServer, office: Office) -> None:
    telegram.faults(duplicate_updates=1)
    telegram.citizen().send_text("Hola")
    update_id = heard(office, telegram)[0]["update_id"]
    telegram.faults(duplicate_updates=0)
    telegram.replay(update_id, times=3)
    assert [update["update_id"] for update in heard(office, telegram)] == [update_id] * 5
