"""A petition read back: corrected, confirmed, or told otherwise."""

import pytest

from tests.bot.office import COMPLETE, Office
from tests.bot.talk import Talk
from tests.bot.test_petition import STORY, telling


async def test_a_datum_is_corrected_by_button_and_nothing_else_asked(office: Office, talk: Talk) -> None:
    telling(office, talk, **COMPLETE)
    asked = await talk.press("/corregir")
    assert asked.names == ["utter_que_corrijo"]
    assert "El teléfono o correo" in asked[0].titles
    assert (await talk.choose("contacto")).names == ["utter_pregunta_contacto"]
    assert (await talk.say("6429998877")).names == ["utter_resumen"]
    assert office.fields == {**COMPLETE, "contacto": "+526429998877"}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("el teléfono está mal", "contacto"),
        ("no, la colonia no es esa", "colonia"),
        ("cambie mi nombre por favor", "nombre"),
        ("está mal el municipio", "municipio"),
    ],
)
async def test_a_datum_named_at_the_summary_is_asked_anew(office: Office, talk: Talk, text: str, field: str) -> None:
    telling(office, talk, **COMPLETE)
    assert (await talk.say(text, "corregir")).names == [f"utter_pregunta_{field}"]
    assert field not in office.fields


@pytest.mark.parametrize(
    ("text", "intent", "changed"),
    [
        ("no, el número es 642 987 6543", "negar", {"contacto": "+526429876543"}),
        ("cambiar teléfono 6429876543", "corregir", {"contacto": "+526429876543"}),
        ("ana@correo.mx", "dar_dato", {"contacto": "ana@correo.mx"}),
        ("sí, pero mi correo es ana@correo.mx", "afirmar", {"contacto": "ana@correo.mx"}),
        ("no, mi nombre es Ana Soto Ruiz", "negar", {"nombre": "Ana Soto Ruiz"}),
        (
            "el nombre es Ana Soto Ruiz y el municipio Navojoa",
            "dar_dato",
            {"nombre": "Ana Soto Ruiz", "municipio": "26042"},
        ),
    ],
)
async def test_a_right_value_told_at_the_summary_is_taken_and_read_back(
    office: Office, talk: Talk, text: str, intent: str, changed: dict[str, str]
) -> None:
    telling(office, talk, **COMPLETE)
    assert (await talk.say(text, intent)).names == ["utter_corregi", "utter_resumen"]
    assert office.fields == {**COMPLETE, **changed}
    assert office.filed == []


async def test_corrections_one_after_another_are_no_repetition(office: Office, talk: Talk) -> None:
    telling(office, talk, **COMPLETE)
    for number in ("642 987 6541", "642 987 6542", "642 987 6543", "642 987 6544"):
        assert (await talk.say(f"el teléfono es {number}")).names == ["utter_corregi", "utter_resumen"]


async def test_not_to_register_is_to_cancel(office: Office, talk: Talk) -> None:
    telling(office, talk, **COMPLETE)
    assert (await talk.say("no registrar", "negar")).names == ["utter_confirmar_cancelar"]


async def test_yes_with_what_is_known_already_files(office: Office, talk: Talk) -> None:
    telling(office, talk, **COMPLETE)
    assert (await talk.say("sí, en Hermosillo, 662 123 4567")).names == ["utter_registrada"]


async def test_another_answer_than_the_one_asked_for_is_corrected(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030", colonia="Centro")
    assert (await talk.say("el municipio es Navojoa")).names == ["utter_corregi", "utter_pregunta_nombre"]
    assert office.fields["municipio"] == "26042" and "nombre" not in office.fields
    assert (await talk.say("Ana Soto Ruiz")).names[-1] == "utter_pregunta_contacto"


async def test_a_datum_is_corrected_in_the_midst_then_the_rest_asked(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030", colonia="Centro")
    assert (await talk.say("me equivoqué de municipio", "corregir")).names == ["utter_pregunta_municipio"]
    assert (await talk.say("Navojoa")).names == ["utter_pregunta_nombre"]
    assert office.fields == {"narrativa": STORY, "municipio": "26042", "colonia": "Centro"}


async def test_an_answer_that_excuses_itself_is_the_answer(office: Office, talk: Talk) -> None:
    telling(office, talk, **{name: value for name, value in COMPLETE.items() if name != "contacto"})
    assert (await talk.say("perdón, es el 642 987 6543", "corregir")).names == ["utter_resumen"]
    assert office.fields["contacto"] == "+526429876543"


async def test_correcting_the_choice_shows_its_buttons_again(office: Office, talk: Talk) -> None:
    telling(office, talk, kind="queja", **{**COMPLETE, "anonimo": "no"})
    await talk.press("/corregir")
    replies = await talk.choose("anonimo")
    assert replies.names == ["utter_pregunta_anonimo"]
    assert replies[0].titles == ["Sí, anónima", "No, doy mis datos"]


async def test_no_at_the_summary_asks_what_to_correct(office: Office, talk: Talk) -> None:
    telling(office, talk, **COMPLETE)
    assert (await talk.press("/negar")).names == ["utter_que_corrijo"]
    assert office.filed == []
    assert (await talk.say("no, nada")).names == ["utter_resumen"]


async def test_what_is_not_understood_at_the_summary_files_nothing(office: Office, talk: Talk) -> None:
    telling(office, talk, **COMPLETE)
    assert (await talk.say("qwerty")).names == ["utter_confirmar_otra_vez"]
    assert (await talk.say("zxcv")).names == ["utter_ofrecer_persona_en_registro", "utter_confirmar_otra_vez"]
    assert office.filed == []
    assert talk.form == "peticion_form"


async def test_what_is_said_to_be_another_is_taken(office: Office, talk: Talk) -> None:
    telling(office, talk, **COMPLETE)
    replies = await talk.say("la colonia no es centro es el bolsillo", "corregir")
    assert replies.names == ["utter_corregi", "utter_resumen"]
    assert office.fields["colonia"] == "el bolsillo"


async def test_who_has_no_telephone_at_all_is_not_asked_for_it_again(office: Office, talk: Talk) -> None:
    telling(office, talk, **{**COMPLETE, "contacto": "omitido"})
    assert (await talk.say("no tengo correo tampoco", "negar")).names == ["utter_resumen"]
    assert office.fields["contacto"] == "omitido"


async def test_who_gave_a_telephone_and_has_no_e_mail_keeps_it(office: Office, talk: Talk) -> None:
    telling(office, talk, **COMPLETE)
    assert (await talk.say("no tengo correo", "negar")).names == ["utter_resumen"]
    assert (await talk.say("ese teléfono ya no lo tengo", "corregir")).names == ["utter_pregunta_contacto"]


@pytest.mark.parametrize("text", ["así está bien, mándela", "petra gil"])
async def test_the_question_what_to_correct_is_no_trap(office: Office, talk: Talk, text: str) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030")
    assert (await talk.say("me equivoqué", "corregir")).names == ["utter_que_corrijo"]
    assert (await talk.say(text)).names == ["utter_pregunta_colonia"]
    assert (await talk.say("Centro")).names == ["utter_pregunta_nombre"]


async def test_the_right_value_answers_what_to_correct(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030", colonia="Centro")
    await talk.say("me equivoqué", "corregir")
    assert (await talk.say("navojoa")).names == ["utter_corregi", "utter_pregunta_nombre"]
    assert office.fields["municipio"] == "26042"
