"""What a database that was just migrated lacks before anybody can work."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.catalog import service as catalog
from backend.db import in_transaction
from backend.settings import Settings


async def prepare(settings: Settings) -> tuple[str, str] | None:
    """Add what the catalogs lack; the first administrator's name and one-time password, if just made."""

    async def work(session: AsyncSession) -> tuple[str, str] | None:
        await catalog.seed(session)
        return await agents.ensure_first_admin(session)

    return await in_transaction(settings.database_url, work)
