"""A call of all its legs: who called whom, who attended, to whom it was passed on, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.calls.cdr import legs
from backend.calls.cdr.exchange import Exchange
from backend.calls.cdr.legs import Leg
from backend.calls.cdr.models import LegState
from backend.ledger.models import Direction, Outcome
from backend.registry import intake

_UNANSWERED = {legs.NO_ANSWER: Outcome.NO_ANSWER, legs.BUSY: Outcome.BUSY, legs.FAILED: Outcome.FAILED}
_MAILBOXES = ("voicemail", "minivm", "record")


@dataclass(frozen=True)
class Call:
    """What the ledger is told of a call."""

    direction: Direction
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    outcome: Outcome
    phone: str | None
    caller_name: str | None
    extension: str | None
    agent_id: UUID | None
    area_id: UUID | None
    transfer_area_id: UUID | None
    transfer_to: str | None


@dataclass(frozen=True)
class _Sides:
    """A leg's two sides: the extension on each, None where it is somebody outside or nobody."""

    leg: Leg
    caller: str | None
    callee: str | None

    @property
    def is_inbound(self) -> bool:
        return self.caller is None

    def is_outbound(self, exchange: Exchange) -> bool:
        target = exchange.dialled(self.leg.target).removeprefix("+")
        return self.caller is not None and self.callee is None and target.isascii() and target.isdigit()

    @property
    def is_attended(self) -> bool:
        """Whether a person of ours spoke: the exchange alone, with its menus and mailboxes, is nobody."""
        leg = self.leg
        has_person = bool(leg.callee) if leg.has_channels else True
        is_mailbox = leg.app.lower().startswith(_MAILBOXES)
        return leg.disposition == legs.ANSWERED and has_person and not is_mailbox and self.callee is not None


def judge(of_call: Sequence[Leg], exchange: Exchange) -> Call | LegState:
    """The call of these legs; or why it is none: among ourselves, or with the exchange itself."""
    sides = [_sides(leg, exchange) for leg in sorted(of_call, key=lambda leg: (leg.started_at, leg.number))]
    first_in = next((one for one in sides if one.is_inbound), None)
    if first_in is not None:
        return _received(first_in, sides, exchange)
    outbound = [one for one in sides if one.is_outbound(exchange)]
    if outbound:
        return _made(outbound, exchange)
    return LegState.INTERNAL if any(one.callee for one in sides) else LegState.SERVICE


def _sides(leg: Leg, exchange: Exchange) -> _Sides:
    caller = exchange.extension(leg.source)
    if caller is None and leg.caller in exchange.owners:  # it shows the office's number to whom it calls
        caller = leg.caller
    callee = exchange.extension(leg.callee) if leg.callee else None
    target = exchange.dialled(leg.target)
    return _Sides(leg, caller, callee or exchange.extension(target))


def _received(first: _Sides, sides: Sequence[_Sides], exchange: Exchange) -> Call:
    attended = [one for one in sides if one.is_inbound and one.is_attended]  # to ask a colleague passes nothing on
    agent = attended[0] if attended else None
    last = attended[-1] if attended else None
    rung = {one.callee for one in sides if one.callee}
    extension = agent.callee if agent else (rung.pop() if len(rung) == 1 else None)
    passed_to = last.callee if agent and last and last.callee != agent.callee else None
    owner = exchange.owner(extension)
    transfer_area = exchange.owner(passed_to).area_id if passed_to else None
    return Call(
        direction=Direction.INBOUND,
        started_at=min(one.leg.started_at for one in sides),
        answered_at=agent.leg.answered_at if agent else None,
        ended_at=max(one.leg.ended_at for one in sides),
        outcome=_outcome_received(sides, is_attended=agent is not None, is_passed_on=transfer_area is not None),
        phone=_phone(first.leg.source),
        caller_name=next((one.leg.name for one in sides if one.leg.name), None),
        extension=extension,
        agent_id=owner.user_id if agent else None,
        area_id=owner.area_id,
        transfer_area_id=transfer_area,
        transfer_to=f"Extensión {passed_to}" if passed_to else None,
    )


def _outcome_received(sides: Sequence[_Sides], *, is_attended: bool, is_passed_on: bool) -> Outcome:
    if is_attended:
        return Outcome.TRANSFERRED if is_passed_on else Outcome.ATTENDED
    if any(one.leg.app.lower().startswith(_MAILBOXES) and one.leg.disposition == legs.ANSWERED for one in sides):
        return Outcome.VOICEMAIL
    is_failed = all(one.leg.disposition == legs.FAILED for one in sides)
    return Outcome.FAILED if is_failed else Outcome.ABANDONED


def _made(sides: Sequence[_Sides], exchange: Exchange) -> Call:
    answered = next((one for one in sides if one.leg.disposition == legs.ANSWERED), None)
    told = answered or sides[-1]
    owner = exchange.owner(told.caller)
    return Call(
        direction=Direction.OUTBOUND,
        started_at=min(one.leg.started_at for one in sides),
        answered_at=answered.leg.answered_at if answered else None,
        ended_at=max(one.leg.ended_at for one in sides),
        outcome=Outcome.ATTENDED if answered else _UNANSWERED[told.leg.disposition],
        phone=_phone(exchange.dialled(told.leg.target)),
        caller_name=None,
        extension=told.caller,
        agent_id=owner.user_id,
        area_id=owner.area_id,
        transfer_area_id=None,
        transfer_to=None,
    )


def _phone(number: str) -> str | None:
    return intake.phone(number) if any(char.isdigit() for char in number) else None
