"""Signed examples: some of those that are told as a story, the same ones each time."""

from bot.components.tails import signed

STORY = "no hay agua en mi calle"


def test_every_fourth_story_is_learnt_signed_too() -> None:
    texts, intents = [STORY, "sí", "gracias a usted joven"] * 8, ["registrar_peticion", "afirmar", "agradecer"] * 8
    made = list(signed(texts, intents))
    assert made == list(signed(texts, intents))
    assert [(intent, place) for _, intent, place in made] == [("registrar_peticion", 9), ("registrar_peticion", 21)]
    assert all(text.startswith(STORY) and len(text) > len(STORY) for text, _, _ in made)
    assert made[0][0] != made[1][0], "signed in different ways"


def test_a_word_or_two_is_no_story() -> None:
    assert list(signed(["reportar bache"] * 8, ["registrar_peticion"] * 8)) == []
