"""A folio's status by the keys of a telephone: who holds its code, and nobody by guessing.

A code typed on keys is about 24 bits (a key bears three or four letters), so that guesses are limited three ways: by
who calls (a number can be feigned), by folio whoever calls, and over all calls together.
"""

import enum
import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.registry import lookups, petitions, progress
from backend.registry.lifecycle import CLOSED
from backend.registry.models import Petition, PetitionStatus
from backend.registry.progress import Progress
from backend.related.roots import root_of
from backend.telephony import wording
from backend.telephony.models import KeypadAttempt

#: Wrong ones in a quarter of an hour.
PER_CALLER, PER_FOLIO, ALTOGETHER = 5, 10, 60
WINDOW = timedelta(minutes=15)
_HIDDEN = "oculto"
#: A year, and a number whose leading zeros may be left out.
_FOLIO = re.compile(r"(20\d\d)(\d{1,6})")


class Result(enum.Enum):
    FOUND = enum.auto()
    WRONG = enum.auto()
    BLOCKED = enum.auto()


@dataclass(frozen=True)
class Found:
    result: Result
    petition: Petition | None = None


def folio_of(typed: str) -> tuple[int, int] | None:
    """The year and the number typed; None: no folio is that short or long. Its check character is not typed."""
    match = _FOLIO.fullmatch(typed.strip("*#"))
    return (int(match[1]), int(match[2])) if match else None


async def look_up(
    session: AsyncSession, *, caller: str | None, folio: tuple[int, int], code: str, secret: bytes
) -> Found:
    """A petition for who typed its code. An unknown folio and a wrong code are one answer, after the same work."""
    year, number = folio
    attempt = KeypadAttempt(caller=caller or _HIDDEN, folio=f"{year}-{number}", at=clock.now())
    if await _is_blocked(session, attempt):
        return Found(Result.BLOCKED)
    petition = await session.scalar(select(Petition).where(Petition.year == year, Petition.number == number))
    if not lookups.opens_by_keypad(petition, code, secret):
        session.add(attempt)
        await session.flush()
        return Found(Result.WRONG)
    return Found(Result.FOUND, petition)


async def _is_blocked(session: AsyncSession, attempt: KeypadAttempt) -> bool:
    async def wrong(*conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(KeypadAttempt).where(KeypadAttempt.at > attempt.at - WINDOW)
        return await session.scalar(query.where(*conditions)) or 0

    return (
        await wrong(KeypadAttempt.caller == attempt.caller) >= PER_CALLER
        or await wrong(KeypadAttempt.folio == attempt.folio) >= PER_FOLIO
        or await wrong() >= ALTOGETHER
    )


async def status_text(session: AsyncSession, petition: Petition) -> str:
    """How a petition is doing, for the ear. Nothing that its citizen told or was asked: keys are no proof of a person.

    A merged one is told under its own folio, as the one does with which it is attended.
    """
    root = await root_of(session, petition)
    now = await progress.of_petition(session, root or petition)
    joined = lookups.JOINED_STATUS if root is not None else ""
    explanation = " ".join(part for part in (joined, _said(now, is_own=root is None), now.due_text) if part)
    return wording.status(petition.folio, now.status_text, explanation)


def _said(now: Progress, *, is_own: bool) -> str:
    if now.status is PetitionStatus.REQUIERE_INFORMACION:
        return wording.NEEDS_INFORMATION if is_own else lookups.GATHERING
    # Of an end, not what staff wrote to its citizen, which may be personal.
    return petitions.STATUS_TEXTS[now.status][1] if now.status in CLOSED else now.explanation
