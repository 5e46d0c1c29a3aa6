"""Calls that the office makes: the agent's own telephone rings first, then the citizen's; and putting a caller through.

A vendor is asked with no transaction open. What is stored before, the webhooks find; what they store first, stays.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.catalog.models import OfficeArea
from backend.db import Database
from backend.errors import ChatSonoraError, NotFound
from backend.ledger.models import Direction
from backend.messaging import health
from backend.messaging.models import ChannelAccount
from backend.registry.models import Petition
from backend.settings import Settings
from backend.telephony import agents, book, log, wording
from backend.telephony.agents import RING_SECONDS
from backend.telephony.lines import Lines, account_of, first_on
from backend.telephony.models import Call, CallState, EventKind
from backend.telephony.turn import Addresses, Turn, step
from channels.port import ChannelRefused, NotSent, SendFailure, SendOutcome, Sent
from channels.twiml import Ask, Connect, HangUp, Say, Step
from channels.voice import CallStatus

logger = structlog.get_logger(__name__)

#: Seconds for which a citizen's telephone rings.
_CITIZEN_SECONDS = 30


class CannotCall(ChatSonoraError):
    """Why no call can be made now, in words for who wants to."""

    status = 409
    code = "no_se_puede_llamar"


async def obstacle(session: AsyncSession, user: User) -> str | None:
    """Why this person cannot call through the system; None: they can."""
    if await first_on(session) is None:
        return "La telefonía no está configurada: marque desde su teléfono."
    if agents.number_of(user) is None:
        return "Su cuenta no tiene un teléfono de diez dígitos al que llamarle. Pida a Administración que lo capture."
    if await agents.is_busy(session, user.id, clock.now()):
        return "Usted ya tiene una llamada en curso."
    return None


async def call_citizen(
    database: Database,
    lines: Lines,
    settings: Settings,
    user: User,
    phone: str,
    *,
    petition_id: UUID | None = None,
    call_reason_id: UUID | None = None,
) -> Call:
    """Ring the agent's telephone, and then the citizen's. Raises CannotCall."""
    async with database.transaction() as session:
        account, number, call = await _prepared(session, user, phone, petition_id, call_reason_id)
    line = await lines.open(account)
    at = Addresses.of(settings, account.id)
    outcome: SendOutcome = NotSent(SendFailure.UNAUTHORISED, "credentials_unreadable")
    if line is not None:
        url, told_at = at.to("saliente", call.id), at.to("saliente-estado", call.id)
        outcome = await line.place(number, url=url, told_at=told_at, seconds=RING_SECONDS)
    if isinstance(outcome, Sent):
        await _note_sid(database, call.id, outcome.provider_id or "")
    elif isinstance(outcome, NotSent):
        await _give_up(database, call.id, outcome.code)
        told = "Twilio no hizo la llamada. Marque desde su teléfono y avise a Administración."
        raise CannotCall(told, reason=outcome.code)
    # Uncertain: the telephone may ring. Should it not, the sweep ends the call.
    return call


async def _prepared(
    session: AsyncSession, user: User, phone: str, petition_id: UUID | None, call_reason_id: UUID | None
) -> tuple[ChannelAccount, str, Call]:
    """From which account and to which number of the agent's to call, and the call's row. Raises CannotCall."""
    # Locked: two clicks are one call.
    await session.get(User, user.id, with_for_update=True)
    problem = await obstacle(session, user)
    account, number = await first_on(session), agents.number_of(user)
    if problem is not None or account is None or number is None:
        raise CannotCall(problem)
    moment = clock.now()
    call = Call(
        account_id=account.id,
        direction=Direction.OUTBOUND,
        phone=phone,
        state=CallState.CALLING_AGENT,
        agent_id=user.id,
        petition_id=petition_id,
        call_reason_id=call_reason_id,
        started_at=moment,
        seen_at=moment,
    )
    session.add(call)
    await session.flush()
    await book.wake(session)
    return account, number, call


async def _note_sid(database: Database, call_id: UUID, call_sid: str) -> None:
    async with database.transaction() as session:
        call = await session.get_one(Call, call_id, with_for_update=True)
        await _learn_sid(session, call, call_sid)


async def _learn_sid(session: AsyncSession, call: Call, call_sid: str) -> None:
    """Twilio's name for a call that we asked for, from whichever of its answers comes first."""
    if call.call_sid is None:
        call.call_sid = call_sid
        await session.flush()
        await book.write(session, call)


async def _give_up(database: Database, call_id: UUID, code: str) -> None:
    logger.warning("call_refused", call_id=str(call_id), error=code)
    async with database.transaction() as session:
        call = await session.get_one(Call, call_id, with_for_update=True)
        call.state, call.ended_at = CallState.ENDED, clock.now()
        await health.note_error(session, call.account_id, code)
        await book.wake(session)


async def areas(session: AsyncSession) -> Sequence[OfficeArea]:
    """To which a caller can be put through."""
    rows = await session.scalars(select(OfficeArea).where(OfficeArea.is_active).order_by(OfficeArea.short_name))
    return [area for area in rows if agents.dialable(area.extension) is not None]


async def transfer(
    database: Database, lines: Lines, settings: Settings, user: User, call_id: UUID, area_id: UUID
) -> None:
    """Put the caller with whom one talks through to an area. Raises CannotCall, NotFound."""
    async with database.transaction() as session:
        call, area = await session.get(Call, call_id), await session.get(OfficeArea, area_id)
        if call is None or call.direction is Direction.OUTBOUND or call.call_sid is None:
            raise NotFound("No existe esa llamada.")
        if call.state is not CallState.TALKING or call.agent_id != user.id:
            raise CannotCall("Esa llamada ya no está con usted.")
        if area is None or agents.dialable(area.extension) is None:
            raise CannotCall("Esa área no tiene un teléfono al que pasar la llamada.")
        account = await account_of(session, call.account_id)
    line = await lines.open(account) if account is not None else None
    if line is None:
        raise CannotCall("Las credenciales de la telefonía no se pueden leer. Avise a Administración.")
    try:
        await line.redirect(call.call_sid, Addresses.of(settings, call.account_id).to("transferir", area_id))
    except ChannelRefused as refused:
        raise CannotCall(refused.text, reason=refused.code) from refused


@step("saliente")
async def agent_answered(turn: Turn) -> Sequence[Step]:
    """The agent took up their own telephone: a key says that it is they, and no voicemail."""
    call = await turn.subject_call()
    await _learn_sid(turn.session, call, turn.told.call_sid)
    petition = await turn.session.get(Petition, call.petition_id) if call.petition_id else None
    told = wording.outbound(call.phone or "", petition.folio if petition else None)
    return [Ask(turn.to("saliente-marca", call.id), [Say(told)], digits=1, seconds=10), HangUp()]


@step("saliente-marca")
async def dial_citizen(turn: Turn) -> Sequence[Step]:
    call = await turn.subject_call()
    if turn.told.digits != "1" or call.phone is None or call.state is CallState.ENDED:
        return [HangUp()]
    book.stand(call, CallState.TALKING, call.agent_id)
    await book.keep(turn.session, call, EventKind.BEGUN, at=turn.at, user_id=call.agent_id)
    connect = Connect(
        number=call.phone,
        caller_id=turn.number,
        action=turn.to("saliente-fin", call.id),
        told_at=turn.to("persona-estado", call.id),
        seconds=_CITIZEN_SECONDS,
        whisper=turn.to("persona-aviso") if turn.line.records_talks else None,
        recorded_at=turn.to("grabacion-saliente", call.id) if turn.line.records_talks else None,
    )
    return [Say(wording.DIALLING), connect]


@step("persona-aviso")
async def notify_citizen(_: Turn) -> Sequence[Step]:
    """Before they are joined, the citizen learns who calls and that it is recorded."""
    return [Say(wording.OUTBOUND_NOTICE)]


@step("persona-estado")
async def citizen_leg(turn: Turn) -> Sequence[Step]:
    await book.keep_status(turn.session, await turn.subject_call(), log.CITIZEN, turn.told)
    return []


@step("saliente-fin")
async def outbound_over(turn: Turn) -> Sequence[Step]:
    has_talked = turn.told.form.get("DialCallStatus") == CallStatus.COMPLETED
    return [HangUp()] if has_talked else [Say(wording.NO_ANSWER), HangUp()]


@step("saliente-estado")
async def outbound_status(turn: Turn) -> Sequence[Step]:
    """The agent's own leg, which may tell of itself before our request for it was answered."""
    call = await turn.subject_call()
    await _learn_sid(turn.session, call, turn.told.call_sid)
    await book.keep_status(turn.session, call, log.ROOT, turn.told)
    await book.end(turn.session, call, turn.told)
    return []
