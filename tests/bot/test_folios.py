"""A folio's status, and information added to it."""

import pytest

from tests.bot.office import OTHERS_CODE, OTHERS_FOLIO, OWN_FOLIO, Office
from tests.bot.talk import Talk


async def asked_for_code(talk: Talk) -> None:
    """The folio is told; its code is asked for."""
    await talk.say(f"cómo va mi folio {OTHERS_FOLIO}", "consultar_folio")


async def test_status_asks_for_folio_then_code(office: Office, talk: Talk) -> None:
    assert (await talk.say("consultar folio", "consultar_folio")).names == ["utter_pregunta_folio"]
    asked = await talk.say(OTHERS_FOLIO)
    assert asked.names == ["utter_pregunta_clave"] and OTHERS_FOLIO in asked.text
    told = await talk.say(OTHERS_CODE)
    assert told.names == ["utter_estado", "utter_estado_que_mas"]
    assert "Recibida" in told.text
    assert talk.form is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("perdí mi folio", "utter_folio_no_lo_tiene"),
        ("no sé el folio de mi mamá", "utter_folio_no_lo_tiene"),
        ("¿cuál es mi folio?", "utter_folio_no_lo_tiene"),
        ("en qué va mi trámite CCS-2026-000123", "utter_folio_mal_escrito"),
        ("cómo va el folio 4512", "utter_folio_mal_escrito"),
        ("cómo va el reporte que hice el 12 de marzo", "utter_pregunta_folio"),
        ("cómo va lo que pedí en marzo 2026 150 vecinos", "utter_pregunta_folio"),
        ("cómo va mi reporte, soy del 662 123 4567", "utter_pregunta_folio"),
    ],
)
async def test_whoever_has_no_folio_or_another_is_told_so(office: Office, talk: Talk, text: str, said: str) -> None:
    assert (await talk.say(text, "consultar_folio")).names == [said]
    assert (await talk.say(OTHERS_FOLIO)).names == ["utter_pregunta_clave"]


async def test_folio_and_code_told_at_once_are_enough(office: Office, talk: Talk) -> None:
    replies = await talk.say(f"folio {OTHERS_FOLIO.lower()} clave {OTHERS_CODE}", "consultar_folio")
    assert replies.names == ["utter_estado", "utter_estado_que_mas"]
    assert talk.form is None


async def test_a_petition_of_this_conversation_needs_no_code(office: Office, talk: Talk) -> None:
    office.own = [OWN_FOLIO]
    replies = await talk.say("cómo va mi petición", "consultar_folio")
    assert replies.names == ["utter_estado", "utter_estado_que_mas"]
    assert OWN_FOLIO in replies.text


async def test_the_state_of_a_concluded_petition_asks_whether_it_was_solved(office: Office, talk: Talk) -> None:
    notice = "6f1c2a3e-0000-4000-8000-000000000001"
    office.own, office.question_id = [OWN_FOLIO], notice
    replies = await talk.say("cómo va mi petición", "consultar_folio")
    assert replies.names == ["utter_estado", "utter_se_resolvio"]
    assert replies[1].buttons == (
        ("Sí, se resolvió", f"/aviso_resuelto:{notice}:si"),
        ("No se resolvió", f"/aviso_resuelto:{notice}:no"),
    )


async def test_the_opening_message_is_looked_up_once(office: Office, talk: Talk) -> None:
    await asked_for_code(talk)
    assert office.done("status") == 1


async def test_unknown_and_wrong_are_told_in_the_same_words(office: Office, talk: Talk) -> None:
    wrong = await talk.say(f"{OTHERS_FOLIO} clave 2222AAAA", "consultar_folio")
    await talk.say("¿a qué hora abren?", "horario_ubicacion")  # else the second is said in other words, whatever it is
    unknown = await talk.say(f"AC-2026-000999-9 clave {OTHERS_CODE}", "consultar_folio")
    assert wrong.names == ["utter_folio_no_encontrado"]
    assert (wrong.text, wrong[0].buttons) == (unknown.text, unknown[0].buttons)


async def test_too_many_attempts_are_told_to_wait(office: Office, talk: Talk) -> None:
    office.attempts = 5
    await asked_for_code(talk)
    replies = await talk.say("2222AAAA")
    assert replies.names == ["utter_folio_bloqueado"]
    assert replies[0].titles == ["Hablar con una persona"]


async def test_a_malformed_folio_is_asked_again(office: Office, talk: Talk) -> None:
    await talk.say("consultar folio", "consultar_folio")
    assert (await talk.say("AC-2026-12")).names == ["utter_folio_mal_escrito"]
    assert talk.form == "folio_form"
    assert (await talk.say(OTHERS_FOLIO)).names == ["utter_pregunta_clave"]


async def test_another_folio_instead_of_the_code_is_looked_up(office: Office, talk: Talk) -> None:
    office.own = []
    await talk.say("cómo va AC-2026-000999-9", "consultar_folio")
    replies = await talk.say(f"perdón, es {OTHERS_FOLIO}")
    assert replies.names == ["utter_pregunta_clave"] and OTHERS_FOLIO in replies.text


async def test_a_very_long_answer_is_just_a_wrong_one(office: Office, talk: Talk) -> None:
    await talk.say("consultar folio", "consultar_folio")
    assert (await talk.say("no hallo el papel pero era de una fuga " * 20)).names == ["utter_folio_mal_escrito"]
    await asked_for_code(talk)
    assert (await talk.say("era de una fuga de agua en la calle " * 20)).names == ["utter_folio_no_encontrado"]


@pytest.mark.parametrize("text", ["no lo tengo", "no me acuerdo", "perdí mi folio", "olvidé mi folio"])
async def test_who_has_no_folio_is_offered_a_person(office: Office, talk: Talk, text: str) -> None:
    await talk.say("consultar folio", "consultar_folio")
    replies = await talk.say(text)
    assert replies.names == ["utter_folio_no_lo_tiene"]
    assert replies[0].titles == ["Hablar con una persona"]
    assert office.done("status") == 0


@pytest.mark.parametrize("text", ["cancelar", "no", "olvídelo", "ya no"])
async def test_the_lookup_can_be_left(office: Office, talk: Talk, text: str) -> None:
    await asked_for_code(talk)
    assert (await talk.say(text)).names == ["utter_consulta_cancelada"]
    assert talk.form is None
    assert talk.slots["folio_consulta"] is None


async def test_a_side_question_is_answered_and_the_code_asked_again(office: Office, talk: Talk) -> None:
    await asked_for_code(talk)
    replies = await talk.say("¿a qué hora abren?", "horario_ubicacion")
    assert replies.names == ["utter_horario", "utter_pregunta_clave"]
    assert talk.form == "folio_form"


async def test_a_person_is_reached_from_the_lookup(office: Office, talk: Talk) -> None:
    await asked_for_code(talk)
    assert (await talk.press("/hablar_con_persona")).handoffs == [{"reason": "requested", "emergency": False}]
    assert talk.form is None


async def test_danger_told_in_the_lookup_comes_first(office: Office, talk: Talk) -> None:
    await asked_for_code(talk)
    assert (await talk.say("me quiero matar", "emergencia")).handoffs[0]["emergency"] is True


async def test_the_petition_in_hand_goes_on_after_the_lookup(office: Office, talk: Talk) -> None:
    office.consent = True
    office.open_draft(narrativa="hay un bache enorme")
    talk.form = "peticion_form"
    await asked_for_code(talk)
    replies = await talk.say(OTHERS_CODE)
    assert replies.names[-2:] == ["utter_continuar_borrador", "utter_pregunta_municipio"]
    assert talk.form == "peticion_form"
    assert office.done("draft/answer") == 0


# Information added.


async def test_information_is_added_with_folio_and_code(office: Office, talk: Talk) -> None:
    await talk.say("quiero agregar información a mi folio", "agregar_informacion")
    await talk.say(OTHERS_FOLIO)
    assert (await talk.say(OTHERS_CODE)).names == ["utter_pregunta_informacion"]
    assert (await talk.say("ya son tres los baches")).names == ["utter_informacion_agregada"]
    assert office.added == [(OTHERS_FOLIO, "ya son tres los baches")]
    assert talk.form is None


async def test_information_is_added_to_ones_own_petition(office: Office, talk: Talk) -> None:
    office.own = [OWN_FOLIO]
    assert (await talk.press("/agregar_informacion")).names == ["utter_pregunta_informacion"]
    await talk.say("no han venido todavía")
    assert office.added == [(OWN_FOLIO, "no han venido todavía")]


@pytest.mark.parametrize("text", ["no", "no gracias", "cancelar", "ya no", "nada más"])
async def test_a_bare_refusal_is_not_added_as_information(office: Office, talk: Talk, text: str) -> None:
    office.own = [OWN_FOLIO]
    await talk.press("/agregar_informacion")
    assert (await talk.say(text)).names == ["utter_consulta_cancelada"]
    assert office.added == []


@pytest.mark.parametrize("payload", ["/registrar_peticion", "/afirmar", "/consultar_folio"])
async def test_a_button_of_an_earlier_message_is_no_information(office: Office, talk: Talk, payload: str) -> None:
    office.own = [OWN_FOLIO]
    await talk.press("/agregar_informacion")
    assert (await talk.press(payload)).names == ["utter_pregunta_informacion"]
    assert office.added == []


async def test_a_button_of_an_earlier_message_is_no_folio(office: Office, talk: Talk) -> None:
    await talk.say("consultar folio", "consultar_folio")
    assert (await talk.press("/consultar_folio")).names == ["utter_pregunta_folio"]
    assert office.done("status") == 0


async def test_a_button_that_opens_a_petition_turns_to_it(office: Office, talk: Talk) -> None:
    await talk.say("consultar folio", "consultar_folio")
    assert (await talk.press("/registrar_peticion")).names[0] == "utter_inicio_peticion"
    assert talk.form == "peticion_form"
    assert office.done("status") == 0


async def test_an_emergency_word_in_the_information_is_information(office: Office, talk: Talk) -> None:
    office.own = [OWN_FOLIO]
    await talk.press("/agregar_informacion")
    assert (await talk.say("no tengo miedo, pero hubo un accidente ahí", "emergencia")).handoffs == []
    assert len(office.added) == 1


async def test_a_file_is_not_taken_for_the_information(office: Office, talk: Talk) -> None:
    office.own = [OWN_FOLIO]
    await talk.press("/agregar_informacion")
    assert (await talk.press("/enviar_adjunto")).names == ["utter_adjunto_recibido", "utter_pregunta_informacion"]
    assert office.added == []


async def test_the_second_unusable_folio_in_a_row_offers_a_person(office: Office, talk: Talk) -> None:
    await talk.say("consultar folio", "consultar_folio")
    first = await talk.say("ya casi es un mes", "dar_dato")
    assert "Hablar con una persona" not in str([reply.buttons for reply in first])
    second = await talk.say("el de la semana pasada", "dar_dato")
    assert "Hablar con una persona" in str([reply.buttons for reply in second])


async def test_anger_in_the_midst_of_a_lookup_offers_a_person_and_asks_again(office: Office, talk: Talk) -> None:
    await talk.say("consultar folio", "consultar_folio")
    replies = await talk.say("pésimo servicio", "queja_del_servicio", 0.95)
    assert replies.names == ["utter_molestia", "utter_pregunta_folio"]


async def test_a_danger_in_the_information_is_kept_and_911_given(office: Office, talk: Talk) -> None:
    office.own = [OWN_FOLIO]
    await talk.press("/agregar_informacion")
    replies = await talk.say("ahora me están amenazando por la queja", "emergencia")
    assert replies.names == ["utter_posible_emergencia", "utter_informacion_agregada"]
    assert office.added == [(OWN_FOLIO, "ahora me están amenazando por la queja")]
