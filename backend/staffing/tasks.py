"""Tasks: given by the head, carried on by whoever they are for, each step kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend import clock
from backend.agents.models import DESK_ROLES, Role, User
from backend.errors import Forbidden
from backend.registry.models import Petition
from backend.staffing.errors import TaskNotFound, TaskRefused
from backend.staffing.models import OPEN, Task, TaskEvent, TaskEventKind, TaskState
from backend.text import strip_control

MOST_TITLE, MOST_TEXT = 160, 4000
PAGE = 50


@dataclass(frozen=True)
class Draft:
    """What a task says, as the head writes it."""

    title: str
    description: str
    user_id: UUID
    due_on: date | None = None
    petition_id: UUID | None = None


@dataclass(frozen=True)
class View:
    task: Task
    person: str
    by: str
    folio: str | None


@dataclass(frozen=True)
class Wanted:
    """Which tasks: None or empty leaves a thing open."""

    user_id: UUID | None = None
    state: TaskState | None = None
    #: Of those still to be done.
    is_open: bool = False
    is_late: bool = False
    words: str = ""


async def create(session: AsyncSession, draft: Draft, *, by: User) -> Task:
    """A new task. Raises TaskRefused."""
    checked = await _checked(session, draft)
    task = Task(**checked, state=TaskState.PENDING, created_by=by.id, created_at=clock.now(), updated_at=clock.now())
    session.add(task)
    await session.flush()
    await _note(session, task, by.id, TaskEventKind.CREATED)
    return task


async def _checked(session: AsyncSession, draft: Draft) -> dict[str, Any]:
    title, description = strip_control(draft.title).strip(), strip_control(draft.description).strip()
    if not title:
        raise TaskRefused("Escriba qué hay que hacer.", field="title")
    if len(title) > MOST_TITLE or len(description) > MOST_TEXT:
        raise TaskRefused(
            f"El título lleva {MOST_TITLE} letras como máximo y la descripción {MOST_TEXT}.", field="title"
        )
    person = await session.get(User, draft.user_id)
    if person is None or not person.is_active or person.role not in DESK_ROLES:
        raise TaskRefused("Elija a una persona del equipo.", field="user_id")
    return {
        "title": title,
        "description": description,
        "user_id": draft.user_id,
        "due_on": draft.due_on,
        "petition_id": draft.petition_id,
    }


async def get(session: AsyncSession, task_id: UUID, user: User, *, for_update: bool = False) -> Task:
    """A task that `user` may see: the head any, others their own. Raises TaskNotFound."""
    task = await session.get(Task, task_id, with_for_update=for_update or None)
    if task is None or not (_leads(user) or task.user_id == user.id):
        raise TaskNotFound
    return task


def _leads(user: User) -> bool:
    return user.role in (Role.HEAD, Role.ADMIN)


async def edit(session: AsyncSession, task: Task, draft: Draft, *, by: User) -> None:
    """Write a locked task anew, keeping what it said. Raises TaskRefused, and Forbidden to who does not lead."""
    if not _leads(by):
        raise Forbidden
    checked = await _checked(session, draft)
    changed = {
        name: [_told(getattr(task, name)), _told(value)]
        for name, value in checked.items()
        if getattr(task, name) != value
    }
    if changed:
        for name, value in checked.items():
            setattr(task, name, value)
        await _note(session, task, by.id, TaskEventKind.EDITED, detail=changed)


def _told(value: object) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


async def set_state(session: AsyncSession, task: Task, state: TaskState, *, by: User) -> None:
    """Carry a locked task on, or take it up again. Only who leads cancels. Raises Forbidden."""
    if TaskState.CANCELLED in (state, task.state) and not _leads(by):
        raise Forbidden("Solo la jefatura cancela tareas o reabre las canceladas.")
    if task.state is state:
        return
    task.state, task.closed_at = state, None if state in OPEN else clock.now()
    await _note(session, task, by.id, TaskEventKind.STATE, state.value)


async def comment(session: AsyncSession, task: Task, text: str, *, by: User) -> None:
    """Say something on a task. Raises TaskRefused."""
    told = strip_control(text).strip()
    if not told or len(told) > MOST_TEXT:
        raise TaskRefused(f"Escriba un comentario de hasta {MOST_TEXT} letras.", field="text")
    await _note(session, task, by.id, TaskEventKind.COMMENT, told)


async def _note(
    session: AsyncSession,
    task: Task,
    user_id: UUID,
    kind: TaskEventKind,
    text: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    session.add(
        TaskEvent(task_id=task.id, user_id=user_id, kind=kind, text=text, detail=dict(detail or {}), at=clock.now())
    )
    await session.flush()


async def history(session: AsyncSession, task: Task) -> Sequence[tuple[TaskEvent, str]]:
    """What happened to a task, the first thing first, each with the name of who did it."""
    rows = await session.execute(
        select(TaskEvent, User.full_name)
        .join(User, User.id == TaskEvent.user_id)
        .where(TaskEvent.task_id == task.id)
        .order_by(TaskEvent.id)
    )
    return [(event, name) for event, name in rows]


#: What is due first first, then the latest.
_ORDER = (Task.state.in_(OPEN).desc(), Task.due_on.asc().nulls_last(), Task.created_at.desc(), Task.id)


async def listed(session: AsyncSession, wanted: Wanted, *, page: int = 1) -> tuple[list[View], int]:
    """A page of tasks, what is due first first, then the latest; and how many there are in all."""
    conditions = _conditions(wanted)
    total = await session.scalar(select(func.count()).select_from(Task).where(*conditions)) or 0
    # What a page shows of each is read of that page's alone.
    shown = select(Task.id).where(*conditions).order_by(*_ORDER).limit(PAGE).offset((page - 1) * PAGE)
    person, by = aliased(User), aliased(User)
    rows = await session.execute(
        select(Task, person.full_name, by.full_name, Petition.folio)
        .join(person, person.id == Task.user_id)
        .join(by, by.id == Task.created_by)
        .outerjoin(Petition, Petition.id == Task.petition_id)
        .where(Task.id.in_(shown))
        .order_by(*_ORDER)
    )
    return [View(*row) for row in rows], total


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.user_id is not None:
        conditions.append(Task.user_id == wanted.user_id)
    if wanted.state is not None:
        conditions.append(Task.state == wanted.state)
    if wanted.is_open or wanted.is_late:
        conditions.append(Task.state.in_(OPEN))
    if wanted.is_late:
        conditions.append(Task.due_on < clock.local(clock.now()).date())
    if wanted.words:
        like = f"%{wanted.words.replace('%', '').replace('_', '')}%"
        conditions.append(Task.title.ilike(like) | Task.description.ilike(like))
    return conditions


@dataclass(frozen=True)
class Load:
    """How many tasks somebody has to do, and how many of them are late."""

    open: int = 0
    late: int = 0


async def loads(session: AsyncSession) -> dict[UUID, Load]:
    """Everybody's open tasks; nobody who has none."""
    today = clock.local(clock.now()).date()
    late = func.count().filter(Task.due_on < today)
    rows = await session.execute(
        select(Task.user_id, func.count(), late).where(Task.state.in_(OPEN)).group_by(Task.user_id)
    )
    return {user_id: Load(is_open, is_late) for user_id, is_open, is_late in rows}
