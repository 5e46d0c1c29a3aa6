"""A notice that did not arrive goes by the next way, once, whoever looks; one that did is done with."""

import asyncio

import pytest

from backend import clock
from backend.conversations.models import Conversation
from backend.db import Database
from backend.notices import jobs, staff
from backend.notices.proof import AttemptState, NoticeState
from backend.outbox.models import DeliveryState
from backend.outreach.models import CallReason, ReasonState
from backend.registry.models import Person, Petition, PetitionStatus
from tests.notices.conftest import Desk, chain

TURNADA = PetitionStatus.TURNADA


async def test_what_failed_for_good_goes_by_sms_then_by_call_then_is_told_as_undelivered(desk: Desk) -> None:
    await desk.account("sms")
    petition = await desk.petition(await desk.conversation("whatsapp"))
    (view,) = await desk.move(petition, TURNADA)
    await desk.deliver(view, DeliveryState.FAILED, "63024")
    assert await jobs.fall_back(desk.database) == 1
    (view,) = await desk.notices(petition)
    assert chain(view) == ["chat whatsapp", "sms sms"]
    assert (view.attempts[0].state, view.attempts[0].reason) == (AttemptState.FAILED, "63024")
    assert view.state is NoticeState.UNDER_WAY
    await desk.deliver(view, DeliveryState.FAILED, "30005")
    assert await jobs.fall_back(desk.database) == 1
    (view,) = await desk.notices(petition)
    assert chain(view)[2:] == ["call_task"]
    (call,) = await desk.calls()
    assert (call.petition_id, call.phone, call.note) == (petition, "+526621234567", view.notice.text)
    await finish(desk, call, reached=False)
    assert await jobs.fall_back(desk.database) == 1
    (view,) = await desk.notices(petition)
    assert view.state is NoticeState.NOT_DELIVERED
    assert view.notice.settled_at is not None
    assert await jobs.fall_back(desk.database) == 0


async def finish(desk: Desk, call: CallReason, *, reached: bool) -> None:
    async with desk.database.transaction() as session:
        task = await session.get_one(CallReason, call.id)
        task.state, task.was_reached, task.done_by = ReasonState.DONE, reached, desk.analyst
        task.done_at, task.outcome = clock.now(), "x"


async def test_a_window_that_closed_on_the_way_leads_to_the_template(desk: Desk) -> None:
    await desk.templates()
    conversation = await desk.conversation("whatsapp", hours_ago=23.99)
    (view,) = await desk.move(petition := await desk.petition(conversation), TURNADA)
    async with desk.database.transaction() as session:
        (await session.get_one(Conversation, conversation)).last_citizen_at = view.notice.created_at.replace(year=2025)
    await desk.deliver(view, DeliveryState.FAILED, "window_closed")
    await jobs.fall_back(desk.database)
    assert chain((await desk.notices(petition))[0]) == ["chat whatsapp", "template whatsapp"]


@pytest.mark.parametrize("channel", ["web", "whatsapp"])
async def test_silence_for_the_hours_set_leads_on_and_not_before(desk: Desk, channel: str) -> None:
    petition = await desk.petition(await desk.conversation(channel))
    (view,) = await desk.move(petition, TURNADA)
    await desk.deliver(view, DeliveryState.SENT)
    await desk.age(23)
    assert await jobs.fall_back(desk.database, hours=24) == 0
    assert await jobs.fall_back(desk.database, hours=22) == 1
    assert chain((await desk.notices(petition))[0])[-1] == "call_task"


async def test_telegram_tells_no_more_than_sent_and_that_is_proof(desk: Desk) -> None:
    petition = await desk.petition(await desk.conversation("telegram"))
    (view,) = await desk.move(petition, TURNADA)
    await desk.deliver(view, DeliveryState.SENT)
    await desk.age(1000)
    assert await jobs.fall_back(desk.database) == 0
    (view,) = await desk.notices(petition)
    assert view.state is NoticeState.ARRIVED
    assert view.notice.settled_at is not None


async def test_a_web_notice_read_late_takes_its_call_back(desk: Desk) -> None:
    petition = await desk.petition(await desk.conversation("web"))
    (view,) = await desk.move(petition, TURNADA)
    await desk.deliver(view, DeliveryState.SENT)
    await desk.age(25)
    await jobs.fall_back(desk.database)
    assert [call.state for call in await desk.calls()] == [ReasonState.PENDING]
    await desk.deliver(view, DeliveryState.READ)
    assert await jobs.fall_back(desk.database) == 0
    (call,) = await desk.calls()
    assert (call.state, call.was_reached, call.outcome) == (ReasonState.DONE, None, jobs.NO_LONGER_NEEDED)
    (view,) = await desk.notices(petition)
    assert (view.state, view.attempts[-1].state) == (NoticeState.ARRIVED, AttemptState.CALL_NOT_NEEDED)


async def test_a_call_that_reached_the_person_is_proof(desk: Desk) -> None:
    (view,) = await desk.move(petition := await desk.petition(None), TURNADA)
    assert view.state is NoticeState.UNCONFIRMED
    await finish(desk, (await desk.calls())[0], reached=True)
    await jobs.fall_back(desk.database)
    (view,) = await desk.notices(petition)
    assert (view.state, view.attempts[-1].state) == (NoticeState.ARRIVED, AttemptState.CALL_REACHED)


async def test_nobody_is_called_for_what_a_later_change_overtook(desk: Desk) -> None:
    petition = await desk.petition(await desk.conversation("whatsapp"))
    (first,) = await desk.move(petition, TURNADA)
    await desk.move(petition, PetitionStatus.EN_ATENCION)
    await desk.deliver(first, DeliveryState.FAILED, "x")
    await jobs.fall_back(desk.database)
    assert chain((await desk.notices(petition))[1])[-1] == "call_task: superseded"
    assert await desk.calls() == []


async def test_two_workers_at_once_try_each_next_way_once(desk: Desk, database_url: str) -> None:
    petitions = [await desk.petition(await desk.conversation("whatsapp")) for _ in range(6)]
    for petition in petitions:
        (view,) = await desk.move(petition, TURNADA)
        await desk.deliver(view, DeliveryState.FAILED, "x")
    others = [Database(database_url), Database(database_url)]
    moved = await asyncio.gather(*(jobs.fall_back(one) for one in (*others, *others)))
    for one in others:
        await one.close()
    assert sum(moved) == 6
    for petition in petitions:
        assert chain((await desk.notices(petition))[0]) == ["chat whatsapp", "sms: sms_off", "call_task"]
    assert len(await desk.calls()) == 6


async def test_a_notice_that_another_worker_moved_on_meanwhile_is_left_alone(desk: Desk) -> None:
    petition = await desk.petition(await desk.conversation("whatsapp"))
    (view,) = await desk.move(petition, TURNADA)
    await desk.deliver(view, DeliveryState.FAILED, "x")
    assert await jobs.fall_back(desk.database) == 1
    async with desk.database.transaction() as session:
        assert await jobs.move_on(session, view.notice.id, petition, 24) == 0


async def test_a_notice_whose_petition_somebody_holds_waits_for_the_next_look(desk: Desk) -> None:
    petition = await desk.petition(await desk.conversation("whatsapp"))
    (view,) = await desk.move(petition, TURNADA)
    await desk.deliver(view, DeliveryState.FAILED, "x")
    async with desk.database.transaction() as session:
        await session.get_one(Petition, petition, with_for_update=True)
        assert await asyncio.wait_for(jobs.fall_back(desk.database), 10) == 0
    assert await jobs.fall_back(desk.database) == 1


async def test_staff_retry_begins_the_ways_anew(desk: Desk) -> None:
    petition = await desk.petition(None, phone=None)
    (view,) = await desk.move(petition, TURNADA)
    assert chain(view) == ["call_task: no_phone"]
    assert view.had_no_way
    async with desk.database.transaction() as session:
        person = (await session.get_one(Petition, petition)).person_id
        (await session.get_one(Person, person)).phone = "+526621234567"
    await retry(desk, petition)
    (view,) = await desk.notices(petition)
    assert chain(view) == ["call_task: no_phone", "sms: sms_off", "call_task"]
    assert view.state is NoticeState.UNCONFIRMED
    with pytest.raises(staff.StillUnderWay):
        await retry(desk, petition)
    await finish(desk, (await desk.calls())[0], reached=True)
    with pytest.raises(staff.AlreadyTold):
        await retry(desk, petition)


async def test_staff_may_try_another_way_than_the_one_that_says_nothing(desk: Desk) -> None:
    petition = await desk.petition(await desk.conversation("web"))
    (view,) = await desk.move(petition, TURNADA)
    await desk.deliver(view, DeliveryState.SENT)
    await retry(desk, petition)
    assert chain((await desk.notices(petition))[0]) == ["sms: sms_off", "chat web", "call_task"]


async def retry(desk: Desk, petition_id: object) -> None:
    view = (await desk.notices(petition_id))[0]  # type: ignore[arg-type]
    async with desk.database.transaction() as session:
        petition = await session.get_one(Petition, petition_id, with_for_update=True)
        await staff.retry(session, petition, view.notice.id, user_id=desk.analyst)
