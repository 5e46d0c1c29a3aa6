"""The letters' part of a folio's page: those made, and those that may be."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.letters import queries
from backend.letters.kinds import KINDS, Side, oficio_of
from backend.registry.models import Petition
from backend.turns import service as turns
from backend.turns.models import OPEN


async def context(session: AsyncSession, petition: Petition, user: User) -> dict[str, Any]:
    rows = await queries.of_petition(session, petition.id)
    with_one = {row.letter.turn_id for row in rows if row.letter.cancelled_at is None}
    views = await turns.of_petition(session, petition.id)
    return {
        "letter_rows": rows,
        "letter_kinds": KINDS,
        "letter_turns": [one for one in views if one.turn.state in OPEN and one.turn.id not in with_one],
        "letter_oficio": oficio_of(petition.kind),
        "letters_to_citizen": [kind for kind, facts in KINDS.items() if facts.side is Side.CITIZEN]
        if petition.person_id
        else [],
    }
