"""A petition being told: kept between calls, corrected, given up, and filed once."""

import asyncio

import pytest
from sqlalchemy import func, select

from backend.conversations.inbox import receive as receive_message
from backend.conversations.messages import StoredFile
from backend.conversations.models import Attachment, Conversation, ConversationEvent, EventKind
from backend.db import Database
from backend.registry import intake
from backend.registry.errors import DraftIncomplete, NoDraft
from backend.registry.models import DraftState, EntryChannel, Person, Petition, PetitionEvent, PetitionKind
from tests.registry.conftest import ANSWERS, Counter, open_conversation


async def _count(database: Database, model: type[object]) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def _petition(database: Database, folio: str) -> Petition:
    async with database.transaction() as session:
        return (await session.scalars(select(Petition).where(Petition.folio == folio))).one()


async def test_an_open_draft_asks_for_what_is_missing_in_order(counter: Counter) -> None:
    draft = await counter.open()
    assert draft.missing == ["narrativa", "municipio", "colonia", "nombre", "contacto"]
    assert (draft.awaiting, draft.summary) == ("narrativa", "")
    answered = await counter.answer("narrativa", ANSWERS["narrativa"])
    assert answered.accepted
    assert answered.draft.awaiting == "municipio"
    assert answered.draft.next is not None
    assert answered.draft.next.name == "municipio"


async def test_what_was_already_told_is_not_asked_again_but_what_does_not_pass_is(counter: Counter) -> None:
    draft = await counter.open(narrativa=ANSWERS["narrativa"], municipio="Guadalajara", colonia="Centro", otro="x")
    assert draft.fields == {"narrativa": ANSWERS["narrativa"], "colonia": "Centro"}
    assert draft.awaiting == "municipio"


@pytest.mark.parametrize(
    ("told", "colonia"),
    [
        ("en la sahuaro de hermosillo", "Sahuaro"),
        ("Hermosillo, colonia Las Quintas", "Las Quintas"),
        ("hermosillo", None),
        ("aqui en hermosillo sonora", None),
        ("puerto peñasco", None),
        ("en ciudad obregon", None),
    ],
)
async def test_a_colonia_told_with_the_municipality_is_kept(counter: Counter, told: str, colonia: str | None) -> None:
    await counter.open(narrativa=ANSWERS["narrativa"])
    draft = (await counter.answer("municipio", told)).draft
    assert draft.fields.get("colonia") == colonia
    assert draft.awaiting == ("colonia" if colonia is None else "nombre")


async def test_a_colonia_is_neither_asked_for_nor_kept_where_its_kind_has_none(counter: Counter) -> None:
    await counter.open(PetitionKind.AUDIENCIA, narrativa=ANSWERS["narrativa"])
    assert "colonia" not in (await counter.answer("municipio", "en la sahuaro de hermosillo")).draft.fields


async def test_a_refused_answer_changes_nothing_and_says_why(counter: Counter) -> None:
    await counter.open(**ANSWERS)
    refused = await counter.answer("municipio", "hermociyo")
    assert (refused.accepted, refused.problem) == (False, "did_you_mean")
    assert refused.suggestion is not None
    assert refused.draft.shown["municipio"] == "Hermosillo"
    draft = await counter.draft()
    assert draft is not None
    assert draft.fields["municipio"] == "26030"


async def test_a_full_draft_is_read_back_in_words(counter: Counter) -> None:
    draft = await counter.open(PetitionKind.QUEJA, **ANSWERS, anonimo="no")
    assert draft.missing == []
    assert draft.next is None
    assert draft.summary.splitlines() == [
        "Queja:",
        f"• Asunto: {ANSWERS['narrativa']}",
        "• Municipio: Hermosillo",
        "• Colonia: Centro",
        "• Anónima: No",
        "• Nombre: Ana Luz Soto",
        "• Contacto: 662 123 4567",
    ]


async def test_a_cleared_answer_is_asked_for_again_and_the_rest_stays(counter: Counter) -> None:
    await counter.open(**ANSWERS)
    cleared = await counter.clear("colonia")
    assert (cleared.awaiting, cleared.missing) == ("colonia", ["colonia"])
    assert cleared.fields["nombre"] == "Ana Luz Soto"
    assert (await counter.answer("colonia", "Sahuaro")).draft.missing == []


async def test_another_kind_keeps_the_answers_that_both_ask_for(counter: Counter) -> None:
    before = await counter.open(**ANSWERS)
    after = await counter.open(PetitionKind.SUGERENCIA)
    assert after.id == before.id
    assert set(after.fields) == {"narrativa", "municipio", "nombre", "contacto"}


async def test_opening_again_goes_on_with_the_same_draft(counter: Counter) -> None:
    first = await counter.open(narrativa=ANSWERS["narrativa"])
    again = await counter.open(narrativa="Otra cosa muy distinta de la primera")
    assert again.id == first.id
    assert again.fields == first.fields


async def test_a_cancelled_draft_is_gone_and_cancelling_again_is_harmless(counter: Counter) -> None:
    first = await counter.open(**ANSWERS)
    await counter.cancel()
    await counter.cancel()
    assert await counter.draft() is None
    with pytest.raises(NoDraft):
        await counter.file()
    again = await counter.open()
    assert again.id != first.id
    assert again.fields == {}


@pytest.mark.parametrize("call", ["answer", "clear", "file"])
async def test_without_a_draft_there_is_nothing_to_work_on(counter: Counter, call: str) -> None:
    calls = {"answer": counter.answer("colonia", "Centro"), "clear": counter.clear("colonia"), "file": counter.file()}
    for name, coroutine in calls.items():
        if name == call:
            with pytest.raises(NoDraft):
                await coroutine
        else:
            coroutine.close()


async def test_an_incomplete_draft_is_not_filed_and_tells_what_is_missing(counter: Counter) -> None:
    await counter.open(narrativa=ANSWERS["narrativa"], municipio="Hermosillo")
    with pytest.raises(DraftIncomplete) as refused:
        await counter.file()
    assert refused.value.details["missing"] == ["colonia", "nombre", "contacto"]
    assert await _count(counter.database, Petition) == 0


async def test_filing_gives_a_folio_and_keeps_everything_told(counter: Counter) -> None:
    filed = await counter.tell()
    assert not filed.repeated
    petition = await _petition(counter.database, filed.folio)
    assert petition.narrative == ANSWERS["narrativa"]
    assert (petition.municipality_id, petition.colonia) == ("26030", "Centro")
    assert petition.channel is EntryChannel.CHAT_SONORA
    assert petition.conversation_id == counter.conversation_id
    assert petition.topic_id is not None, "«agua» names its topic"
    async with counter.database.transaction() as session:
        person = await session.get_one(Person, petition.person_id)
        conversation = await session.get_one(Conversation, counter.conversation_id)
        events = await session.scalars(
            select(ConversationEvent).where(ConversationEvent.kind == EventKind.PETITION_FILED)
        )
        assert [event.detail for event in events] == [{"folio": filed.folio}]
    assert (person.full_name, person.phone) == ("Ana Luz Soto", "+526621234567")
    assert conversation.person_id == person.id
    assert await counter.draft() is None


async def test_filing_again_gives_the_same_folio_and_the_same_code(counter: Counter) -> None:
    first = await counter.tell()
    again = await counter.file()
    assert (again.folio, again.access_code, again.repeated) == (first.folio, first.access_code, True)
    assert await _count(counter.database, Petition) == 1


async def test_the_same_petition_told_twice_is_filed_once(counter: Counter) -> None:
    first = await counter.tell()
    again = await counter.tell()
    assert (again.folio, again.repeated) == (first.folio, True)
    assert await _count(counter.database, Petition) == 1
    assert await counter.draft() is None


async def test_another_petition_of_the_same_person_is_another_folio(counter: Counter) -> None:
    first = await counter.tell()
    other = await counter.tell(narrativa="También hay un bache enorme en mi calle")
    assert other.folio != first.folio
    assert await _count(counter.database, Person) == 1


async def test_the_same_words_from_another_citizen_are_another_petition(counter: Counter, stranger: Counter) -> None:
    assert (await counter.tell()).folio != (await stranger.tell(nombre="Beto Ríos", contacto="no tengo")).folio


async def test_two_calls_at_once_file_one_petition(counter: Counter) -> None:
    await counter.open(**ANSWERS)
    filed = await asyncio.gather(*(counter.file() for _ in range(4)))
    assert len({(one.folio, one.access_code) for one in filed}) == 1
    assert sorted(one.repeated for one in filed) == [False, True, True, True]
    assert await _count(counter.database, Petition) == 1
    assert await _count(counter.database, PetitionEvent) == 1


async def test_numbers_have_no_gaps_however_many_file_at_once(database: Database) -> None:
    counters = [Counter(database, await open_conversation(database)) for _ in range(6)]
    filed = await asyncio.gather(*(one.tell(contacto="no tengo") for one in counters))
    numbers = sorted(int(one.folio.split("-")[2]) for one in filed)
    assert numbers == list(range(1, 7))


async def test_an_anonymous_complaint_keeps_nobodys_name_or_phone(counter: Counter) -> None:
    await counter.open(PetitionKind.QUEJA, **ANSWERS, anonimo="no")
    await counter.answer("anonimo", "sí, anónima")
    filed = await counter.file()
    petition = await _petition(counter.database, filed.folio)
    assert petition.person_id is None
    assert await _count(counter.database, Person) == 0
    assert "662" not in petition.search_text
    assert "soto" not in petition.search_text


async def test_what_was_skipped_is_left_empty(counter: Counter) -> None:
    filed = await counter.tell(colonia="no aplica", contacto="no tengo")
    petition = await _petition(counter.database, filed.folio)
    assert petition.colonia is None
    assert intake.SKIPPED not in petition.search_text
    async with counter.database.transaction() as session:
        person = await session.get_one(Person, petition.person_id)
    assert (person.phone, person.email) == (None, None)


async def test_a_certificate_keeps_its_kind_and_its_curp(counter: Counter) -> None:
    curp = "BOXW310820HNERXN09"
    filed = await counter.tell(PetitionKind.REGISTRO_CIVIL, tipo_acta="nacimiento", curp=curp)
    petition = await _petition(counter.database, filed.folio)
    assert petition.details == {"tipo_acta": "nacimiento"}
    async with counter.database.transaction() as session:
        assert (await session.get_one(Person, petition.person_id)).curp == curp


async def test_a_kind_that_says_itself_asks_for_no_narrative(counter: Counter) -> None:
    told = {name: answer for name, answer in ANSWERS.items() if name != "narrativa"}
    await counter.open(PetitionKind.CARTA_NO_ANTECEDENTES, **told, curp="no la tengo")
    filed = await counter.file()
    petition = await _petition(counter.database, filed.folio)
    assert petition.narrative == intake.implied_narrative(PetitionKind.CARTA_NO_ANTECEDENTES)


async def test_files_sent_while_telling_go_with_the_petition(counter: Counter) -> None:
    await counter.open(**ANSWERS)
    async with counter.database.transaction() as session:
        stored = StoredFile("bache.png", "image/png", 10, "0" * 64)
        await receive_message(session, counter.conversation_id, external_id="f", file=stored)
    draft = await counter.draft()
    assert draft is not None
    assert draft.attachments == 1
    assert "• Archivos: 1" in draft.summary
    filed = await counter.file()
    petition = await _petition(counter.database, filed.folio)
    async with counter.database.transaction() as session:
        assert (await session.scalars(select(Attachment.petition_id))).all() == [petition.id]


async def test_a_draft_is_of_its_own_conversation_only(counter: Counter, stranger: Counter) -> None:
    await counter.open(**ANSWERS)
    assert await stranger.draft() is None
    await stranger.cancel()
    draft = await counter.draft()
    assert draft is not None
    assert draft.state is DraftState.OPEN


async def test_the_day_that_the_narrative_tells_is_kept(counter: Counter, database: Database) -> None:
    await counter.open(**{**ANSWERS, "narrativa": "El 15 de octubre de 2025 se cayó la barda de la escuela."})
    filed = await counter.file()
    assert (await _petition(database, filed.folio)).details == {"fecha_hechos": "2025-10-15"}


@pytest.mark.parametrize(
    "narrative",
    ["Hay un bache en la avenida 5 de mayo.", "Del 1 de marzo de 2026 al 3 de marzo de 2026."],
)
async def test_no_day_or_several_are_no_day(counter: Counter, database: Database, narrative: str) -> None:
    await counter.open(**{**ANSWERS, "narrativa": narrative})
    assert (await _petition(database, (await counter.file()).folio)).details == {}


async def test_a_birthday_is_no_day_on_which_something_happened(counter: Counter, database: Database) -> None:
    narrative = "Necesito el acta de mi hija, nació el 12 de abril de 2019."
    curp = "BOXW310820HNERXN09"
    filed = await counter.tell(PetitionKind.REGISTRO_CIVIL, tipo_acta="nacimiento", curp=curp, narrativa=narrative)
    assert (await _petition(database, filed.folio)).details == {"tipo_acta": "nacimiento"}
