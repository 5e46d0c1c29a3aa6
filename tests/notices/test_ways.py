"""Every status by every way: what is told, by which channel, and what is written down when none is there."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from backend import clock
from backend.contacts.models import Contact
from backend.conversations.models import Conversation
from backend.messaging.models import TemplateState
from backend.notices.proof import NoticeState
from backend.outbox.models import Delivery
from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind, PetitionStatus
from tests.notices.conftest import BEFORE, NAME, NARRATIVE, PHONE, Desk, chain

TOLD = [status for status in BEFORE if status is not PetitionStatus.EN_ANALISIS]


@dataclass(frozen=True)
class Given:
    """A citizen's situation, and the way their notice must take."""

    expected: list[str]
    channel: str | None = None
    hours_ago: float = 1
    state: dict[str, Any] = field(default_factory=dict)
    name: str | None = NAME
    phone: str | None = PHONE
    sms: bool | None = None
    template: TemplateState | None = None


NOW = clock.now()
OUT, BLOCKED = {"opted_out_at": NOW}, {"blocked_at": NOW}
APPROVED, PENDING = TemplateState.APPROVED, TemplateState.PENDING
SITUATIONS = {
    "whatsapp open": Given(["chat whatsapp"], "whatsapp", sms=True),
    "whatsapp open, approved template": Given(["chat whatsapp"], "whatsapp", template=APPROVED),
    "whatsapp closed, template": Given(["template whatsapp"], "whatsapp", 25, sms=True, template=APPROVED),
    "whatsapp closed, template pending, sms": Given(
        ["template: no_template", "sms sms"], "whatsapp", 25, sms=True, template=PENDING
    ),
    "whatsapp closed, no template, sms off": Given(
        ["template: no_template", "sms: sms_off", "call_task"], "whatsapp", 25, sms=False
    ),
    "whatsapp closed, no template, no phone": Given(
        ["template: no_template", "call_task: no_phone"], "whatsapp", 25, phone=None, sms=True
    ),
    "whatsapp opted out, sms": Given(["chat: opted_out", "sms sms"], "whatsapp", state=OUT, sms=True),
    "whatsapp closed and opted out, template, no sms": Given(
        ["chat: opted_out", "sms: sms_off", "call_task"], "whatsapp", 25, state=OUT, template=APPROVED
    ),
    "whatsapp of the same number opted out, sms": Given(
        ["chat: opted_out", "sms: opted_out", "call_task"], "whatsapp", state={**OUT, "verified_phone": PHONE}, sms=True
    ),
    "telegram": Given(["chat telegram"], "telegram", 1000, sms=True),
    "telegram blocked, no sms": Given(["chat: blocked", "sms: sms_off", "call_task"], "telegram", state=BLOCKED),
    "web, sms": Given(["sms sms"], "web", sms=True),
    "web, no sms": Given(["sms: sms_off", "chat web"], "web"),
    "web, no phone": Given(["chat web"], "web", phone=None, sms=True),
    "web, a number that takes no sms": Given(["sms: not_a_mobile", "chat web"], "web", phone="+528001234567", sms=True),
    "on paper, sms": Given(["sms sms"], sms=True),
    "on paper, sms off": Given(["sms: sms_off", "call_task"], sms=False),
    "on paper, no phone": Given(["call_task: no_phone"], phone=None, sms=True),
    "anonymous on paper": Given(["call_task: anonymous"], name=None, phone=None, sms=True),
    "anonymous on the web": Given(["chat web"], "web", name=None, phone=None, sms=True),
    "anonymous, opted out": Given(
        ["chat: opted_out", "call_task: anonymous"], "telegram", state=OUT, name=None, phone=None
    ),
}


@pytest.mark.parametrize("given", SITUATIONS.values(), ids=SITUATIONS)
async def test_each_status_takes_the_first_way_there_is(desk: Desk, given: Given) -> None:
    conversation = None
    if given.channel is not None:
        conversation = await desk.conversation(given.channel, hours_ago=given.hours_ago, **given.state)
    if given.sms is not None:
        await desk.account("sms", is_on=given.sms)
    if given.template is not None:
        await desk.templates(given.template)
    petition = await desk.petition(conversation, name=given.name, phone=given.phone)
    assert await desk.move(petition, PetitionStatus.EN_ANALISIS) == []
    for number, status in enumerate(TOLD, start=1):
        views = await desk.move(petition, status)
        assert len(views) == number
        assert chain(views[0]) == given.expected, status
        assert (views[0].state is NoticeState.NOT_DELIVERED) == (":" in given.expected[-1])
        await _check_what_was_sent(desk, views[0].attempts[-1].attempt.message_id, views[0].notice.text)
    calls = [call for call in await desk.calls() if call.petition_id == petition and call.phone == given.phone]
    assert len(calls) == (len(TOLD) if given.expected[-1] == "call_task" else 0)


async def _check_what_was_sent(desk: Desk, message_id: UUID | None, text: str) -> None:
    if message_id is None:
        return
    message, conversation = await desk.message(message_id)
    assert message.text == text
    assert (conversation.opted_out_at, conversation.blocked_at) == (None, None)
    async with desk.database.transaction() as session:
        delivery = (await session.scalars(select(Delivery).where(Delivery.message_id == message_id))).one()
        assert delivery.template_purpose in ("status_notice", "ask_information")
        assert len(delivery.template_values) == 2
        if conversation.channel == "sms":
            assert delivery.recipient == PHONE


async def test_what_is_done_again_is_told_again_as_reopened(desk: Desk) -> None:
    petition = await desk.petition(await desk.conversation("telegram"))
    for ended, again in (
        (PetitionStatus.CONCLUIDA_SATISFACTORIA, PetitionStatus.EN_ATENCION),
        (PetitionStatus.IMPROCEDENTE, PetitionStatus.EN_ANALISIS),
        (PetitionStatus.CANCELADA, PetitionStatus.EN_ANALISIS),
    ):
        await desk.move(petition, ended)
        assert "se abrió de nuevo" in (await desk.move(petition, again))[0].notice.text


async def test_edits_and_notes_are_not_told(desk: Desk) -> None:
    petition_id = await desk.petition(await desk.conversation("telegram"))
    async with desk.database.transaction() as session:
        petition = await session.get_one(Petition, petition_id, with_for_update=True)
        await petitions.edit(session, petition, {"colonia": "Pitic"}, user_id=desk.analyst)
        await petitions.add_event(session, petition, PetitionEventKind.NOTE, actor=ActorKind.STAFF, text="x")
    assert await desk.notices(petition_id) == []


async def test_a_whatsapp_of_the_same_contact_comes_before_the_web(desk: Desk) -> None:
    web, whatsapp = await desk.conversation("web", hours_ago=0.1), await desk.conversation("whatsapp")
    await _join(desk, web, whatsapp)
    (view,) = await desk.move(await desk.petition(web), PetitionStatus.TURNADA)
    assert chain(view) == ["chat whatsapp"]


async def test_the_channel_that_a_citizen_prefers_comes_first_even_the_web(desk: Desk) -> None:
    web, whatsapp = await desk.conversation("web"), await desk.conversation("whatsapp")
    await _join(desk, web, whatsapp, preferred=web)
    await desk.account("sms")
    (view,) = await desk.move(await desk.petition(web), PetitionStatus.TURNADA)
    assert chain(view) == ["chat web"]


async def test_a_conversation_whose_channel_vouches_for_the_telephone_is_theirs(desk: Desk) -> None:
    await desk.conversation("whatsapp", verified_phone=PHONE)
    (view,) = await desk.move(await desk.petition(None), PetitionStatus.TURNADA)
    assert chain(view) == ["chat whatsapp"]


async def test_one_who_gave_the_same_name_and_telephone_unproven_is_not_told(desk: Desk) -> None:
    stranger = await desk.conversation("telegram")
    paper = await desk.petition(None)
    async with desk.database.transaction() as session:
        (await session.get_one(Conversation, stranger)).person_id = (await desk.get(paper)).person_id
    (view,) = await desk.move(paper, PetitionStatus.TURNADA)
    assert chain(view) == ["sms: sms_off", "call_task"]


async def test_an_sms_conversation_is_used_again(desk: Desk) -> None:
    await desk.account("sms")
    petition = await desk.petition(None)
    first = (await desk.move(petition, PetitionStatus.TURNADA))[0].attempts[-1].attempt
    second = (await desk.move(petition, PetitionStatus.EN_ATENCION))[0].attempts[-1].attempt
    assert first.conversation_id == second.conversation_id is not None
    assert first.message_id != second.message_id


async def _join(desk: Desk, first: UUID, second: UUID, *, preferred: UUID | None = None) -> None:
    async with desk.database.transaction() as session:
        one, other = await session.get_one(Conversation, first), await session.get_one(Conversation, second)
        other.contact_id = one.contact_id
        (await session.get_one(Contact, one.contact_id)).preferred_conversation_id = preferred


async def test_no_notice_names_the_person_the_place_or_the_matter(desk: Desk) -> None:
    petition = await desk.petition(await desk.conversation("telegram"))
    folio = (await desk.get(petition)).folio
    for status in TOLD:
        text = (await desk.move(petition, status))[0].notice.text
        assert folio in text
        assert not any(word in text for word in (NAME, "Ana", NARRATIVE, "agua", PHONE))
        ends = [at for at, char in enumerate(text) if char in ".?" and text[at + 1 : at + 2] in (" ", "")]
        assert len(ends) == 3, text


async def test_what_is_asked_for_is_said(desk: Desk) -> None:
    petition = await desk.petition(await desk.conversation("whatsapp"))
    (view,) = await desk.move(petition, PetitionStatus.REQUIERE_INFORMACION, asked="Envíe una foto\ndel recibo.")
    assert "Envíe una foto\ndel recibo." in view.notice.text
    assert view.notice.template_purpose == "ask_information"
    assert view.notice.template_values == [(await desk.get(petition)).folio, "Envíe una foto del recibo"]


async def test_the_templates_words_fit_between_its_own(desk: Desk) -> None:
    """`… cambió de estado: {{2}}. …`: one line, no full stop of its own, nothing personal."""
    petition = await desk.petition(await desk.conversation("whatsapp"))
    for status in TOLD:
        folio, said = (await desk.move(petition, status))[0].notice.template_values
        assert folio == (await desk.get(petition)).folio
        assert said
        assert not said.endswith(".")
        assert "\n" not in said
