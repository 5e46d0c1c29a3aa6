"""One person in several channels, as an agent sees and arranges them; what did not arrive, and why."""

import uuid
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from backend import clock
from backend.agents import service as agents
from backend.console import texts
from backend.console.live_stream import Follower, follow
from backend.conversations import service as conversations
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author, Conversation, EventKind, Message, MessageRevision
from backend.db import Database
from backend.messaging.models import ChannelAccount, MessageTemplate, TemplatePurpose, TemplateState
from backend.outbox.models import Delivery, DeliveryState
from tests.console.streams import until
from tests.console.test_conversations import at, reply
from tests.staff import Staff

WHATSAPP = "+526620000000"


@pytest.fixture
async def whatsapp(app: FastAPI, database: Database) -> UUID:
    """A conversation in WhatsApp whose citizen has just written."""
    async with database.transaction() as session:
        conversation = await conversations.open_conversation(
            session, channel="whatsapp", account=WHATSAPP, external_user_id=uuid.uuid4().hex
        )
        conversation.display_name, conversation.verified_phone = "Rosy", "+526621234567"
        await conversations.receive(session, conversation.id, external_id="w1", text="Hola desde mi celular")
        return conversation.id


async def _last_heard(database: Database, conversation_id: UUID, ago: timedelta) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(Conversation).where(Conversation.id == conversation_id).values(last_citizen_at=clock.now() - ago)
        )


async def _approve(database: Database, state: TemplateState = TemplateState.APPROVED) -> None:
    async with database.transaction() as session:
        account = ChannelAccount(channel="whatsapp", account=WHATSAPP, name="CEAC", credentials=b"-")
        session.add(account)
        await session.flush()
        session.add(
            MessageTemplate(
                account_id=account.id,
                purpose=TemplatePurpose.RESUME_CONVERSATION,
                text="{{1}} desea continuar la conversación.",
                content_sid="HX1",
                state=state,
            )
        )


async def _fail(database: Database, message_id: str, code: str) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(Delivery)
            .where(Delivery.message_id == UUID(message_id))
            .values(state=DeliveryState.FAILED, error_code=code)
        )


async def test_what_the_channel_knows_stands_beside_the_transcript(ana: Staff, whatsapp: UUID) -> None:
    assert (await ana.post(at(whatsapp, "/take"))).is_success
    card = (await ana.get(at(whatsapp))).json()
    assert (card["title"], card["display_name"]) == ("~Rosy", "Rosy")
    assert card["verified_phone"] == "+526621234567"
    assert card["person"] is None, "a display name is no legal name"
    assert (card["opted_out"], card["blocked"]) == (False, False)


async def test_who_told_staff_that_they_no_longer_block_us_is_written_to_again(
    ana: Staff, whatsapp: UUID, database: Database
) -> None:
    async with database.transaction() as session:
        await session.execute(update(Conversation).values(blocked_at=clock.now()))
    assert (await ana.get(at(whatsapp))).json()["blocked"] is True
    for _ in range(2):
        assert (await ana.post(at(whatsapp, "/write-again"))).status_code == 204
    card = (await ana.get(at(whatsapp))).json()
    told = [(one["text"], one["who"], one["reason"]) for one in card["events"] if one["reason"]]
    assert (card["blocked"], told) == (False, [("Nos desbloqueó", "Ana", "lo dijo al personal")])


async def test_an_agent_joins_prefers_reads_as_one_and_splits(ana: Staff, waiting: UUID, whatsapp: UUID) -> None:
    assert (await ana.post(at(waiting, "/join"), {"conversation_id": str(whatsapp)})).status_code == 204
    again = await ana.post(at(waiting, "/join"), {"conversation_id": str(whatsapp)})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ya_unidas")
    card = (await ana.get(at(waiting))).json()
    (other,) = card["others"]
    assert (other["id"], other["channel"], other["is_proved"]) == (str(whatsapp), "WhatsApp", False)
    assert card["events"][-1]["who"] == "Ana"
    assert "criterio del personal" in card["events"][-1]["reason"]
    history = (await ana.get(at(waiting, "/history"))).json()
    said = [(one["channel"], one["message"]["text"][:8]) for one in history["messages"]]
    assert said == [("Portal web", "No hay a"), ("WhatsApp", "Hola des")]
    assert (await ana.post(at(waiting, "/preferred"), {"conversation_id": str(whatsapp)})).status_code == 204
    assert (await ana.get(at(whatsapp))).json()["preferred_conversation_id"] == str(whatsapp)
    assert (await ana.post(at(whatsapp, "/split"))).status_code == 204
    assert (await ana.post(at(whatsapp, "/split"))).status_code == 409
    assert (await ana.get(at(waiting))).json()["others"] == []
    refused = await ana.post(at(waiting, "/preferred"), {"conversation_id": str(whatsapp)})
    assert refused.status_code == 422


async def test_the_merged_history_is_read_page_by_page(ana: Staff, waiting: UUID, database: Database) -> None:
    async with database.transaction() as session:
        conversation = await conversations.lock(session, waiting)
        for number in range(120):
            await conversations.append(session, conversation, NewMessage(Author.NOTE, text=f"nota {number}"))
    last = (await ana.get(at(waiting, "/history"))).json()
    assert len(last["messages"]) == 100
    rest = (
        await ana.client.get(f"/api/console/conversations/{waiting}/history", params={"before": last["before"]})
    ).json()
    assert rest["before"] is None
    texts_read = [one["message"]["text"] for one in [*rest["messages"], *last["messages"]]]
    assert texts_read[1:] == [f"nota {number}" for number in range(120)]


async def test_a_window_is_told_and_none_exists_on_the_web(ana: Staff, waiting: UUID, whatsapp: UUID) -> None:
    assert (await ana.get(at(waiting))).json()["window"] is None
    window = (await ana.get(at(whatsapp))).json()["window"]
    assert window["template"] is None
    rows = (await ana.get("/api/console/inbox?view=all")).json()["rows"]
    assert {row["id"]: row["window_closes_at"] for row in rows} == {
        str(waiting): None,
        str(whatsapp): window["closes_at"],
    }


async def test_a_closed_window_is_resumed_with_the_approved_template_once(
    ana: Staff, whatsapp: UUID, database: Database
) -> None:
    await _last_heard(database, whatsapp, timedelta(hours=25))
    await _approve(database)
    assert (await ana.get(at(whatsapp))).json()["window"]["template"] == "Ana desea continuar la conversación."
    body = {"idempotency_key": "clave-0001"}
    answers = [await ana.post(at(whatsapp, "/resume"), body) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert answers[0].json()["text"] == "Ana desea continuar la conversación."
    async with database.transaction() as session:
        delivery = await session.scalar(select(Delivery).where(Delivery.message_id == UUID(answers[0].json()["id"])))
        assert (delivery.template_purpose, delivery.template_values) == ("resume_conversation", ["Ana"])


@pytest.mark.parametrize("state", [TemplateState.PENDING, TemplateState.REJECTED])
async def test_without_an_approved_template_nothing_is_sent(
    ana: Staff, whatsapp: UUID, database: Database, state: TemplateState
) -> None:
    await _approve(database, state)
    assert (await ana.get(at(whatsapp))).json()["window"]["template"] is None
    answer = await ana.post(at(whatsapp, "/resume"), {"idempotency_key": "clave-0001"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "sin_plantilla")


@pytest.mark.parametrize(
    ("code", "words", "retries"),
    [
        ("63016", "24 horas", False),
        ("63018", "más despacio", True),
        ("63003", "no puede recibir", False),
        ("63024", "no puede recibir", False),
        ("403", "bloqueó", False),
        ("20003", "credenciales", True),
        ("channel_off", "apagado", True),
        ("uncertain", "No se sabe", True),
        ("99999", "no aceptó", True),
    ],
)
async def test_a_failure_says_why_and_what_to_do(
    ana: Staff, whatsapp: UUID, database: Database, code: str, words: str, retries: bool
) -> None:
    sent = (await ana.post(at(whatsapp, "/reply"), reply("Buen día"))).json()
    assert sent["failure"] is None
    await _fail(database, sent["id"], code)
    page = (await ana.get(at(whatsapp, "/messages"))).json()
    (failed,) = [one for one in page["messages"] if one["id"] == sent["id"]]
    assert words in failed["failure"]["reason"]
    assert failed["failure"]["advice"]
    assert (failed["failure"]["retry"] is not None) == retries


async def test_a_failed_message_is_sent_again_by_whoever_has_the_chat(
    ana: Staff, beto: Staff, whatsapp: UUID, database: Database
) -> None:
    sent = (await ana.post(at(whatsapp, "/reply"), reply("Buen día"))).json()
    await _fail(database, sent["id"], "63018")
    address = f"/api/console/messages/{sent['id']}/retry"
    assert (await beto.post(address)).status_code == 409
    assert (await ana.post(address)).json()["delivery"] == "pending"
    assert (await ana.post(address)).json()["delivery"] == "pending"
    assert (await ana.post(f"/api/console/messages/{uuid.uuid4()}/retry")).status_code == 404


async def test_a_message_in_parts_is_shown_once_as_far_as_its_last_part(
    ana: Staff, whatsapp: UUID, database: Database
) -> None:
    sent = (await ana.post(at(whatsapp, "/reply"), reply("Buen día"))).json()
    async with database.transaction() as session:
        first = await session.scalar(select(Delivery).where(Delivery.message_id == UUID(sent["id"])))
        first.state = DeliveryState.READ
        values = {"conversation_id": whatsapp, "channel": "whatsapp", "account": WHATSAPP, "recipient": "x"}
        for part, state in ((1, DeliveryState.FAILED), (2, DeliveryState.SENT)):
            session.add(Delivery(message_id=first.message_id, part=part, state=state, error_code="63003", **values))
    page = (await ana.get(at(whatsapp, "/messages"))).json()
    assert [one["delivery"] for one in page["messages"] if one["id"] == sent["id"]] == ["failed"]


async def test_places_cards_edits_and_deletions_are_shown(ana: Staff, whatsapp: UUID, database: Database) -> None:
    async with database.transaction() as session:
        first = await session.scalar(select(Message).where(Message.conversation_id == whatsapp))
        first.text, first.edited_at = "Hola, corregido", clock.now()
        session.add(MessageRevision(message_id=first.id, external_id="e1", text="Hola desde mi celular"))
        conversation = await conversations.lock(session, whatsapp)
        for extra in (
            {"location": {"latitude": 29.0729, "longitude": -110.9559, "label": "Plaza Bicentenario"}},
            {"card": {"name": "Luis", "phone": "+526629999999", "is_own": False}},
        ):
            await conversations.append(session, conversation, NewMessage(Author.CITIZEN, extra=extra))
    edited, place, card = (await ana.get(at(whatsapp, "/messages"))).json()["messages"]
    assert edited["former"] == ["Hola desde mi celular"]
    assert edited["edited_at"] is not None
    assert place["location"] == {"latitude": 29.0729, "longitude": -110.9559, "label": "Plaza Bicentenario"}
    assert card["card"]["phone"] == "+526629999999"


async def test_the_stream_tells_of_edits_and_reminds_of_a_closing_window_once(
    app: FastAPI, ana: Staff, whatsapp: UUID, database: Database
) -> None:
    await ana.post(at(whatsapp, "/take"))
    await _last_heard(database, whatsapp, timedelta(hours=23, minutes=10))
    async with database.transaction() as session:
        user = await agents.find_user(session, "ana")

    async def allowed(_: object) -> bool:
        return True

    follower = Follower(user.id, whatsapp, cursor=0)
    events = follow(database, app.state.live, app.state.inbox, follower, allowed)
    first = await until(events, "inbox", "window", "message")
    assert "~Rosy" in str(first["window"].data)
    await events.aclose()
    async with database.transaction() as session:
        await session.execute(
            update(Message).where(Message.external_id == "w1").values(text="corregido", edited_at=clock.now())
        )
    follower.counts_seen = None
    events = follow(database, app.state.live, app.state.inbox, follower, allowed)
    after = await until(events, "inbox", "changed")
    assert "window" not in after
    assert "corregido" in str(after["changed"].data)
    await events.aclose()


async def test_another_agents_window_reminds_nobody_else(
    app: FastAPI, ana: Staff, whatsapp: UUID, database: Database
) -> None:
    await _last_heard(database, whatsapp, timedelta(hours=23, minutes=10))
    async with database.transaction() as session:
        user = await agents.find_user(session, "ana")

    async def allowed(_: object) -> bool:
        return True

    follower = Follower(user.id, whatsapp, cursor=0)
    events = follow(database, app.state.live, app.state.inbox, follower, allowed)
    assert "window" not in await until(events, "inbox", "message")
    assert follower.reminded == set()
    await events.aclose()


def test_every_event_and_delivery_state_has_words() -> None:
    assert set(texts.EVENTS) == set(EventKind)
    assert set(texts.DELIVERY) == set(DeliveryState)
