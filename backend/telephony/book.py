"""Keeping what is told of a call, once each, and writing the ledger's row that it adds up to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.catalog import office
from backend.catalog.models import OfficeArea
from backend.ledger import service as ledger
from backend.ledger.call_time import call_seconds
from backend.ledger.errors import InteractionRefused
from backend.ledger.models import Direction, Interaction, InteractionKind, Purpose, Source
from backend.registry import phones
from backend.registry.models import Petition
from backend.telephony.log import CallLog, Fact, derive
from backend.telephony.models import Call, CallEvent, CallRing, CallState, EventKind
from backend.wakeups import notify
from channels.voice import CallStatus, Told

log = structlog.get_logger(__name__)

CHANNEL = "telefono"
#: The topic that wakes whoever watches the calls.
CALLS = "calls"
_LEARNED_LATE = "Dato que Twilio informó después."


async def of_sid(session: AsyncSession, account_id: UUID, told: Told) -> Call:
    """The call of a webhook, locked; one that came in and is not known yet is made."""
    values = {
        "account_id": account_id,
        "call_sid": told.call_sid,
        "direction": Direction.INBOUND,
        "phone": told.caller,
        "state": CallState.MENU,
        "started_at": clock.now(),
        "seen_at": clock.now(),
    }
    await session.execute(insert(Call).values(**values).on_conflict_do_nothing(index_elements=[Call.call_sid]))
    call = await session.scalar(
        select(Call).where(Call.call_sid == told.call_sid).with_for_update().execution_options(populate_existing=True)
    )
    assert call is not None, "it was there, or has just been made"
    call.seen_at = clock.now()
    return call


def stand(call: Call, state: CallState, agent_id: UUID | None = None) -> None:
    """Where a locked call stands now, and with whom. One that ended stays so, whatever comes late."""
    if call.state is not CallState.ENDED:
        call.state, call.agent_id = state, agent_id


async def keep(
    session: AsyncSession,
    call: Call,
    kind: EventKind,
    key: str = "",
    *,
    at: datetime | None = None,
    user_id: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
    raw: Mapping[str, str] | None = None,
) -> None:
    """Keep an event of a locked call, and bring its row of the ledger up to date. A repeat changes nothing."""
    row = {
        "call_id": call.id,
        "key": f"{kind.value}:{key}"[:120],
        "kind": kind,
        "at": at or clock.now(),
        "user_id": user_id,
        "detail": dict(detail or {}),
        "raw": dict(raw or {}),
    }
    statement = insert(CallEvent).values(**row).on_conflict_do_nothing(index_elements=["call_id", "key"])
    is_new = await session.scalar(statement.returning(CallEvent.id)) is not None
    if is_new:
        await write(session, call)
    await wake(session)


async def keep_status(session: AsyncSession, call: Call, leg: str, told: Told) -> None:
    """Keep a status callback of one of the call's legs."""
    await keep(
        session,
        call,
        EventKind.STATUS,
        f"{leg}:{told.call_sid}:{told.status.value}",
        at=told.at,
        detail={"leg": leg, "status": told.status.value, "seconds": told.seconds},
        raw=told.form,
    )


async def end(session: AsyncSession, call: Call, told: Told) -> None:
    """A locked call's own leg ended, if that is what Twilio told: nobody waits for it any more, nor is rung."""
    if not told.status.is_final or call.state is CallState.ENDED:
        return
    call.state, call.ended_at = CallState.ENDED, max(call.started_at, told.at or clock.now())
    await close_rings(session, call, call.ended_at)
    await wake(session)


async def close_rings(session: AsyncSession, call: Call, moment: datetime) -> None:
    """No agent is kept by the call any more."""
    rings = update(CallRing).where(CallRing.call_id == call.id, CallRing.ended_at.is_(None)).values(ended_at=moment)
    await session.execute(rings.execution_options(synchronize_session=False))


async def wake(session: AsyncSession) -> None:
    """Tell whoever watches the calls that something moved."""
    await notify(session, CALLS)


async def facts_of(session: AsyncSession, call: Call) -> list[Fact]:
    rows = await session.scalars(select(CallEvent).where(CallEvent.call_id == call.id))
    return [_fact(row) for row in rows]


def _fact(row: CallEvent) -> Fact:
    area, status = row.detail.get("area"), row.detail.get("status")
    return Fact(
        kind=row.kind,
        at=row.at,
        user_id=row.user_id,
        leg=str(row.detail.get("leg", "")),
        status=CallStatus(status) if status else None,
        seconds=row.detail.get("seconds"),
        subject=str(row.detail.get("asunto", "")),
        area_id=UUID(area) if area else None,
    )


async def write(session: AsyncSession, call: Call) -> None:
    """Bring the ledger's row of a locked call up to date with all that is known of it."""
    told = derive(call.direction, await facts_of(session, call))
    if told is None or call.call_sid is None:
        return
    fields = await _fields(session, call, told)
    row = await session.scalar(
        select(Interaction)
        .where(Interaction.source == Source.TWILIO, Interaction.external_id == call.call_sid)
        .with_for_update()
    )
    if row is None:
        fixed = {"kind": InteractionKind.CALL, "channel": CHANNEL, "source": Source.TWILIO}
        await ledger.add(session, Interaction(**fixed, external_id=call.call_sid, **fields))
        return
    theirs = (await ledger.corrected(session, [row.id]))[row.id]
    fields = {name: value for name, value in fields.items() if name not in theirs}
    if row.ended_at is None:
        for name, value in fields.items():
            setattr(row, name, value)
        await session.flush()
        return
    try:
        await ledger.correct(session, row, user_id=None, reason=_LEARNED_LATE, **fields)
    except InteractionRefused as refused:  # it contradicts what a person set: theirs stands
        log.warning("late_news_refused", interaction_id=str(row.id), field=refused.details.get("field"))


async def _fields(session: AsyncSession, call: Call, log: CallLog) -> dict[str, Any]:
    agent = await session.get(User, log.agent_id) if log.agent_id else None
    area = await session.get(OfficeArea, log.area_id) if log.area_id else None
    purpose = log.purpose
    if call.direction is Direction.OUTBOUND and call.petition_id is not None:
        purpose = Purpose.FOLLOW_UP
    fields: dict[str, Any] = {
        "direction": call.direction,
        "started_at": log.started_at,
        "answered_at": log.answered_at,
        "ended_at": log.ended_at,
        "attended_by": log.attended_by,
        "outcome": log.outcome,
        "agent_id": log.agent_id,
        "area_id": agent.area_id if agent else None,
        "extension": agent.extension if agent else None,
        "transfer_area_id": log.area_id,
        "transfer_to": area.name[:160] if area else None,
        "phone": call.phone,
        "person_id": await _person(session, call),
        "petition_id": call.petition_id,
    }
    if purpose is not None:
        fields["purpose"] = purpose
    if log.split is not None:
        moments = log.split
        fields |= call_seconds(
            await office.load(session),
            call.direction,
            moments.started_at,
            moments.answered_at,
            moments.ended_at,
            queued=moments.queued_at,
        )
    return fields


async def _person(session: AsyncSession, call: Call) -> UUID | None:
    """Whose telephone it is, where just one person is known by it; else whose petition an outbound call is about."""
    if call.phone is not None:
        owner = await phones.owner(session, call.phone)
        if owner is not None:
            return owner
    if call.direction is Direction.INBOUND or call.petition_id is None:
        return None
    return (await session.get_one(Petition, call.petition_id)).person_id
