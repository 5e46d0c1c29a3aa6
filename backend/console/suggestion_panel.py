"""The suggested topic and agency on a folio's page."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.registry.models import Petition
from backend.suggestions import service as suggestions


async def context(session: AsyncSession, petition: Petition, user: User) -> dict[str, Any]:
    """What `petition_suggestion.html` shows."""
    return {"suggestion": await suggestions.of_petition(session, petition)}
