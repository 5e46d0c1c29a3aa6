"""The rows behind a frozen figure, as the reports show rows."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Uuid, any_, literal
from sqlalchemy.ext.asyncio import AsyncSession

from backend.registry.models import PetitionEvent
from backend.reports.figures import Figure
from backend.reports.rows import PAGE_SIZE, Row, listing_of


async def rows(session: AsyncSession, figure: Figure, ids: Collection[UUID], *, page: int = 1) -> Sequence[Row]:
    """A page of the rows that are named, as they are today, newest first; those deleted by retention are left out."""
    source, listing = figure.source, listing_of(figure.source)
    is_number = source.table is PetitionEvent
    # As one array: a quarter has more rows than a query may have parameters.
    wanted = literal([one.int if is_number else one for one in ids], ARRAY(BigInteger if is_number else Uuid))
    found = await session.execute(
        listing.select()
        .where(source.id == any_(wanted))
        .order_by(source.moment.desc().nulls_last(), source.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    return [listing.row(row) for row in found.all()]
