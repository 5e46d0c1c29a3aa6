"""What Rasa's answers become: replies, and the handoff with what it tells of the citizen's language."""

import pytest
from pydantic import ValidationError

from backend.assistant.rasa import _Answer, _result
from backend.conversations.models import HandoffReason


def answer(**handoff: object) -> _Answer:
    return _Answer.model_validate({"messages": [{"text": "Un momento."}, {"custom": {"handoff": handoff}}]})


def test_a_handoff_carries_the_language_and_the_summary() -> None:
    handoff = _result(answer(reason="other_language", language="yaq-mfy", summary="Saluda.")).handoff
    assert handoff is not None
    assert (handoff.reason, handoff.language) == (HandoffReason.OTHER_LANGUAGE, "yaq-mfy")
    assert handoff.summary == "Saluda."


def test_a_handoff_needs_neither() -> None:
    handoff = _result(answer(reason="requested")).handoff
    assert handoff is not None
    assert (handoff.language, handoff.summary) == (None, None)


@pytest.mark.parametrize("code", ["<b>", "a" * 11, ""])
def test_what_is_no_language_code_is_refused(code: str) -> None:
    with pytest.raises(ValidationError):
        answer(reason="other_language", language=code)
