"""Reaching a person, now or by a call; emergencies; what was not understood."""

import pytest

from tests.bot.office import EMERGENCY, NOTICE, Office
from tests.bot.talk import Talk


@pytest.fixture
def closed(office: Office) -> Office:
    """Nobody is there."""
    office.person_available = False
    return office


async def ask_for_person(talk: Talk) -> list[str | None]:
    return (await talk.say("quiero hablar con una persona", "hablar_con_persona")).names


async def test_a_person_who_is_there_is_reached_at_once(office: Office, talk: Talk) -> None:
    replies = await talk.say("quiero hablar con una persona", "hablar_con_persona")
    assert replies.names == ["utter_le_comunico"]
    assert replies.handoffs == [{"reason": "requested", "emergency": False}]
    assert talk.form is None


@pytest.mark.parametrize(
    ("waiting", "said"), [(0, "Es el siguiente"), (1, "Hay 1 persona antes"), (3, "Hay 3 personas antes")]
)
async def test_the_wait_is_told(office: Office, talk: Talk, waiting: int, said: str) -> None:
    office.waiting = waiting
    assert said in (await talk.press("/hablar_con_persona")).text


# A call, when nobody is there.


async def test_a_call_takes_consent_then_name_then_phone(closed: Office, talk: Talk) -> None:
    opened = await talk.say("quiero hablar con una persona", "hablar_con_persona")
    assert opened.names == ["utter_no_hay_personas", "utter_pregunta_consentimiento"]
    assert "el lunes a las 8:00" in opened.text and NOTICE in opened.text
    assert opened.handoffs == []
    assert (await talk.press("/afirmar")).names == ["utter_pregunta_nombre_llamada"]
    assert (await talk.say("Rosa Buitimea")).names == ["utter_pregunta_telefono_llamada"]
    done = await talk.say("662 123 4567")
    assert done.names == ["utter_llamada_registrada"] and "Listo, Rosa." in done.text
    assert closed.calls == [{"name": "Rosa Buitimea", "phone": "662 123 4567"}]
    assert talk.form is None


async def test_a_known_name_and_phone_are_not_asked(closed: Office, talk: Talk) -> None:
    closed.consent, closed.name, closed.phone = True, "Rosa Buitimea", "6621234567"
    assert await ask_for_person(talk) == ["utter_no_hay_personas", "utter_llamada_registrada"]
    assert closed.done("callback") == 1
    assert talk.form is None


async def test_a_known_name_is_not_asked(closed: Office, talk: Talk) -> None:
    closed.consent, closed.name = True, "Rosa Buitimea"
    assert await ask_for_person(talk) == ["utter_no_hay_personas", "utter_pregunta_telefono_llamada"]
    await talk.say("6621234567")
    assert closed.calls == [{"name": "Rosa Buitimea", "phone": "6621234567"}]


@pytest.mark.parametrize("text", ["no", "no acepto", "cancelar"])
async def test_a_call_refused_keeps_nothing(closed: Office, talk: Talk, text: str) -> None:
    await ask_for_person(talk)
    assert (await talk.say(text)).names == ["utter_llamada_cancelada"]
    assert not closed.consent and closed.calls == []
    assert talk.form is None


async def test_no_name_is_taken_before_consent(closed: Office, talk: Talk) -> None:
    await ask_for_person(talk)
    assert (await talk.say("Rosa Buitimea")).names == ["utter_consentimiento_otra_vez"]
    assert talk.slots.get("nombre_llamada") is None


async def test_a_wrong_phone_is_asked_again_with_its_reason(closed: Office, talk: Talk) -> None:
    closed.consent, closed.name = True, "Rosa Buitimea"
    await ask_for_person(talk)
    replies = await talk.say("12345")
    assert replies.text.startswith("(not_a_phone)")
    assert replies.names[1:] == ["utter_pregunta_telefono_llamada"]
    await talk.say("6621234567")
    assert closed.calls == [{"name": "Rosa Buitimea", "phone": "6621234567"}]


@pytest.mark.parametrize("name", ["prefiero no darlo", "una señora que vive aquí por el rumbo de la central"])
async def test_a_name_that_the_backend_refuses_is_asked_again(closed: Office, talk: Talk, name: str) -> None:
    closed.consent = True
    await ask_for_person(talk)
    await talk.say(name)
    assert (await talk.say("6621234567")).names[1:] == ["utter_pregunta_nombre_llamada"]
    await talk.say("Rosa Buitimea")
    await talk.say("6621234567")
    assert closed.calls == [{"name": "Rosa Buitimea", "phone": "6621234567"}]


@pytest.mark.parametrize("text", ["12", "...", "662 123 4567"])
async def test_what_is_no_name_is_asked_again(closed: Office, talk: Talk, text: str) -> None:
    closed.consent = True
    await ask_for_person(talk)
    assert (await talk.say(text)).names == ["utter_pregunta_nombre_llamada"]


async def test_very_long_answers_are_just_wrong_ones(closed: Office, talk: Talk) -> None:
    closed.consent = True
    await ask_for_person(talk)
    await talk.say("pues fíjese que yo vivo aquí en la colonia " * 10)
    assert (await talk.say("márqueme al de mi hermana que siempre contesta " * 10)).names[-1] is not None
    assert talk.form == "llamada_form" and closed.calls == []


async def test_the_wish_repeated_is_not_taken_for_a_name(closed: Office, talk: Talk) -> None:
    closed.consent = True
    await ask_for_person(talk)
    assert (await ask_for_person(talk))[-1] == "utter_pregunta_nombre_llamada"
    assert talk.slots.get("nombre_llamada") is None
    closed.person_available = True
    assert await ask_for_person(talk) == ["utter_le_comunico"]
    assert talk.form is None


async def test_a_side_question_is_answered_and_the_name_asked_again(closed: Office, talk: Talk) -> None:
    closed.consent, closed.office_phone = True, "662 000 0000"
    await ask_for_person(talk)
    replies = await talk.say("¿a qué hora abren?", "horario_ubicacion")
    assert replies.names == ["utter_horario", "utter_horario_telefono", "utter_pregunta_nombre_llamada"]


async def test_danger_told_while_a_call_is_taken_comes_first(closed: Office, talk: Talk) -> None:
    await ask_for_person(talk)
    replies = await talk.say("me están golpeando", "emergencia")
    assert replies[0].text == EMERGENCY
    assert replies.handoffs[0]["emergency"] is True
    assert talk.form is None


async def test_a_call_asked_in_a_petition_goes_back_to_it(closed: Office, talk: Talk) -> None:
    closed.consent = True
    closed.open_draft(narrativa="hay un bache enorme")
    talk.form = "peticion_form"
    asked = await talk.say("quiero hablar con una persona", "hablar_con_persona")
    assert asked.names == ["utter_borrador_guardado", "utter_no_hay_personas", "utter_pregunta_nombre_llamada"]
    assert talk.form == "llamada_form"
    assert talk.slots.get("nombre_llamada") is None
    await talk.say("Rosa Buitimea")
    back = await talk.say("6621234567")
    assert back.names == ["utter_llamada_registrada", "utter_continuar_borrador", "utter_pregunta_municipio"]
    assert talk.form == "peticion_form"
    assert closed.done("draft/answer") == 0


# Emergencies and misunderstandings.


async def test_an_emergency_gets_its_numbers_first_then_a_flagged_person(office: Office, talk: Talk) -> None:
    replies = await talk.say("hay una balacera", "emergencia")
    assert replies[0].text == EMERGENCY
    assert replies.handoffs == [{"reason": "emergency", "emergency": True}]


async def test_an_emergency_is_told_when_nobody_is_there_too(closed: Office, talk: Talk) -> None:
    replies = await talk.say("hay una balacera", "emergencia")
    assert replies[0].text == EMERGENCY and len(replies.handoffs) == 1


async def test_the_second_misunderstanding_in_a_row_offers_a_person(office: Office, talk: Talk) -> None:
    assert (await talk.say("asdf", "nlu_fallback")).names == ["utter_no_entendi"]
    second = await talk.say("qwer", "nlu_fallback")
    assert second.names == ["utter_ofrecer_persona"]
    assert second[0].buttons[0][1] == "/hablar_con_persona"


async def test_out_of_scope_counts_as_misunderstood(office: Office, talk: Talk) -> None:
    assert (await talk.say("cuénteme un chiste", "fuera_de_alcance")).names == ["utter_fuera_de_alcance"]
    assert (await talk.say("asdf", "nlu_fallback")).names == ["utter_ofrecer_persona"]


async def test_what_a_federal_agency_attends_says_so_and_may_be_registered(office: Office, talk: Talk) -> None:
    office.consent = True
    story = "mi recibo de la CFE salió carísimo este mes"
    replies = await talk.say(story, "fuera_de_alcance", dependencia="Comisión Federal de Electricidad")
    assert replies.names == ["utter_fuera_de_alcance_federal"]
    assert "Comisión Federal de Electricidad" in replies.text
    await talk.say("sí", "afirmar")
    assert office.fields["narrativa"] == story


async def test_what_a_federal_agency_attends_is_registered_by_its_button_too(office: Office, talk: Talk) -> None:
    office.consent = True
    story = "mi recibo de la CFE salió carísimo este mes"
    await talk.say(story, "fuera_de_alcance", dependencia="Comisión Federal de Electricidad")
    await talk.press("/registrar_peticion")
    assert office.fields["narrativa"] == story


async def test_something_understood_between_forgives(office: Office, talk: Talk) -> None:
    await talk.say("asdf", "nlu_fallback")
    await talk.say("gracias", "agradecer")
    assert (await talk.say("qwer", "nlu_fallback")).names == ["utter_no_entendi"]


async def test_greets_in_full_once(office: Office, talk: Talk) -> None:
    assert (await talk.say("hola", "saludar")).names == ["utter_saludo"]
    assert (await talk.say("hola", "saludar")).names == ["utter_saludo_breve"]


async def test_given_back_without_a_petition_just_greets(office: Office, talk: Talk) -> None:
    assert (await talk.press("/volver_con_bot")).names == ["utter_regreso"]
    assert talk.form is None
