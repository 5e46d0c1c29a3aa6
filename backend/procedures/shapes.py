"""Of what a special procedure is made."""

from dataclasses import dataclass
from typing import Literal

from backend.dossier.models import DocumentKind
from backend.registry.models import PetitionKind

FieldType = Literal["text", "long", "date", "time", "choice", "number", "money"]


@dataclass(frozen=True)
class Field:
    """A question of a form. `only_if`: another field of the form, and the values with which this one is asked."""

    name: str
    label: str
    type: FieldType = "text"
    required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    only_if: tuple[str, tuple[str, ...]] | None = None

    def option_text(self, value: str) -> str:
        return dict(self.options).get(value, value)


@dataclass(frozen=True)
class Requirement:
    """A document that is asked for. `only_if` as a field's, on the procedure's own form."""

    key: str
    label: str
    document: DocumentKind
    only_if: tuple[str, tuple[str, ...]] | None = None
    is_confirmed: bool = False


@dataclass(frozen=True)
class Step:
    """Something that is done and written down. `after`: a step and, where it matters, how it must have ended."""

    key: str
    label: str
    fields: tuple[Field, ...]
    after: tuple[str, str | None, tuple[str, ...]] | None = None
    #: May be skipped: «en los casos que así lo amerite».
    is_optional: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Procedure:
    kind: PetitionKind
    #: The kind of letter that belongs to it.
    letter: str
    fields: tuple[Field, ...]
    requirements: tuple[Requirement, ...]
    steps: tuple[Step, ...]
    source: str

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)
