"""What a folio's page shows of other petitions: likely the same, merged, related, grouped; and who joined."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.console import related_texts
from backend.conversations.models import Attachment
from backend.registry import lifecycle
from backend.registry.models import Person, Petition
from backend.related import groups, links, merges, roots, support
from backend.related.candidates import candidates, of_petition


async def context(session: AsyncSession, petition: Petition, user: User) -> dict[str, Any]:
    """What `petition_related.html` shows, all under `related`."""
    person = await session.get(Person, petition.person_id) if petition.person_id else None
    linked = await links.of_petition(session, petition.id)
    merged = await merges.merged_into(session, petition.id)
    merge = await roots.active_merge(session, petition.id)
    but = frozenset(one.id for one in linked) | {one.petition.id for one in merged}
    files = await session.scalars(
        select(Attachment)
        .where(Attachment.petition_id.in_([one.petition.id for one in merged]))
        .order_by(Attachment.created_at)
    )
    is_closed = petition.status in lifecycle.CLOSED
    return {
        "related": {
            "texts": related_texts,
            "alike": [] if is_closed else await candidates(session, of_petition(petition, person, but), limit=5),
            "is_closed": is_closed,
            "kept": await session.get(Petition, merge.kept_id) if merge else None,
            "merged": merged,
            "merged_files": files.all(),
            "linked": linked,
            "group": await groups.of_petition(session, petition.id),
            "supporters": await support.of_petition(session, petition.id),
        }
    }
