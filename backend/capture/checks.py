"""The checks of a capture, for a form and for a spreadsheet's row alike: all its problems at once, in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.capture import fields
from backend.catalog import postal
from backend.catalog.postal import PostalCode
from backend.procedures import forms
from backend.procedures.definitions import PROCEDURES
from backend.registry import intake
from backend.registry.intake import Checked
from backend.registry.models import EntryChannel, PetitionKind
from backend.registry.petitions import NewPetition
from backend.text import fold, strip_control

_POSTAL_CODE = re.compile(r"^\d{5}$")


@dataclass(frozen=True)
class Outcome:
    """Normal values, or problems by field. `procedure`: the answers to the procedure's own questions."""

    values: dict[str, str]
    entry: dict[str, Any]
    procedure: dict[str, Any]
    problems: dict[str, str]


@dataclass
class Checker:
    """Checks captures. One instance remembers the places that it has looked up: rows name the same few."""

    session: AsyncSession
    _places: dict[str, Checked] = field(default_factory=dict)
    _codes: dict[str, PostalCode | None] = field(default_factory=dict)

    async def check(
        self,
        kind: PetitionKind,
        channel: EntryChannel,
        typed: Mapping[str, str],
        *,
        with_details: bool = True,
        may_be_anonymous: bool | None = None,
    ) -> Outcome:
        """Everything of a capture. `with_details` False leaves out what only the channel or the procedure asks."""
        values, problems = await self._plain(typed)
        self._require(kind, typed, values, problems, may_be_anonymous)
        entry: dict[str, Any] = {}
        procedure: dict[str, Any] = {}
        if with_details:
            entry, wrong = forms.check(fields.CHANNEL_FIELDS.get(channel, ()), _under(typed, fields.channel_name("")))
            problems |= {fields.channel_name(name): text for name, text in wrong.items()}
            asked = PROCEDURES[kind].fields if kind in PROCEDURES else ()
            procedure, wrong = forms.check(asked, _under(typed, fields.procedure_name("")))
            problems |= {fields.procedure_name(name): text for name, text in wrong.items()}
        return Outcome(values, entry, procedure, problems)

    async def _plain(self, typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        values: dict[str, str] = {}
        problems: dict[str, str] = {}
        for name, question in fields.CHECKED_AS.items():
            raw = typed.get(name, "").strip()
            if not raw:
                continue
            checked = await self._answer(question, raw)
            if checked.value is None:
                problems[name] = intake.staff_problem(checked)
            elif checked.value != intake.SKIPPED:
                values[name] = checked.value
        for name, most in fields.PLAIN.items():
            plain = " ".join(strip_control(typed.get(name, "")).split())
            if len(plain) > most:
                problems[name] = intake.PROBLEMS["too_long"]
            elif plain:
                values[name] = plain
        code = typed.get("cp", "").strip()
        if code and not _POSTAL_CODE.match(code):
            problems["cp"] = "El código postal tiene 5 números."
        elif code:
            values["cp"] = code
            await self._fill_from(code, values, problems)
        return values, problems

    async def _fill_from(self, code: str, values: dict[str, str], problems: dict[str, str]) -> None:
        """The municipality, and the colonia where there is but one, that a postal code says."""
        if code not in self._codes:
            self._codes[code] = await postal.find(self.session, code)
        area = self._codes[code]
        if area is None:
            return
        if area.municipality and "municipio" not in problems:
            values.setdefault("municipio", area.municipality.id)
        if len(area.colonias) == 1:
            values.setdefault("colonia", area.colonias[0])

    async def _answer(self, question: str, raw: str) -> Checked:
        if question != "municipio":
            return await intake.check(self.session, question, raw)
        key = fold(raw)
        if key not in self._places:
            self._places[key] = await intake.check(self.session, question, raw)
        return self._places[key]

    def _require(
        self,
        kind: PetitionKind,
        typed: Mapping[str, str],
        values: dict[str, str],
        problems: dict[str, str],
        may_be_anonymous: bool | None,
    ) -> None:
        may = fields.may_be_anonymous(kind) if may_be_anonymous is None else may_be_anonymous
        is_anonymous = bool(typed.get("anonima"))
        if is_anonymous and not may:
            problems["anonima"] = "Este tipo de petición necesita un nombre."
        for name in ("narrativa", "municipio", "nombre", "curp"):
            is_needed = fields.is_required(kind, name) and not (name == "nombre" and is_anonymous)
            if is_needed and name not in values and name not in problems:
                problems[name] = forms.MISSING
        if is_anonymous:
            for name in ("nombre", "telefono", "correo", "curp"):
                values.pop(name, None)
                problems.pop(name, None)


def _under(typed: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in typed.items() if name.startswith(prefix)}


def new_petition(kind: PetitionKind, channel: EntryChannel, outcome: Outcome) -> NewPetition:
    """What is filed of a capture without problems."""
    told = outcome.values
    narrative = told.get("narrativa") or intake.implied_narrative(kind) or intake.KIND_TEXTS[kind]
    details: dict[str, Any] = {"entrada": outcome.entry} if outcome.entry else {}
    if "tipo_acta" in outcome.procedure:
        details["tipo_acta"] = outcome.procedure["tipo_acta"]
    day = intake.day_of_facts(kind, narrative, clock.now())
    if day:
        details["fecha_hechos"] = day
    return NewPetition(
        kind=kind,
        channel=channel,
        narrative=narrative,
        municipality_id=told.get("municipio"),
        colonia=told.get("colonia"),
        postal_code=told.get("cp"),
        street=told.get("calle"),
        place_reference=told.get("referencia"),
        name=told.get("nombre"),
        phone=told.get("telefono"),
        email=told.get("correo"),
        curp=told.get("curp"),
        details=details,
    )
