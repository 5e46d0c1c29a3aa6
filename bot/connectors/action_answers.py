"""Rasa's check of what an action answered, in a part of its time.

At every action Rasa checks the answer against a schema, and before that the schema itself against the
schema of schemas: four tenths of a turn's work in the conversations held by tests, for what never changes.
"""

from functools import cache
from typing import Any

from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction


def check_their_schema_once() -> None:
    """From now on this process checks the schema of actions' answers at the first answer only."""
    RemoteAction._validate_action_result = _validate


@cache
def _validator() -> Validator:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def _validate(_: RemoteAction, result: dict[str, Any]) -> bool:
    """Raises jsonschema's ValidationError where Rasa could make nothing of the answer."""
    _validator().validate(result)
    return True
