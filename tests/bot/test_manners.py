"""Nothing is said twice in a row, names are used once, and what a message asked for beside is offered afterwards."""

from itertools import pairwise
from typing import Any

import pytest
from rasa_sdk import Tracker

from bot.actions import manners
from tests.bot.office import COMPLETE, Office
from tests.bot.talk import Replies, Talk

TWO = "quiero saber el horario y también mi acta de nacimiento"
PETITION = "no hay luz en toda la cuadra desde el lunes"


def two_requests(first: str, second: str, text: str = TWO, join: str = " y también ") -> list[dict[str, Any]]:
    cut = text.index(join)
    return [
        {"intent": first, "confidence": 0.99, "start": 0, "end": cut},
        {"intent": second, "confidence": 0.99, "start": cut + len(join), "end": len(text)},
    ]


async def ask_two(talk: Talk) -> Replies:
    requests = two_requests("horario_ubicacion", "tramite_registro_civil")
    return await talk.say(TWO, "horario_ubicacion", 0.99, requests=requests)


# Several requests in one message.


async def test_the_second_request_is_offered_once_the_first_is_answered(office: Office, talk: Talk) -> None:
    replies = await ask_two(talk)
    assert replies.names == ["utter_horario", "utter_pendiente_tramite_registro_civil"]
    assert replies[-1].titles == ["Sí, seguir", "No, gracias"]


@pytest.mark.parametrize("typed", ["sí", "si por favor", None])
async def test_yes_to_the_offer_opens_it_with_its_own_words(office: Office, talk: Talk, typed: str | None) -> None:
    replies = await ask_two(talk)
    if typed is None:
        replies = await talk.press(replies[-1].buttons[0][1], valor="pendiente")
    else:
        replies = await talk.say(typed, "afirmar", 0.99)
    assert replies.names[0] == "utter_inicio_registro_civil"
    assert office.kind == "registro_civil"
    assert office.fields["tipo_acta"] == "nacimiento"
    assert talk.slots["ofrecido"] is None


async def test_an_offer_declined_or_passed_over_is_not_made_again(office: Office, talk: Talk) -> None:
    await ask_two(talk)
    assert (await talk.say("no gracias", "negar", 0.99)).names == ["utter_esta_bien"]
    assert (await talk.say("gracias", "agradecer", 0.99)).names == ["utter_de_nada"]
    assert (await talk.say("sí", "afirmar", 0.99)).names == ["utter_que_mas"]


async def test_what_is_remembered_survives_a_form(office: Office, talk: Talk) -> None:
    office.consent = True
    text = f"{PETITION} y también quiero saber el horario"
    requests = two_requests("registrar_peticion", "horario_ubicacion", text)
    await talk.say(text, "registrar_peticion", 0.99, requests=requests)
    assert office.fields["narrativa"] == PETITION
    for answer in ("Hermosillo", "Centro", "María López Ruiz", "662 123 4567"):
        replies = await talk.say(answer)
        assert "utter_pendiente_horario_ubicacion" not in replies.names
    replies = await talk.press("/afirmar")
    assert replies.names == ["utter_registrada", "utter_pendiente_horario_ubicacion"]
    assert (await talk.say("sí", "afirmar", 0.9)).names == ["utter_horario"]


async def test_a_danger_goes_first_and_nothing_is_offered_with_it(office: Office, talk: Talk) -> None:
    requests = two_requests("emergencia", "tramite_registro_civil")
    replies = await talk.say(TWO, "emergencia", 0.99, requests=requests)
    assert replies.handoffs
    assert len(replies.names) == 1


async def test_a_narrative_in_a_form_is_not_split(office: Office, talk: Talk) -> None:
    office.consent = True
    await talk.say("quiero registrar una petición", "registrar_peticion")
    text = "no hay luz y también quiero que arreglen el parque"
    await talk.say(
        text, "registrar_peticion", 0.9, requests=two_requests("registrar_peticion", "registrar_queja", text)
    )
    assert office.fields["narrativa"] == text
    assert not talk.slots.get("pendientes")


async def test_three_requests_are_offered_one_after_another(office: Office, talk: Talk) -> None:
    requests = [
        *two_requests("horario_ubicacion", "aviso_privacidad"),
        {"intent": "hablar_con_persona", "confidence": 0.9, "start": 0, "end": 5},
    ]
    assert (await talk.say(TWO, "horario_ubicacion", 0.9, requests=requests)).names[
        -1
    ] == "utter_pendiente_aviso_privacidad"
    replies = await talk.say("no", "negar", 0.9)
    assert replies.names == ["utter_esta_bien", "utter_pendiente_hablar_con_persona"]


# Nothing twice in a row.


async def test_the_same_answer_is_put_in_other_words(office: Office, talk: Talk) -> None:
    said = [(await talk.say("gracias", "agradecer")).text for _ in range(4)]
    assert all(one != other for one, other in pairwise(said))


async def test_what_the_backend_says_is_not_repeated_word_for_word(office: Office, talk: Talk) -> None:
    first = await talk.say("auxilio", "emergencia", 0.99)
    again = await talk.say("auxilio", "emergencia", 0.99)
    assert first.text in again.text
    assert first.text != again.text


async def test_a_question_asked_again_helps_with_an_example(office: Office, talk: Talk) -> None:
    office.consent = True
    office.open_draft(narrativa=COMPLETE["narrativa"])
    await talk.press("/volver_con_bot")
    talk.form = "peticion_form"
    replies = await talk.say("¿a qué hora abren?", "horario_ubicacion", 0.95)
    assert replies.names == ["utter_horario", "utter_pregunta_municipio"]
    assert "por ejemplo" in replies.text


async def test_after_two_repeats_a_person_is_offered(office: Office, talk: Talk) -> None:
    replies = [await talk.say("adiós", "despedirse") for _ in range(3)]
    assert "utter_ofrecer_persona_si_repite" not in replies[1].names
    assert "utter_ofrecer_persona_si_repite" in replies[2].names


async def test_buttons_stay_with_what_is_said_in_other_words(office: Office, talk: Talk) -> None:
    first = await talk.say("qué mal servicio", "queja_del_servicio")
    again = await talk.say("pésimo servicio", "queja_del_servicio")
    assert again[0].titles == first[0].titles


def test_only_the_turn_before_counts() -> None:
    events = [
        {"event": "user"},
        {"event": "bot", "text": "uno"},
        {"event": "user"},
        {"event": "bot", "text": "dos"},
        {"event": "user"},
    ]
    tracker = Tracker("c", {}, {}, events, False, None, {}, "action_listen")
    assert manners._said_before(tracker) == {"dos"}


# Names.


async def test_a_second_greeting_is_short_and_a_third_differs(office: Office, talk: Talk) -> None:
    replies = [await talk.say("hola", "saludar") for _ in range(3)]
    assert [reply.names[0] for reply in replies] == ["utter_saludo", "utter_saludo_breve", "utter_saludo_breve"]
    assert len({reply[0].text for reply in replies}) == 3


async def test_a_known_name_is_used_once(office: Office, talk: Talk) -> None:
    office.name = "María López Ruiz"
    assert "María" in (await talk.say("hola", "saludar")).text
    office.consent = True
    office.open_draft(awaiting="nombre", narrativa=COMPLETE["narrativa"], municipio="26030", colonia="Centro")
    talk.form = "peticion_form"
    assert (await talk.say("María López Ruiz")).names == ["utter_pregunta_contacto"]
