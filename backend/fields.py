"""Types of fields that several APIs share."""

from typing import Annotated

from pydantic import BeforeValidator

from backend.text import strip_control


def _clean(value: object) -> object:
    return strip_control(value) if isinstance(value, str) else value


#: A field of an API's body, without control characters.
CleanText = Annotated[str, BeforeValidator(_clean)]
