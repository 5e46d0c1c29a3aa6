"""Places, cards, voice notes and what cannot be read, in the midst of a petition and outside of one."""

import uuid
from typing import Any

import pytest
from sqlalchemy import select

from backend.conversations import service as conversations
from backend.conversations.views import MessageView
from backend.privacy import service as privacy
from backend.registry import service as registry
from backend.registry.models import Petition, PetitionKind
from tests.conversations.conftest import Stage, ana, assistant, stage  # noqa: F401 — fixtures

PLACE = {"latitude": 29.0729, "longitude": -110.9559, "label": "Plaza Zaragoza"}
SO_FAR = {"narrativa": "Hay un bache enorme frente a la plaza", "municipio": "Hermosillo", "colonia": "Centro"}


async def share(stage: Stage, **extra: Any) -> list[MessageView]:  # noqa: F811
    before = (await stage.conversation()).last_seq
    async with stage.database.transaction() as session:
        await conversations.receive(session, stage.conversation_id, external_id=uuid.uuid4().hex, extra=extra)
    await stage.advance()
    return [view for view in await stage.transcript(after=before) if view.author == "bot"]


async def begin(stage: Stage, fields: dict[str, str]) -> None:  # noqa: F811
    async with stage.database.transaction() as session:
        await privacy.record_consent(session, stage.conversation_id, accepted=True)
        await registry.open_draft(session, stage.conversation_id, PetitionKind.PETICION, fields)


async def fields_of(stage: Stage) -> dict[str, str]:  # noqa: F811
    async with stage.database.transaction() as session:
        draft = await registry.current_draft(session, stage.conversation_id)
        assert draft is not None
        return draft.fields


async def test_a_place_is_offered_accepted_and_filed_with_the_petition(stage: Stage) -> None:  # noqa: F811
    await begin(stage, SO_FAR)
    (offer,) = await share(stage, location=PLACE)
    assert "¿Es el lugar de su petición?" in offer.text
    done, question = await stage.say("sí")
    assert "anexé la ubicación" in done.text
    assert "nombre" in question.text, "the question under way is asked again"
    assert (await fields_of(stage))["ubicacion"] == "29.072900,-110.955900 Plaza Zaragoza"
    async with stage.database.transaction() as session:
        await registry.answer(session, stage.conversation_id, "nombre", "Ana Ruiz")
        await registry.answer(session, stage.conversation_id, "contacto", "no tengo")
        filed = await registry.file_draft(session, stage.conversation_id, b"test")
        petition = await session.scalar(select(Petition).where(Petition.folio == filed.folio))
        assert petition is not None
        assert petition.details["ubicacion"].startswith("29.07")


async def test_a_place_refused_is_not_kept(stage: Stage) -> None:  # noqa: F811
    await begin(stage, SO_FAR)
    await share(stage, location=PLACE)
    said, question = await stage.say("2")
    assert (said.text, "nombre" in question.text) == ("Está bien, no la anexo.", True)
    assert "ubicacion" not in await fields_of(stage)


async def test_a_place_shared_first_goes_with_the_petition_begun_after(stage: Stage) -> None:  # noqa: F811
    (offer,) = await share(stage, location=PLACE)
    assert offer.buttons[0]["payload"] == "/registrar_peticion"
    await begin(stage, SO_FAR)
    assert "ubicacion" in await fields_of(stage)


async def test_a_card_answers_the_question_for_a_telephone(stage: Stage) -> None:  # noqa: F811
    await begin(stage, SO_FAR | {"nombre": "Ana Ruiz"})
    await share(stage, card={"name": "Ana", "phone": "+52 662 123 4567", "is_own": True})
    assert stage.assistant.turns[-1].text == "+526621234567"


@pytest.mark.parametrize("phone", ["+52 662 123 4567", "12"])
async def test_a_card_at_another_time_is_acknowledged_and_not_used(stage: Stage, phone: str) -> None:  # noqa: F811
    await begin(stage, SO_FAR)
    first, question = await share(stage, card={"name": "Ana", "phone": phone, "is_own": False})
    assert "Recibí el contacto" in first.text
    assert "nombre" in question.text
    assert "contacto" not in await fields_of(stage)


async def test_what_cannot_be_read_is_said_and_the_question_repeated(stage: Stage) -> None:  # noqa: F811
    (said,) = await share(stage, unsupported="sticker")
    assert "un sticker" in said.text
    await begin(stage, SO_FAR)
    _, question = await share(stage, unsupported="algo_nuevo")
    assert "nombre" in question.text
    assert stage.assistant.turns == []


async def test_a_person_in_charge_is_not_talked_over(stage: Stage, ana: uuid.UUID) -> None:  # noqa: F811
    async with stage.database.transaction() as session:
        await conversations.take_over(session, stage.conversation_id, ana)
    assert await share(stage, location=PLACE) == []
