"""The Bot API through python-telegram-bot: what is accepted, and Telegram's refusals as the library raises them."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from tests.fakes.conftest import Office
from tests.fakes.conversation import Kind
from tests.fakes.handles import TelegramCitizen, TelegramServer


def bot_of(server: TelegramServer, token: str = "") -> Bot:
    return Bot(token or server.token, base_url=server.bot_base_url, base_file_url=server.bot_file_url)


@pytest.fixture
async def bot(telegram: TelegramServer) -> AsyncIterator[Bot]:
    async with bot_of(telegram) as bot:
        yield bot


@pytest.fixture
def citizen(telegram: TelegramServer) -> TelegramCitizen:
    """A citizen who has opened the bot."""
    citizen = telegram.citizen("Guadalupe", phone="+526621234567")
    citizen.start()
    return citizen


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[button] for button in buttons])


async def test_text_arrives(bot: Bot, citizen: TelegramCitizen) -> None:
    sent = await bot.send_message(int(citizen.id), "¿En qué le ayudo?")
    assert [(message.id, message.text) for message in citizen.received] == [(str(sent.message_id), "¿En qué le ayudo?")]


async def test_4096_characters_and_no_more(bot: Bot, citizen: TelegramCitizen) -> None:
    await bot.send_message(int(citizen.id), "ñ" * 4096)
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(int(citizen.id), "ñ" * 4097)
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.send_message(int(citizen.id), "  ")


async def test_markup_is_checked(bot: Bot, citizen: TelegramCitizen) -> None:
    await bot.send_message(int(citizen.id), "<b>Folio</b> 1 &lt; 2", parse_mode="HTML")
    assert citizen.received[-1].text == "Folio 1 < 2"
    for wrong in ("<b>Folio", "1 < 2", "<h1>Folio</h1>"):
        with pytest.raises(BadRequest, match="Can't parse entities"):
            await bot.send_message(int(citizen.id), wrong, parse_mode="HTML")


async def test_strangers_and_blocks(bot: Bot, telegram: TelegramServer, citizen: TelegramCitizen) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(telegram.citizen("Nunca escribió").id, "Hola")
    citizen.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(int(citizen.id), "Hola")
    citizen.unblock()
    await bot.send_message(int(citizen.id), "Hola")


async def test_wrong_token(telegram: TelegramServer) -> None:
    with pytest.raises(InvalidToken):
        await bot_of(telegram, "987654321:" + "x" * 35).get_me()


async def test_buttons_are_pressed(bot: Bot, telegram: TelegramServer, citizen: TelegramCitizen) -> None:
    markup = keyboard(
        InlineKeyboardButton("Sí, de acuerdo", callback_data="/si"), InlineKeyboardButton("No", callback_data="/no")
    )
    sent = await bot.send_message(int(citizen.id), "¿Acepta?", reply_markup=markup)
    citizen.press("de acuerdo")
    query = (await bot.get_updates())[-1].callback_query
    assert query is not None and query.message is not None
    assert (query.data, query.message.message_id, query.from_user.first_name) == ("/si", sent.message_id, "Guadalupe")
    await bot.answer_callback_query(query.id, "Gracias")
    assert telegram.callback_answers == {query.id: {"text": "Gracias", "show_alert": False}}
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(query.id)


async def test_buttons_can_be_taken_away_once(bot: Bot, citizen: TelegramCitizen) -> None:
    sent = await bot.send_message(
        int(citizen.id), "¿Acepta?", reply_markup=keyboard(InlineKeyboardButton("Sí", callback_data="/si"))
    )
    await bot.edit_message_reply_markup(citizen.id, sent.message_id)
    assert citizen.received[-1].buttons == []
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_reply_markup(citizen.id, sent.message_id)
    with pytest.raises(RuntimeError, match="no button"):
        citizen.press("Sí")


@pytest.mark.parametrize(
    ("button", "problem"),
    [
        (InlineKeyboardButton("x", callback_data="ñ" * 33), "Button_data_invalid"),
        (InlineKeyboardButton("x"), "text buttons are unallowed"),
    ],
)
async def test_impossible_buttons(
    bot: Bot, citizen: TelegramCitizen, button: InlineKeyboardButton, problem: str
) -> None:
    with pytest.raises(BadRequest, match=problem):
        await bot.send_message(int(citizen.id), "Elija", reply_markup=keyboard(button))


async def test_64_bytes_of_data_are_accepted(bot: Bot, citizen: TelegramCitizen) -> None:
    await bot.send_message(
        int(citizen.id), "Elija", reply_markup=keyboard(InlineKeyboardButton("x", callback_data="ñ" * 32))
    )
    assert citizen.received[-1].buttons[0].payload == "ñ" * 32


async def test_a_keyboard_that_asks_for_the_phone(bot: Bot, citizen: TelegramCitizen) -> None:
    markup = ReplyKeyboardMarkup([[KeyboardButton("Compartir mi teléfono", request_contact=True)]])
    await bot.send_message(int(citizen.id), "¿Su teléfono?", reply_markup=markup)
    assert citizen.conversation[-1].keyboard == ["Compartir mi teléfono"]
    citizen.press("Compartir")
    message = (await bot.get_updates())[-1].message
    assert message is not None and message.contact is not None
    assert (message.contact.phone_number, message.contact.user_id) == ("526621234567", int(citizen.id))


async def test_answers_to_a_message(bot: Bot, citizen: TelegramCitizen) -> None:
    question = citizen.send_text("¿Y mi folio?")
    sent = await bot.send_message(int(citizen.id), "Va", reply_to_message_id=int(question))
    assert sent.reply_to_message is not None and sent.reply_to_message.text == "¿Y mi folio?"
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(int(citizen.id), "Va", reply_to_message_id=99)


async def test_files_of_all_ways(bot: Bot, citizen: TelegramCitizen, office: Office) -> None:
    sent = await bot.send_document(int(citizen.id), b"%PDF- carta", filename="carta.pdf", caption="Su carta")
    assert sent.document is not None and sent.document.file_name == "carta.pdf"
    again = await bot.send_document(int(citizen.id), sent.document.file_id)
    assert again.document is not None and again.document.file_id == sent.document.file_id
    await bot.send_document(int(citizen.id), f"{office.base_url}/oficio.pdf")
    await bot.send_photo(int(citizen.id), b"\x89PNG", caption="Foto")
    await bot.send_voice(int(citizen.id), b"OggS")
    kinds = [message.media and message.media.content_type for message in citizen.received]
    assert kinds[:3] == ["application/pdf"] * 3
    assert all(kinds)
    with pytest.raises(BadRequest, match="Failed to get http url content"):
        await bot.send_document(int(citizen.id), f"{office.base_url}/no-hay.pdf")
    with pytest.raises(BadRequest, match="caption is too long"):
        await bot.send_photo(int(citizen.id), b"\x89PNG", caption="x" * 1025)


async def test_downloads(bot: Bot, citizen: TelegramCitizen) -> None:
    citizen.send_file(Kind.PHOTO, b"una foto", caption="El bache")
    message = (await bot.get_updates())[-1].message
    assert message is not None and message.caption == "El bache"
    assert [size.width for size in message.photo] == [90, 320, 1280]
    file = await bot.get_file(message.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == b"una foto"
    with pytest.raises(BadRequest, match="Wrong file_id"):
        await bot.get_file("no-es")


async def test_more_than_20_mb_can_not_be_downloaded(bot: Bot, citizen: TelegramCitizen) -> None:
    citizen.send_file(Kind.VIDEO, b"0" * (20 * 1024 * 1024 + 1))
    message = (await bot.get_updates())[-1].message
    assert message is not None and message.video is not None
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(message.video.file_id)


async def test_typing_is_seen(bot: Bot, citizen: TelegramCitizen) -> None:
    await bot.send_chat_action(int(citizen.id), "typing")
    assert citizen.actions == ["typing"]
    with pytest.raises(BadRequest):
        await bot.send_chat_action(int(citizen.id), "singing")


async def send_many(bot: Bot, citizen: TelegramCitizen, count: int) -> int | None:
    """Send until refused; the seconds the library was told to wait."""
    for number in range(count):
        try:
            await bot.send_message(int(citizen.id), f"Mensaje {number}")
        except RetryAfter as error:
            return int(re.findall(r"\d+", error.message)[0])
    return None


async def test_one_chats_limit_leaves_the_others_alone(
    bot: Bot, telegram: TelegramServer, citizen: TelegramCitizen
) -> None:
    telegram.speed(1)
    telegram.faults(chat_per_second=0.001, chat_burst=3)
    assert await send_many(bot, citizen, 10) in range(900, 1001)
    assert len(citizen.received) == 3
    other = telegram.citizen("Otro")
    other.start()
    assert await send_many(bot, other, 3) is None
    telegram.advance(1000)
    assert await send_many(bot, citizen, 1) is None


async def test_the_overall_limit(bot: Bot, telegram: TelegramServer, citizen: TelegramCitizen) -> None:
    telegram.speed(1)
    telegram.faults(overall_per_second=0.001, chat_per_second=1000, chat_burst=1000)
    other = telegram.citizen("Otro")
    other.start()
    assert await send_many(bot, other, 1) is None
    assert await send_many(bot, citizen, 1) in range(900, 1001)


async def test_faults_of_the_connection(bot: Bot, telegram: TelegramServer, citizen: TelegramCitizen) -> None:
    for faults, error, arrived in (
        ({"fail_status": 502, "fail_times": 1}, NetworkError, 0),
        ({"drop_sends": 1}, NetworkError, 0),
        ({"cut_sends": 1}, NetworkError, 1),
    ):
        telegram.faults(**faults)
        before = len(citizen.received)
        with pytest.raises(error):
            await bot.send_message(int(citizen.id), "Hola")
        assert len(citizen.received) - before == arrived
    telegram.faults(slow_seconds=1)
    with pytest.raises(TimedOut):
        await bot.send_message(int(citizen.id), "Hola", read_timeout=0.2)
    telegram.faults(slow_seconds=0, down_seconds=60)
    with pytest.raises(NetworkError):
        await bot.send_message(int(citizen.id), "Hola")
    telegram.faults(down_seconds=0)
    await bot.send_message(int(citizen.id), "Hola")


async def test_polling_confirms_what_was_seen(bot: Bot, citizen: TelegramCitizen) -> None:
    citizen.send_text("Hola")
    first = await bot.get_updates()
    assert [update.message.text for update in first if update.message] == ["/start", "Hola"]
    assert [update.update_id for update in await bot.get_updates()] == [update.update_id for update in first]
    assert await bot.get_updates(offset=first[-1].update_id + 1) == ()
    assert (await bot.get_webhook_info()).pending_update_count == 0


async def test_a_second_poller_ends_the_first(bot: Bot, telegram: TelegramServer) -> None:
    telegram.speed(0.1)
    first = asyncio.create_task(bot.get_updates(timeout=50))
    async with bot_of(telegram) as other:
        while not first.done():
            await other.get_updates()
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await first


async def test_polling_and_a_webhook_exclude_each_other(bot: Bot, office: Office) -> None:
    await bot.set_webhook(f"{office.base_url}/telegram")
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()
