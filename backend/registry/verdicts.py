"""What the citizen says of a conclusion, kept apart from what the agency says. One question a conclusion."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.errors import Conflict
from backend.registry import petitions
from backend.registry.lifecycle import CONCLUDED
from backend.registry.models import ActorKind, Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.text import strip_control

#: After so many days without an answer the citizen is taken as silent. They may still answer.
SILENT_AFTER = timedelta(days=15)
MAX_COMMENT = 1000


class Answer(enum.StrEnum):
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    #: Asked, and still within the days to answer.
    AWAITED = "awaited"
    #: The days went by.
    SILENT = "silent"


class VerdictClosed(Conflict):
    code = "conclusion_anterior"
    message = "Esta petición ya no está concluida, así que ya no hace falta esa respuesta."


@dataclass(frozen=True)
class Verdict:
    """The citizen's side of a petition's latest conclusion. `is_open`: it may be answered, or answered otherwise."""

    conclusion: PetitionEvent
    answer: Answer
    is_open: bool
    comment: str = ""
    at: datetime | None = None


async def of_petition(session: AsyncSession, petition: Petition) -> Verdict | None:
    """The citizen's side of the latest conclusion; None for a petition that was never concluded."""
    conclusion = await session.scalar(
        select(PetitionEvent)
        .where(PetitionEvent.petition_id == petition.id, PetitionEvent.to_status.in_(CONCLUDED))
        .order_by(PetitionEvent.id.desc())
        .limit(1)
    )
    if conclusion is None:
        return None
    is_open = petition.status in CONCLUDED
    said = await session.scalar(
        select(PetitionEvent)
        .where(
            PetitionEvent.petition_id == petition.id,
            PetitionEvent.kind == PetitionEventKind.CITIZEN_VERDICT,
            PetitionEvent.id > conclusion.id,
        )
        .order_by(PetitionEvent.id.desc())
        .limit(1)
    )
    if said is not None:
        answer = Answer.SOLVED if said.detail.get("solved") else Answer.NOT_SOLVED
        return Verdict(conclusion, answer, is_open, str(said.detail.get("comment", "")), said.at)
    is_silent = not is_open or clock.now() - conclusion.at > SILENT_AFTER
    return Verdict(conclusion, Answer.SILENT if is_silent else Answer.AWAITED, is_open)


async def give(
    session: AsyncSession, petition: Petition, *, is_solved: bool, comment: str = "", conclusion_id: int | None = None
) -> None:
    """Keep the citizen's word on a locked petition's conclusion; a No takes the follow-up up again, with the comment.

    The same word twice is once. Raises VerdictClosed where the petition is not concluded any more, or where
    `conclusion_id`, the event that was asked about, is an earlier conclusion's.
    """
    told = strip_control(comment.replace("\r\n", "\n")).strip()[:MAX_COMMENT]
    verdict = await of_petition(session, petition)
    if verdict is None or conclusion_id not in (None, verdict.conclusion.id):
        raise VerdictClosed
    is_same = verdict.answer is (Answer.SOLVED if is_solved else Answer.NOT_SOLVED) and told in ("", verdict.comment)
    if is_same:
        return
    if not verdict.is_open:
        raise VerdictClosed
    words = "Sí se resolvió." if is_solved else "No se resolvió."
    await petitions.add_event(
        session,
        petition,
        PetitionEventKind.CITIZEN_VERDICT,
        actor=ActorKind.CITIZEN,
        text=f"{words} {told}".strip(),
        detail={"solved": is_solved, "conclusion_id": verdict.conclusion.id, **({"comment": told} if told else {})},
    )
    if not is_solved:
        await petitions.change_status(
            session,
            petition,
            PetitionStatus.EN_ATENCION,
            actor=ActorKind.CITIZEN,
            reason=f"La persona respondió que no se resolvió. {told}".strip(),
            is_told=False,
        )
