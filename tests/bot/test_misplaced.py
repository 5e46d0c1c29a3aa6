"""Answers to another question than the one asked: kept where they belong, and never taken for what they are not."""

import pytest

from tests.bot.office import COMPLETE, Office
from tests.bot.talk import Talk
from tests.bot.test_petition import STORY, telling

PLACED = {"narrativa": STORY, "municipio": "26030", "colonia": "Centro"}


@pytest.mark.parametrize(
    "text",
    [
        "no quiero que sepan mi nombre",
        "que sea anónima",
        "me da miedo que se enteren",
        "sin mi nombre por favor",
        "no, que no digan quién fue",
        "puede haber represalias",
    ],
)
async def test_who_fears_to_be_known_is_anonymous(office: Office, talk: Talk, text: str) -> None:
    telling(office, talk, kind="queja", **PLACED)
    assert (await talk.say(text)).names == ["utter_sera_anonima", "utter_resumen"]
    assert office.fields["anonimo"] == "si"


@pytest.mark.parametrize("text", ["no quiero que sea anónima", "no, no me da miedo", "no ocupo anónima"])
async def test_who_does_not_is_not(office: Office, talk: Talk, text: str) -> None:
    telling(office, talk, kind="queja", **PLACED)
    assert "utter_sera_anonima" not in (await talk.say(text)).names
    assert office.fields.get("anonimo") != "si"


async def test_that_it_need_not_be_anonymous_is_no_colonia(office: Office, talk: Talk) -> None:
    telling(office, talk, kind="queja", narrativa=STORY, municipio="26030")
    assert (await talk.say("no la quiero anónima")).names == ["utter_pregunta_colonia"]
    assert office.fields["anonimo"] == "no"
    assert "colonia" not in office.fields


@pytest.mark.parametrize("text", ["no la quiero anónima", "mejor anónima"])
async def test_nor_is_it_one_where_nobody_can_be_anonymous(office: Office, talk: Talk, text: str) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030")
    assert (await talk.say(text)).names == ["utter_pregunta_colonia"]
    assert "colonia" not in office.fields


async def test_who_does_not_know_whether_to_be_anonymous_is_asked_again(office: Office, talk: Talk) -> None:
    telling(office, talk, kind="queja", **PLACED)
    assert (await talk.say("no sé")).names == ["utter_pregunta_anonimo"]
    assert office.done("draft/answer") == 0


async def test_a_complaint_may_become_anonymous_when_the_name_is_asked_for(office: Office, talk: Talk) -> None:
    telling(office, talk, kind="queja", **PLACED, anonimo="no")
    assert (await talk.say("no, mejor anónima")).names == ["utter_sera_anonima", "utter_resumen"]


async def test_what_cannot_be_anonymous_is_not_promised_to_be(office: Office, talk: Talk) -> None:
    telling(office, talk, **PLACED)
    assert "utter_sera_anonima" not in (await talk.say("mejor anónima")).names


@pytest.mark.parametrize(
    ("asked", "text", "kept"),
    [
        ("colonia", "662 111 2233", "contacto"),
        ("nombre", "6621112233", "contacto"),
        ("nombre", "ana@correo.mx", "contacto"),
        ("municipio", "colonia Pitic", "colonia"),
    ],
)
async def test_a_datum_told_too_early_is_kept(office: Office, talk: Talk, asked: str, text: str, kept: str) -> None:
    order = list(PLACED)
    telling(office, talk, **{name: PLACED[name] for name in order[: (*order, "nombre").index(asked)]})
    assert (await talk.say(text)).names == ["utter_tome_de_su_mensaje", f"utter_pregunta_{asked}"]
    assert kept in office.fields and asked not in office.fields


async def test_a_telephone_told_for_a_curp_is_kept(office: Office, talk: Talk) -> None:
    telling(office, talk, kind="registro_civil", tipo_acta="nacimiento", **PLACED, nombre="Ana Soto")
    replies = await talk.say("mi numero es 6624445577")
    assert replies.names == ["utter_tome_de_su_mensaje", "utter_pregunta_curp"]
    assert office.fields["contacto"] == "+526624445577"


async def test_who_does_not_know_a_curp_in_other_words_goes_on(office: Office, talk: Talk) -> None:
    telling(office, talk, kind="registro_civil", tipo_acta="nacimiento", **PLACED, nombre="Ana Soto")
    assert (await talk.say("no se su curp")).names == ["utter_pregunta_contacto"]


async def test_nothing_of_the_person_is_taken_before_they_chose_to_be_known(office: Office, talk: Talk) -> None:
    telling(office, talk, kind="queja", narrativa=STORY)
    await talk.say("6621112233")
    assert "contacto" not in office.fields


async def test_the_municipality_said_again_is_no_name(office: Office, talk: Talk) -> None:
    telling(office, talk, **PLACED)
    assert (await talk.say("hermosillo")).names == ["utter_pregunta_nombre"]
    assert (await talk.say("navojoa")).names == ["utter_corregi", "utter_pregunta_nombre"]
    assert office.fields == {**PLACED, "municipio": "26042"}


async def test_a_woman_may_be_called_like_a_municipality(office: Office, talk: Talk) -> None:
    telling(office, talk, **PLACED)
    await talk.say("Magdalena")
    assert office.fields["nombre"] == "Magdalena"


async def test_a_municipality_guessed_from_the_story_is_put_right_where_the_colonia_is_asked(
    office: Office, talk: Talk
) -> None:
    telling(office, talk, narrativa="vengo de Navojoa y hay un bache enorme", municipio="26042")
    assert (await talk.say("hermosillo")).names == ["utter_corregi", "utter_pregunta_colonia"]
    assert office.fields["municipio"] == "26030"


async def test_a_colonia_may_be_called_like_a_municipality(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030")
    await talk.say("Navojoa")
    assert office.fields["colonia"] == "Navojoa"


@pytest.mark.parametrize("text", ["sí claro", "ok", "si pues"])
async def test_a_yes_is_no_colonia(office: Office, talk: Talk, text: str) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030")
    assert (await talk.say(text, "afirmar")).names == ["utter_pregunta_colonia"]
    assert "colonia" not in office.fields


@pytest.mark.parametrize("text", ["sí", "sí claro", "esta bien"])
async def test_a_yes_is_no_municipality(office: Office, talk: Talk, text: str) -> None:
    telling(office, talk, narrativa=STORY)
    assert (await talk.say(text, "afirmar")).names == ["utter_pregunta_municipio"]
    assert office.fields == {"narrativa": STORY}


async def test_a_yes_is_no_name(office: Office, talk: Talk) -> None:
    telling(office, talk, **PLACED)
    assert (await talk.say("ta bien, mándela", "afirmar")).names == ["utter_pregunta_nombre"]
    await talk.say("Clara Bienvenida Soto", "dar_dato")
    assert office.fields["nombre"] == "Clara Bienvenida Soto"


async def test_a_colonia_that_begins_like_a_yes_is_one(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030")
    await talk.say("Claro de Luna")
    assert office.fields["colonia"] == "Claro de Luna"


async def test_more_of_the_story_told_where_the_colonia_is_asked_is_kept(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY, municipio="26030")
    replies = await talk.say("y también no hay luz")
    assert replies.names == ["utter_agregue_a_su_asunto", "utter_pregunta_colonia"]
    assert office.fields["narrativa"] == f"{STORY}. y también no hay luz"


async def test_who_asks_to_wait_is_waited_for(office: Office, talk: Talk) -> None:
    telling(office, talk, **COMPLETE)
    assert (await talk.say("espere tantito", "tengo_prisa")).names == ["utter_le_espero"]
    assert (await talk.press("/afirmar")).names == ["utter_registrada"]
