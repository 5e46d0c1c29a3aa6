"""English gets the essential and a person; yaqui, mayo and seri a person at once, flagged."""

import csv

import pytest

from bot.components.languages import english_topic, language_of, tells_danger
from tests.bot import wording
from tests.bot.office import Office
from tests.bot.talk import Talk

ROWS = list(
    csv.DictReader(
        (wording.ROOT / "benchmarks/nlu/languages.tsv").read_text("utf-8").splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)


def test_languages_are_recognised() -> None:
    others = [row for row in ROWS if row["language"] != "es"]
    found = [row for row in others if language_of(row["text"]) == row["language"]]
    assert len(found) >= 0.95 * len(others)


def test_spanish_is_never_taken_for_another_language() -> None:
    spanish = [row["text"] for row in ROWS if row["language"] == "es"]
    dev = (wording.ROOT / "benchmarks/nlu/dev.tsv").read_text("utf-8").splitlines()[1:]
    trained = [text for _, text in wording.examples()]
    texts = [*spanish, *(line.split("\t")[1] for line in dev), *trained]
    assert [text for text in texts if language_of(text)] == []


@pytest.mark.parametrize("text", ["hello", "hi", "thank you", "help", "", "¿?", "John Smith"])
def test_what_everybody_says_is_no_other_language(text: str) -> None:
    assert language_of(text) is None


def test_a_greeting_before_spanish_does_not_make_it_another_language() -> None:
    assert language_of("lios em chania, quiero el acta de mi hija") is None


@pytest.mark.parametrize(
    "text", ["there is a man with a gun", "my son is not breathing", "he is going to kill me", "I want to die"]
)
def test_danger_is_told_in_english_too(text: str) -> None:
    assert tells_danger(text)


@pytest.mark.parametrize("text", ["I need a birth certificate", "the street light is broken"])
def test_no_danger_is_seen_in_a_request(text: str) -> None:
    assert not tells_danger(text)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I need my birth certificate", "tramite_registro_civil"),
        ("do you speak English?", "hablar_con_persona"),
        ("what time do you open", "horario_ubicacion"),
        ("hello my friend", None),
    ],
)
def test_what_english_is_about(text: str, intent: str | None) -> None:
    assert english_topic(text) == intent


async def say_in(talk: Talk, text: str, language: str):  # type: ignore[no-untyped-def]
    return await talk.say(text, "otro_idioma", 1.0, idioma=language)


async def test_english_is_answered_in_english_and_offered_a_person(office: Office, talk: Talk) -> None:
    replies = await say_in(talk, "I need a copy of my birth certificate", "en")
    assert replies.names == ["utter_en_ayuda"]
    assert replies.handoffs == []
    replies = await talk.press('/otro_idioma{"idioma": "en"}', idioma="en")
    assert replies.names == ["utter_en_le_comunico"]
    (handoff,) = replies.handoffs
    assert (handoff["reason"], handoff["language"]) == ("other_language", "en")
    assert "un acta o trámite del Registro Civil" in handoff["summary"]


async def test_a_wish_for_a_person_in_english_is_met_at_once(office: Office, talk: Talk) -> None:
    assert (await say_in(talk, "does anyone there speak english?", "en")).handoffs


async def test_hours_are_told_in_english(office: Office, talk: Talk) -> None:
    assert (await say_in(talk, "what time do you open?", "en")).names == ["utter_en_horario"]


async def test_danger_in_english_gets_911_and_a_flagged_person(office: Office, talk: Talk) -> None:
    replies = await say_in(talk, "please help he has a gun", "en")
    assert "911" in replies.text
    assert replies.handoffs[0]["emergency"]
    assert replies.handoffs[0]["language"] == "en"


@pytest.mark.parametrize(("language", "name"), [("yaq", "yaqui"), ("mfy", "mayo"), ("sei", "seri")])
async def test_a_native_language_is_handed_to_a_person_with_its_name(
    office: Office, talk: Talk, language: str, name: str
) -> None:
    replies = await say_in(talk, "lios em chania", language)
    assert name in replies.text
    assert replies.handoffs[0]["language"] == language


async def test_outside_hours_the_message_waits_for_a_person(office: Office, talk: Talk) -> None:
    office.person_available = False
    replies = await say_in(talk, "lios em chania", "yaq")
    assert replies.names == ["utter_lengua_cerrado"]
    assert replies.handoffs


async def test_english_in_the_midst_of_a_petition_leaves_it_as_it_is(office: Office, talk: Talk) -> None:
    office.consent = True
    await talk.say("quiero registrar una petición", "registrar_peticion")
    assert (await say_in(talk, "I do not understand this question", "en")).names == ["utter_en_ayuda"]
    assert talk.form == "peticion_form"
    assert "narrativa" not in office.fields


async def test_a_person_asked_for_by_a_spanish_button_is_told_the_language(office: Office, talk: Talk) -> None:
    await say_in(talk, "I need help with my papers", "en")
    assert (await talk.press("/hablar_con_persona")).handoffs[0]["reason"] == "other_language"
    talk.slots.clear()
    await say_in(talk, "I need help with my papers", "en")
    await talk.say("mejor en español, quiero hablar con alguien", "hablar_con_persona", 0.9)
    assert talk.slots["idioma"] is None
