"""Accounts at the vendors: kept, proved, tried; their secrets go in and never come out."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend import clock
from backend.agents.models import User
from backend.audit.models import AdminEvent
from backend.db import Database
from backend.errors import InvalidInput
from backend.messaging import accounts, setup
from backend.messaging.accounts import AccountState
from backend.messaging.adapters import Adapters, webhook_address
from backend.messaging.credentials import unseal
from backend.messaging.errors import AccountTaken, FieldsRefused, VendorRefused
from backend.messaging.meanings import MEANINGS, meaning_of
from backend.messaging.models import ChannelAccount, ReceiveMode
from backend.settings import Settings
from channels.twilio_api import FAILURES
from tests.fakes.handles import TelegramServer, TwilioServer

SID = "AC" + "a" * 32
GOOD = {"account_sid": SID, "auth_token": "un-token-secreto", "number": "+526621234567"}


async def _sealed(database: Database, settings: Settings, account: ChannelAccount) -> Mapping[str, str]:
    async with database.transaction() as session:
        kept = await accounts.get(session, account.id)
    return unseal(settings.secret_key.get_secret_value().encode(), kept.credentials)


async def test_a_new_account_is_off_sealed_and_says_when_its_secret_was_saved(
    database: Database, settings: Settings, admin: User
) -> None:
    async with database.transaction() as session:
        account = await accounts.create(session, settings, admin, "whatsapp", " Oficina ", GOOD)
    assert (account.is_on, account.account, account.name) == (False, "+526621234567", "Oficina")
    assert b"un-token-secreto" not in account.credentials
    assert "un-token-secreto" not in str(account.options)
    assert clock.now() - accounts.secrets_saved_at(account)["auth_token"] < timedelta(minutes=1)
    assert accounts.known_values(settings, account) == {"account_sid": SID, "number": "+526621234567"}
    assert accounts.state_of(settings, account) is AccountState.OFF


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account_sid": "AC123"}, "account_sid"),
        ({"account_sid": SID + "\n"}, None),
        ({"auth_token": ""}, "auth_token"),
        ({"number": "6621234567"}, "number"),
        ({"number": "+52 662 123-4567"}, None),
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
    ],
)
async def test_each_field_is_checked_and_told_apart(
    database: Database, settings: Settings, admin: User, changes: dict[str, str], field: str | None
) -> None:
    typed = {"name": "Oficina", **GOOD, **changes}
    async with database.transaction() as session:
        if field is None:
            account = await accounts.create(session, settings, admin, "whatsapp", typed["name"], typed)
            assert account.account == "+526621234567"
            return
        with pytest.raises(FieldsRefused) as refused:
            await accounts.create(session, settings, admin, "whatsapp", typed["name"], typed)
    assert list(refused.value.problems) == [field]


async def test_an_account_exists_once(database: Database, settings: Settings, admin: User) -> None:
    async with database.transaction() as session:
        await accounts.create(session, settings, admin, "whatsapp", "Una", GOOD)
        await accounts.create(session, settings, admin, "sms", "Otra", GOOD)
        with pytest.raises(AccountTaken):
            await accounts.create(session, settings, admin, "whatsapp", "Dos", GOOD)


async def test_a_secret_left_empty_stays_and_one_entered_replaces_it(
    database: Database, settings: Settings, whatsapp: ChannelAccount, admin: User, twilio: TwilioServer
) -> None:
    typed = {"account_sid": twilio.account_sid, "auth_token": "", "number": twilio.whatsapp_number}
    async with database.transaction() as session:
        await accounts.update(session, settings, admin, whatsapp.id, "Nombre nuevo", typed)
    assert (await _sealed(database, settings, whatsapp))["auth_token"] == twilio.auth_token
    async with database.transaction() as session:
        await accounts.update(session, settings, admin, whatsapp.id, "Nombre", {**typed, "auth_token": "nuevo"})
    assert (await _sealed(database, settings, whatsapp))["auth_token"] == "nuevo"


async def test_another_number_is_another_account(
    database: Database, settings: Settings, whatsapp: ChannelAccount, admin: User, twilio: TwilioServer
) -> None:
    typed = {"account_sid": twilio.account_sid, "auth_token": "", "number": "+526629999999"}
    async with database.transaction() as session:
        with pytest.raises(FieldsRefused, match="Revise"):
            await accounts.update(session, settings, admin, whatsapp.id, "Nombre", typed)


async def test_a_new_telegram_token_keeps_the_secret_that_telegram_shows(
    database: Database, settings: Settings, bot: ChannelAccount, admin: User
) -> None:
    before = (await _sealed(database, settings, bot))["webhook_secret"]
    token = f"{bot.account}:otro-token-del-mismo-bot"
    async with database.transaction() as session:
        await accounts.update(session, settings, admin, bot.id, "Bot", {"token": token})
    after = await _sealed(database, settings, bot)
    assert (after["token"], after["webhook_secret"]) == (token, before)
    assert len(before) >= 32


async def test_credentials_sealed_with_another_key_are_entered_anew(
    database: Database, settings: Settings, whatsapp: ChannelAccount, admin: User, adapters: Adapters
) -> None:
    elsewhere = settings.model_copy(update={"secret_key": type(settings.secret_key)("otra-clave-0123456789")})
    assert accounts.state_of(elsewhere, whatsapp) is AccountState.NO_CREDENTIALS
    with pytest.raises(VendorRefused, match="no se pueden leer"):
        await setup.check(database, Adapters(elsewhere, database), admin, whatsapp.id)
    async with database.transaction() as session:
        with pytest.raises(FieldsRefused) as refused:
            await accounts.update(session, elsewhere, admin, whatsapp.id, "W", {**GOOD, "auth_token": ""})
    assert "auth_token" in refused.value.problems


async def test_the_trail_tells_who_did_what_without_secrets(
    database: Database,
    settings: Settings,
    whatsapp: ChannelAccount,
    admin: User,
    adapters: Adapters,
    twilio: TwilioServer,
) -> None:
    typed = {"account_sid": twilio.account_sid, "auth_token": "otro-secreto", "number": twilio.whatsapp_number}
    async with database.transaction() as session:
        await accounts.switch(session, admin, whatsapp.id, is_on=False)
        await accounts.switch(session, admin, whatsapp.id, is_on=False)
        await accounts.update(session, settings, admin, whatsapp.id, "Otro", typed)
    with pytest.raises(VendorRefused):
        await setup.check(database, adapters, admin, whatsapp.id)
    async with database.transaction() as session:
        of_account = select(AdminEvent).where(AdminEvent.subject_id == whatsapp.id)
        events = (await session.scalars(of_account.order_by(AdminEvent.id))).all()
    assert [event.kind for event in events] == [
        "channel_created",
        "channel_switched_off",
        "channel_changed",
        "channel_checked",
    ]
    assert events[2].detail == {"fields": ["auth_token", "name"]}
    assert {event.user_id for event in events} == {admin.id}
    assert "secreto" not in str([event.detail for event in events])


async def test_the_vendor_proves_credentials_and_its_refusal_is_kept_until_they_are_good(
    database: Database,
    settings: Settings,
    whatsapp: ChannelAccount,
    admin: User,
    adapters: Adapters,
    twilio: TwilioServer,
) -> None:
    good = {"account_sid": twilio.account_sid, "auth_token": twilio.auth_token, "number": twilio.whatsapp_number}
    assert "Chat Sonora" in await setup.check(database, adapters, admin, whatsapp.id)
    async with database.transaction() as session:
        await accounts.update(session, settings, admin, whatsapp.id, "W", {**good, "auth_token": "malo"})
    with pytest.raises(VendorRefused, match="no reconoce"):
        await setup.check(database, adapters, admin, whatsapp.id)
    async with database.transaction() as session:
        failing = await accounts.get(session, whatsapp.id)
        assert accounts.state_of(settings, failing) is AccountState.FAILING
        assert "token" in meaning_of(failing.last_error_code or "").advice
        await accounts.update(session, settings, admin, whatsapp.id, "W", good)
    await setup.check(database, adapters, admin, whatsapp.id)
    async with database.transaction() as session:
        assert accounts.state_of(settings, await accounts.get(session, whatsapp.id)) is AccountState.ON


async def test_an_account_is_not_switched_on_with_refused_credentials(
    database: Database, settings: Settings, admin: User, adapters: Adapters
) -> None:
    async with database.transaction() as session:
        account = await accounts.create(session, settings, admin, "whatsapp", "W", GOOD)
    with pytest.raises(VendorRefused):
        await setup.switch_on(database, adapters, admin, account.id)
    async with database.transaction() as session:
        assert not (await accounts.get(session, account.id)).is_on


async def test_an_account_is_switched_on_though_its_vendor_is_down(
    database: Database, settings: Settings, admin: User
) -> None:
    away = settings.model_copy(update={"twilio_api_url": "http://127.0.0.1:9"})
    adapters = Adapters(away, database)
    async with database.transaction() as session:
        account = await accounts.create(session, away, admin, "sms", "S", GOOD)
    await setup.switch_on(database, adapters, admin, account.id)
    async with database.transaction() as session:
        assert (await accounts.get(session, account.id)).is_on
    await adapters.close()


async def test_telegram_goes_from_asking_to_calls_and_back(
    database: Database, settings: Settings, bot: ChannelAccount, admin: User, adapters: Adapters
) -> None:
    assert bot.receive_mode is ReceiveMode.POLL, "without a public address the product asks"
    await setup.set_receive_mode(database, adapters, settings, admin, bot.id, ReceiveMode.WEBHOOK)
    health = await setup.webhook_health(database, adapters, settings, bot.id)
    assert (health.address, health.is_ours) == (webhook_address(settings, bot), True)
    await setup.set_receive_mode(database, adapters, settings, admin, bot.id, ReceiveMode.POLL)
    health = await setup.webhook_health(database, adapters, settings, bot.id)
    assert (health.address, health.is_ours) == ("", False)
    async with database.transaction() as session:
        assert (await accounts.get(session, bot.id)).receive_mode is ReceiveMode.POLL


@pytest.mark.parametrize(
    ("public_url", "words"),
    [("http://chat.sonora.example", "https"), (None, "https"), ("https://chat.sonora.example:9000", "8443")],
)
async def test_telegram_is_not_given_an_address_that_it_will_not_call(
    database: Database, settings: Settings, bot: ChannelAccount, admin: User, public_url: str | None, words: str
) -> None:
    real = settings.model_copy(update={"public_url": public_url, "telegram_api_url": None})
    adapters = Adapters(real, database)
    with pytest.raises(InvalidInput, match=words):
        await setup.set_receive_mode(database, adapters, real, admin, bot.id, ReceiveMode.WEBHOOK)
    await adapters.close()


async def test_twilios_webhook_is_not_ours_to_register(
    database: Database, settings: Settings, whatsapp: ChannelAccount, admin: User, adapters: Adapters
) -> None:
    with pytest.raises(InvalidInput, match="consola"):
        await setup.set_receive_mode(database, adapters, settings, admin, whatsapp.id, ReceiveMode.POLL)


async def test_a_test_message_reaches_a_telephone_and_is_on_the_trail(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters, twilio: TwilioServer
) -> None:
    citizen = twilio.citizen("+526621112233")
    citizen.send_text("Hola")
    twilio.settle()
    outcome = await setup.send_test(database, adapters, admin, whatsapp.id, "662 111 2233")
    assert outcome.is_good
    twilio.settle()
    assert [message.text for message in citizen.received] == [setup.TEST_TEXT]
    async with database.transaction() as session:
        kept = await session.scalar(select(AdminEvent).where(AdminEvent.kind == "channel_tested"))
        assert kept is not None
        assert kept.detail["provider_id"].startswith("SM")
        assert "1112233" not in str(kept.detail)
        assert (await accounts.get(session, whatsapp.id)).last_sent_at is not None


async def test_a_test_message_that_fails_says_why_and_what_to_do(
    database: Database, bot: ChannelAccount, admin: User, adapters: Adapters, telegram: TelegramServer
) -> None:
    outcome = await setup.send_test(database, adapters, admin, bot.id, "424242")
    assert not outcome.is_good
    assert "escribir primero al bot" in outcome.text


@pytest.mark.parametrize(
    ("channel", "typed", "wanted"),
    [
        ("whatsapp", "6621234567", "whatsapp:+526621234567"),
        ("whatsapp", "+52 1 662 123 4567", "whatsapp:+526621234567"),
        ("sms", "+526621234567", "+526621234567"),
        ("sms", "123", None),
        ("telegram", " 12345 ", "12345"),
        ("telegram", "@alguien", None),
        ("telegram", "-100123", None),
    ],
)
def test_whom_a_test_goes_to(channel: str, typed: str, wanted: str | None) -> None:
    if wanted is None:
        with pytest.raises(InvalidInput):
            setup.recipient_of(channel, typed)
    else:
        assert setup.recipient_of(channel, typed) == wanted


def test_every_code_the_adapters_know_has_its_meaning() -> None:
    assert {str(code) for code in FAILURES} <= set(MEANINGS)
    assert "99999" in meaning_of("99999").what
