"""Answers to a procedure's questions, checked by pydantic, and their problems in words."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, create_model

from backend.procedures import shapes
from backend.text import strip_control

_TYPES: dict[str, Any] = {
    "text": Annotated[str, StringConstraints(max_length=300)],
    "long": Annotated[str, StringConstraints(max_length=4000)],
    "date": Annotated[date, Field(ge=date(1900, 1, 1), le=date(2100, 1, 1))],
    "time": time,
    "number": Annotated[int, Field(ge=0, le=100_000)],
    "money": Annotated[Decimal, Field(ge=0, le=100_000_000, max_digits=11, decimal_places=2)],
}
_PROBLEMS = {
    "date": "Escriba una fecha, como 21/11/2026.",
    "time": "Escriba una hora, como 14:30.",
    "number": "Escriba un número entero.",
    "money": "Escriba una cantidad en pesos, como 1500.50.",
    "choice": "Elija una de las opciones.",
    "text": "Es muy largo. Por favor hágalo más corto.",
    "long": "Es muy largo. Por favor hágalo más corto.",
}
MISSING = "Falta este dato."


class Answers(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


@cache
def model_of(fields: tuple[shapes.Field, ...]) -> type[Answers]:
    """The pydantic model of a form: every field optional here, as which are needed depends on other answers."""
    shapes: dict[str, Any] = {}
    for field in fields:
        kind = Literal[tuple(value for value, _ in field.options)] if field.type == "choice" else _TYPES[field.type]
        shapes[field.name] = (kind | None, None)
    return create_model("FormAnswers", __base__=Answers, **shapes)


def is_asked(only_if: tuple[str, tuple[str, ...]] | None, answers: Mapping[str, Any]) -> bool:
    """Whether a question, or a document, applies given what was answered."""
    return only_if is None or answers.get(only_if[0]) in only_if[1]


def check(fields: tuple[shapes.Field, ...], typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What was typed as JSON values, and the problems by field; what does not apply is left out."""
    given = {field.name: _tidy(field, typed.get(field.name, "")) for field in fields}
    given = {name: value for name, value in given.items() if value}
    problems: dict[str, str] = {}
    try:
        model_of(fields).model_validate(given)
    except ValidationError as error:
        kinds = {field.name: field.type for field in fields}
        problems = {str(one["loc"][0]): _PROBLEMS[kinds[str(one["loc"][0])]] for one in error.errors()}
    asked = [field for field in fields if is_asked(field.only_if, given)]
    for field in asked:
        if field.required and field.name not in given:
            problems[field.name] = MISSING
    names = {field.name for field in asked}
    problems = {name: text for name, text in problems.items() if name in names}
    if problems:
        return {}, problems
    kept = model_of(fields).model_validate({name: value for name, value in given.items() if name in names})
    return kept.model_dump(mode="json", exclude_none=True), {}


def _tidy(field: shapes.Field, raw: str) -> str:
    text = strip_control(raw).strip()
    if field.type == "money":
        return text.replace("$", "").replace(",", "").replace(" ", "")
    if field.type == "date" and text.count("/") == 2:
        day, month, year = text.split("/")
        return f"{year.zfill(4)}-{month.zfill(2)}-{day.zfill(2)}"
    return text


def shown(field: shapes.Field, value: Any) -> str:
    """An answer as it is read."""
    if field.type == "choice":
        return field.option_text(str(value))
    if field.type == "date":
        return f"{date.fromisoformat(str(value)):%d/%m/%Y}"
    if field.type == "time":
        return str(value)[:5]
    if field.type == "money":
        return f"${Decimal(str(value)):,.2f}"
    return str(value)
