"""Templates: the version in use, earlier ones, saving a new one."""

import difflib
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.letters import fields, markup
from backend.letters.errors import TemplateChanged, TemplateNotFound, TemplateRefused
from backend.letters.kinds import KINDS, Side
from backend.letters.models import LetterKind, LetterTemplate

_SEED = Path(__file__).parent / "seed"
SUBJECT_MAX = 200


@dataclass(frozen=True)
class VersionView:
    template: LetterTemplate
    author: str | None


class Mark(enum.StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@cache
def brought(kind: LetterKind) -> tuple[str, str]:
    """The subject and the body that the product brings."""
    head, _, body = (_SEED / f"{kind.value}.md").read_text(encoding="utf-8").partition("\n\n")
    return head.removeprefix("Asunto:").strip(), body.strip()


async def current(session: AsyncSession, kind: LetterKind) -> LetterTemplate:
    """The version in use; the first is the one that the product brings."""
    query = select(LetterTemplate).where(LetterTemplate.kind == kind).order_by(LetterTemplate.version.desc()).limit(1)
    found: LetterTemplate | None = await session.scalar(query)
    if found is not None:
        return found
    subject, body = brought(kind)
    first = insert(LetterTemplate).values(id=uuid4(), kind=kind, version=1, subject=subject, body=body)
    await session.execute(first.on_conflict_do_nothing())
    return (await session.scalars(query)).one()


async def versions(session: AsyncSession, kind: LetterKind) -> Sequence[VersionView]:
    """All versions of a kind with who wrote them, newest first."""
    await current(session, kind)
    rows = await session.execute(
        select(LetterTemplate, User.full_name)
        .outerjoin(User, User.id == LetterTemplate.created_by)
        .where(LetterTemplate.kind == kind)
        .order_by(LetterTemplate.version.desc())
    )
    return [VersionView(*row) for row in rows]


async def version(session: AsyncSession, kind: LetterKind, number: int) -> LetterTemplate:
    """One version. Raises TemplateNotFound."""
    found: LetterTemplate | None = await session.scalar(
        select(LetterTemplate).where(LetterTemplate.kind == kind, LetterTemplate.version == number)
    )
    if found is None:
        raise TemplateNotFound
    return found


def problems(kind: LetterKind, subject: str, body: str) -> list[str]:
    """What keeps a text from being a template of this kind, a sentence each."""
    side = KINDS[kind].side
    other = Side.CITIZEN if side is Side.AGENCY else Side.AGENCY
    found = []
    if not subject.strip():
        found.append("Escriba el asunto.")
    if len(subject) > SUBJECT_MAX:
        found.append(f"El asunto lleva {SUBJECT_MAX} letras como máximo.")
    if not body.strip():
        found.append("Escriba el texto del documento.")
    if len(body) > markup.BODY_MAX:
        found.append(f"El texto es muy largo: escriba {markup.BODY_MAX:,} letras como máximo.")
        return found
    texts = (subject, *markup.texts_of(markup.parse(body)))
    return found + markup.problems(texts, fields.of_side(side), fields.of_side(other))


async def save(
    session: AsyncSession, user: User, kind: LetterKind, *, subject: str, body: str, based_on: int
) -> LetterTemplate:
    """A new version, unless nothing changed. Raises TemplateRefused, or TemplateChanged when another is newer."""
    subject, body = markup.clean(subject).strip(), markup.clean(body).strip()
    wrong = problems(kind, subject, body)
    if wrong:
        raise TemplateRefused(wrong)
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"letter_template {kind.value}"))))
    newest = await current(session, kind)
    if (newest.subject, newest.body) == (subject, body):
        return newest
    if newest.version != based_on:
        raise TemplateChanged
    made = LetterTemplate(kind=kind, version=newest.version + 1, subject=subject, body=body, created_by=user.id)
    session.add(made)
    await session.flush()
    return made


async def restore(session: AsyncSession, user: User, kind: LetterKind, number: int) -> LetterTemplate:
    """An earlier version's text as the newest version. Raises TemplateNotFound."""
    earlier = await version(session, kind, number)
    newest = await current(session, kind)
    return await save(session, user, kind, subject=earlier.subject, body=earlier.body, based_on=newest.version)


def differences(before: LetterTemplate, after: LetterTemplate) -> list[tuple[Mark, str]]:
    """What changed between two versions, line by line."""
    marks = {"  ": Mark.SAME, "+ ": Mark.ADDED, "- ": Mark.REMOVED}
    old, new = (f"Asunto: {one.subject}\n\n{one.body}".splitlines() for one in (before, after))
    return [(marks[line[:2]], line[2:]) for line in difflib.ndiff(old, new) if line[:2] in marks]
