"""Where it is not clear what was meant, the likeliest readings are asked about."""

import pytest

from tests.bot.office import Office
from tests.bot.talk import Talk

RANKING = {
    "nlu_fallback": 0.7,
    "registrar_queja": 0.4,
    "fuera_de_alcance": 0.3,
    "registrar_peticion": 0.2,
    "ayuda": 0.1,
}


async def test_the_two_likeliest_readings_are_offered(office: Office, talk: Talk) -> None:
    replies = await talk.say("me atendieron mal en la calle", ranking=RANKING)
    assert replies.names == ["utter_aclarar"]
    assert [title for title, _ in replies[0].buttons] == ["Registrar una queja", "Registrar una petición", "Otra cosa"]


async def test_with_no_likely_reading_other_words_are_asked_for(office: Office, talk: Talk) -> None:
    assert (await talk.say("asdf", ranking={"nlu_fallback": 0.7, "saludar": 0.1})).names == ["utter_no_entendi"]


async def test_a_possible_danger_is_asked_about_first(office: Office, talk: Talk) -> None:
    replies = await talk.say("ya me despedí de todos", ranking={**RANKING, "emergencia": 0.2})
    assert replies.names == ["utter_posible_emergencia"]
    assert "911" in replies[0].text
    assert replies.handoffs == []


async def test_a_danger_in_doubt_is_asked_about_and_a_sure_one_is_not(office: Office, talk: Talk) -> None:
    assert (await talk.say("está muy oscuro y da miedo", "emergencia", 0.55)).handoffs == []
    assert (await talk.say("me está pegando", "emergencia", 0.9)).handoffs == [
        {"reason": "emergency", "emergency": True}
    ]
    assert (await talk.press("/emergencia")).handoffs == [{"reason": "emergency", "emergency": True}]


async def test_the_words_that_a_button_made_clear_are_kept(office: Office, talk: Talk) -> None:
    await talk.say("la banqueta de mi cuadra está toda quebrada", "nlu_fallback", ranking=RANKING)
    replies = await talk.press("/registrar_peticion")
    assert "utter_anote" in replies.names
    assert "banqueta" in " ".join(reply.text for reply in replies)


async def test_words_that_were_understood_are_not_taken_for_the_petition(office: Office, talk: Talk) -> None:
    await talk.say("a qué hora abren las oficinas de la colonia centro", "horario_ubicacion")
    assert "utter_anote" not in (await talk.press("/registrar_peticion")).names


LONG = (
    "buenas noches fijese que desde el jueves se nos fue el agua y hablamos y nos dijeron que ya venian y no vienen y "
    "aqui hay gente grande y ya no sabemos con quien acudir"
)


@pytest.mark.parametrize(("intent", "confidence"), [("ayuda", 0.62), ("nlu_fallback", 0.5)])
@pytest.mark.parametrize("yes", ["sí", "/registrar_peticion"])
async def test_a_long_story_not_understood_is_offered_to_be_registered(
    office: Office, talk: Talk, intent: str, confidence: float, yes: str
) -> None:
    assert (await talk.say(LONG, intent, confidence)).names == ["utter_ofrecer_registro"]
    replies = await talk.say(yes, "afirmar") if yes == "sí" else await talk.press(yes, valor="pendiente")
    assert replies.names[0] == "utter_inicio_peticion"
    assert office.fields == {"narrativa": LONG}


async def test_a_long_question_for_help_is_answered(office: Office, talk: Talk) -> None:
    asked = f"{LONG}, ¿qué puedo hacer aquí?"
    assert (await talk.say(asked, "ayuda", 0.62)).names == ["utter_ayuda"]


async def test_a_long_story_that_may_be_a_danger_gets_911_first(office: Office, talk: Talk) -> None:
    replies = await talk.say(LONG, "nlu_fallback", ranking={"ayuda": 0.4, "emergencia": 0.2})
    assert replies.names == ["utter_posible_emergencia"]
