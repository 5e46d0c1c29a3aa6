"""Who sees a citizen's telephone, e-mail and CURP whole: one table, and what «attends» means.

Whoever does not may have them shown for a quarter of an hour by saying why. That it was is on the audit trail, and it
is the trail that is asked whether it still holds.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import Role, User
from backend.audit import service as audit
from backend.conversations.models import Conversation
from backend.errors import Forbidden, InvalidInput, NotFound
from backend.ledger.models import Interaction
from backend.outreach.models import CallTask
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind

SHOWN = "personal_data_shown"
SHOWN_FOR = timedelta(minutes=15)
_MOST_WORDS = 300


@dataclass(frozen=True)
class Rule:
    """What a role sees whole: of what its person attends; after asking; in what it takes away as a file."""

    attended: bool
    may_reveal: bool
    exports_whole: bool


#: The one table; docs/accounts.md holds it for people. A liaison's console shows what `turns.queries` gives it.
RULES: Mapping[Role, Rule] = {
    Role.LIAISON: Rule(attended=True, may_reveal=False, exports_whole=False),
    Role.AUDITOR: Rule(attended=False, may_reveal=False, exports_whole=False),
    Role.ANALYST: Rule(attended=True, may_reveal=True, exports_whole=False),
    Role.HEAD: Rule(attended=True, may_reveal=True, exports_whole=True),
    Role.ADMIN: Rule(attended=True, may_reveal=True, exports_whole=False),
}


class Thing(enum.StrEnum):
    """Where personal data stand."""

    PETITION = "peticion"
    CONVERSATION = "conversacion"
    CALL = "llamada"
    TASK = "tarea"


class Reason(enum.StrEnum):
    """Why they must be shown."""

    ATTEND = "atender"
    CHECK = "comprobar"
    SUPERVISE = "supervisar"
    OTHER = "otro"


REASONS = {
    Reason.ATTEND: "para atender a la persona",
    Reason.CHECK: "para comprobar un dato",
    Reason.SUPERVISE: "para supervisar la atención",
    Reason.OTHER: "por otro motivo",
}


def exports_whole(user: User) -> bool:
    """Whether the files that `user` takes away tell telephones and e-mails."""
    return RULES[user.role].exports_whole


async def sees_petition(session: AsyncSession, user: User, petition: Petition) -> bool:
    """Whoever is responsible, registered it, has its conversation, or is on a call about it."""
    if petition.assignee_id == user.id:
        return _attends(user)
    here = or_(
        exists().where(
            PetitionEvent.petition_id == petition.id,
            PetitionEvent.kind == PetitionEventKind.FILED,
            PetitionEvent.user_id == user.id,
        ),
        exists().where(Conversation.id == petition.conversation_id, Conversation.agent_id == user.id),
        exists().where(
            Interaction.petition_id == petition.id, Interaction.agent_id == user.id, Interaction.ended_at.is_(None)
        ),
    )
    return (_attends(user) and bool(await session.scalar(select(here)))) or await _is_shown(session, user, petition.id)


async def sees_conversation(session: AsyncSession, user: User, conversation: Conversation) -> bool:
    """Whoever attends it."""
    is_theirs = _attends(user) and conversation.agent_id == user.id
    return is_theirs or await _is_shown(session, user, conversation.id)


async def sees_call(session: AsyncSession, user: User, call: Interaction) -> bool:
    """Whoever attended it."""
    return attended_call(user, call) or await _is_shown(session, user, call.id)


async def sees_task(session: AsyncSession, user: User, task: CallTask) -> bool:
    """Whoever took the call to make it, or was given it."""
    return owes_call(user, task) or await _is_shown(session, user, task.id)


def attended_call(user: User, call: Interaction) -> bool:
    return _attends(user) and call.agent_id == user.id


def owes_call(user: User, task: CallTask) -> bool:
    is_claimed = task.claimed_by == user.id and task.claimed_until is not None and task.claimed_until > clock.now()
    return _attends(user) and (is_claimed or task.assignee_id == user.id)


def _attends(user: User) -> bool:
    return RULES[user.role].attended


async def _is_shown(session: AsyncSession, user: User, thing_id: UUID) -> bool:
    return RULES[user.role].may_reveal and await audit.has_done(session, user, SHOWN, thing_id, within=SHOWN_FOR)


async def show(session: AsyncSession, user: User, thing: Thing, thing_id: UUID, reason: Reason, note: str) -> None:
    """Let `user` see a thing's personal data for a while; why is kept. Raises Forbidden, InvalidInput, NotFound."""
    if not RULES[user.role].may_reveal:
        raise Forbidden
    words = " ".join(note.split())[:_MOST_WORDS]
    if reason is Reason.OTHER and len(words) < 5:
        raise InvalidInput("Escriba por qué necesita ver los datos.", field="nota")
    told = {"thing": await _named(session, thing, thing_id), "reason": REASONS[reason]}
    await audit.record(session, user, SHOWN, thing_id, of=thing.value, **told, **({"note": words} if words else {}))


async def read_by_program(session: AsyncSession, user: User, petition: Petition) -> bool:
    """Whether who asks the API for one petition is told its person whole; the trail tells of who does not attend it."""
    if await sees_petition(session, user, petition):
        return True
    if not RULES[user.role].may_reveal:
        return False
    await show(session, user, Thing.PETITION, petition.id, Reason.CHECK, "por la API")
    return True


async def _named(session: AsyncSession, thing: Thing, thing_id: UUID) -> str:
    """The thing, without anybody's data."""
    if thing is Thing.PETITION:
        folio = await session.scalar(select(Petition.folio).where(Petition.id == thing_id))
        if folio is None:
            raise NotFound
        return f"la petición {folio}"
    model, words = {
        Thing.CONVERSATION: (Conversation, "una conversación"),
        Thing.CALL: (Interaction, "una llamada"),
        Thing.TASK: (CallTask, "una llamada por hacer"),
    }[thing]
    if await session.get(model, thing_id) is None:
        raise NotFound
    return words
