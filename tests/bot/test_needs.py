"""Who is in a hurry, or cannot read, write, see or hear well: heard anywhere, and never taken for an answer."""

import pytest

from tests.bot.office import OTHERS_FOLIO, Office
from tests.bot.talk import Talk
from tests.bot.test_petition import STORY, telling

HURRY, ACCESS = "tengo_prisa", "necesito_accesibilidad"


async def test_somebody_in_a_hurry_is_asked_what_they_need(office: Office, talk: Talk) -> None:
    assert (await talk.say("traigo el tiempo encima", HURRY)).names == ["utter_servicio_prisa", "utter_que_mas"]


HAS_TIME = ["no tengo prisa", "no hay prisa joven", "no me urge", "no es tan urgente", "sin prisa", "tómese su tiempo",
            "con calma", "cuando pueda"]  # fmt: skip


@pytest.mark.parametrize("text", HAS_TIME)
async def test_somebody_who_has_time_is_not_hurried(office: Office, talk: Talk, text: str) -> None:
    assert (await talk.say(text, HURRY)).names == ["utter_servicio_sin_prisa", "utter_que_mas"]


@pytest.mark.parametrize("text", HAS_TIME)
async def test_somebody_who_has_time_in_the_midst_is_asked_again(office: Office, talk: Talk, text: str) -> None:
    telling(office, talk, narrativa=STORY)
    assert (await talk.say(text, HURRY)).names == ["utter_servicio_sin_prisa", "utter_pregunta_municipio"]


@pytest.mark.parametrize("text", ["no tengo tiempo", "no puedo esperar, me urge", "no ve que tengo prisa"])
async def test_a_hurry_told_with_a_no_is_one(office: Office, talk: Talk, text: str) -> None:
    assert (await talk.say(text, HURRY)).names == ["utter_servicio_prisa", "utter_que_mas"]


async def test_who_cannot_read_is_offered_a_person(office: Office, talk: Talk) -> None:
    replies = await talk.say("en mi casa nadie conoce las letras", ACCESS)
    assert replies.names == ["utter_servicio_acceso"]
    assert replies[0].titles == ["Hablar con una persona"]


async def test_what_may_be_a_danger_gets_911_before_a_person(office: Office, talk: Talk) -> None:
    replies = await talk.say("no puedo hablar", ACCESS, ranking={ACCESS: 0.87, "emergencia": 0.1})
    assert replies.names == ["utter_posible_emergencia"]


@pytest.mark.parametrize(
    ("told", "question"),
    [
        ({}, "narrativa"),
        ({"narrativa": STORY}, "municipio"),
        ({"narrativa": STORY, "municipio": "26030"}, "colonia"),
        ({"narrativa": STORY, "municipio": "26030", "colonia": "Centro"}, "nombre"),
        ({"narrativa": STORY, "municipio": "26030", "colonia": "Centro", "nombre": "Ana Soto"}, "contacto"),
    ],
)
@pytest.mark.parametrize(
    ("text", "intent", "answer"),
    [
        ("apúrele por favor", HURRY, "prisa"),
        ("no sé escribir", ACCESS, "acceso"),
        ("no veo bien", ACCESS, "acceso"),
        ("mi mamá ya no mira", ACCESS, "acceso"),
    ],
)
async def test_it_is_answered_at_every_question_which_is_asked_again(
    office: Office, talk: Talk, told: dict[str, str], question: str, text: str, intent: str, answer: str
) -> None:
    telling(office, talk, **told)
    replies = await talk.say(text, intent)
    assert replies.names == [f"utter_servicio_{answer}", f"utter_pregunta_{question}"]
    assert office.done("draft/answer") == 0


async def test_it_does_not_refuse_the_notice(office: Office, talk: Talk) -> None:
    office.open_draft()
    talk.form = "peticion_form"
    replies = await talk.say("no veo bien y no alcanzo a leer eso", ACCESS)
    assert replies.names == ["utter_servicio_acceso", "utter_consentimiento_otra_vez"]
    assert office.done("draft/cancel") == 0


async def test_a_yes_in_a_hurry_is_a_yes(office: Office, talk: Talk) -> None:
    office.open_draft()
    talk.form = "peticion_form"
    assert (await talk.say("sí, apúrele", HURRY)).names == ["utter_pregunta_narrativa"]
    assert office.consent


async def test_an_answer_in_a_hurry_is_an_answer(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    assert (await talk.say("Hermosillo, apúrele", HURRY)).names == ["utter_pregunta_colonia"]


async def test_a_story_that_begins_with_it_is_the_story(office: Office, talk: Talk) -> None:
    telling(office, talk)
    await talk.say("soy ciego y el camión ya no se para", ACCESS)
    assert office.fields["narrativa"] == "soy ciego y el camión ya no se para"


async def test_a_name_that_reads_like_it_is_taken_when_it_is_said_again(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030", colonia="Centro")
    assert (await talk.say("Rosa Ciega", ACCESS)).names == ["utter_servicio_acceso", "utter_pregunta_nombre"]
    await talk.say("Rosa Ciega", ACCESS)
    assert office.fields["nombre"] == "Rosa Ciega"


async def test_it_neither_cancels_a_call_nor_is_the_name_of_who_is_called(office: Office, talk: Talk) -> None:
    office.consent, office.person_available = True, False
    await talk.say("quiero hablar con alguien", "hablar_con_persona")
    assert (await talk.say("no oigo bien", ACCESS)).names == ["utter_servicio_acceso", "utter_pregunta_nombre_llamada"]
    assert (await talk.say("soy sordo", ACCESS)).names[-1] == "utter_pregunta_nombre_llamada"
    assert talk.form == "llamada_form"


async def test_it_neither_ends_a_look_up_nor_is_a_folio_forgotten(office: Office, talk: Talk) -> None:
    await talk.say("cómo va mi folio", "consultar_folio")
    assert (await talk.say("no sé leer", ACCESS)).names == ["utter_servicio_acceso", "utter_pregunta_folio"]
    assert (await talk.say("no veo bien", ACCESS)).names[-1] == "utter_pregunta_folio"
    await talk.say(OTHERS_FOLIO)
    assert (await talk.say("me urge", HURRY)).names == ["utter_servicio_prisa", "utter_pregunta_clave"]


async def test_as_information_for_a_folio_it_is_kept(office: Office, talk: Talk) -> None:
    office.own = ["AC-2026-000123-K"]
    await talk.say("quiero agregar algo a mi folio", "agregar_informacion")
    await talk.say("no oigo, mándenme mensaje", ACCESS)
    assert office.added == [("AC-2026-000123-K", "no oigo, mándenme mensaje")]
