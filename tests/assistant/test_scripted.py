"""The scripted intake, which takes a petition while the bot cannot answer."""

import pytest

from backend.assistant.port import AssistantError
from backend.registry import service as registry
from backend.registry.models import PetitionKind
from tests.conversations.conftest import Stage, assistant, stage  # noqa: F401 — fixtures


@pytest.fixture
def down(stage: Stage) -> Stage:  # noqa: F811
    """A conversation whose bot is away for as long as a petition takes."""
    stage.assistant.answers = [AssistantError("unreachable") for _ in range(30)]
    return stage


async def said(stage: Stage, text: str) -> str:  # noqa: F811
    return "\n".join(view.text for view in await stage.say(text))


@pytest.mark.parametrize("yes", ["Acepto", "si", "Sí", "claro", "1", "la primera", "acepto."])
async def test_consent_is_given_in_words_or_by_number(down: Stage, yes: str) -> None:
    await down.say("quiero registrar una petición")
    await down.say(yes)
    assert (await down.conversation()).consent_at is not None


@pytest.mark.parametrize("no", ["No acepto", "no", "2"])
async def test_refused_consent_registers_nothing(down: Stage, no: str) -> None:
    await down.say("quiero registrar una petición")
    assert "no registro ningún dato" in await said(down, no)
    assert (await down.conversation()).consent_at is None


async def test_a_petition_is_taken_whole_with_typed_answers(down: Stage) -> None:
    await down.say("quiero registrar una petición")
    await down.say("si")
    answers = {
        "nombre": "María López Ruiz",
        "municipio": "Hermosilo",
        "colonia": "Centro",
        "teléfono": "662 123 4567",
    }
    reply = await said(down, "Hay una fuga de agua enorme en mi calle desde hace tres semanas")
    for _ in range(12):
        if "¿Está correcto?" in reply:
            break
        word = "si" if "¿Quiso decir" in reply else next((a for w, a in answers.items() if w in reply.casefold()), "no")
        reply = await said(down, word)
    assert "Hermosillo" in reply
    assert "Folio: AC-" in await said(down, "1")


async def test_what_a_failed_turn_has_filed_is_told_once(stage: Stage) -> None:  # noqa: F811
    """The action files, and its answer is lost: the citizen hears the folio all the same."""
    answers = {
        "narrativa": "Hay una fuga de agua enorme en mi calle",
        "municipio": "Hermosillo",
        "colonia": "Centro",
        "nombre": "María López Ruiz",
        "contacto": "662 123 4567",
    }

    async def file() -> str:
        async with stage.database.transaction() as session:
            await registry.open_draft(session, stage.conversation_id, PetitionKind.PETICION, {})
            for field, answer in answers.items():
                await registry.answer(session, stage.conversation_id, field, answer)
            return (await registry.file_draft(session, stage.conversation_id, b"test")).folio

    await stage.hear("si")
    folio = await file()
    stage.assistant.answers = [AssistantError("TimeoutError") for _ in range(2)]
    await stage.advance()
    told = "\n".join(view.text for view in await stage.transcript())
    assert f"Folio: {folio}" in told and "Clave de acceso" in told
    assert "tiene una falla" in await said(stage, "gracias")
