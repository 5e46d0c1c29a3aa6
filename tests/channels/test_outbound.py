"""What goes out besides the assistant's words: files, templates, «escribiendo…», failures that agents see."""

import asyncio
import uuid
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from backend import clock
from backend.conversations import service as conversations
from backend.conversations.models import Author, Conversation
from backend.messaging.models import ChannelAccount, MessageTemplate, TemplatePurpose, TemplateState
from backend.outbox import service as outbox
from backend.outbox.models import DeliveryState
from tests.channels.conftest import Office
from tests.conversations.conftest import add_agent
from tests.end_to_end.conversation import PNG
from tests.fakes.handles import TelegramServer, TwilioCitizen, TwilioServer

NUMBER = "+5216621234567"


async def _reply(office: Office, conversation: Conversation, text: str, *, with_photo: bool = False) -> UUID:
    agent = await add_agent(office.database, f"Ana{uuid.uuid4().hex[:6]}")
    photo = await office.worker.files.keep_received(PNG, "mapa.png") if with_photo else None
    async with office.database.transaction() as session:
        message = await conversations.reply_as_agent(
            session, conversation.id, agent, text=text, idempotency_key=uuid.uuid4().hex, attachment=photo
        )
        return message.id


async def _on_whatsapp(office: Office, twilio: TwilioServer) -> tuple[TwilioCitizen, Conversation]:
    """Somebody who said something there and was answered."""
    citizen = twilio.citizen(NUMBER)
    citizen.send_text("hola")
    twilio.settle()
    await office.work()
    twilio.settle()
    (conversation,) = await office.conversations()
    return citizen, conversation


async def _arrives(citizen: TwilioCitizen, text: str) -> bool:
    """Whether a text reaches the citizen: WhatsApp delivers some time after it accepts."""
    for _ in range(100):
        if text in [one.text for one in citizen.received]:
            return True
        await asyncio.sleep(0.1)
    return False


async def test_an_agents_photo_and_words_reach_whatsapp(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount
) -> None:
    citizen, conversation = await _on_whatsapp(office, twilio)
    await _reply(office, conversation, "Aquí está el mapa.", with_photo=True)
    await office.work()
    twilio.settle()
    photo, words = citizen.received[-2:]
    assert (photo.media is not None, words.text) == (True, "Aquí está el mapa.")
    address = next(one for one in await office.deliveries() if one.attachment_id is not None)
    assert address.state in {DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ}


async def test_an_agents_photo_reaches_telegram(
    office: Office, telegram: TelegramServer, telegram_account: ChannelAccount
) -> None:
    citizen = telegram.citizen("Guadalupe")
    citizen.send_text("hola")
    await asyncio.to_thread(telegram.settle)
    await office.work()
    (conversation,) = await office.conversations()
    await _reply(office, conversation, "", with_photo=True)
    await office.work()
    assert citizen.received[-1].media is not None


@pytest.mark.parametrize("change", ["", "x"])
async def test_a_files_address_opens_only_as_it_was_signed(office: Office, change: str) -> None:
    from backend.outbox import media_links

    async with office.database.transaction() as session:
        conversation = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
        )
        photo = await office.worker.files.keep_received(PNG, "mapa.png")
        new = conversations.NewMessage(Author.CITIZEN, files=(photo,))
        message = await conversations.append(session, conversation, new)
    (view,) = await office.transcript(conversation)
    assert view.id == message.id
    address = media_links.address(office.settings, view.attachments[0].id)
    async with httpx.AsyncClient() as client:
        answer = await client.get(address[:-1] + change if change else address)
        expired = await client.get(address.replace(address.split("/")[-2], "1"))
    assert answer.status_code == (403 if change else 200)
    assert expired.status_code == 403


async def _close_window(office: Office, conversation: Conversation) -> None:
    async with office.database.transaction() as session:
        long_ago = clock.now() - timedelta(hours=25)
        await session.execute(
            update(Conversation).where(Conversation.id == conversation.id).values(last_citizen_at=long_ago)
        )


async def _say_with_template(office: Office, conversation: Conversation) -> None:
    new = conversations.NewMessage(
        Author.SYSTEM,
        text="Su petición AC-2026-000001-X pasó a «Turnada».",
        template_purpose=TemplatePurpose.STATUS_NOTICE,
        template_values=("AC-2026-000001-X", "Turnada"),
    )
    async with office.database.transaction() as session:
        locked = await conversations.lock(session, conversation.id)
        await conversations.append(session, locked, new)


async def test_outside_the_window_the_approved_template_goes_in_place_of_the_text(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount
) -> None:
    citizen, conversation = await _on_whatsapp(office, twilio)
    adapter = await office.worker.adapters.open(whatsapp)
    text = "Su petición {{1}} cambió de estado: {{2}}."
    content_sid = await adapter.submit_template("aviso_de_estado", text, ("AC", "Turnada"))  # type: ignore[union-attr]
    twilio.decide(content_sid)
    async with office.database.transaction() as session:
        session.add(
            MessageTemplate(
                account_id=whatsapp.id,
                purpose=TemplatePurpose.STATUS_NOTICE,
                text=text,
                content_sid=content_sid,
                state=TemplateState.APPROVED,
            )
        )
    citizen.close_window()
    await _close_window(office, conversation)
    await _say_with_template(office, conversation)
    await office.work()
    twilio.settle()
    assert await _arrives(citizen, "Su petición AC-2026-000001-X cambió de estado: Turnada.")
    assert (await office.deliveries())[-1].template_id is not None


async def test_outside_the_window_without_a_template_nothing_is_sent_and_the_agent_sees_why(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount
) -> None:
    citizen, conversation = await _on_whatsapp(office, twilio)
    await _close_window(office, conversation)
    message = await _reply(office, conversation, "¿Sigue ahí?")
    await office.work()
    delivery = (await office.deliveries())[-1]
    assert (delivery.message_id, delivery.state, delivery.error_code) == (
        message,
        DeliveryState.FAILED,
        "window_closed",
    )
    assert len(citizen.received) == 1
    citizen.send_text("sí, aquí sigo")
    twilio.settle()
    async with office.database.transaction() as session:
        assert await outbox.retry(session, message) == 1
    await office.work()
    assert await _arrives(citizen, "¿Sigue ahí?")


async def test_the_citizen_sees_that_an_answer_is_being_written(
    office: Office, telegram: TelegramServer, telegram_account: ChannelAccount
) -> None:
    citizen = telegram.citizen("Guadalupe")
    citizen.send_text("hola")
    await asyncio.to_thread(telegram.settle)
    await office.work()
    assert "typing" in citizen.actions
