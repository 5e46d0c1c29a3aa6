"""What a citizen answers to a notice: whether it was solved, and what was asked for."""

import asyncio
import uuid
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from backend.assistant.port import Reply, TurnResult
from backend.conversations import service as conversations
from backend.conversations.models import Attachment, CloseReason, Conversation, Owner
from backend.conversations.turns import Advancer
from backend.conversations.views import MessageView, transcript
from backend.registry import petitions, verdicts
from backend.registry import service as registry
from backend.registry.models import ActorKind, Petition, PetitionEvent, PetitionEventKind, PetitionKind, PetitionStatus
from backend.turns import service as turns
from tests.fake_assistant import FakeAssistant
from tests.notices.conftest import Desk
from tests.registry.turned import agency

S, K = PetitionStatus, PetitionEventKind
FILE = conversations.StoredFile("recibo.png", "image/png", 10, "a" * 64)


@dataclass
class Citizen:
    """In one conversation, with a petition filed from it."""

    desk: Desk
    bot: FakeAssistant
    advancer: Advancer
    conversation_id: UUID
    petition_id: UUID

    async def write(
        self, text: str = "", *, payload: str | None = None, file: conversations.StoredFile | None = None
    ) -> None:
        async with self.desk.database.transaction() as session:
            await conversations.receive(
                session, self.conversation_id, external_id=uuid.uuid4().hex, text=text, payload=payload, file=file
            )

    async def say(
        self, text: str = "", *, payload: str | None = None, file: conversations.StoredFile | None = None
    ) -> list[str]:
        """What is answered."""
        before = len(await self.transcript())
        await self.write(text, payload=payload, file=file)
        await self.advancer.advance(self.conversation_id)
        return [one.text for one in (await self.transcript())[before:] if one.author != "citizen"]

    async def press(self, title: str) -> list[str]:
        """Press the newest button of that title."""
        buttons = [button for one in await self.transcript() for button in one.buttons]
        return await self.say(payload=[one["payload"] for one in buttons if one["title"].startswith(title)][-1])

    async def transcript(self) -> list[MessageView]:
        async with self.desk.database.transaction() as session:
            return await transcript(session, self.conversation_id, include_private=False)

    async def events(self, kind: PetitionEventKind) -> list[PetitionEvent]:
        async with self.desk.database.transaction() as session:
            query = select(PetitionEvent).where(
                PetitionEvent.petition_id == self.petition_id, PetitionEvent.kind == kind
            )
            return list((await session.scalars(query.order_by(PetitionEvent.id))).all())

    async def status(self) -> PetitionStatus:
        return (await self.desk.get(self.petition_id)).status

    async def told(self, to: PetitionStatus) -> None:
        await self.desk.move(self.petition_id, to)

    async def become(self, owner: Owner) -> None:
        async with self.desk.database.transaction() as session:
            if owner is Owner.AGENT:
                await conversations.take_over(session, self.conversation_id, self.desk.analyst)
            elif owner is Owner.CLOSED:
                await conversations.take_over(session, self.conversation_id, self.desk.analyst)
                await conversations.close(
                    session, self.conversation_id, self.desk.analyst, reason=CloseReason.SOLVED, note=""
                )


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    bot = FakeAssistant()
    conversation = await desk.conversation("telegram")
    advancer = Advancer(desk.database, bot, secret=b"test", lease_seconds=15, turn_seconds=8)
    return Citizen(desk, bot, advancer, conversation, await desk.petition(conversation))


@pytest.mark.parametrize("typed", ["sí", "Sí, se resolvió", "1", "claro"])
async def test_a_yes_is_kept_apart_from_the_agencys_word(citizen: Citizen, typed: str) -> None:
    await citizen.told(S.CONCLUIDA_NO_SATISFACTORIA)
    (answer,) = await citizen.say(typed)
    assert "Gracias" in answer
    (event,) = await citizen.events(K.CITIZEN_VERDICT)
    assert (event.actor, event.detail["solved"]) == (ActorKind.CITIZEN, True)
    assert await citizen.status() is S.CONCLUIDA_NO_SATISFACTORIA
    assert citizen.bot.turns == []


@pytest.mark.parametrize("owner", [Owner.BOT, Owner.AGENT, Owner.CLOSED])
@pytest.mark.parametrize("typed", ["no", "2", None])
async def test_a_no_takes_the_follow_up_up_again(citizen: Citizen, owner: Owner, typed: str | None) -> None:
    await citizen.become(owner)
    await citizen.told(S.CONCLUIDA_SATISFACTORIA)
    (answer,) = await (citizen.say(typed) if typed else citizen.press("No se resolvió"))
    assert "de nuevo en atención" in answer
    assert await citizen.status() is S.EN_ATENCION
    assert [event.detail["solved"] for event in await citizen.events(K.CITIZEN_VERDICT)] == [False]
    moved = (await citizen.events(K.STATUS_CHANGED))[-1]
    assert (moved.actor, moved.to_status) == (ActorKind.CITIZEN, S.EN_ATENCION)
    assert moved.text
    assert len(await citizen.desk.notices(citizen.petition_id)) == 1
    async with citizen.desk.database.transaction() as session:
        assert (await session.get_one(Conversation, citizen.conversation_id)).owner is owner


async def test_a_number_after_the_rating_question_and_a_notice_answers_the_notice(citizen: Citizen) -> None:
    await citizen.become(Owner.CLOSED)
    await citizen.told(S.CONCLUIDA_SATISFACTORIA)
    await citizen.say("1")
    assert [event.detail["solved"] for event in await citizen.events(K.CITIZEN_VERDICT)] == [True]


async def test_pressing_twice_is_one_answer_and_a_change_of_mind_another(citizen: Citizen) -> None:
    await citizen.told(S.CONCLUIDA_SATISFACTORIA)
    for title in ("Sí", "Sí", "No se resolvió", "No se resolvió"):
        await citizen.press(title)
    assert [event.detail["solved"] for event in await citizen.events(K.CITIZEN_VERDICT)] == [True, False]
    assert len([one for one in await citizen.events(K.STATUS_CHANGED) if one.actor is ActorKind.CITIZEN]) == 1


async def test_a_no_after_the_bots_own_question_is_the_bots(citizen: Citizen) -> None:
    await citizen.told(S.CONCLUIDA_SATISFACTORIA)
    await citizen.say("¿A qué hora abren?")
    assert await citizen.say("no") == ["eco: no"]
    assert await citizen.events(K.CITIZEN_VERDICT) == []


async def test_the_answer_waits_while_staff_hold_the_petition(citizen: Citizen) -> None:
    await citizen.told(S.CONCLUIDA_SATISFACTORIA)
    async with citizen.desk.database.transaction() as session:
        await session.get_one(Petition, citizen.petition_id, with_for_update=True)
        with pytest.raises(OperationalError):
            await asyncio.wait_for(citizen.say("no"), 10)
    await citizen.advancer.advance(citizen.conversation_id)
    assert len(await citizen.events(K.CITIZEN_VERDICT)) == 1


async def test_what_was_asked_for_lands_in_the_petition_with_its_photo(citizen: Citizen) -> None:
    await citizen.told(S.REQUIERE_INFORMACION)
    await citizen.write(file=FILE)
    await citizen.write("Es la casa azul")
    await citizen.advancer.advance(citizen.conversation_id)
    said = [one for one in await citizen.transcript() if one.author == "system"]
    assert [one.text.startswith("¿Agrego esto a su folio AC-") for one in said[1:]] == [True]
    (answer,) = await citizen.say("si")
    assert "Lo agregamos a su folio" in answer
    (event,) = await citizen.events(K.INFORMATION_ADDED)
    assert (event.actor, event.text) == (ActorKind.CITIZEN, "Es la casa azul")
    assert await citizen.status() is S.EN_ANALISIS
    async with citizen.desk.database.transaction() as session:
        (file,) = (await session.scalars(select(Attachment))).all()
        assert file.petition_id == citizen.petition_id
        assert event.detail["attachment_ids"] == [str(file.id)]
    assert citizen.bot.turns == []
    await citizen.press("Sí, agregar")
    assert len(await citizen.events(K.INFORMATION_ADDED)) == 1


async def test_what_was_asked_for_goes_to_the_agency_that_still_owes_an_answer(citizen: Citizen) -> None:
    async with citizen.desk.database.transaction() as session:
        petition = await session.get_one(Petition, citizen.petition_id, with_for_update=True)
        for key in ("cea", "salud"):
            order = turns.TurnOrder(await agency(session, key))
            await turns.turn(session, petition, [order], user_id=citizen.desk.analyst)
    sent = [view.notice.text for view in reversed(await citizen.desk.notices(citizen.petition_id))]
    assert ["se envió a CEA, que debe atenderla" in text for text in sent] == [True, False]
    assert "se envió a Salud Sonora, que debe atenderla" in sent[1]
    await citizen.told(S.REQUIERE_INFORMACION)
    await citizen.say("Es la casa azul")
    await citizen.say("sí")
    assert await citizen.status() is S.EN_ATENCION
    notes = await citizen.events(K.TURN_NOTE)
    assert [(one.actor, one.detail["agency"]) for one in notes] == [
        (ActorKind.CITIZEN, "CEA"),
        (ActorKind.CITIZEN, "Salud Sonora"),
    ]
    assert all(one.turn_id is not None and "Es la casa azul" in one.text for one in notes)


async def test_a_later_conclusion_is_another_question_and_says_what_staff_wrote(citizen: Citizen) -> None:
    await citizen.told(S.CONCLUIDA_SATISFACTORIA)
    first = await citizen.say("no")
    assert "de nuevo en atención" in first[0]
    async with citizen.desk.database.transaction() as session:
        petition = await session.get_one(Petition, citizen.petition_id, with_for_update=True)
        words = {"reason": "interno", "told": "Se cambió el tubo"}
        to = S.CONCLUIDA_NO_SATISFACTORIA
        await petitions.change_status(session, petition, to, user_id=citizen.desk.analyst, **words)
    last = (await citizen.desk.notices(citizen.petition_id))[0].notice
    assert "Se cambió el tubo. ¿Se resolvió lo que pidió?" in last.text
    assert "interno" not in last.text
    assert last.template_values[1] == "Concluida: Se cambió el tubo. ¿Se resolvió? Responda SÍ o NO"
    old = next(one for one in await citizen.transcript() if one.buttons)
    (stale,) = await citizen.say(payload=str(old.buttons[0]["payload"]))
    assert "ya cambió: ahora está concluida no satisfactoriamente" in stale
    await citizen.press("Sí, se resolvió")
    async with citizen.desk.database.transaction() as session:
        verdict = await verdicts.of_petition(session, await session.get_one(Petition, citizen.petition_id))
    assert verdict is not None
    assert (verdict.answer, verdict.is_open) == (verdicts.Answer.SOLVED, True)
    assert [event.detail["solved"] for event in await citizen.events(K.CITIZEN_VERDICT)] == [False, True]


async def test_what_is_written_instead_of_a_yes_is_offered_too_and_then_left_to_the_bot(citizen: Citizen) -> None:
    await citizen.told(S.REQUIERE_INFORMACION)
    assert (await citizen.say("Uno"))[0].startswith("¿Agrego esto")
    assert (await citizen.say("Dos"))[0].startswith("¿Agrego todo esto")
    assert await citizen.say("Tres") == ["eco: Tres"]
    await citizen.press("Sí, agregar")
    assert [event.text for event in await citizen.events(K.INFORMATION_ADDED)] == ["Uno\nDos"]


async def test_what_was_asked_for_is_added_whole_in_however_many_messages_it_is_written(citizen: Citizen) -> None:
    await citizen.told(S.REQUIERE_INFORMACION)
    lines = [f"Renglón {number}" for number in range(1, 14)]
    for line in lines:
        await citizen.write(line)
    await citizen.advancer.advance(citizen.conversation_id)
    await citizen.press("Sí, agregar")
    assert [event.text for event in await citizen.events(K.INFORMATION_ADDED)] == ["\n".join(lines)]
    assert citizen.bot.turns == []


async def test_a_no_adds_nothing(citizen: Citizen) -> None:
    await citizen.told(S.REQUIERE_INFORMACION)
    await citizen.say("Buenas tardes")
    (answer,) = await citizen.say("no")
    assert "no agregué nada" in answer
    assert await citizen.events(K.INFORMATION_ADDED) == []
    assert await citizen.status() is S.REQUIERE_INFORMACION
    assert await citizen.say("¿A qué hora abren?") == ["eco: ¿A qué hora abren?"]


async def test_what_is_missing_after_a_no_may_be_added(citizen: Citizen) -> None:
    await citizen.told(S.CONCLUIDA_SATISFACTORIA)
    await citizen.say("no")
    assert (await citizen.say("Sigue la fuga"))[0].startswith("¿Agrego esto")
    await citizen.say("sí")
    assert [event.text for event in await citizen.events(K.INFORMATION_ADDED)] == ["Sigue la fuga"]
    assert await citizen.status() is S.EN_ATENCION


async def test_nothing_is_offered_while_another_petition_is_being_told_or_a_person_attends(citizen: Citizen) -> None:
    async with citizen.desk.database.transaction() as session:
        await registry.open_draft(session, citizen.conversation_id, PetitionKind.QUEJA, {})
    await citizen.told(S.REQUIERE_INFORMACION)
    assert await citizen.say("Centro") == ["eco: Centro"]
    await citizen.become(Owner.AGENT)
    await citizen.told(S.REQUIERE_INFORMACION)
    assert await citizen.say("Aquí está") == []


async def test_nothing_is_offered_once_the_petition_went_on(citizen: Citizen) -> None:
    await citizen.told(S.REQUIERE_INFORMACION)
    async with citizen.desk.database.transaction() as session:
        (await session.get_one(Petition, citizen.petition_id)).status = S.EN_ATENCION
    citizen.bot.answers = [TurnResult((Reply("hola"),))]
    assert await citizen.say("Aquí está") == ["hola"]


async def test_an_emergency_comes_before_any_notice(citizen: Citizen) -> None:
    await citizen.told(S.REQUIERE_INFORMACION)
    answers = await citizen.say("me quiero matar")
    assert "911" in answers[0]
    assert not any("¿Agrego" in answer for answer in answers)
