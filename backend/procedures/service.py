"""A petition's special procedure: its form, its documents, its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.dossier import service as dossier
from backend.errors import Conflict, InvalidInput, NotFound
from backend.procedures import forms
from backend.procedures.definitions import PROCEDURES
from backend.procedures.models import ProcedureCase, ProcedureCheck, ProcedureStep
from backend.procedures.shapes import Procedure, Requirement, Step
from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind


class FormRefused(InvalidInput):
    """`problems` in the details: by field, in words."""

    code = "tramite_incompleto"
    message = "Revise los datos marcados."


class StepTooEarly(Conflict):
    code = "paso_anticipado"
    message = "Antes falta otro paso del trámite."


@dataclass(frozen=True)
class RequirementView:
    requirement: Requirement
    #: A copy is in the expediente.
    is_filed: bool
    #: Somebody saw the original.
    is_seen: bool


@dataclass(frozen=True)
class Taken:
    """A step as it was taken: its answers with their labels, in the form's order."""

    step: Step
    answers: list[tuple[str, str]]
    user_name: str
    row: ProcedureStep


@dataclass(frozen=True)
class CaseView:
    procedure: Procedure
    data: dict[str, Any]
    answers: list[tuple[str, str]]
    requirements: list[RequirementView]
    taken: list[Taken]
    #: Steps whose turn it is, and those that may be taken again.
    open_steps: list[Step]

    @property
    def missing(self) -> int:
        return sum(1 for one in self.requirements if not (one.is_filed or one.is_seen))


def procedure_of(petition: Petition) -> Procedure | None:
    return PROCEDURES.get(petition.kind)


def _required(petition: Petition) -> Procedure:
    procedure = procedure_of(petition)
    if procedure is None:
        raise NotFound("Esta petición no lleva un trámite especial.")
    return procedure


async def data_of(session: AsyncSession, petition: Petition) -> dict[str, Any]:
    """The procedure's form as far as it is known; what the bot asked is part of it."""
    case = await session.get(ProcedureCase, (petition.id, petition.kind))
    if case is not None:
        return dict(case.data)
    told = petition.details.get("tipo_acta")
    return {"tipo_acta": told} if told else {}


async def open_case(session: AsyncSession, petition: Petition, data: dict[str, Any]) -> None:
    """Keep the short form of a petition just filed; `data` has passed `forms.check`."""
    session.add(ProcedureCase(petition_id=petition.id, kind=petition.kind, data=data))
    await session.flush()


async def save_form(session: AsyncSession, petition: Petition, typed: Mapping[str, str], *, user_id: UUID) -> None:
    """Change a locked petition's short form. Raises FormRefused."""
    procedure = _required(petition)
    data, problems = forms.check(procedure.fields, typed)
    if problems:
        raise FormRefused(problems=problems)
    before = await data_of(session, petition)
    if data == before:
        return
    case = await session.get(ProcedureCase, (petition.id, petition.kind))
    if case is None:
        await open_case(session, petition, data)
    else:
        case.data = data
    changed = sorted(name for name in data.keys() | before.keys() if data.get(name) != before.get(name))
    labels = [field.label for field in procedure.fields if field.name in changed]
    detail = {"step": "datos", "changed": {name: {"from": before.get(name), "to": data.get(name)} for name in changed}}
    await _note(session, petition, f"Datos del trámite: {', '.join(labels)}", detail, user_id)


async def take_step(
    session: AsyncSession, petition: Petition, key: str, typed: Mapping[str, str], *, user_id: UUID
) -> None:
    """Write down a step of a locked petition. Raises NotFound, StepTooEarly or FormRefused."""
    procedure = _required(petition)
    step = procedure.step(key)
    if step is None:
        raise NotFound("Ese paso no existe en este trámite.")
    if not _is_open(step, _latest(await _rows(session, petition))):
        before = procedure.step(step.after[0]) if step.after else None
        raise StepTooEarly(f"Antes falta: {before.label}." if before else None)
    data, problems = forms.check(step.fields, typed)
    if problems:
        raise FormRefused(problems=problems)
    row = ProcedureStep(
        petition_id=petition.id, kind=petition.kind, step=key, data=data, user_id=user_id, at=clock.now()
    )
    session.add(row)
    await session.flush()
    lines = [f"{field.label}: {forms.shown(field, data[field.name])}" for field in step.fields if field.name in data]
    detail = {"step": key, "data": data, "row": row.id}
    await _note(session, petition, "\n".join([step.label, *lines]), detail, user_id)


async def see_original(session: AsyncSession, petition: Petition, key: str, *, is_seen: bool, user_id: UUID) -> None:
    """Note, or take back, that a required document was shown without leaving a copy. Raises NotFound."""
    requirement = next((one for one in _required(petition).requirements if one.key == key), None)
    if requirement is None:
        raise NotFound("Ese documento no se pide en este trámite.")
    check = await session.get(ProcedureCheck, (petition.id, key))
    if is_seen == (check is not None):
        return
    if check is None:
        session.add(ProcedureCheck(petition_id=petition.id, requirement=key, user_id=user_id))
    else:
        await session.delete(check)
    await session.flush()
    text = f"{requirement.label}: {'se vio el original' if is_seen else 'ya no se da por visto'}"
    await _note(session, petition, text, {"requirement": key, "is_seen": is_seen}, user_id)


async def _note(session: AsyncSession, petition: Petition, text: str, detail: dict[str, Any], user_id: UUID) -> None:
    await petitions.add_event(
        session,
        petition,
        PetitionEventKind.PROCEDURE_STEP,
        actor=ActorKind.STAFF,
        user_id=user_id,
        text=text,
        detail={"procedure": petition.kind.value, **detail},
    )


async def view(session: AsyncSession, petition: Petition) -> CaseView | None:
    """A petition's procedure; None for a kind that has none."""
    procedure = procedure_of(petition)
    if procedure is None:
        return None
    data = await data_of(session, petition)
    rows = await _rows(session, petition)
    latest = _latest(rows)
    names = {
        user.id: user.full_name
        for user in await session.scalars(select(User).where(User.id.in_({row.user_id for row in rows})))
    }
    taken = [
        Taken(step, _answers(step.fields, row.data), names[row.user_id], row)
        for row in rows
        if (step := procedure.step(row.step)) is not None
    ]
    return CaseView(
        procedure,
        data,
        _answers(procedure.fields, data),
        await _requirements(session, petition, procedure, data),
        taken,
        [step for step in procedure.steps if _is_open(step, latest)],
    )


def _answers(fields: tuple[Any, ...], data: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(field.label, forms.shown(field, data[field.name])) for field in fields if field.name in data]


async def _requirements(
    session: AsyncSession, petition: Petition, procedure: Procedure, data: Mapping[str, Any]
) -> list[RequirementView]:
    present = await dossier.kinds_present(session, petition.id)
    seen = set(
        await session.scalars(select(ProcedureCheck.requirement).where(ProcedureCheck.petition_id == petition.id))
    )
    return [
        RequirementView(one, one.document in present, one.key in seen)
        for one in procedure.requirements
        if forms.is_asked(one.only_if, data)
    ]


async def _rows(session: AsyncSession, petition: Petition) -> list[ProcedureStep]:
    return list(
        await session.scalars(
            select(ProcedureStep)
            .where(ProcedureStep.petition_id == petition.id, ProcedureStep.kind == petition.kind)
            .order_by(ProcedureStep.id)
        )
    )


def _latest(rows: list[ProcedureStep]) -> dict[str, dict[str, Any]]:
    """How each step ended the last time it was taken."""
    return {row.step: row.data for row in rows}


def _is_open(step: Step, latest: Mapping[str, Mapping[str, Any]]) -> bool:
    if step.after is None:
        return True
    before, field, values = step.after
    if before not in latest:
        return False
    return field is None or latest[before].get(field) in values
