"""All open pages share one reading of the inbox; each is told its own part, and nothing from before it asked."""

import asyncio
import uuid
from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.console import inbox_look
from backend.console.inbox_look import InboxLooks, InboxSeen
from backend.conversations import service as conversations
from backend.conversations.models import Conversation, Owner
from backend.db import Database
from backend.registry.models import Petition
from backend.turns.models import Turn
from tests.console.turned import add_petition
from tests.registry.turned import agency

STAFF = ("ana", "beto", "hilda")


@pytest.fixture
async def ids(app: FastAPI, database: Database) -> list[UUID]:
    async with database.transaction() as session:
        return [(await agents.find_user(session, name)).id for name in STAFF]


async def _conversation(
    session: AsyncSession, owner: Owner, agent_id: UUID | None = None, channel: str = "web"
) -> UUID:
    conversation = await conversations.open_conversation(
        session, channel=channel, account="portal", external_user_id=uuid.uuid4().hex
    )
    await conversations.receive(session, conversation.id, external_id=uuid.uuid4().hex, text="Hola")
    values = {"owner": owner, "agent_id": agent_id, "queued_at": clock.now() if owner is Owner.QUEUE else None}
    await session.execute(update(Conversation).where(Conversation.id == conversation.id).values(values))
    return conversation.id


async def _news(session: AsyncSession, narrative: str, assignee_id: UUID | None) -> None:
    petition = await add_petition(session, narrative)
    await session.execute(update(Petition).where(Petition.id == petition.id).values(assignee_id=assignee_id))
    cea = await agency(session, "cea")
    session.add(Turn(petition_id=petition.id, agency_id=cea, due_on=clock.now().date(), news_at=clock.now()))


async def test_each_is_told_what_they_would_be_told_alone(database: Database, ids: list[UUID]) -> None:
    ana, beto, hilda = ids
    async with database.transaction() as session:
        for owner, count in ((Owner.QUEUE, 1), (Owner.BOT, 2), (Owner.CLOSED, 3)):
            for _ in range(count):
                await _conversation(session, owner)
        await _conversation(session, Owner.AGENT, ana)
        read = await _conversation(session, Owner.AGENT, ana)
        await session.execute(update(Conversation).where(Conversation.id == read).values(agent_read_seq=99))
        for agent_id in (ana, beto):
            closing = await _conversation(session, Owner.AGENT, agent_id, channel="whatsapp")
            heard = clock.now() - timedelta(hours=23, minutes=10)
            await session.execute(update(Conversation).where(Conversation.id == closing).values(last_citizen_at=heard))
        await _conversation(session, Owner.AGENT, beto, channel="whatsapp")  # it has a day yet
        await _news(session, "de nadie", None)
        await _news(session, "de Ana", ana)
    async with database.transaction() as session:
        seen = await inbox_look.read(session, ids)
        for one in ids:
            assert seen[one] == (await inbox_look.read(session, [one]))[one]
    told = {one: (seen[one].counts.mine, seen[one].counts.unread, seen[one].counts.agency_news) for one in ids}
    assert told == {ana: (3, 2, 2), beto: (2, 2, 1), hilda: (0, 0, 1)}
    assert [len(seen[one].closing) for one in ids] == [1, 1, 0]
    assert (seen[ana].counts.waiting, seen[ana].counts.closed) == (1, 3)


class Readings:
    """Stands before the real reading: notes for whom it is, and holds it up where told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[set[UUID]] = []
        self.has_begun, self.may_end = asyncio.Event(), asyncio.Event()
        self._read = inbox_look.read
        monkeypatch.setattr(inbox_look, "read", self.read)

    async def read(self, session: AsyncSession, agent_ids: Collection[UUID]) -> Mapping[UUID, InboxSeen]:
        seen = await self._read(session, agent_ids)
        self.asked.append(set(agent_ids))
        self.has_begun.set()
        await self.may_end.wait()
        return seen


async def test_those_who_ask_together_share_one_reading(
    database: Database, ids: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, readings = InboxLooks(database), Readings(monkeypatch)
    readings.may_end.set()
    await asyncio.gather(*(looks.look(one) for one in ids * 5))
    assert readings.asked == [set(ids)]
    await looks.look(ids[0])
    assert readings.asked == [set(ids), {ids[0]}], "nothing is kept"


async def test_whoever_asks_while_a_reading_is_under_way_has_the_next(
    database: Database, ids: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, beto, _ = ids
    looks, readings = InboxLooks(database), Readings(monkeypatch)
    first = asyncio.create_task(looks.look(ana))
    await readings.has_begun.wait()
    async with database.transaction() as session:
        await _conversation(session, Owner.QUEUE)
    later = [asyncio.create_task(looks.look(one)) for one in (ana, beto)]
    await asyncio.sleep(0)
    later[1].cancel()  # one who leaves takes nobody's reading away
    readings.may_end.set()
    assert (await first).counts.waiting == 0
    assert (await later[0]).counts.waiting == 1


async def test_a_reading_that_fails_is_told_to_who_asked_and_the_next_is_anew(
    database: Database, ids: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: AsyncSession, __: Collection[UUID]) -> Mapping[UUID, InboxSeen]:
        raise OSError("away")

    looks = InboxLooks(database)
    with monkeypatch.context() as patched:
        patched.setattr(inbox_look, "read", broken)
        with pytest.raises(OSError, match="away"):
            await looks.look(ids[0])
    assert (await looks.look(ids[0])).counts.waiting == 0
