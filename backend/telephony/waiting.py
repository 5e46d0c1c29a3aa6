"""The queue for a person: places, waits, and whose telephone rings next.

The caller's own call goes round here: each round tells the place, plays music for a while and looks whether an agent
is free. Nothing but the database is asked, and no process of ours need be alive between two rounds (docs/adr/0020).
"""

import math
import zlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog import office
from backend.catalog.models import OfficeArea
from backend.errors import NotFound
from backend.ledger.models import AttendedBy, Interaction, InteractionKind
from backend.outreach import asking
from backend.outreach.models import ReasonKind
from backend.registry.models import Petition
from backend.telephony import agents, book, log, wording
from backend.telephony.agents import RING_SECONDS
from backend.telephony.models import Call, CallEvent, CallRing, CallState, EventKind, RecordingKind
from backend.telephony.turn import Turn, step
from channels.phones import normal_phone
from channels.twiml import Ask, Connect, Goto, HangUp, Play, Say, Step
from channels.voice import CallStatus

#: A caller of whom nothing was heard for longer than a round lasts holds no place.
FRESH = timedelta(seconds=90)
#: What a talk lasts before any of ours is known, and on how many the expected wait is reckoned.
_USUAL_TALK_SECONDS, _SAMPLE = 180.0, 20
_PLACES = zlib.crc32(b"chat-sonora voice queue")
_TOPICS = {log.STATUS_TOLD: "su folio", log.HOURS_TOLD: "el horario", log.FILED: "dejar una petición"}


@step("fila")
async def wait(turn: Turn) -> Sequence[Step]:
    """A round of the queue."""
    call = await turn.call()
    if call.state is CallState.ENDED:
        return [HangUp()]
    schedule = await office.load(turn.session)
    if not schedule.is_open(turn.at):
        await _leave(turn, call)
        return [Say(wording.closed(schedule, turn.at)), *_offer(turn, with_callback=False)]
    # One round at a time: two callers must not be given the same agent, nor the last place twice.
    await turn.session.execute(select(func.pg_advisory_xact_lock(_PLACES)))
    problem = await _problem(turn, call)
    if problem is not None:
        await _leave(turn, call)
        return [Say(problem), *_offer(turn)]
    if call.queued_at is None:
        call.queued_at = turn.at
        await book.keep(turn.session, call, EventKind.QUEUED, at=turn.at)
    book.stand(call, CallState.WAITING)
    await turn.session.flush()
    ahead = await _ahead(turn.session, call)
    free = await agents.free(turn.session, turn.at)
    if len(free) > ahead:
        return await _ring(turn, call, free[ahead])
    return await _hold(turn, ahead)


async def _problem(turn: Turn, call: Call) -> str | None:
    """Why the caller cannot wait, or not longer."""
    if not await agents.on_duty(turn.session):
        return wording.NOBODY_THERE
    if call.queued_at is None:
        waiting = await _waiting(turn.session)
        return wording.QUEUE_FULL if waiting >= turn.line.queue_size else None
    longest = timedelta(minutes=turn.line.wait_minutes)
    return wording.WAITED_LONG if turn.at - call.queued_at >= longest else None


async def _waiting(session: AsyncSession) -> int:
    in_line = Call.state.in_((CallState.WAITING, CallState.RINGING))
    query = select(func.count()).select_from(Call).where(in_line, Call.seen_at > clock.now() - FRESH)
    return await session.scalar(query) or 0


async def _ahead(session: AsyncSession, call: Call) -> int:
    """How many came before this caller and wait, nobody's telephone ringing for them."""
    query = (
        select(func.count())
        .select_from(Call)
        .where(
            Call.state == CallState.WAITING,
            Call.id != call.id,
            Call.seen_at > clock.now() - FRESH,
            (Call.queued_at < call.queued_at) | ((Call.queued_at == call.queued_at) & (Call.id < call.id)),
        )
    )
    return await session.scalar(query) or 0


async def _leave(turn: Turn, call: Call) -> None:
    book.stand(call, CallState.MENU)
    await turn.session.flush()
    await book.wake(turn.session)


def _offer(turn: Turn, *, with_callback: bool = True) -> Sequence[Step]:
    """Other ways than to wait; who presses nothing leaves a message."""
    voicemail = Goto(turn.to("recado"))
    return [Ask(turn.to("tecla"), [Say(wording.OFFER)], digits=1), voicemail] if with_callback else [voicemail]


async def _ring(turn: Turn, call: Call, agent: agents.Agent) -> Sequence[Step]:
    ring = CallRing(call_id=call.id, user_id=agent.user_id, started_at=turn.at)
    is_first = not await agents.was_rung(turn.session, call)
    turn.session.add(ring)
    book.stand(call, CallState.RINGING, agent.user_id)
    await turn.session.flush()
    await book.wake(turn.session)
    connect = Connect(
        number=agent.number,
        caller_id=turn.number,
        action=turn.to("timbrado", ring.id),
        told_at=turn.to("agente-estado", ring.id),
        seconds=RING_SECONDS,
        whisper=turn.to("agente", ring.id),
        recorded_at=turn.to("grabacion", de=RecordingKind.TALK.value) if turn.line.records_talks else None,
    )
    return [Say(wording.CONNECTING), connect] if is_first else [connect]


async def _hold(turn: Turn, ahead: int) -> Sequence[Step]:
    minutes = math.ceil(await _expected_seconds(turn.session, ahead) / 60)
    prompts: list[Say | Play] = [
        Say(f"{wording.place(ahead + 1, minutes)} {wording.OFFER_WHILE_WAITING}"),
        Play(turn.music),
    ]
    return [Ask(turn.to("tecla"), prompts, digits=1, seconds=1), Goto(turn.to("fila"))]


async def _expected_seconds(session: AsyncSession, ahead: int) -> float:
    """By what the last talks lasted and how many take calls."""
    lasted = (
        select(Interaction.person_seconds)
        .where(
            Interaction.kind == InteractionKind.CALL,
            Interaction.channel == book.CHANNEL,
            Interaction.attended_by == AttendedBy.PERSON,
            Interaction.ended_at.is_not(None),
            Interaction.person_seconds.is_not(None),
        )
        .order_by(Interaction.started_at.desc())
        .limit(_SAMPLE)
        .subquery()
    )
    mean = await session.scalar(select(func.avg(lasted.c.person_seconds)))
    return (ahead + 1) * float(mean or _USUAL_TALK_SECONDS) / max(1, len(await agents.on_duty(session)))


@step("tecla")
async def key(turn: Turn) -> Sequence[Step]:
    """A key pressed while waiting, or instead."""
    call = await turn.call()
    match turn.told.digits:
        case "2" if call.phone is None:
            await _leave(turn, call)
            return [Ask(turn.to("telefono"), [Say(wording.ASK_PHONE)], digits=10, seconds=10), Goto(turn.to("recado"))]
        case "2":
            return await _call_back(turn, call, call.phone)
        case "3":
            await _leave(turn, call)
            return [Goto(turn.to("recado"))]
        case _:
            return [Goto(turn.to("fila"))]


@step("telefono")
async def phone(turn: Turn) -> Sequence[Step]:
    """The telephone at which somebody who hides theirs wants to be called."""
    typed = normal_phone(f"52{turn.told.digits}") if len(turn.told.digits) == 10 else None
    if typed is None:
        return [Say(wording.PHONE_UNREADABLE), Goto(turn.to("recado"))]
    return await _call_back(turn, await turn.call(), typed)


async def _call_back(turn: Turn, call: Call, number: str | None) -> Sequence[Step]:
    since = call.queued_at or turn.at
    if call.call_reason_id is None:
        note = f"Pidió por teléfono que se le llame. Esperaba desde las {clock.local(since):%H:%M}."
        # As old as the wait: among the calls that are owed it keeps its place.
        wanted = asking.Ask(ReasonKind.ASKED, number, note=note, petition_id=call.petition_id, since=since)
        call.call_reason_id = await asking.ask_anyway(turn.session, wanted)
        await book.keep(turn.session, call, EventKind.CALLBACK_ASKED)
    await _leave(turn, call)
    return [Say(wording.CALLBACK_KEPT), HangUp()]


async def _ring_of(turn: Turn) -> tuple[CallRing, Call]:
    """The ring that the address names, with its call, locked. Raises NotFound."""
    ring = await turn.session.get(CallRing, turn.subject)
    call = await turn.session.get(Call, ring.call_id, with_for_update=True, populate_existing=True) if ring else None
    if ring is None or call is None or call.account_id != turn.account.id:
        raise NotFound
    await turn.session.refresh(ring)
    return ring, call


@step("agente")
async def whisper(turn: Turn) -> Sequence[Step]:
    """The agent answered their telephone: they are told who calls, and asked whether they take it."""
    ring, call = await _ring_of(turn)
    petition = await turn.session.get(Petition, call.petition_id) if call.petition_id else None
    waited = (turn.at - (call.queued_at or turn.at)).total_seconds()
    told = wording.whisper(call.phone, int(waited), petition.folio if petition else None, await _topics(turn, call))
    return [Ask(turn.to("agente-acepta", ring.id), [Say(told)], digits=1, seconds=8), HangUp()]


async def _topics(turn: Turn, call: Call) -> Sequence[str]:
    rows = await turn.session.scalars(
        select(CallEvent.detail)
        .where(CallEvent.call_id == call.id, CallEvent.kind == EventKind.SERVED)
        .order_by(CallEvent.at)
    )
    return list(dict.fromkeys(_TOPICS[one["asunto"]] for one in rows if one.get("asunto") in _TOPICS))


@step("agente-acepta")
async def accept(turn: Turn) -> Sequence[Step]:
    """Anything but a 1 is no: a mobile's voicemail answers too. An empty answer joins the two."""
    ring, call = await _ring_of(turn)
    if turn.told.digits != "1" or ring.ended_at is not None or call.state is CallState.ENDED:
        return [HangUp()]
    if ring.accepted_at is None:
        ring.accepted_at = turn.at
        book.stand(call, CallState.TALKING, ring.user_id)
        await book.keep(turn.session, call, EventKind.ACCEPTED, str(ring.id), at=turn.at, user_id=ring.user_id)
    return []


@step("agente-estado")
async def agent_leg(turn: Turn) -> Sequence[Step]:
    """The agent's leg: once it is over, so is the ring."""
    ring, _ = await _ring_of(turn)
    if turn.told.status.is_final and ring.ended_at is None:
        ring.ended_at = max(ring.started_at, turn.told.at or turn.at)
        await book.wake(turn.session)
    return []


@step("timbrado")
async def rung(turn: Turn) -> Sequence[Step]:
    """The caller's call goes on: after the talk it ends, after a ring in vain the next agent is looked for."""
    ring, call = await _ring_of(turn)
    ring.ended_at = ring.ended_at or turn.at
    if ring.accepted_at is not None:
        await _leave(turn, call)
        return [Say(wording.GOODBYE), HangUp()]
    book.stand(call, CallState.WAITING)
    await turn.session.flush()
    await book.wake(turn.session)
    return [Goto(turn.to("fila"))]


@step("transferir")
async def put_through(turn: Turn) -> Sequence[Step]:
    """An agent put the caller through to another area."""
    call = await turn.call()
    area = await turn.session.get(OfficeArea, turn.subject)
    number = area_number(area) if area is not None else None
    await book.close_rings(turn.session, call, turn.at)
    if area is None or number is None:
        return [Say(wording.AREA_SILENT), *_offer(turn)]
    book.stand(call, CallState.TALKING)
    await turn.session.flush()
    connect = Connect(
        number=number,
        caller_id=turn.number,
        action=turn.to("transferido", area.id),
        told_at=turn.to("area-estado", call.id, area=str(area.id)),
        seconds=RING_SECONDS + 10,
    )
    return [Say(wording.TRANSFERRING), connect]


def area_number(area: OfficeArea) -> str | None:
    """At which an area can be rung: its extension, where it is a whole telephone number."""
    return agents.dialable(area.extension)


@step("area-estado")
async def area_leg(turn: Turn) -> Sequence[Step]:
    call = await turn.subject_call()
    if turn.told.status is CallStatus.IN_PROGRESS:
        area_id = UUID(turn.query["area"])
        await book.keep(
            turn.session,
            call,
            EventKind.TRANSFERRED,
            str(area_id),
            at=turn.told.at or turn.at,
            detail={"area": str(area_id)},
            raw=turn.told.form,
        )
    return []


@step("transferido")
async def after_transfer(turn: Turn) -> Sequence[Step]:
    call = await turn.call()
    await _leave(turn, call)
    if turn.told.form.get("DialCallStatus") == CallStatus.COMPLETED:
        return [Say(wording.GOODBYE), HangUp()]
    return [Say(wording.AREA_SILENT), *_offer(turn)]
