"""Reading a conversation: pages, waiting for news, receipts, the transcript."""

import asyncio
import re
import uuid

import pytest
from sqlalchemy import select

from backend.conversations.messages import NewMessage
from backend.conversations.models import Author, Message, Owner
from backend.db import Database
from backend.outbox.models import Delivery, DeliveryState
from backend.widget import reader, routes
from backend.widget.schemas import Status
from tests.widget.conftest import Citizen
from tests.widget.support import picture, refusal, rows


async def test_a_cursor_pages_through_everything_once(citizen: Citizen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PAGE", 3)
    for number in range(7):
        await citizen.send(f"m{number}")
    pages, cursor = [], None
    while not pages or pages[-1]["more"]:
        pages.append(await citizen.read(**({"after": cursor} if cursor else {})))
        cursor = pages[-1]["cursor"]
    assert [[message["text"] for message in page["messages"]] for page in pages] == [
        ["m0", "m1", "m2"],
        ["m3", "m4", "m5"],
        ["m6"],
    ]
    rest = await citizen.read(after=cursor)
    assert (rest["messages"], rest["cursor"], rest["more"]) == ([], cursor, False)


@pytest.mark.parametrize("cursor", ["abc", "-1", "1.5", "1e3", "９", "9" * 16, "9" * 21, "\0"])
async def test_a_cursor_that_was_never_given_is_refused(citizen: Citizen, cursor: str) -> None:
    answer = await citizen.client.get("/api/chat/messages", params={"after": cursor})
    assert refusal(answer) == (422, "dato_invalido")


async def test_notes_and_controls_never_reach_the_citizen(citizen: Citizen) -> None:
    await citizen.hear(
        NewMessage(Author.NOTE, text="nota privada"),
        NewMessage(Author.CONTROL, text="/volver_con_bot"),
        NewMessage(Author.SYSTEM, text="Lo atiende Ana"),
    )
    page = await citizen.read()
    assert [message["text"] for message in page["messages"]] == ["Lo atiende Ana"]
    assert "nota privada" not in (await citizen.client.get("/api/chat/transcript")).text


async def test_busy_lasts_until_what_was_received_is_dealt_with(citizen: Citizen) -> None:
    assert (await citizen.read())["busy"] is False
    await citizen.send("hola")
    assert (await citizen.read())["busy"] is True
    await citizen.answered()
    page = await citizen.read()
    assert page["busy"] is False
    assert [(message["author"], message["text"]) for message in page["messages"]] == [
        ("citizen", "hola"),
        ("bot", "eco: hola"),
    ]


async def test_a_long_poll_wakes_up_when_something_comes(citizen: Citizen, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look for itself only after 25 s; it must have its answer well before."""
    monkeypatch.setattr(routes, "LOOK_AGAIN", 1000.0)
    waiting = asyncio.create_task(citizen.read(wait=25))
    done, _ = await asyncio.wait({waiting}, timeout=0.5)
    assert not done, "there is nothing yet"
    await citizen.hear(NewMessage(Author.BOT, text="buenas"))
    done, _ = await asyncio.wait({waiting}, timeout=20)
    assert done
    assert [message["text"] for message in (await waiting)["messages"]] == ["buenas"]


async def test_a_long_poll_without_news_ends_with_the_same_cursor(citizen: Citizen) -> None:
    await citizen.send("hola")
    page = await citizen.read(after="1", wait=0.2)
    assert (page["messages"], page["cursor"]) == ([], "1")


@pytest.mark.parametrize("wait", ["-1", "26", "siempre", "nan"])
async def test_nobody_waits_for_ever(citizen: Citizen, wait: str) -> None:
    answer = await citizen.client.get("/api/chat/messages", params={"wait": wait})
    assert answer.status_code == 422


def test_a_page_that_only_stands_open_seldom_looks_by_itself() -> None:
    idle = Status(owner=Owner.BOT, busy=False, agent_typing=False, agent_read_cursor="0")
    sessions = [uuid.uuid4() for _ in range(50)]
    waits = {routes._patience(idle, session) for session in sessions}
    assert min(waits) > routes.LOOK_AGAIN
    assert len(waits) > 10, "pages that came back together look together for ever"
    expected = {Owner.QUEUE: 4.0, Owner.AGENT: routes.LOOK_AGAIN}
    assert {
        owner: routes._patience(idle.model_copy(update={"owner": owner}), sessions[0]) for owner in expected
    } == expected
    assert routes._patience(idle.model_copy(update={"busy": True}), sessions[0]) == routes.LOOK_AGAIN


async def test_receipts_are_kept_up_to_their_cursor_and_may_be_repeated(citizen: Citizen, database: Database) -> None:
    await citizen.hear(NewMessage(Author.BOT, text="uno"), NewMessage(Author.BOT, text="dos"))
    for body in ({"delivered": "2"}, {"read": "1"}, {"delivered": "2"}, {}):
        assert (await citizen.post("receipts", body)).status_code == 204
    async with database.transaction() as session:
        query = select(Delivery.state).join(Message, Message.id == Delivery.message_id).order_by(Message.seq)
        states = (await session.scalars(query)).all()
    assert states == [DeliveryState.READ, DeliveryState.DELIVERED]
    assert (await citizen.post("receipts", {"read": "x"})).status_code == 422


async def test_the_transcript_is_a_text_to_keep(citizen: Citizen) -> None:
    await citizen.send("Hola, <b>buenas</b>")
    await citizen.upload(picture(), "bache.png")
    await citizen.hear(NewMessage(Author.BOT, text="Con gusto"))
    answer = await citizen.client.get("/api/chat/transcript")
    assert answer.headers["content-type"].startswith("text/plain")
    assert re.fullmatch(
        r'attachment; filename="chat-sonora-\d{4}-\d\d-\d\d\.txt"', answer.headers["content-disposition"]
    )
    lines = [re.sub(r"^\[\d\d/\d\d/\d{4} \d\d:\d\d\] ", "", line) for line in answer.text.splitlines()]
    assert lines == [
        "Chat Sonora — Gobierno del Estado de Sonora",
        "Hora de Hermosillo, Sonora",
        "",
        "Usted: Hola, <b>buenas</b>",
        "Usted:",
        "    (archivo: bache.png)",
        "Asistente: Con gusto",
    ]


async def test_typing_is_taken_and_leaves_no_message(citizen: Citizen, database: Database) -> None:
    assert (await citizen.post("typing")).status_code == 204
    assert await rows(database) == 0
