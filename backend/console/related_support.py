"""A new petition's form that turns out to be an existing one: what is found alike, and adding the person to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.console.typed_forms import choice
from backend.conversations import service as conversations
from backend.conversations.models import Conversation
from backend.errors import InvalidInput
from backend.registry import intake
from backend.registry.models import EntryChannel, PetitionKind
from backend.registry.petitions import NewPetition
from backend.related import support
from backend.related.candidates import Candidate, Wanted, candidates

E = TypeVar("E", PetitionKind, EntryChannel)
_LOOKED_AT = ("narrativa", "municipio", "colonia", "nombre", "contacto", "curp")
#: Without a few words everything is alike.
_LEAST_LETTERS = 8


@dataclass(frozen=True)
class StaffForm:
    """A form as it was typed, by the names of the bot's questions (`registry.intake`)."""

    kind: PetitionKind
    channel: EntryChannel
    conversation_id: UUID | None
    typed: Mapping[str, str]

    @classmethod
    def of(cls, typed: Mapping[str, str]) -> "StaffForm":
        """Raises InvalidInput for a conversation that cannot be one."""
        raw = typed.get("conversation_id", "")
        try:
            conversation_id = UUID(raw) if raw else None
        except ValueError:
            raise InvalidInput from None
        if "contacto" not in typed:  # the desk's form asks for telephone and e-mail apart
            typed = {**typed, "contacto": typed.get("telefono", "").strip() or typed.get("correo", "")}
        return cls(
            kind=choice(PetitionKind, typed.get("kind", "")) or PetitionKind.PETICION,
            channel=choice(EntryChannel, typed.get("channel", "")) or EntryChannel.PRESENCIAL,
            conversation_id=conversation_id,
            typed=typed,
        )


async def _answers(session: AsyncSession, typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What passes its check, and the problems of what does not. What was left empty is neither."""
    answers: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in _LOOKED_AT:
        raw = typed.get(name, "").strip()
        if not raw:
            continue
        checked = await intake.check(session, name, raw)
        if checked.value is None:
            problems[name] = intake.staff_problem(checked)
        elif checked.value != intake.SKIPPED:
            answers[name] = checked.value
    return answers, problems


async def alike(session: AsyncSession, form: StaffForm) -> list[Candidate]:
    """The petitions that what is typed so far may repeat; half a form is enough."""
    narrative = form.typed.get("narrativa", "").strip()
    if sum(char.isalpha() for char in narrative) < _LEAST_LETTERS:
        return []
    answers, _ = await _answers(session, form.typed)
    contact = answers.get("contacto", "")
    wanted = Wanted(
        kind=form.kind,
        narrative=narrative[: intake.NARRATIVE_MAX],
        municipality_id=answers.get("municipio"),
        colonia=answers.get("colonia"),
        name=answers.get("nombre"),
        phone=contact if contact.startswith("+") else None,
        email=contact if "@" in contact else None,
        curp=answers.get("curp"),
    )
    return await candidates(session, wanted, limit=5)


async def add_supporter(session: AsyncSession, folio: str, form: StaffForm, *, user_id: UUID) -> dict[str, str]:
    """Add who is in the form to the petition of `folio`; the problems by field, if nothing could be done.

    In a chat, the citizen is told. Raises what `support.join_by_staff` does.
    """
    answers, problems = await _answers(session, form.typed)
    if "nombre" not in answers:
        problems.setdefault("nombre", "Escriba el nombre de la persona que se suma.")
    if problems:
        return problems
    contact = answers.get("contacto", "")
    channel = form.channel
    if form.conversation_id is not None:
        channel = intake.entry_channel((await session.get_one(Conversation, form.conversation_id)).channel)
    new = NewPetition(
        kind=form.kind,
        channel=channel,
        narrative=answers.get("narrativa", ""),
        name=answers["nombre"],
        phone=contact if contact.startswith("+") else None,
        email=contact if "@" in contact else None,
        curp=answers.get("curp"),
        conversation_id=form.conversation_id,
    )
    joined = await support.join_by_staff(session, folio, new, user_id=user_id)
    if form.conversation_id is not None:
        text = (
            f"Se sumó a la petición {joined.folio}, que ya estamos atendiendo. "
            "Le avisaremos aquí mismo cuando haya avance; también puede preguntar por ese folio."
        )
        await conversations.announce(session, form.conversation_id, text)
    return {}
