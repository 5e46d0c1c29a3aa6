"""What the bot's actions may do: with the token only, each effect once, and with a context to speak from."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Conversation
from backend.db import Database
from backend.internal_api import idempotency
from backend.internal_api.models import IdempotentAnswer
from backend.internal_api.routes import router
from backend.internal_api.schemas import Text
from backend.outreach.models import CallReason
from backend.registry.models import FolioAttempt, Petition, PetitionDraft, PetitionEvent
from tests.internal_api.conftest import TOKEN, Actions
from tests.registry.conftest import ANSWERS
from tests.staff import browser

ROUTES = sorted(
    (method, route.path) for route in router.routes if isinstance(route, APIRoute) for method in route.methods
)
FULL = {"kind": "peticion", "fields": ANSWERS}
KEY = "message-1:action"


async def _count(database: Database, model: type[object]) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "credentials",
    [
        None,
        "Bearer wrong",
        "Bearer",
        "Bearer ",
        "Basic test-internal-token",
        "test-internal-token",
        "Bearer test-bot-token",
    ],
)
async def test_nothing_is_told_or_done_without_the_service_token(
    app: FastAPI, actions: Actions, method: str, path: str, credentials: str | None
) -> None:
    address = path.replace("{conversation_id}", str(actions.conversation_id))
    headers = {"Idempotency-Key": KEY} | ({"Authorization": credentials} if credentials else {})
    answer = await browser(app).request(method, address, json=FULL, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "sin_sesion"


async def test_a_citizens_token_does_not_open_the_internal_api(app: FastAPI) -> None:
    client = browser(app)
    session = (await client.post("/api/chat/sessions")).json()
    answer = await client.get(
        f"/internal/conversations/{session['session_id']}", headers={"Authorization": f"Bearer {session['token']}"}
    )
    assert answer.status_code == 401


async def test_the_context_of_a_new_conversation_tells_all_the_bot_needs(actions: Actions) -> None:
    context = await actions.context()
    assert "aviso de privacidad" in context.pop("privacy_notice")
    assert context == {
        "channel": "web",
        "consent": False,
        "known_name": None,
        "known_phone": None,
        "draft": None,
        "petitions": [],
        "privacy_url": "http://localhost:8000/aviso-de-privacidad",
    }


async def test_the_context_follows_consent_draft_person_and_petitions(actions: Actions) -> None:
    await actions.post("consent", {"accepted": True})
    await actions.post("draft", FULL)
    context = await actions.context()
    assert context["consent"] is True
    assert context["draft"]["missing"] == []
    assert context["draft"]["kind_text"] == "Petición"
    assert context["draft"]["shown"]["municipio"] == "Hermosillo"
    assert context["draft"]["summary"].startswith("Petición:")
    folio = (await actions.post("draft/file")).json()["folio"]
    context = await actions.context()
    assert context["draft"] is None
    assert (context["known_name"], context["known_phone"]) == ("Ana Luz Soto", "+526621234567")
    assert context["petitions"] == [{"folio": folio, "kind_text": "Petición", "status_text": "Recibida"}]
    await actions.post("consent", {"accepted": False})
    assert (await actions.context())["consent"] is False


async def test_a_turn_run_again_finds_the_petition_as_it_found_it_first(actions: Actions) -> None:
    """Else its message, already kept as one answer, would be taken for the answer to the next question."""
    await actions.post("consent", {"accepted": True})
    nothing_yet = await actions.context("m-0:context:1.1")
    await actions.post("draft", {"kind": "peticion", "fields": {}})
    asked = await actions.context("m-1:context:1.1")
    await actions.post("draft/answer", {"field": "narrativa", "text": ANSWERS["narrativa"]}, KEY)
    assert await actions.context("m-1:context:1.1") == asked
    assert (await actions.context("m-2:context:1.1"))["draft"]["awaiting"] == "municipio" != asked["draft"]["awaiting"]
    assert nothing_yet["draft"] is None
    await actions.post("draft/cancel")
    assert await actions.context("m-1:context:1.1") == asked
    assert (await actions.context())["draft"] is None


async def test_only_what_is_read_waits_for_no_disk(database: Database) -> None:
    async def answer() -> Text:
        return Text(text="42")

    async def how(session: AsyncSession) -> str:
        shown = text("SELECT setting || ' by ' || source FROM pg_settings WHERE name = 'synchronous_commit'")
        return str(await session.scalar(shown))

    for _ in range(2):  # on one connection: nothing is left of it for the next
        async with database.transaction() as session:
            await idempotency.once(session, uuid.uuid4().hex, Text, answer)
            assert await how(session) != "off by session"
        async with database.transaction() as session:
            await idempotency.read_once(session, uuid.uuid4().hex, Text, answer, is_kept=lambda _: True)
            assert await how(session) == "off by session"


async def test_reads_at_once_for_one_key_say_the_same(database: Database) -> None:
    """Each finds another thing; the first to keep it is right, whoever was at it meanwhile."""
    found = iter("abcdefgh")

    async def read() -> Text:
        return Text(text=next(found))

    async def ask() -> str:
        async with database.transaction() as session:
            told = await idempotency.read_once(session, "k" * 64, Text, read, is_kept=lambda _: True)
            await asyncio.sleep(0.01)
        return told.text

    assert len(set(await asyncio.gather(*(ask() for _ in range(8))))) == 1


async def test_one_conversation_never_sees_anothers_context(actions: Actions, elsewhere: Actions) -> None:
    await actions.post("draft", FULL)
    await actions.post("draft/file")
    context = await elsewhere.context()
    assert (context["draft"], context["petitions"], context["known_name"]) == (None, [], None)


async def test_a_conversation_that_does_not_exist_is_not_found(actions: Actions) -> None:
    nobody = Actions(actions.client, uuid.uuid4())
    answer = await actions.client.get(f"/internal/conversations/{nobody.conversation_id}", headers=TOKEN)
    assert answer.status_code == 404
    assert (await nobody.post("consent", {"accepted": True})).status_code == 404
    assert (await nobody.post("draft", FULL)).status_code == 404


async def test_a_repeated_key_has_no_second_effect_and_gives_the_same_answer(
    actions: Actions, database: Database
) -> None:
    body = {"name": "Ana Soto", "phone": "6621234567", "note": "por la tarde"}
    first = await actions.post("callback", body, KEY)
    again = await actions.post("callback", body, KEY)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json() == {"accepted": True, "problem": None, "problem_text": None}
    assert await _count(database, CallReason) == 1
    assert (await actions.post("callback", body, KEY + "-2")).json()["accepted"]
    assert await _count(database, CallReason) == 2


async def test_calls_at_once_with_one_key_have_one_effect(actions: Actions, database: Database) -> None:
    body = {"name": "Ana Soto", "phone": "6621234567"}
    answers = await asyncio.gather(*(actions.post("callback", body, KEY) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert await _count(database, CallReason) == 1


async def test_what_was_kept_for_a_turn_run_again_goes_after_a_week(actions: Actions, database: Database) -> None:
    await actions.post("draft", FULL, KEY)
    await idempotency.forget_old(database)
    assert await _count(database, IdempotentAnswer) == 1
    async with database.transaction() as session:
        await session.execute(update(IdempotentAnswer).values(created_at=clock.now() - timedelta(days=8)))
    await idempotency.forget_old(database)
    assert await _count(database, IdempotentAnswer) == 0


async def test_a_repeated_answer_is_told_as_it_was_though_the_draft_went_on(actions: Actions) -> None:
    await actions.post("draft", {"kind": "peticion"})
    first = await actions.post("draft/answer", {"field": "narrativa", "text": ANSWERS["narrativa"]}, KEY)
    await actions.post("draft/answer", {"field": "municipio", "text": "Hermosillo"})
    again = await actions.post("draft/answer", {"field": "narrativa", "text": ANSWERS["narrativa"]}, KEY)
    assert again.json() == first.json()
    assert again.json()["draft"]["awaiting"] == "municipio"
    assert (await actions.context())["draft"]["awaiting"] == "colonia"


async def test_the_same_key_with_another_body_is_the_first_call_repeated(actions: Actions, database: Database) -> None:
    """A key names a turn and its action: the bot says the same thing twice, never two things under one key."""
    first = await actions.post("draft/answer", None, KEY)
    assert first.status_code == 422, "what is refused for its shape uses no key up"
    await actions.post("draft", {"kind": "peticion"})
    kept = await actions.post("draft/answer", {"field": "colonia", "text": "Centro"}, KEY)
    other = await actions.post("draft/answer", {"field": "colonia", "text": "Pitic"}, KEY)
    assert other.json() == kept.json()
    assert (await actions.context())["draft"]["fields"] == {"colonia": "Centro"}


async def test_a_key_is_its_conversations_and_its_actions_own(actions: Actions, elsewhere: Actions) -> None:
    await actions.post("draft", FULL, KEY)
    answer = await elsewhere.post("draft", {"kind": "queja"}, KEY)
    assert answer.status_code == 200
    assert answer.json()["fields"] == {}, "another conversation's answers must not leak through a key"
    other = await actions.post("callback", {"name": "Ana Soto", "phone": "6621234567"}, KEY)
    assert (other.status_code, other.json()["accepted"]) == (200, True)


async def test_a_call_that_failed_keeps_no_answer_and_may_be_tried_again(actions: Actions, database: Database) -> None:
    assert (await actions.post("draft/answer", {"field": "colonia", "text": "Centro"}, KEY)).status_code == 409
    assert await _count(database, IdempotentAnswer) == 0
    await actions.post("draft", {"kind": "peticion"})
    assert (await actions.post("draft/answer", {"field": "colonia", "text": "Centro"}, KEY)).json()["accepted"]


async def test_a_repeated_wrong_code_is_one_attempt(actions: Actions, elsewhere: Actions, database: Database) -> None:
    await actions.post("draft", FULL)
    folio = (await actions.post("draft/file")).json()["folio"]
    body = {"folio": folio, "access_code": "ZZZZZZZZ"}
    for _ in range(7):
        assert (await elsewhere.post("status", body, KEY)).json() == {"result": "not_found", "petition": None}
    assert await _count(database, FolioAttempt) == 1


async def test_repeated_information_is_added_once(actions: Actions, database: Database) -> None:
    await actions.post("draft", FULL)
    folio = (await actions.post("draft/file")).json()["folio"]
    for _ in range(2):
        answer = await actions.post("information", {"folio": folio, "text": "Ya van cinco días"}, KEY)
        assert answer.json()["result"] == "found"
    assert await _count(database, PetitionEvent) == 2


async def test_filing_twice_is_one_petition_and_its_code_is_kept_nowhere(actions: Actions, database: Database) -> None:
    await actions.post("draft", FULL)
    first, again = (await actions.post("draft/file")).json(), (await actions.post("draft/file")).json()
    assert first["access_code"] == again["access_code"]
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert await _count(database, Petition) == 1
    async with database.transaction() as session:
        kept = (await session.scalars(select(IdempotentAnswer.answer))).all()
    assert first["access_code"] not in str(kept)


async def test_the_status_tells_nothing_personal(actions: Actions) -> None:
    await actions.post("draft", FULL)
    folio = (await actions.post("draft/file")).json()["folio"]
    answer = await actions.post("status", {"folio": folio})
    assert set(answer.json()["petition"]) == {
        "folio", "kind_text", "status", "status_text", "explanation", "updated_text", "question_id"
    }  # fmt: skip


async def test_a_refused_answer_carries_its_words_and_its_suggestion(actions: Actions) -> None:
    await actions.post("draft", {"kind": "queja"})
    answer = (await actions.post("draft/answer", {"field": "municipio", "text": "hermociyo"})).json()
    assert (answer["accepted"], answer["problem"]) == (False, "did_you_mean")
    assert answer["problem_text"] == "No estoy seguro del municipio."
    assert answer["suggestion"] == {"title": "Hermosillo", "value": "Hermosillo"}
    answer = (await actions.post("draft/answer", {"field": "anonimo", "text": "tal vez"})).json()
    assert [option["value"] for option in answer["options"]] == ["si", "no"]


async def test_a_callback_with_a_wrong_phone_is_refused_in_words(actions: Actions, database: Database) -> None:
    answer = (await actions.post("callback", {"name": "Ana Soto", "phone": "12"})).json()
    assert (answer["accepted"], answer["problem"]) == (False, "not_a_phone")
    assert answer["problem_text"]
    assert await _count(database, CallReason) == 0


@pytest.mark.parametrize("key", [None, "", "short", "k" * 201])
async def test_an_effect_needs_a_proper_key(actions: Actions, database: Database, key: str | None) -> None:
    headers = TOKEN | ({} if key is None else {"Idempotency-Key": key})
    answer = await actions.client.post(
        f"/internal/conversations/{actions.conversation_id}/draft", json=FULL, headers=headers
    )
    assert answer.status_code == 422
    assert await _count(database, PetitionDraft) == 0


async def test_cancelling_needs_no_key_and_may_be_repeated(actions: Actions) -> None:
    await actions.post("draft", FULL)
    for _ in range(2):
        address = f"/internal/conversations/{actions.conversation_id}/draft/cancel"
        assert (await actions.client.post(address, headers=TOKEN)).status_code == 200
    assert (await actions.context())["draft"] is None


async def test_consent_is_kept_with_the_version_of_the_notice(actions: Actions, database: Database) -> None:
    from backend.privacy.service import VERSION

    await actions.post("consent", {"accepted": True})
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, actions.conversation_id)
    assert (conversation.consent_version, conversation.consent_at is not None) == (VERSION, True)


async def test_the_emergency_text_names_911(actions: Actions) -> None:
    assert "911" in (await actions.client.get("/internal/texts/emergency", headers=TOKEN)).json()["text"]


async def test_the_offices_hours_are_told_apart_from_any_conversation(actions: Actions) -> None:
    answer = await actions.client.get("/internal/office", headers=TOKEN)
    assert answer.status_code == 200
    assert set(answer.json()) == {
        "open", "person_available", "waiting", "hours_text", "next_opening_text", "address", "phone"
    }  # fmt: skip
    assert answer.json()["hours_text"] == "de lunes a viernes de 8:00 a 15:00"
