"""Whose a telephone is, where that is certain."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.registry.models import Person
from backend.vault import blind
from backend.vault.blind import Kind
from backend.vault.columns import index_of


async def owners(session: AsyncSession, phones: Collection[str]) -> dict[str, UUID]:
    """Of telephones (E.164) that one person alone has, who that is; whoever is blocked is known no more."""
    number = index_of(Person.phone)
    rows = await session.execute(
        select(number, func.array_agg(Person.id))
        .where(Person.phone.in_(phones), Person.withheld_at.is_(None))
        .group_by(number)
        .having(func.count() == 1)
    )
    known = {index: ids[0] for index, ids in rows}
    told = {phone: blind.index(Kind.PHONE, phone) for phone in phones}
    return {phone: known[index] for phone, index in told.items() if index in known}


async def owner(session: AsyncSession, phone: str) -> UUID | None:
    """Whose a telephone is, where it is one person's alone."""
    return (await owners(session, [phone])).get(phone)
