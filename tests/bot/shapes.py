"""The backend's own schemas, read from its source: it runs in another environment, with another Pydantic.

The stand-in backend checks what it is asked and what it answers against them, so it cannot drift from the real one.
"""

import ast
import enum
from typing import Any
from uuid import UUID

import pydantic

from tests.bot.wording import ROOT

_ENUMS = {"PetitionKind": "backend/registry/models.py", "LookupResult": "backend/registry/lookups.py"}


def _field(default: Any = ..., *, pattern: str | None = None, **options: Any) -> Any:
    return pydantic.Field(default, regex=pattern, **options)


def _enum(name: str, path: str) -> Any:
    """An enumeration of strings, from the module that has it."""
    module = ast.parse((ROOT / path).read_text("utf-8"))
    (found,) = (node for node in module.body if isinstance(node, ast.ClassDef) and node.name == name)
    assigned = [part for part in found.body if isinstance(part, ast.Assign)]
    values = [(ast.unparse(part.targets[0]), ast.literal_eval(part.value)) for part in assigned]
    return enum.Enum(name, values, type=str)


class _Strict(pydantic.BaseModel):
    class Config:
        extra = "forbid"


def _classes(path: str) -> list[ast.ClassDef]:
    return [node for node in ast.parse((ROOT / path).read_text("utf-8")).body if isinstance(node, ast.ClassDef)]


def _load() -> dict[str, Any]:
    classes = _classes("backend/internal_api/schemas.py") + [
        node for node in _classes("backend/catalog/schemas.py") if node.name == "OfficeOut"
    ]
    for node in classes:
        node.body = [part for part in node.body if not isinstance(part, ast.Assign)] or [ast.Pass()]
    names: dict[str, Any] = {"BaseModel": _Strict, "_Out": _Strict, "Field": _field, "UUID": UUID, "__name__": __name__}
    names |= {name: _enum(name, path) for name, path in _ENUMS.items()}
    exec(compile(ast.Module(classes, []), "backend/schemas", "exec"), names)  # noqa: S102 (our own file)
    return names


_shapes = _load()


def checked(shape: str, value: dict[str, Any]) -> dict[str, Any]:
    """`value`, if it is exactly what the schema allows. Raises pydantic.ValidationError."""
    _shapes[shape].parse_obj(value)
    return value
