"""Consent to the privacy notice, before a petition keeps anything."""

import pytest

from tests.bot.office import NOTICE, Office
from tests.bot.talk import Talk


async def test_consent_comes_before_any_question(office: Office, talk: Talk) -> None:
    replies = await talk.say("quiero registrar una petición", "registrar_peticion")
    assert replies.names == ["utter_inicio_peticion", "utter_pregunta_consentimiento"]
    assert NOTICE in replies.text
    assert talk.form == "peticion_form"
    assert office.done("draft/answer") == 0


@pytest.mark.parametrize("text", ["sí", "acepto", "simón", "de acuerdo"])
async def test_consent_is_given_in_words(office: Office, talk: Talk, text: str) -> None:
    await talk.say("quiero registrar una petición", "registrar_peticion")
    assert (await talk.say(text)).names == ["utter_pregunta_narrativa"]
    assert office.consent


@pytest.mark.parametrize("text", ["no", "no acepto", "nel", "no quiero dar mis datos"])
async def test_refusal_ends_without_keeping_anything(office: Office, talk: Talk, text: str) -> None:
    await talk.say("quiero registrar una petición", "registrar_peticion")
    replies = await talk.say(text)
    assert replies.names == ["utter_consentimiento_negado"]
    assert "Hablar con una persona" in replies[0].titles and "Consultar un folio" in replies[0].titles
    assert not office.consent
    assert office.kind is None
    assert talk.form is None


async def test_what_is_neither_yes_nor_no_is_asked_again(office: Office, talk: Talk) -> None:
    await talk.say("quiero registrar una petición", "registrar_peticion")
    assert (await talk.say("mmm quién sabe")).names == ["utter_consentimiento_otra_vez"]
    assert not office.consent
    assert talk.form == "peticion_form"


async def test_the_notice_can_be_read_before_consent(office: Office, talk: Talk) -> None:
    await talk.say("quiero registrar una petición", "registrar_peticion")
    replies = await talk.press("/aviso_privacidad")
    assert replies.names == ["utter_aviso", "utter_consentimiento_otra_vez"]
    assert "http://backend/aviso-de-privacidad" in replies.text


async def test_no_answer_is_kept_before_consent(office: Office, talk: Talk) -> None:
    await talk.say("quiero registrar una petición", "registrar_peticion")
    await talk.say("me llamo Juan Pérez y mi teléfono es 6621234567")
    assert office.done("draft/answer") == 0
    assert office.fields == {}


STORY = "hay un bache enorme frente a mi casa que ya tronó dos llantas"


@pytest.mark.parametrize("text", [STORY, f"si, {STORY}"])
async def test_a_story_told_in_place_of_an_answer_is_kept_and_the_question_repeated(
    office: Office, talk: Talk, text: str
) -> None:
    await talk.say("quiero registrar una petición", "registrar_peticion")
    assert (await talk.say(text)).names == ["utter_anote", "utter_consentimiento_otra_vez"]
    assert not office.consent
    assert office.fields == {"narrativa": text}
    assert (await talk.say("acepto")).names == ["utter_pregunta_municipio"]


async def test_a_story_told_with_the_consent_is_kept(office: Office, talk: Talk) -> None:
    await talk.say("reportar bache", "registrar_peticion")
    replies = await talk.say("acepto, está frente a la primaria y ya tronó dos llantas")
    assert replies.names == ["utter_anote", "utter_pregunta_municipio"]
    assert office.consent
    assert office.fields["narrativa"].startswith("reportar bache. acepto, está frente")


async def test_a_refusal_with_a_story_keeps_nothing(office: Office, talk: Talk) -> None:
    await talk.say("quiero registrar una petición", "registrar_peticion")
    assert (await talk.say(f"no acepto, {STORY}")).names == ["utter_consentimiento_negado"]
    assert office.kind is None


@pytest.mark.parametrize("text", ["bueno sí acepto", "siempre sí acepto", "acepto", "/afirmar"])
async def test_a_refusal_taken_back_goes_on_where_the_petition_was(office: Office, talk: Talk, text: str) -> None:
    await talk.say(STORY, "registrar_peticion")
    await talk.say("no acepto")
    replies = await talk.say(text, "afirmar")
    assert replies.names == ["utter_continuar_borrador", "utter_pregunta_municipio"]
    assert office.consent and office.fields == {"narrativa": STORY}
    assert talk.form == "peticion_form" and talk.slots["rechazada"] is None


async def test_a_refusal_taken_back_later_remembers_what_was_begun(office: Office, talk: Talk) -> None:
    await talk.say("quiero pedir una beca para mi hija", "solicitar_apoyo_social")
    await talk.say("no acepto")
    await talk.say("¿a qué hora abren?", "horario_ubicacion")
    replies = await talk.say("ya lo pensé, sí acepto", "afirmar")
    assert replies.names == ["utter_continuar_borrador", "utter_pregunta_mas"]
    assert office.kind == "apoyo_social"
    assert "«quiero pedir una beca para mi hija»" in replies.text


@pytest.mark.parametrize("text", ["sí", "ok", "no acepto nada"])
async def test_a_yes_to_something_else_takes_no_refusal_back(office: Office, talk: Talk, text: str) -> None:
    await talk.say(STORY, "registrar_peticion")
    await talk.say("no acepto")
    assert (await talk.say(text, "afirmar")).names == ["utter_que_mas"]
    assert not office.consent and office.kind is None


async def test_anonymity_asked_for_with_the_consent_is_kept(office: Office, talk: Talk) -> None:
    await talk.say("un policía de tránsito me pidió dinero ayer", "registrar_queja")
    replies = await talk.say("sí pero quiero que sea anónima")
    assert replies.names == ["utter_sera_anonima", "utter_pregunta_municipio"]
    assert office.fields["anonimo"] == "si"
