"""What a proved conversation may do without being asked: read its petitions, and leave the telephone untyped."""

from uuid import UUID

import pytest

from backend.contacts import service as contacts
from backend.contacts.service import JoinHow
from backend.db import Database
from backend.limits import RateLimiter
from backend.registry import queries
from backend.registry import service as registry
from backend.registry.lookups import LookupResult
from backend.registry.models import Petition, PetitionKind
from tests.contacts.conftest import SECRET, OpenChat, join
from tests.conversations.conftest import Stage
from tests.registry.conftest import ANSWERS

PHONE = "+526621234567"


async def _file(stage: Stage) -> str:
    async with stage.database.transaction() as session:
        await registry.open_draft(session, stage.conversation_id, PetitionKind.PETICION, ANSWERS)
        return (await registry.file_draft(session, stage.conversation_id, SECRET)).folio


async def _look_up(stage: Stage, folio: str) -> LookupResult:
    async with stage.database.transaction() as session:
        return (await registry.look_up(session, stage.conversation_id, folio, None, SECRET, RateLimiter())).result


@pytest.mark.parametrize("how", [JoinHow.CODE, JoinHow.PHONE])
async def test_a_petition_filed_in_a_proved_conversation_needs_no_code(chat: OpenChat, how: JoinHow) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    folio = await _file(web)
    assert await _look_up(whatsapp, folio) is LookupResult.NEEDS_CODE
    await join(web, whatsapp, how)
    assert await _look_up(whatsapp, folio) is LookupResult.FOUND
    async with whatsapp.database.transaction() as session:
        assert [one.folio for one in await queries.filed_from(session, whatsapp.conversation_id)] == [folio]


async def test_what_staff_joined_and_what_was_split_need_the_code(chat: OpenChat, database: Database) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    folio = await _file(web)
    await join(web, whatsapp, JoinHow.STAFF)
    assert await _look_up(whatsapp, folio) is LookupResult.NEEDS_CODE
    await join(web, whatsapp, JoinHow.CODE)
    async with database.transaction() as session:
        await contacts.split(session, whatsapp.conversation_id)
    assert await _look_up(whatsapp, folio) is LookupResult.NEEDS_CODE
    assert await _look_up(web, folio) is LookupResult.FOUND


async def test_the_same_phone_typed_in_a_form_proves_nothing(chat: OpenChat) -> None:
    web = await chat("web")
    folio = await _file(web)
    whatsapp = await chat("whatsapp", phone=ANSWERS["contacto"].join(("+52", "")))
    assert await _look_up(whatsapp, folio) is LookupResult.NEEDS_CODE


async def _open(stage: Stage, kind: PetitionKind) -> registry.DraftView:
    async with stage.database.transaction() as session:
        return await registry.open_draft(session, stage.conversation_id, kind, {})


async def _answer(stage: Stage, field: str, text: str) -> registry.DraftView:
    async with stage.database.transaction() as session:
        return (await registry.answer(session, stage.conversation_id, field, text)).draft


async def test_the_number_of_the_channel_is_not_asked_is_read_back_and_may_be_corrected(chat: OpenChat) -> None:
    whatsapp = await chat("whatsapp", phone=PHONE)
    draft = await _open(whatsapp, PetitionKind.FELICITACION)
    assert "contacto" not in draft.missing
    for field in ("narrativa", "municipio", "nombre"):
        draft = await _answer(whatsapp, field, ANSWERS[field])
    assert "Contacto: 662 123 4567" in draft.summary
    async with whatsapp.database.transaction() as session:
        cleared = await registry.clear_field(session, whatsapp.conversation_id, "contacto")
    assert cleared.missing == ["contacto"]
    assert "644 123 4567" in (await _answer(whatsapp, "contacto", "6441234567")).summary
    async with whatsapp.database.transaction() as session:
        again = await registry.restart_draft(session, whatsapp.conversation_id)
    assert again.fields == {"contacto": PHONE}


async def test_an_anonymous_complaint_keeps_no_number(chat: OpenChat, database: Database) -> None:
    whatsapp = await chat("whatsapp", phone=PHONE)
    assert (await _open(whatsapp, PetitionKind.QUEJA)).fields == {}
    for field in ("narrativa", "municipio", "colonia"):
        await _answer(whatsapp, field, ANSWERS[field])
    assert "contacto" in (await _answer(whatsapp, "anonimo", "no")).fields
    assert "contacto" not in (await _answer(whatsapp, "anonimo", "sí")).fields
    petition = await _filed(database, whatsapp.conversation_id)
    assert petition.person_id is None


async def _filed(database: Database, conversation_id: UUID) -> Petition:
    async with database.transaction() as session:
        await registry.file_draft(session, conversation_id, SECRET)
        (petition,) = await queries.filed_from(session, conversation_id)
        return petition
