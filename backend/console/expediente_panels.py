"""What the panels of the expediente and of a special procedure show."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.dossier import service as dossier
from backend.procedures import service as procedures
from backend.registry.models import Petition


async def documents(session: AsyncSession, petition: Petition, _: User) -> dict[str, Any]:
    return {"dossier_documents": await dossier.listed(session, petition), "dossier_kinds": dossier.KIND_TEXTS}


async def procedure(session: AsyncSession, petition: Petition, _: User) -> dict[str, Any]:
    return {"procedure_case": await procedures.view(session, petition)}
