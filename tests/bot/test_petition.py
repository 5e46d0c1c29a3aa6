"""A petition told to the form: questions and interruptions.

Consent: test_consent.py; what belongs to the story: test_story.py; correction and confirmation: test_correction.py.
"""

import pytest

from tests.bot.office import COMPLETE, EMERGENCY, OWN_FOLIO, Office
from tests.bot.talk import Talk

STORY = "hay un bache enorme en la calle Reforma esquina con Juárez"


def telling(office: Office, talk: Talk, **fields: str) -> None:
    """In the midst of a petition, with consent."""
    office.consent = True
    office.open_draft(**fields)
    talk.form = "peticion_form"
    talk.slots["requested_slot"] = "respuesta"


async def test_from_the_first_word_to_the_folio(office: Office, talk: Talk) -> None:
    await talk.say("quiero registrar una petición", "registrar_peticion")
    assert (await talk.press("/afirmar")).names == ["utter_pregunta_narrativa"]
    assert office.consent
    assert (await talk.say(STORY)).names == ["utter_pregunta_municipio"]
    assert (await talk.say("Hermosillo")).names == ["utter_pregunta_colonia"]
    assert (await talk.say("Centro")).names == ["utter_pregunta_nombre"]
    assert (await talk.say("María López Ruiz")).names == ["utter_gracias_por_nombre", "utter_pregunta_contacto"]
    summary = await talk.say("662 123 4567")
    assert summary.names == ["utter_resumen"]
    assert STORY in summary.text and "+526621234567" in summary.text
    assert office.filed == []
    filed = await talk.press("/afirmar")
    assert filed.names == ["utter_registrada"]
    assert OWN_FOLIO in filed.text and "ABCD2345" in filed.text
    assert len(office.filed) == 1
    assert talk.form is None


async def test_what_the_first_message_told_is_not_asked_again(office: Office, talk: Talk) -> None:
    office.consent = True
    replies = await talk.say(f"{STORY} de Hermosillo", "registrar_peticion", municipio="Hermosillo")
    assert replies.names == ["utter_inicio_peticion", "utter_anote", "utter_pregunta_colonia"]
    assert office.fields == {"narrativa": f"{STORY} de Hermosillo", "municipio": "26030"}


SIGNED = f"{STORY} en la colonia Pitic de Hermosillo, soy Juan Pérez Soto 662 111 2233"


async def test_whoever_signs_their_story_is_not_asked_who_they_are(office: Office, talk: Talk) -> None:
    await talk.say(SIGNED, "registrar_peticion", municipio="Hermosillo")
    assert set(office.fields) == {"narrativa", "municipio"}, "nothing of the person is taken before consent"
    taken = await talk.press("/afirmar")
    assert taken.names == ["utter_tome_de_su_mensaje", "utter_resumen"]
    assert "la colonia, su nombre y cómo avisarle" in taken.text
    assert (office.fields["colonia"], office.fields["nombre"]) == ("Pitic", "Juan Pérez Soto")
    assert office.fields["contacto"] == "+526621112233"


async def test_a_complaint_asks_whether_it_is_anonymous_before_it_takes_a_name(office: Office, talk: Talk) -> None:
    office.consent = True
    story = "un policía de Hermosillo me quitó dinero en la colonia Pitic, soy Juan Pérez Soto 662 111 2233"
    asked = await talk.say(story, "registrar_queja", municipio="Hermosillo")
    assert asked.names[-1] == "utter_pregunta_anonimo"
    assert "nombre" not in office.fields
    assert (await talk.say("no")).names == ["utter_tome_de_su_mensaje", "utter_resumen"]
    assert office.fields["nombre"] == "Juan Pérez Soto"


async def test_an_answer_that_tells_more_than_was_asked_is_heard_whole(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    assert (await talk.say("en Hermosillo, en la colonia Pitic")).names == [
        "utter_tome_de_su_mensaje",
        "utter_pregunta_nombre",
    ]
    assert (await talk.say("Ana Soto Ruiz, 662 111 2233")).names[-1] == "utter_resumen"
    assert (office.fields["nombre"], office.fields["contacto"]) == ("Ana Soto Ruiz", "+526621112233")


async def test_what_is_corrected_is_asked_though_the_story_told_it(office: Office, talk: Talk) -> None:
    office.consent = True
    await talk.say(SIGNED, "registrar_peticion", municipio="Hermosillo")
    assert (await talk.say("el nombre está mal", "corregir")).names == ["utter_pregunta_nombre"]
    await talk.say("Juana Pérez Soto")
    assert office.fields["nombre"] == "Juana Pérez Soto"


async def test_a_bare_request_is_not_kept_as_the_story(office: Office, talk: Talk) -> None:
    office.consent = True
    replies = await talk.say("buenas quisiera poner una queja por favor", "registrar_queja")
    assert replies.names == ["utter_inicio_queja", "utter_pregunta_narrativa"]
    assert office.fields == {}


async def test_the_opening_message_is_not_heard_again_as_an_answer(office: Office, talk: Talk) -> None:
    office.consent = True
    await talk.say("quiero registrar una petición", "registrar_peticion")
    assert office.done("draft/answer") == 0
    assert talk.form == "peticion_form"


async def test_the_kind_follows_the_intent(office: Office, talk: Talk) -> None:
    office.consent = True
    replies = await talk.say("ocupo mi acta de nacimiento", "tramite_registro_civil")
    assert replies.names == ["utter_inicio_registro_civil", "utter_anote", "utter_pregunta_municipio"]
    assert office.kind == "registro_civil"
    assert office.fields == {"tipo_acta": "nacimiento", "narrativa": "ocupo mi acta de nacimiento"}


async def test_rights_over_data_are_a_petition_of_their_own(office: Office, talk: Talk) -> None:
    replies = await talk.press('/registrar_peticion{"valor": "derechos_arco"}', valor="derechos_arco")
    assert replies.names[0] == "utter_inicio_derechos_arco"
    assert office.kind == "derechos_arco"


# Interruptions.


async def test_a_side_question_is_answered_and_the_question_repeated(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    replies = await talk.say("¿a qué hora abren?", "horario_ubicacion")
    assert replies.names == ["utter_horario", "utter_pregunta_municipio"]
    assert talk.form == "peticion_form"
    assert office.done("draft/answer") == 0


async def test_words_of_a_story_are_not_a_side_question(office: Office, talk: Talk) -> None:
    telling(office, talk)
    story = "la oficina de mi colonia nunca abre en el horario que tiene puesto en la puerta"
    assert (await talk.say(story, "horario_ubicacion")).names == ["utter_pregunta_municipio"]
    assert office.fields["narrativa"] == story


async def test_a_greeting_is_no_answer(office: Office, talk: Talk) -> None:
    telling(office, talk)
    replies = await talk.say("hola", "saludar")
    assert replies.names == ["utter_continuar_borrador", "utter_pregunta_narrativa"]
    assert office.done("draft/answer") == 0


async def test_a_file_is_received_and_the_question_repeated(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    replies = await talk.press("/enviar_adjunto")
    assert replies.names == ["utter_adjunto_recibido", "utter_pregunta_municipio"]


async def test_a_person_asked_for_in_the_midst_keeps_the_draft(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    replies = await talk.say("quiero hablar con una persona", "hablar_con_persona")
    assert replies.names == ["utter_borrador_guardado", "utter_le_comunico"]
    assert replies.handoffs == [{"reason": "requested", "emergency": False}]
    assert office.kind == "peticion" and office.fields == {"narrativa": STORY}
    assert talk.form is None


async def test_danger_told_in_the_midst_comes_first(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    replies = await talk.say("mi esposo me está golpeando", "emergencia")
    assert replies[0].text == EMERGENCY
    assert replies.handoffs == [{"reason": "emergency", "emergency": True}]


async def test_cancelling_is_confirmed_first(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    assert (await talk.say("ya no quiero", "cancelar")).names == ["utter_confirmar_cancelar"]
    assert office.kind == "peticion"
    assert (await talk.say("sí")).names == ["utter_cancelado"]
    assert office.kind is None
    assert talk.form is None


async def test_cancelling_can_be_taken_back(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    await talk.press("/cancelar")
    assert (await talk.press("/negar")).names == ["utter_seguimos", "utter_pregunta_municipio"]
    assert office.fields == {"narrativa": STORY}
    assert (await talk.say("Hermosillo")).names == ["utter_pregunta_colonia"]


async def test_a_story_of_a_cancellation_cancels_nothing(office: Office, talk: Talk) -> None:
    telling(office, talk)
    story = "cancela el ayuntamiento las becas de mis hijos sin avisar"
    assert (await talk.say(story, "cancelar")).names == ["utter_pregunta_municipio"]


async def test_another_folio_asked_about_in_the_midst_then_back(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    asked = await talk.say("y mi folio AC-2026-000999-9 cómo va", "consultar_folio")
    assert asked.names == ["utter_pregunta_clave"]
    assert talk.form == "folio_form"
    back = await talk.say("olvídalo", "cancelar")
    assert back.names == ["utter_consulta_cancelada", "utter_continuar_borrador", "utter_pregunta_municipio"]
    assert talk.form == "peticion_form"
    assert (await talk.say("Hermosillo")).names == ["utter_pregunta_colonia"]


async def test_a_message_that_switches_forms_is_heard_once(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    await talk.say("cómo va mi folio AC-2026-000999-9", "consultar_folio")
    assert office.done("status") == 1
    await talk.say("olvídalo", "cancelar")
    assert office.done("draft/answer") == 0
    assert office.fields == {"narrativa": STORY}


async def test_own_folio_asked_about_in_the_midst_stays_in_the_petition(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    office.own = [OWN_FOLIO]
    replies = await talk.press("/consultar_folio")
    assert replies.names == ["utter_estado", "utter_estado_que_mas", "utter_pregunta_municipio"]
    assert talk.form == "peticion_form"


async def test_a_petition_closed_elsewhere_ends_the_form(office: Office, talk: Talk) -> None:
    talk.form = "peticion_form"
    assert (await talk.say("Hermosillo")).names == ["utter_que_mas"]
    assert talk.form is None


async def test_given_back_by_a_person_goes_on_where_it_was(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    talk.form = None
    replies = await talk.press("/volver_con_bot")
    assert replies.names == ["utter_regreso", "utter_continuar_borrador", "utter_pregunta_municipio"]
    assert talk.form == "peticion_form"
    assert (await talk.say("Hermosillo")).names == ["utter_pregunta_colonia"]


async def test_a_new_session_goes_on_with_the_petition(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    talk.form, talk.slots = None, {}
    await talk.run("action_session_start")
    assert (await talk.say("Hermosillo")).names == ["utter_pregunta_colonia"]


async def test_a_new_session_without_a_petition_opens_no_form(office: Office, talk: Talk) -> None:
    await talk.run("action_session_start")
    assert talk.form is None


# Answers that do not hold.


async def test_an_uncertain_municipality_is_offered_as_a_button(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    replies = await talk.say("Navohoa")
    assert replies.names == ["utter_quiso_decir"]
    assert replies[0].buttons[0] == ("Sí, Navojoa", '/elegir{"valor": "Navojoa"}')
    assert (await talk.choose("Navojoa")).names == ["utter_pregunta_colonia"]
    assert office.fields["municipio"] == "26042"


async def test_an_uncertain_municipality_can_be_denied(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    await talk.say("Navohoa")
    assert (await talk.press("/negar")).names == ["utter_pregunta_municipio"]


async def test_the_second_stumble_offers_a_person(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    first = await talk.say("xyzzy")
    assert first.text.startswith("(unknown_municipality)")
    assert first.names[1:] == ["utter_pregunta_municipio"]
    assert "Hablar con una persona" not in first[-1].titles
    second = await talk.say("qwerty")
    assert second.names[1:] == ["utter_ofrecer_persona_en_registro", "utter_pregunta_municipio"]
    assert ("Hablar con una persona", "/hablar_con_persona") in second[-1].buttons


async def test_a_good_answer_restores_patience(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    await talk.say("xyzzy")
    await talk.say("Hermosillo")
    await talk.say("Centro")
    stumble = await talk.say("12")
    assert stumble.names == [None, "utter_pregunta_nombre"]


async def test_a_choice_is_offered_as_buttons_and_taken_in_words(office: Office, talk: Talk) -> None:
    telling(office, talk, kind="queja", narrativa=STORY, municipio="26030")
    asked = await talk.say("Centro")
    assert asked[0].titles == ["Sí, anónima", "No, doy mis datos"]
    assert (await talk.say("si")).names == ["utter_resumen"]
    assert office.fields["anonimo"] == "si"


# The end.


async def test_the_same_petition_again_says_its_folio(office: Office, talk: Talk) -> None:
    office.filed = [dict(COMPLETE)]
    telling(office, talk, **COMPLETE)
    replies = await talk.say("sí, regístrela")
    assert replies.names == ["utter_ya_registrada"]
    assert OWN_FOLIO in replies.text


async def test_anger_in_the_midst_of_a_petition_offers_a_person_and_asks_again(office: Office, talk: Talk) -> None:
    office.consent = True
    await talk.say("quiero registrar una petición", "registrar_peticion")
    await talk.say("no hay luz en toda la colonia desde el martes", "registrar_peticion")
    replies = await talk.say("qué inútiles son, puro robot", "queja_del_servicio", 0.95)
    assert replies.names == ["utter_molestia", "utter_pregunta_municipio"]


@pytest.mark.parametrize("confidence", [0.6, 0.95])
async def test_a_story_that_may_be_a_danger_is_kept_and_911_given(
    office: Office, talk: Talk, confidence: float
) -> None:
    telling(office, talk)
    replies = await talk.say("un maestro toca a las niñas", "emergencia", confidence)
    assert replies.names == ["utter_posible_emergencia", "utter_pregunta_municipio"]
    assert office.fields == {"narrativa": "un maestro toca a las niñas"}
