"""A neighbour's petition is offered with the summary, before one's own is filed: joined, refused, or passed over."""

import pytest

from tests.bot.office import COMPLETE, OTHERS_FOLIO, OWN_FOLIO, Office
from tests.bot.talk import Replies, Talk

OFFER = {"topic": "Agua potable", "colonia": "Centro", "since": "18/11/2026", "people": 1}


@pytest.fixture
async def offered(office: Office, talk: Talk) -> Replies:
    """The last answer of the form has just been given."""
    office.consent = True
    office.open_draft(**{name: value for name, value in COMPLETE.items() if name != "contacto"})
    office.offer = OFFER
    talk.form = "peticion_form"
    talk.slots["requested_slot"] = "respuesta"
    return await talk.say("662 123 4567")


def test_the_offer_tells_topic_place_date_and_count_and_the_summary(office: Office, offered: Replies) -> None:
    assert offered.names == ["utter_resumen_o_sumarse"]
    assert "Agua potable, en Centro, del 18/11/2026 (1 persona)" in offered.text
    assert COMPLETE["narrativa"] in offered.text
    assert offered[0].titles == ["Sí, registrar", "Sumarme", "Corregir", "Cancelar"]
    assert office.filed == []


@pytest.mark.parametrize("said", ["sumarme", "sí, quiero sumarme", "me uno a esa"])
async def test_joining_in_words(office: Office, talk: Talk, offered: Replies, said: str) -> None:
    replies = await talk.say(said, "afirmar", 0.9)
    assert replies.names == ["utter_sumada"]
    assert OTHERS_FOLIO in replies.text and "2 personas" in replies.text
    assert (len(office.joined), office.filed) == (1, [])
    assert talk.form is None


async def test_joining_by_its_button(office: Office, talk: Talk, offered: Replies) -> None:
    assert (await talk.choose("sumarse")).names == ["utter_sumada"]
    assert len(office.joined) == 1


@pytest.mark.parametrize("said", ["registrar la mía", "no quiero sumarme", "prefiero la mía aparte"])
async def test_ones_own_is_filed(office: Office, talk: Talk, offered: Replies, said: str) -> None:
    replies = await talk.say(said, "negar", 0.9)
    assert replies.names == ["utter_registrada"]
    assert OWN_FOLIO in replies.text
    assert office.joined == [] and office.done("draft/decline") == 1


async def test_who_only_confirms_files_their_own(office: Office, talk: Talk, offered: Replies) -> None:
    assert (await talk.say("sí")).names == ["utter_registrada"]
    assert office.joined == [] and len(office.filed) == 1


async def test_after_a_side_question_it_is_offered_again(office: Office, talk: Talk, offered: Replies) -> None:
    replies = await talk.say("¿a qué hora abren?", "horario_ubicacion")
    assert replies.names == ["utter_horario", "utter_resumen_o_sumarse"]
    assert (await talk.say("cancelar", "cancelar")).names == ["utter_confirmar_cancelar"]
    assert (await talk.press("/afirmar")).names == ["utter_cancelado"]
    assert office.joined == [] and office.filed == []


async def test_what_was_closed_meanwhile_leaves_ones_own_to_be_filed(
    office: Office, talk: Talk, offered: Replies
) -> None:
    office.can_join = False
    assert (await talk.choose("sumarse")).names == ["utter_sumarse_ya_no", "utter_registrada"]
    assert len(office.filed) == 1


async def test_words_of_joining_without_an_offer_join_nothing(office: Office, talk: Talk, offered: Replies) -> None:
    office.offer = None
    assert (await talk.say("quiero sumarme")).names != ["utter_sumada"]
    assert office.joined == []
