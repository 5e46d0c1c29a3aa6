"""Conversations that are one person's: joined, proved, split, and where notices go."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from backend import clock
from backend.contacts import service as contacts
from backend.contacts.errors import AlreadyJoined, NotJoined, NotTheirs
from backend.contacts.models import Contact
from backend.contacts.service import JoinHow
from backend.conversations.models import Conversation, EventKind
from backend.db import Database
from tests.contacts.conftest import OpenChat, are_one, are_proved, history, join
from tests.conversations.conftest import Stage

PHONE = "+526621234567"


async def _set(stage: Stage, **values: object) -> None:
    async with stage.database.transaction() as session:
        await session.execute(update(Conversation).where(Conversation.id == stage.conversation_id).values(**values))


async def _notice(stage: Stage) -> UUID | None:
    contact_id = (await stage.conversation()).contact_id
    async with stage.database.transaction() as session:
        found = await contacts.notice_conversation(session, contact_id)
        return found.id if found else None


async def _contacts(database: Database) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Contact)) or 0


async def test_all_conversations_of_one_go_to_the_other_and_both_histories_say_so(
    chat: OpenChat, database: Database
) -> None:
    web, whatsapp, telegram, other = [await chat(name) for name in ("web", "whatsapp", "telegram", "web")]
    assert await join(web, whatsapp)
    assert await join(telegram, other)
    assert await join(web, other)
    for one in (whatsapp, telegram, other):
        assert await are_one(web, one)
        assert await are_proved(web, one)
    assert await _contacts(database) == 1
    assert (await history(whatsapp))[-1] == (EventKind.CONTACT_JOINED, "code")
    assert (await history(other))[-1] == (EventKind.CONTACT_JOINED, "code")
    assert not await join(web, telegram)


async def test_what_staff_join_is_one_history_and_no_proof(chat: OpenChat, database: Database, ana: UUID) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    async with database.transaction() as session:
        await contacts.join_by_staff(session, web.conversation_id, whatsapp.conversation_id, ana)
    assert await are_one(web, whatsapp)
    assert not await are_proved(web, whatsapp)
    with pytest.raises(AlreadyJoined):
        async with database.transaction() as session:
            await contacts.join_by_staff(session, whatsapp.conversation_id, web.conversation_id, ana)
    assert await join(web, whatsapp, JoinHow.CODE), "a proof adds to what staff believed"
    assert await are_proved(web, whatsapp)


async def test_two_who_join_the_same_at_once_from_both_sides_end_with_one_contact(
    chat: OpenChat, database: Database, ana: UUID
) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    pairs = [(web.conversation_id, whatsapp.conversation_id), (whatsapp.conversation_id, web.conversation_id)] * 3

    async def one(pair: tuple[UUID, UUID]) -> bool:
        try:
            async with database.transaction() as session:
                await contacts.join_by_staff(session, *pair, ana)
        except AlreadyJoined:
            return False
        return True

    assert sum(await asyncio.gather(*map(one, pairs))) == 1
    assert await _contacts(database) == 1


@pytest.mark.parametrize("written", ["5216621234567", "+52 662 123 4567", "whatsapp:+5216621234567"])
async def test_a_number_that_two_channels_vouch_for_is_one_person(chat: OpenChat, written: str) -> None:
    telegram = await chat("telegram", phone=PHONE)
    whatsapp = await chat("whatsapp", phone=written)
    assert (await whatsapp.conversation()).verified_phone == PHONE
    assert await are_proved(telegram, whatsapp)
    assert (await history(whatsapp))[-1] == (EventKind.CONTACT_JOINED, "phone")


async def test_another_number_or_none_joins_nobody(chat: OpenChat) -> None:
    telegram = await chat("telegram", phone=PHONE)
    for stranger in (await chat("whatsapp", phone="+526621234568"), await chat("whatsapp"), await chat("web")):
        assert not await are_one(telegram, stranger)


async def test_a_conversation_that_was_split_off_stays_so_though_its_number_is_seen_again(
    chat: OpenChat, database: Database, ana: UUID
) -> None:
    telegram, whatsapp = await chat("telegram", phone=PHONE), await chat("whatsapp", phone=PHONE)
    async with database.transaction() as session:
        await contacts.split(session, whatsapp.conversation_id, by=ana)
    async with database.transaction() as session:
        again = await session.get_one(Conversation, whatsapp.conversation_id, with_for_update=True)
        await contacts.note_verified_phone(session, again, PHONE)
    assert not await are_one(telegram, whatsapp)
    assert not await are_proved(telegram, whatsapp)
    for one in (telegram, whatsapp):
        assert (await history(one))[-1][0] is EventKind.CONTACT_SPLIT


async def test_what_stands_alone_is_not_split(chat: OpenChat, database: Database) -> None:
    web = await chat()
    with pytest.raises(NotJoined):
        async with database.transaction() as session:
            await contacts.split(session, web.conversation_id)


async def test_the_preference_survives_a_join_and_ends_with_a_split(chat: OpenChat, database: Database) -> None:
    web, whatsapp, telegram = [await chat(name) for name in ("web", "whatsapp", "telegram")]
    async with database.transaction() as session:
        await contacts.prefer(session, (await telegram.conversation()).contact_id, telegram.conversation_id)
    await join(web, whatsapp)
    await join(web, telegram)
    assert await _notice(web) == telegram.conversation_id
    async with database.transaction() as session:
        await contacts.split(session, telegram.conversation_id)
    assert await _notice(web) == whatsapp.conversation_id


async def test_nobody_prefers_anothers_conversation(chat: OpenChat, database: Database) -> None:
    web, stranger = await chat(), await chat("whatsapp")
    with pytest.raises(NotTheirs):
        async with database.transaction() as session:
            await contacts.prefer(session, (await web.conversation()).contact_id, stranger.conversation_id)


async def test_notices_go_where_they_are_read(chat: OpenChat, database: Database) -> None:
    web, whatsapp, telegram = [await chat(name) for name in ("web", "whatsapp", "telegram")]
    await join(web, whatsapp)
    await join(web, telegram)
    moment = clock.now()
    for minutes, one in ((1, web), (2, telegram), (3, whatsapp)):
        await _set(one, last_citizen_at=moment - timedelta(minutes=minutes))
    assert await _notice(web) == telegram.conversation_id, "used last outside the web"
    await _set(telegram, blocked_at=moment)
    assert await _notice(web) == whatsapp.conversation_id
    async with database.transaction() as session:
        await contacts.prefer(session, (await web.conversation()).contact_id, telegram.conversation_id)
    assert await _notice(web) == whatsapp.conversation_id, "a preference for what blocked us does not count"
    await _set(whatsapp, opted_out_at=moment)
    assert await _notice(web) == web.conversation_id
    await _set(web, opted_out_at=moment)
    assert await _notice(web) is None
