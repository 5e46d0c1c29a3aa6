"""What belongs to the story of a petition: what the request told of it, and what is no story."""

import pytest

from tests.bot.office import Office
from tests.bot.talk import Talk
from tests.bot.test_petition import STORY, telling


@pytest.mark.parametrize(
    ("more", "story"),
    [
        (
            "es para la prepa, le piden 3000 pesos",
            "quiero pedir una beca para mi hija. es para la prepa, le piden 3000 pesos",
        ),
        ("la beca de mi hija se atrasó tres meses", "la beca de mi hija se atrasó tres meses"),
        ("es todo", "quiero pedir una beca para mi hija"),
        ("ya te dije", "quiero pedir una beca para mi hija"),
        ("huatabampo", "quiero pedir una beca para mi hija"),
    ],
)
async def test_what_the_request_told_belongs_to_the_story(office: Office, talk: Talk, more: str, story: str) -> None:
    office.consent = True
    asked = await talk.say("quiero pedir una beca para mi hija", "solicitar_apoyo_social")
    assert asked.names == ["utter_inicio_apoyo_social", "utter_pregunta_mas"]
    assert "«quiero pedir una beca para mi hija»" in asked.text
    await talk.say(more)
    assert office.fields["narrativa"] == story
    assert talk.slots["asunto"] is None


async def test_what_the_request_told_may_be_all_by_a_button(office: Office, talk: Talk) -> None:
    office.consent = True
    asked = await talk.say("quiero pedir una beca para mi hija", "solicitar_apoyo_social")
    assert asked[-1].buttons == (("Es todo", '/elegir{"valor": "es todo"}'),)
    assert (await talk.choose("es todo")).names == ["utter_pregunta_municipio"]
    assert office.fields == {"narrativa": "quiero pedir una beca para mi hija"}


async def test_what_the_request_told_is_kept_through_the_consent_and_said_once(office: Office, talk: Talk) -> None:
    await talk.say("reportar bache", "registrar_peticion")
    assert (await talk.press("/afirmar")).names == ["utter_pregunta_mas"]
    await talk.say("frente a la primaria, ya tronó dos llantas")
    assert office.fields["narrativa"] == "reportar bache. frente a la primaria, ya tronó dos llantas"
    await talk.say("el asunto está mal", "corregir")
    await talk.say("el bache está frente a la secundaria")
    assert office.fields["narrativa"] == "el bache está frente a la secundaria"


@pytest.mark.parametrize(("text", "known"), [("Hermosillo", {"municipio": "26030"}), ("662 123 4567", {})])
async def test_a_place_or_a_number_alone_is_no_story(
    office: Office, talk: Talk, text: str, known: dict[str, str]
) -> None:
    telling(office, talk)
    assert (await talk.say(text)).names[-1] == "utter_pregunta_narrativa"
    assert office.fields == known
    await talk.say(STORY)
    assert office.fields == {"narrativa": STORY, **known}


async def test_more_of_the_story_told_in_place_of_a_place_is_kept(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    replies = await talk.say("ya se lo dijimos al delegado y nadie viene")
    assert replies.names == ["utter_agregue_a_su_asunto", "utter_pregunta_municipio"]
    assert office.fields == {"narrativa": f"{STORY}. ya se lo dijimos al delegado y nadie viene"}
    assert (await talk.say("no sé en qué municipio queda el rancho del delegado"))[0].name is None
    assert "rancho" not in office.fields["narrativa"]


@pytest.mark.parametrize(
    "text", ["asunto personal", "es un asunto muy personal", "es algo privado", "un tema delicado"]
)
async def test_a_private_matter_is_asked_about_once_and_then_taken(office: Office, talk: Talk, text: str) -> None:
    telling(office, talk)
    assert (await talk.say(text)).names == ["utter_pregunta_mas"]
    assert "narrativa" not in office.fields
    assert (await talk.choose("es todo")).names[-1] == "utter_pregunta_municipio"
    assert office.fields["narrativa"] == text


async def test_what_is_told_of_a_private_matter_belongs_to_it(office: Office, talk: Talk) -> None:
    office.consent = True
    asked = await talk.say("tengo un asunto personal que tratar", "registrar_peticion")
    assert asked.names == ["utter_inicio_peticion", "utter_pregunta_mas"]
    await talk.say("no me pagan mi pensión desde enero")
    assert office.fields["narrativa"] == "tengo un asunto personal que tratar. no me pagan mi pensión desde enero"


@pytest.mark.parametrize("more", ["y huele feo", "desde el lunes", "hay muchos niños", "frente a la primaria"])
async def test_a_few_words_more_of_the_story_are_no_unknown_place(office: Office, talk: Talk, more: str) -> None:
    telling(office, talk, narrativa=STORY)
    assert (await talk.say(more)).names == ["utter_agregue_a_su_asunto", "utter_pregunta_municipio"]
    assert office.fields == {"narrativa": f"{STORY}. {more}"}


@pytest.mark.parametrize("place", ["rancho el sauz", "xyzzy", "ya"])
async def test_what_names_no_place_and_tells_nothing_is_asked_again(office: Office, talk: Talk, place: str) -> None:
    telling(office, talk, narrativa=STORY)
    replies = await talk.say(place, "dar_dato")
    assert replies.text.startswith("(unknown_municipality)")
    assert office.fields == {"narrativa": STORY}
