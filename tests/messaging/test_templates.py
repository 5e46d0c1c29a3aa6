"""Templates: proposed, changed, submitted, approved; each purpose finds the one that may be sent."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backend import clock
from backend.agents.models import User
from backend.db import Database
from backend.errors import Conflict, NotFound
from backend.messaging import template_texts, templates
from backend.messaging.adapters import Adapters
from backend.messaging.errors import VendorRefused
from backend.messaging.models import ChannelAccount, MessageTemplate, TemplatePurpose, TemplateState
from backend.messaging.template_texts import PROPOSALS, TemplateRefused
from tests.fakes.handles import TwilioServer

NOTICE = TemplatePurpose.STATUS_NOTICE
TEXT = PROPOSALS[NOTICE].text


async def _newest(database: Database, account: ChannelAccount) -> MessageTemplate:
    async with database.transaction() as session:
        rows = await templates.overview(session, account.id)
    newest = next(row.newest for row in rows if row.purpose is NOTICE)
    assert newest is not None
    return newest


async def _approved(database: Database, account: ChannelAccount) -> MessageTemplate | None:
    async with database.transaction() as session:
        return await templates.approved(session, "whatsapp", account.account, NOTICE)


async def _submit(
    database: Database, adapters: Adapters, admin: User, account: ChannelAccount, text: str = TEXT
) -> MessageTemplate:
    await templates.submit(database, adapters, admin, account.id, NOTICE, text)
    return await _newest(database, account)


def _decide(twilio: TwilioServer, template: MessageTemplate, status: str, reason: str = "") -> None:
    body = {"status": status, "rejection_reason": reason}
    assert twilio.client.patch(f"/_control/contents/{template.content_sid}", json=body).status_code == 200


async def _age(database: Database, minutes: int) -> None:
    async with database.transaction() as session:
        await session.execute(update(MessageTemplate).values(checked_at=clock.now() - timedelta(minutes=minutes)))


@pytest.mark.parametrize("purpose", TemplatePurpose)
def test_every_purpose_has_a_proposal_that_whatsapp_takes(purpose: TemplatePurpose) -> None:
    proposal = PROPOSALS[purpose]
    assert template_texts.checked(purpose, proposal.text) == proposal.text
    text = template_texts.filled(proposal.text, [variable.sample for variable in proposal.variables])
    assert "{{" not in text
    assert all(variable.sample in text for variable in proposal.variables)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Escriba"),
        ("Su petición cambió de estado.", r"\{\{1\}\} y \{\{2\}\}"),
        ("Folio {{1}} en {{2}} y {{3}} hoy", "ninguna otra"),
        ("{{1}} cambió a {{2}} hoy", "principio"),
        ("Su folio {{1}} cambió a {{2}}", "final"),
        ("Su folio {{1}} {{2}} cambió", "juntas"),
        ("Su folio {{1}} cambió a {{2}} por {{nombre}} hoy", "llaves"),
        ("Su folio {{1}} cambió a {{2}}. " + "x" * 1024, "1024"),
    ],
)
def test_what_whatsapp_would_refuse_is_told_before(text: str, words: str) -> None:
    with pytest.raises(TemplateRefused, match=words):
        template_texts.checked(NOTICE, text)


def test_a_template_is_rendered_as_the_citizen_reads_it() -> None:
    template = MessageTemplate(text="Folio {{1}}: {{2}}. Gracias por {{1}}.")
    assert templates.render(template, ["A", "en\n  atención"]) == "Folio A: en atención. Gracias por A."
    with pytest.raises(ValueError, match="no value"):
        templates.render(template, ["A"])


async def test_a_template_is_used_once_whatsapp_approved_it(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters, twilio: TwilioServer
) -> None:
    submitted = await _submit(database, adapters, admin, whatsapp)
    assert submitted.state is TemplateState.PENDING
    assert submitted.content_sid is not None
    assert await _approved(database, whatsapp) is None
    _decide(twilio, submitted, "approved")
    await _age(database, 11)
    assert await templates.refresh_pending(database, adapters) == 1
    approved = await _approved(database, whatsapp)
    assert approved is not None
    assert approved.content_sid == submitted.content_sid
    assert approved.decided_at is not None
    async with database.transaction() as session:
        assert await templates.approved(session, "whatsapp", "+520000000000", NOTICE) is None
        other = TemplatePurpose.ASK_INFORMATION
        assert await templates.approved(session, "whatsapp", whatsapp.account, other) is None


async def test_a_new_version_waits_while_the_approved_one_serves(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters, twilio: TwilioServer
) -> None:
    first = await _submit(database, adapters, admin, whatsapp)
    _decide(twilio, first, "approved")
    await templates.refresh(database, adapters, first.id)
    with pytest.raises(Conflict):
        await _submit(database, adapters, admin, whatsapp)
    second = await _submit(database, adapters, admin, whatsapp, TEXT + " Gracias.")
    assert (second.version, second.state) == (2, TemplateState.PENDING)
    in_use = await _approved(database, whatsapp)
    assert in_use is not None
    assert (in_use.id, in_use.text) == (first.id, TEXT)
    _decide(twilio, second, "approved")
    await templates.refresh(database, adapters, second.id)
    in_use = await _approved(database, whatsapp)
    assert in_use is not None
    assert in_use.id == second.id


async def test_a_refusal_is_told_with_its_reason_and_may_be_tried_again(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters, twilio: TwilioServer
) -> None:
    first = await _submit(database, adapters, admin, whatsapp)
    with pytest.raises(Conflict, match="revisión"):
        await _submit(database, adapters, admin, whatsapp)
    _decide(twilio, first, "rejected", "El texto parece promoción")
    await templates.refresh(database, adapters, first.id)
    refused = await _newest(database, whatsapp)
    assert (refused.state, refused.rejection_reason) == (TemplateState.REJECTED, "El texto parece promoción")
    second = await _submit(database, adapters, admin, whatsapp)
    assert (second.version, second.state) == (2, TemplateState.PENDING)


async def test_states_are_asked_for_every_ten_minutes_at_most(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters
) -> None:
    await _submit(database, adapters, admin, whatsapp)
    assert await templates.refresh_pending(database, adapters) == 0
    await _age(database, 11)
    assert await templates.refresh_pending(database, adapters) == 1
    assert await templates.refresh_pending(database, adapters) == 0


async def test_a_draft_is_changed_in_place_and_a_failed_submission_stays_a_draft(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters, twilio: TwilioServer
) -> None:
    async with database.transaction() as session:
        await templates.save_draft(session, admin, whatsapp.id, NOTICE, TEXT)
        await templates.save_draft(session, admin, whatsapp.id, NOTICE, TEXT + " Gracias.")
    twilio.configure(token="otro")
    try:
        with pytest.raises(VendorRefused):
            await _submit(database, adapters, admin, whatsapp, TEXT + " Adiós.")
    finally:
        twilio.configure(token=twilio.auth_token)
    async with database.transaction() as session:
        (kept,) = (await session.scalars(select(MessageTemplate))).all()
    assert (kept.state, kept.version, kept.text) == (TemplateState.UNSUBMITTED, 1, TEXT + " Adiós.")
    assert (await _submit(database, adapters, admin, whatsapp, kept.text)).state is TemplateState.PENDING


async def test_a_submission_that_a_crash_cut_short_may_be_made_again(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters
) -> None:
    submitted = await _submit(database, adapters, admin, whatsapp)
    async with database.transaction() as session:
        await session.execute(
            update(MessageTemplate).values(content_sid=None, submitted_at=clock.now() - timedelta(minutes=3))
        )
    again = await _submit(database, adapters, admin, whatsapp)
    assert (again.id, again.version) == (submitted.id, 1)
    assert again.content_sid is not None


async def test_telegram_has_no_templates(
    database: Database, bot: ChannelAccount, admin: User, adapters: Adapters
) -> None:
    with pytest.raises(NotFound):
        await templates.submit(database, adapters, admin, bot.id, NOTICE, TEXT)
