"""One petition at the workspace: who has it, its clock, and whether somebody changed it meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import DESK_ROLES, Role, User
from backend.conversations.models import Conversation
from backend.outreach.models import CallReason
from backend.registry import deadlines, lifecycle, petitions
from backend.registry.lifecycle import Requirement, Who
from backend.registry.models import ActorKind, Petition, PetitionEventKind, PetitionStatus, PetitionSuspension
from backend.text import strip_control
from backend.workspace.errors import AssigneeRefused, ChangedMeanwhile, ClockRefused

#: As many as the page shows of a person's other petitions, conversations and calls.
SHOWN = 20
LONGEST_REASON = 300


def require_unchanged(petition: Petition, version: str) -> None:
    """Raise ChangedMeanwhile unless a locked petition is as it was at `version` (`Petition.updated_at`, ISO).

    An empty `version` is a program's, which does not ask.
    """
    if not version:
        return
    try:
        seen = datetime.fromisoformat(version)
    except ValueError:
        raise ChangedMeanwhile from None
    if seen.tzinfo is None or seen != petition.updated_at:
        raise ChangedMeanwhile


async def colleagues(session: AsyncSession) -> Sequence[User]:
    """To whom a petition may be assigned: the office's own active accounts."""
    query = select(User).where(User.is_active, User.role.in_(DESK_ROLES)).order_by(User.full_name)
    return (await session.scalars(query)).all()


async def assign(session: AsyncSession, petition: Petition, assignee_id: UUID | None, *, user_id: UUID) -> None:
    """Give a locked petition to somebody; None: to nobody. Raises AssigneeRefused."""
    if assignee_id is not None:
        user = await session.get(User, assignee_id)
        if user is None or not user.is_active or user.role not in DESK_ROLES:
            raise AssigneeRefused
    await petitions.edit(session, petition, {"assignee_id": assignee_id}, user_id=user_id)


async def running_pause(session: AsyncSession, petition: Petition) -> PetitionSuspension | None:
    """The suspension for which the petition's clock stands now."""
    row: PetitionSuspension | None = await session.scalar(
        select(PetitionSuspension).where(
            PetitionSuspension.petition_id == petition.id, PetitionSuspension.until.is_(None)
        )
    )
    return row


async def suspend(session: AsyncSession, petition: Petition, reason: str, *, user_id: UUID) -> None:
    """Stop a locked petition's clock, for a reason that its history and its due date tell. Raises ClockRefused."""
    told = " ".join(strip_control(reason).split())[:LONGEST_REASON]
    if not told:
        raise ClockRefused("Escriba por qué se detiene el plazo.")
    if petition.status in lifecycle.CLOSED:
        raise ClockRefused("La petición ya terminó: su plazo no corre.")
    if await running_pause(session, petition) is not None:
        raise ClockRefused("El plazo ya está detenido.")
    await deadlines.suspend(session, petition, told)
    await _tell(session, petition, PetitionEventKind.SUSPENDED, told, user_id)


async def resume(session: AsyncSession, petition: Petition, reason: str, *, user_id: UUID) -> None:
    """Let a locked petition's clock run again from today on. Raises ClockRefused."""
    if petition.status is PetitionStatus.REQUIERE_INFORMACION:
        raise ClockRefused("El plazo se reanuda solo, cuando la persona conteste o usted cambie el estado.")
    if await running_pause(session, petition) is None:
        raise ClockRefused("El plazo no está detenido.")
    await deadlines.resume(session, petition)
    told = " ".join(strip_control(reason).split())[:LONGEST_REASON]
    await _tell(session, petition, PetitionEventKind.RESUMED, told, user_id)


async def _tell(session: AsyncSession, petition: Petition, kind: PetitionEventKind, text: str, user_id: UUID) -> None:
    due = petition.due_on.isoformat() if petition.due_on else ""
    await petitions.add_event(
        session,
        petition,
        kind,
        actor=ActorKind.STAFF,
        user_id=user_id,
        text=text,
        detail={"petition_due_on": due} if due else {},
    )


@dataclass(frozen=True)
class Step:
    """A status to which one may lead a petition; `missing` is what must be done elsewhere first."""

    to: PetitionStatus
    requires: tuple[Requirement, ...]
    missing: tuple[Requirement, ...]


async def steps(session: AsyncSession, petition: Petition, user: User) -> list[Step]:
    """The steps of the lifecycle that this user may make from here, with what each takes."""
    hat = Who.STAFF if user.role is Role.ANALYST else Who.HEAD
    is_owed = await petitions.has_open_turns(session, petition)
    found = []
    for to in lifecycle.allowed(petition.status, hat):
        row = lifecycle.transition(petition.status, to)
        assert row is not None
        # What is typed into the form is not missing beforehand.
        missing = petitions.unmet(row, has_open_turns=is_owed, reason="typed", asked="typed")
        found.append(Step(to, tuple(one for one in Requirement if one in row.requires), tuple(missing)))
    return found


@dataclass(frozen=True)
class Surroundings:
    """What else there is of the person of a petition: newest first."""

    petitions: Sequence[Petition]
    conversations: Sequence[Conversation]
    calls: Sequence[CallReason]


async def surroundings(session: AsyncSession, petition: Petition) -> Surroundings:
    """The person's other petitions, and the conversations and calls of theirs or of the petition."""
    others: Sequence[Petition] = []
    if petition.person_id is not None:
        query = select(Petition).where(Petition.person_id == petition.person_id, Petition.id != petition.id)
        others = (await session.scalars(query.order_by(Petition.created_at.desc()).limit(SHOWN))).all()
    contact = select(Conversation.contact_id).where(Conversation.id == petition.conversation_id).scalar_subquery()
    theirs = [Conversation.contact_id == contact]
    if petition.person_id is not None:
        theirs.append(Conversation.person_id == petition.person_id)
    conversations = (
        await session.scalars(
            select(Conversation).where(or_(*theirs)).order_by(Conversation.last_message_at.desc()).limit(SHOWN)
        )
    ).all()
    calls = (
        await session.scalars(
            select(CallReason)
            .where(
                or_(
                    CallReason.petition_id == petition.id,
                    CallReason.conversation_id.in_([one.id for one in conversations]),
                )
            )
            .order_by(CallReason.created_at.desc())
            .limit(SHOWN)
        )
    ).all()
    return Surroundings(others, conversations, calls)
