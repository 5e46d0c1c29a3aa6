"""What an action answered is still checked, by Rasa's own schema."""

from typing import Any

import pytest
from jsonschema import ValidationError
from jsonschema.protocols import Validator
from rasa.core.actions.action import RemoteAction

from bot.connectors import action_answers

ANSWER = {"events": [{"event": "slot", "name": "asunto", "value": "bache", "timestamp": None}], "responses": [{}]}


@pytest.fixture(autouse=True)
def schema_checks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every schema that was checked."""
    checked: list[Any] = []
    kind: type[Validator] = type(action_answers._validator())
    check = kind.check_schema

    def check_and_count(schema: Any, *others: Any, **named: Any) -> None:
        checked.append(schema)
        check(schema, *others, **named)

    action_answers._validator.cache_clear()
    monkeypatch.setattr(kind, "check_schema", check_and_count)
    monkeypatch.setattr(RemoteAction, "_validate_action_result", RemoteAction._validate_action_result)
    action_answers.check_their_schema_once()
    return checked


def test_answers_are_checked_and_their_schema_once(schema_checks: list[Any]) -> None:
    action = RemoteAction("action_prueba", None)
    for _ in range(3):
        assert action._validate_action_result(ANSWER)
    assert schema_checks == [RemoteAction.action_response_format_spec()]


@pytest.mark.parametrize("wrong", [{"events": [{"event": "slot"}]}, {"responses": "hola"}, {"events": {}}, []])
def test_an_answer_that_rasa_can_make_nothing_of_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        RemoteAction("action_prueba", None)._validate_action_result(wrong)
