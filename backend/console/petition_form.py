"""A conversation's draft as a form for agents: the questions, order and checks of the bot (`registry.intake`)."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.catalog import service as catalog
from backend.console.schemas import DraftForm, DraftResult, FieldOption, FormField
from backend.conversations import queries
from backend.conversations import service as conversations
from backend.conversations.errors import AlreadyTaken
from backend.conversations.models import Owner
from backend.registry import intake
from backend.registry import service as registry
from backend.registry.intake import Checked
from backend.registry.models import ActorKind, PetitionKind

#: What an empty answer to a question that may be skipped says.
_SKIPPED_WORDS = {"colonia": "no aplica", "curp": "no la tengo", "contacto": "no tengo"}


def _is_required(kind: PetitionKind, field: str) -> bool:
    if field == "curp":
        return kind is PetitionKind.CARTA_NO_ANTECEDENTES
    return field not in {"colonia", "contacto"}


async def form(
    session: AsyncSession,
    kind: PetitionKind,
    *,
    shown: Mapping[str, str],
    answered: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
) -> DraftForm:
    """The form of `kind`. `shown`: what each field displays; `answered`: what has passed its check."""
    wanted = intake.fields_of(kind, answered)
    return DraftForm(
        kind=kind,
        fields=[
            FormField(
                name=name,
                label=intake.FIELD_TEXTS[name],
                value=shown.get(name, ""),
                required=_is_required(kind, name),
                options=await _options(session, name),
                problem=(problems or {}).get(name),
            )
            for name in wanted
        ],
        is_complete=all(name in answered for name in wanted),
    )


async def _options(session: AsyncSession, field: str) -> list[FieldOption]:
    if field == "municipio":
        return [FieldOption(title=place.name, value=place.name) for place in await catalog.municipalities(session)]
    return [FieldOption(title=option.title, value=option.title) for option in intake.OPTIONS.get(field, ())]


def _shown_answers(draft: registry.DraftView) -> dict[str, str]:
    """Answers as one would type them; what was skipped is empty."""
    return {name: "" if draft.fields[name] == intake.SKIPPED else text for name, text in draft.shown.items()}


async def draft_form(session: AsyncSession, conversation_id: UUID, kind: PetitionKind | None = None) -> DraftForm:
    """The form of a conversation's draft, or an empty one. `kind` tries another kind without changing anything."""
    await queries.details(session, conversation_id)
    draft = await registry.current_draft(session, conversation_id)
    if draft is None:
        return await form(session, kind or PetitionKind.PETICION, shown={}, answered={})
    return await form(session, kind or draft.kind, shown=_shown_answers(draft), answered=draft.fields)


async def answer_draft(
    session: AsyncSession,
    conversation_id: UUID,
    user: User,
    secret: bytes,
    *,
    kind: PetitionKind,
    typed: Mapping[str, str],
    file: bool,
) -> DraftResult:
    """Put what the agent wrote into the citizen's draft and, if `file`, register it and tell the citizen.

    Raises AlreadyTaken when the conversation is another agent's.
    """
    details = await queries.details(session, conversation_id)
    owner = details.conversation
    if owner.owner is Owner.AGENT and owner.agent_id != user.id:
        raise AlreadyTaken(details.agent_name or "Otra persona")
    draft = await registry.open_draft(session, conversation_id, kind, {})
    problems: dict[str, str] = {}
    for name, raw in _in_order(kind, typed):
        before = _shown_answers(draft)
        if name in before and raw.strip() == before[name]:
            continue
        answer = await registry.answer(session, conversation_id, name, raw)
        draft = answer.draft
        if answer.problem:
            problems[name] = intake.staff_problem(Checked(problem=answer.problem, suggestion=answer.suggestion))
    shown = {**_shown_answers(draft), **{name: typed[name] for name in problems}}
    filled = await form(session, kind, shown=shown, answered=draft.fields, problems=problems)
    if not file or problems or draft.missing:
        for field in filled.fields:
            if file and field.name in draft.missing and field.problem is None:
                field.problem = intake.staff_problem(Checked())
        return DraftResult(form=filled)
    filed = await registry.file_draft(session, conversation_id, secret, actor=ActorKind.STAFF, user_id=user.id)
    if not filed.repeated:
        text = (
            f"Su petición quedó registrada con el folio {filed.folio} y la clave de acceso {filed.access_code}. "
            "Guárdelos: con ellos puede preguntar aquí mismo cómo va."
        )
        await conversations.announce(session, conversation_id, text)
    return DraftResult(form=filled, folio=filed.folio, access_code=filed.access_code)


def _in_order(kind: PetitionKind, typed: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was written, in the form's order; an empty answer counts only where skipping is allowed."""
    answered = {"anonimo": "si"} if typed.get("anonimo", "").lower().startswith("s") else {}
    answers = []
    for name in intake.fields_of(kind, answered):
        raw = typed.get(name, "").strip()
        if not raw and name in typed and not _is_required(kind, name):
            raw = _SKIPPED_WORDS[name]
        if raw:
            answers.append((name, raw))
    return answers
