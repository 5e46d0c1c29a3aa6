"""Codes, opt-out words and preferences, said in the chat; the bot never hears of them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backend import clock
from backend.assistant.port import AssistantError, Handoff, Reply, Turn, TurnResult
from backend.contacts import wording
from backend.contacts.commands import ASK_LINK
from backend.contacts.links import MAX_ATTEMPTS
from backend.contacts.models import Contact, LinkAttempt, LinkCode
from backend.conversations.models import EventKind, HandoffReason, Owner
from backend.conversations.ownership import BACK_TO_BOT
from backend.db import Database
from backend.privacy import service as privacy
from backend.registry import service as registry
from backend.registry.models import PetitionKind
from tests.contacts.conftest import SECRET, OpenChat, are_one, are_proved, ask_code, history, join
from tests.conversations.conftest import Stage
from tests.fake_assistant import FakeAssistant

pytestmark = pytest.mark.usefixtures("channels_on")
WRONG = "VINCULAR 222222"


async def _begin(stage: Stage, **fields: str) -> None:
    """A petition under way, its notice accepted."""
    async with stage.database.transaction() as session:
        await privacy.record_consent(session, stage.conversation_id, accepted=True)
        await registry.open_draft(session, stage.conversation_id, PetitionKind.QUEJA, fields)


async def _draft(stage: Stage) -> registry.DraftView | None:
    async with stage.database.transaction() as session:
        return await registry.current_draft(session, stage.conversation_id)


async def _preferred(stage: Stage) -> object:
    async with stage.database.transaction() as session:
        contact = await session.get_one(Contact, (await stage.conversation()).contact_id)
        return contact.preferred_conversation_id


async def test_a_code_shown_in_one_channel_and_typed_in_another_joins_both(
    chat: OpenChat, assistant: FakeAssistant
) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    (shown,) = await web.say("quiero seguir por WhatsApp")
    code = shown.text.split("VINCULAR ")[1][:6]
    assert f"https://wa.me/526620000000?text=VINCULAR%20{code}" in shown.text
    assert f"https://t.me/SonoraBot?start=link_{code}" in shown.text
    (answer,) = await whatsapp.say(f"vincular  {code.lower()}")
    assert "el chat del portal" in answer.text
    assert await are_proved(web, whatsapp)
    assert "WhatsApp" in (await web.transcript())[-1].text
    assert assistant.turns == []


async def test_telegrams_start_with_a_code_joins(chat: OpenChat) -> None:
    web, telegram = await chat("web"), await chat("telegram")
    code = await ask_code(web)
    await telegram.say(f"/start link_{code}")
    assert await are_proved(web, telegram)


async def test_it_works_though_the_bot_is_down(chat: OpenChat, assistant: FakeAssistant) -> None:
    assistant.answers = [AssistantError("down")] * 9
    web, whatsapp = await chat("web"), await chat("whatsapp")
    await whatsapp.say(f"VINCULAR {await ask_code(web)}")
    assert await are_one(web, whatsapp)


async def test_a_code_serves_once_and_not_for_long_and_nobody_learns_which(chat: OpenChat, database: Database) -> None:
    web = await chat("web")
    used, old = await ask_code(web), await ask_code(await chat("web"))
    await (await chat("whatsapp")).say(f"VINCULAR {used}")
    async with database.transaction() as session:
        await session.execute(
            update(LinkCode).where(LinkCode.used_at.is_(None)).values(expires_at=clock.now() - timedelta(seconds=1))
        )
    stranger = await chat("whatsapp")
    answers = [await stranger.say(f"VINCULAR {code}") for code in (used, old, "222222")]
    assert [[view.text for view in said] for said in answers] == [[wording.CODE_REFUSED]] * 3


async def test_a_new_code_ends_the_one_before(chat: OpenChat) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    first, second = await ask_code(web), await ask_code(web)
    await whatsapp.say(f"VINCULAR {first}")
    assert not await are_one(web, whatsapp)
    await whatsapp.say(f"VINCULAR {second}")
    assert await are_one(web, whatsapp)


async def test_guessing_is_limited_even_for_the_right_code_and_the_limit_ends(
    chat: OpenChat, database: Database
) -> None:
    web, guesser, other = await chat("web"), await chat("whatsapp"), await chat("telegram")
    code = await ask_code(web)
    for _ in range(MAX_ATTEMPTS):
        assert [view.text for view in await guesser.say(WRONG)] == [wording.CODE_REFUSED]
    assert [view.text for view in await guesser.say(f"VINCULAR {code}")] == [wording.CODE_TOO_MANY]
    await other.say(WRONG)
    assert not await are_one(web, guesser)
    async with database.transaction() as session:
        await session.execute(update(LinkAttempt).values(at=clock.now() - timedelta(minutes=15, seconds=1)))
    await guesser.say(f"VINCULAR {code}")
    assert await are_one(web, guesser)


async def test_a_code_typed_where_it_was_shown_is_still_good_elsewhere(chat: OpenChat) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    code = await ask_code(web)
    assert [view.text for view in await web.say(f"VINCULAR {code}")] == [wording.CODE_SAME_PLACE]
    await whatsapp.say(f"VINCULAR {code}")
    assert await are_one(web, whatsapp)


async def test_codes_are_kept_as_digests(chat: OpenChat, database: Database) -> None:
    code = await ask_code(await chat("web"))
    async with database.transaction() as session:
        kept = (await session.scalars(select(LinkCode.code_hash))).one()
    assert code not in kept
    assert len(kept) == 64


async def test_who_did_not_mean_it_takes_it_back(chat: OpenChat) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    await whatsapp.say(f"VINCULAR {await ask_code(web)}")
    assert [view.text for view in await web.say("Desvincular")] == [wording.UNLINKED]
    assert not await are_one(web, whatsapp)
    assert [view.text for view in await web.say("desvincular")] == [wording.NOT_LINKED]


async def test_a_petition_begun_on_the_web_ends_on_whatsapp(
    chat: OpenChat, assistant: FakeAssistant, database: Database
) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    await _begin(web, narrativa="El camión pasa cuando quiere y nadie responde", municipio="Hermosillo")
    _, offer = await whatsapp.say(f"VINCULAR {await ask_code(web)}")
    assert "queja" in offer.text
    await whatsapp.say("sí")
    draft = await _draft(whatsapp)
    assert draft is not None
    assert draft.fields["municipio"] == "26030"
    assert await _draft(web) is None
    assert (await whatsapp.conversation()).consent_at is not None
    assert [turn.text for turn in assistant.turns] == [BACK_TO_BOT]
    assert (await web.transcript())[-1].text == wording.draft_moved("whatsapp")


async def test_a_petition_that_moved_goes_on_by_script_when_the_bot_is_down(
    chat: OpenChat, assistant: FakeAssistant
) -> None:
    assistant.answers = [AssistantError("down")] * 3
    web, whatsapp = await chat("web"), await chat("whatsapp")
    await _begin(web, narrativa="El camión pasa cuando quiere y nadie responde")
    _, offer = await whatsapp.say(f"VINCULAR {await ask_code(web)}")
    said = await whatsapp.say(payload=offer.buttons[0]["payload"])
    assert "municipio" in said[-1].text
    draft = await _draft(whatsapp)
    assert draft is not None
    assert "municipio" in draft.missing, "the button is no answer"


async def test_two_petitions_under_way_stay_where_they_are(chat: OpenChat) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    await _begin(web)
    await _begin(whatsapp)
    said = await whatsapp.say(f"VINCULAR {await ask_code(web)}")
    assert len(said) == 1
    assert await _draft(web) is not None


async def test_nobody_moves_a_petition_that_is_not_theirs(chat: OpenChat, database: Database) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    await _begin(web)
    draft = await _draft(web)
    assert draft is not None
    async with database.transaction() as session:
        assert await registry.move_draft(session, draft.id, await whatsapp.conversation()) is None


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "sms"])
async def test_baja_is_obeyed_confirmed_once_and_taken_back(
    chat: OpenChat, assistant: FakeAssistant, channel: str
) -> None:
    stage = await chat(channel)
    assert [view.text for view in await stage.say("BAJA")] == [wording.OPTED_OUT]
    assert (await stage.conversation()).opted_out_at is not None
    assert await stage.say("alto") == []
    assert [view.text for view in await stage.say("¿cómo va mi petición?")] == ["eco: ¿cómo va mi petición?"]
    assert [view.text for view in await stage.say("Alta")] == [wording.OPTED_IN]
    assert (await stage.conversation()).opted_out_at is None
    assert [kind for kind, _ in await history(stage)][-2:] == [EventKind.OPTED_OUT, EventKind.OPTED_IN]
    assert len(assistant.turns) == 1


async def test_on_the_web_the_words_mean_nothing_of_the_sort(chat: OpenChat) -> None:
    web = await chat("web")
    assert [view.text for view in await web.say("BAJA")] == ["eco: BAJA"]
    assert (await web.conversation()).opted_out_at is None


async def test_baja_in_the_midst_of_a_form_stops_notices_and_answers_nothing(chat: OpenChat) -> None:
    stage = await chat("whatsapp")
    await _begin(stage)
    (answer,) = await stage.say("alto")
    assert answer.text.startswith(wording.OPTED_OUT)
    assert "Cuénteme" in answer.text, "the question is asked again"
    draft = await _draft(stage)
    assert draft is not None
    assert "narrativa" in draft.missing


async def test_baja_is_obeyed_while_a_person_has_the_chat(chat: OpenChat, assistant: FakeAssistant) -> None:
    stage = await chat("whatsapp")
    assistant.answers = [TurnResult((Reply("Le comunico."),), Handoff(HandoffReason.REQUESTED))]
    await stage.say("una persona")
    assert (await stage.conversation()).owner is Owner.QUEUE
    assert [view.text for view in await stage.say("baja")] == [wording.OPTED_OUT]


async def test_the_preferred_channel_is_chosen_by_a_sentence(chat: OpenChat) -> None:
    web, telegram = await chat("web"), await chat("telegram")
    (no,) = await web.say("avísenme por Telegram")
    assert wording.not_there_yet("telegram") in no.text
    assert "https://t.me/SonoraBot?start=link_" in no.text
    await join(web, telegram)
    assert [view.text for view in await web.say("avísenme por Telegram")] == [wording.will_tell("telegram")]
    assert await _preferred(web) == telegram.conversation_id
    await web.say("mejor avísenme aquí")
    assert await _preferred(web) == web.conversation_id


def _files(stage: Stage) -> Callable[[], Awaitable[str]]:
    """A turn in which the bot files the petition, as its action does; its folio."""

    async def file() -> str:
        async with stage.database.transaction() as session:
            fields = {"narrativa": "No hay agua en mi colonia", "municipio": "Hermosillo", "colonia": "Centro",
                      "nombre": "Ana Luz Soto", "contacto": "6621234567"}  # fmt: skip
            await registry.open_draft(session, stage.conversation_id, PetitionKind.PETICION, fields)
            return (await registry.file_draft(session, stage.conversation_id, SECRET)).folio

    return file


class _Filing(FakeAssistant):
    """An assistant whose next turn files a petition, and tells its folio."""

    file: Callable[[], Awaitable[str]] | None = None

    async def reply(self, turn: Turn) -> TurnResult:
        if self.file is not None:
            self.answers = [TurnResult((Reply(f"Su folio es {await self.file()}."),))]
            self.file = None
        return await super().reply(turn)


@pytest.fixture
def assistant() -> FakeAssistant:
    return _Filing()


async def test_after_filing_whoever_has_several_channels_is_asked_which(chat: OpenChat, assistant: _Filing) -> None:
    web, whatsapp = await chat("web"), await chat("whatsapp")
    await join(web, whatsapp)
    assistant.file = _files(web)
    _, question = await web.say("sí, registrar")
    assert question.text == wording.WHERE_TO_TELL
    assert {button["title"] for button in question.buttons} == {"Por aquí", "WhatsApp"}
    await web.say("WhatsApp")
    assert await _preferred(web) == whatsapp.conversation_id
    assistant.file = _files(web)
    assert len(await web.say("otra")) == 1, "asked once"


async def test_after_filing_on_the_web_alone_another_channel_is_offered(chat: OpenChat, assistant: _Filing) -> None:
    web = await chat("web")
    assistant.file = _files(web)
    _, offer = await web.say("sí, registrar")
    assert [button["payload"] for button in offer.buttons] == [ASK_LINK]
    (answer,) = await web.say(payload=ASK_LINK)
    assert "https://wa.me/" in answer.text
