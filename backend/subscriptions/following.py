"""Events become deliveries: each event once for every subscription that wants it."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Agency, Topic
from backend.clock import Clock
from backend.db import Database
from backend.registry.models import Petition, PetitionEvent
from backend.subscriptions import payload
from backend.subscriptions.models import Delivery, DeliveryState, PendingEvent, Subscription

BATCH = 200


async def follow(database: Database, base_url: str, now: Clock = clock.now) -> int:
    """Make the deliveries of the events that wait; how many events there were.

    Taking an event off the queue and writing its deliveries is one transaction, so that a crash repeats both or
    neither; any number of workers share the queue by SKIP LOCKED.
    """
    done = 0
    while True:
        async with database.transaction() as session:
            taken = await _follow_some(session, base_url, now())
        done += taken
        if taken < BATCH:
            return done


async def _follow_some(session: AsyncSession, base_url: str, moment: datetime) -> int:
    waiting = await session.scalars(
        select(PendingEvent.event_id).order_by(PendingEvent.event_id).limit(BATCH).with_for_update(skip_locked=True)
    )
    ids = waiting.all()
    if not ids:
        return 0
    wanting = (await session.scalars(select(Subscription).where(Subscription.is_on))).all()
    rows = await session.execute(
        select(PetitionEvent, Petition, Agency, Topic)
        .join(Petition, Petition.id == PetitionEvent.petition_id)
        .outerjoin(Agency, Agency.id == Petition.agency_id)
        .outerjoin(Topic, Topic.id == Petition.topic_id)
        .where(PetitionEvent.id.in_(ids))
        .order_by(PetitionEvent.id)
    )
    made = [
        {**_delivery(one, event, petition, agency, topic, base_url), "due_at": moment, "created_at": moment}
        for event, petition, agency, topic in rows
        for one in wanting
        if not one.events or payload.kind_of(event.kind) in one.events
    ]
    if made:
        await session.execute(insert(Delivery).on_conflict_do_nothing(), made)
    await session.execute(delete(PendingEvent).where(PendingEvent.event_id.in_(ids)))
    return len(ids)


def _delivery(
    one: Subscription, event: PetitionEvent, petition: Petition, agency: Agency | None, topic: Topic | None, url: str
) -> dict[str, object]:
    return {
        "id": uuid4(),
        "subscription_id": one.id,
        "event_id": event.id,
        "kind": payload.kind_of(event.kind),
        "folio": petition.folio,
        "body": payload.body(petition, event, agency, topic, url),
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "round_attempts": 0,
        "problem": "",
    }
