"""Petitions that staff register, with the checks that the bot's answers pass."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Municipality
from backend.conversations import service as conversations
from backend.conversations.models import Conversation, EventKind
from backend.registry import drafts, intake, petitions
from backend.registry.errors import AnswerRefused
from backend.registry.models import ActorKind, Petition, PetitionKind
from backend.registry.schemas import PetitionIn

_FIELDS = {"municipality": "municipio", "colonia": "colonia", "name": "nombre", "phone": "telefono",
           "email": "correo", "curp": "curp", "tipo_acta": "tipo_acta"}  # fmt: skip


async def register(session: AsyncSession, form: PetitionIn, *, user_id: UUID) -> Petition:
    """File what an agent captured. Raises AnswerRefused with the field and its problem in words.

    From a conversation, its open draft is done with, and the citizen's person is linked.
    """
    answers = {
        field: await _checked(session, name, getattr(form, name))
        for name, field in _FIELDS.items()
        if getattr(form, name)
    }
    if form.conversation_id is not None and await session.get(Conversation, form.conversation_id) is None:
        raise AnswerRefused("Esa conversación no existe.", field="conversation_id")
    narrative = await intake.check(session, "narrativa", form.narrative)
    if narrative.value is None:
        raise AnswerRefused(intake.PROBLEMS[narrative.problem or "empty"], field="narrative")
    petition = await petitions.file(
        session,
        petitions.NewPetition(
            kind=form.kind,
            channel=form.channel,
            narrative=narrative.value,
            municipality_id=answers.get("municipio"),
            colonia=answers.get("colonia"),
            name=answers.get("nombre"),
            phone=answers.get("telefono"),
            email=answers.get("correo"),
            curp=answers.get("curp"),
            details=_details(form.kind, answers, narrative.value),
            conversation_id=form.conversation_id,
            priority=form.priority,
        ),
        actor=ActorKind.STAFF,
        user_id=user_id,
    )
    if form.conversation_id is not None:
        await _link(session, petition, form.conversation_id)
    return petition


def _details(kind: PetitionKind, answers: dict[str, str | None], narrative: str) -> dict[str, str]:
    """The kind of certificate, and the day of which the narrative tells."""
    told = {
        "tipo_acta": answers.get("tipo_acta"),
        "fecha_hechos": intake.day_of_facts(kind, narrative, clock.now()),
    }
    return {name: value for name, value in told.items() if value is not None}


async def _checked(session: AsyncSession, name: str, raw: str) -> str | None:
    field = _FIELDS[name]
    if field == "municipio" and raw.isdigit() and await session.get(Municipality, raw) is not None:
        return raw
    checked = await intake.check(session, field, raw)
    if checked.value is None:
        hint = f" ¿Quiso decir {checked.suggestion.title}?" if checked.suggestion else ""
        raise AnswerRefused(intake.PROBLEMS[checked.problem or "empty"] + hint, field=name)
    return None if checked.value == intake.SKIPPED else checked.value


async def _link(session: AsyncSession, petition: Petition, conversation_id: UUID) -> None:
    conversation = await session.get_one(Conversation, conversation_id)
    if petition.person_id is not None:
        conversation.person_id = petition.person_id
    await drafts.settle(session, conversation_id, petition)
    await conversations.record_event(session, conversation, EventKind.PETITION_FILED, detail={"folio": petition.folio})
