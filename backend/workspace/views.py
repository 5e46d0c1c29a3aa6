"""Saved views: one's own, and those that the head shares with everybody."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import Role, User
from backend.text import strip_control
from backend.workspace.errors import SharingForbidden, ViewNotFound, ViewRefused
from backend.workspace.models import SavedView

LONGEST_NAME = 40
LONGEST_QUERY = 2000
#: As many as a person may keep.
MOST = 30


def may_share(user: User) -> bool:
    return user.role in (Role.HEAD, Role.ADMIN)


async def visible(session: AsyncSession, user: User) -> Sequence[SavedView]:
    """The views that `user` sees: the shared ones first, then their own, by name."""
    query = select(SavedView).where(or_(SavedView.is_shared, SavedView.owner_id == user.id))
    return (await session.scalars(query.order_by(SavedView.is_shared.desc(), SavedView.name, SavedView.id))).all()


async def save(session: AsyncSession, user: User, name: str, query: str, *, is_shared: bool = False) -> SavedView:
    """Keep a view under a name; what had the name is replaced. Raises ViewRefused, SharingForbidden."""
    if is_shared and not may_share(user):
        raise SharingForbidden
    if len(query) > LONGEST_QUERY:
        raise ViewRefused("Son demasiados filtros para guardarlos en una vista.")
    told = _name(name)
    own = (await session.scalars(select(SavedView).where(SavedView.owner_id == user.id).with_for_update())).all()
    view = next((one for one in own if one.name == told), None)
    if view is None:
        if len(own) >= MOST:
            raise ViewRefused(f"Puede guardar {MOST} vistas como máximo. Elimine alguna.")
        view = SavedView(owner_id=user.id, name=told)
        session.add(view)
    view.query, view.is_shared = query, is_shared
    await session.flush()
    return view


async def rename(session: AsyncSession, user: User, view_id: UUID, name: str) -> None:
    """Raises ViewNotFound, ViewRefused where another of one's views has the name."""
    view, told = await _own(session, user, view_id), _name(name)
    taken = await session.scalar(
        select(SavedView.id).where(SavedView.owner_id == view.owner_id, SavedView.name == told, SavedView.id != view.id)
    )
    if taken is not None:
        raise ViewRefused("Ya hay una vista con ese nombre.")
    view.name = told
    await session.flush()


async def share(session: AsyncSession, user: User, view_id: UUID, *, is_shared: bool) -> None:
    """Show a view to everybody, or to its owner alone. Raises ViewNotFound, SharingForbidden."""
    if not may_share(user):
        raise SharingForbidden
    (await _own(session, user, view_id)).is_shared = is_shared
    await session.flush()


async def delete(session: AsyncSession, user: User, view_id: UUID) -> None:
    """Raises ViewNotFound."""
    await session.delete(await _own(session, user, view_id))
    await session.flush()


async def _own(session: AsyncSession, user: User, view_id: UUID) -> SavedView:
    """A view that `user` may change: their own, or a shared one for the head."""
    view = await session.get(SavedView, view_id, with_for_update=True)
    if view is None or not (view.owner_id == user.id or (view.is_shared and may_share(user))):
        raise ViewNotFound
    return view


def _name(typed: str) -> str:
    name = " ".join(strip_control(typed).split())
    if not name:
        raise ViewRefused("Escriba el nombre de la vista.")
    if len(name) > LONGEST_NAME:
        raise ViewRefused(f"El nombre lleva {LONGEST_NAME} letras como máximo.")
    return name
