"""What the input channel tells of a turn, read from the tracker's events."""

from typing import Any

import pytest
import yaml
from rasa.shared.core.events import ActiveLoop, BotUttered, Event, UserUttered

from bot.connectors.understanding import OUTCOMES, understanding_of
from tests.bot import wording


def heard(text: str, message_id: str, *ranking: tuple[str, float]) -> UserUttered:
    rows: list[dict[str, Any]] = [{"name": name, "confidence": confidence} for name, confidence in ranking]
    parsed = {"intent": rows[0], "intent_ranking": rows}
    return UserUttered(text, intent=rows[0], parse_data=parsed, message_id=message_id)


def said(response: str) -> BotUttered:
    return BotUttered("…", metadata={"utter_action": response})


DOUBTFUL = heard(
    "algo", "m2", ("nlu_fallback", 0.5), ("ayuda", 0.4), ("saludar", 0.3), ("negar", 0.2), ("afirmar", 0.1)
)


def test_a_doubtful_message_shows_its_three_likeliest_readings_and_that_was_asked() -> None:
    events: list[Event] = [heard("hola", "m1", ("saludar", 0.9)), said("utter_saludo"), DOUBTFUL, said("utter_aclarar")]
    told = understanding_of(events, "m2")
    assert told is not None
    assert (told["intent"], told["confidence"], told["outcome"]) == ("ayuda", 0.4, "asked")
    assert [row["intent"] for row in told["ranking"]] == ["ayuda", "saludar", "negar"]


def test_what_came_after_another_message_is_not_this_ones() -> None:
    events: list[Event] = [
        heard("hola", "m1", ("saludar", 0.9)),
        said("utter_saludo"),
        DOUBTFUL,
        said("utter_no_entendi"),
    ]
    told = understanding_of(events, "m1")
    assert told is not None
    assert told["outcome"] == "answered"


@pytest.mark.parametrize(("loop", "in_form"), [("peticion_form", True), (None, False)])
def test_it_is_told_whether_a_form_was_asking(loop: str | None, in_form: bool) -> None:
    told = understanding_of([ActiveLoop(loop), DOUBTFUL, ActiveLoop("llamada_form")], "m2")
    assert told is not None
    assert told["in_form"] is in_form


def test_a_button_is_not_typed_and_an_unknown_message_tells_nothing() -> None:
    told = understanding_of([heard("/afirmar", "m1", ("afirmar", 1.0))], "m1")
    assert told is not None
    assert told["is_typed"] is False
    assert understanding_of([DOUBTFUL], "m9") is None


def test_the_responses_that_mean_something_are_in_the_domain() -> None:
    responses: set[str] = set()
    for path in (wording.ROOT / "bot/domain").glob("*.yml"):
        responses |= set((yaml.safe_load(path.read_text("utf-8")) or {}).get("responses") or {})
    assert set(OUTCOMES) <= responses
