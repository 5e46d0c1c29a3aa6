"""The log of a call is the same in whatever order, and however often, its callbacks come."""

import itertools
import random
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from sqlalchemy import select

from backend.agents.models import User
from backend.db import Database
from backend.ledger import service as ledger
from backend.ledger.models import AttendedBy, Direction, Interaction, Outcome, Purpose
from backend.messaging.models import ChannelAccount
from backend.registry import folios
from backend.telephony import book, log
from backend.telephony.log import CITIZEN, ROOT, CallLog, Fact, derive
from backend.telephony.models import Call, CallState, EventKind
from channels.port import WebhookRequest
from channels.voice import CallStatus, Told, read
from tests.staff import add_staff
from tests.telephony.conftest import CITIZEN as PHONE
from tests.telephony.conftest import moment

ANA, AREA = uuid4(), uuid4()
K, S = EventKind, CallStatus


def _status(second: int, status: CallStatus, leg: str = ROOT, seconds: int | None = None) -> Fact:
    return Fact(K.STATUS, moment(second), leg=leg, status=status, seconds=seconds)


ATTENDED = (
    Fact(K.BEGUN, moment(0)),
    Fact(K.SERVED, moment(20), subject=log.HOURS_TOLD),
    Fact(K.QUEUED, moment(30)),
    Fact(K.ACCEPTED, moment(90), user_id=ANA),
    _status(300, S.COMPLETED, seconds=300),
)
HOURS, ACCEPTED = Fact(K.SERVED, moment(5), subject=log.HOURS_TOLD), Fact(K.ACCEPTED, moment(9), user_id=ANA)
CALLED = (
    Fact(K.BEGUN, moment(10), user_id=ANA),
    _status(11, S.INITIATED, CITIZEN),
    _status(12, S.RINGING, CITIZEN),
    _status(25, S.IN_PROGRESS, CITIZEN),
    _status(85, S.COMPLETED, CITIZEN, 60),
    _status(86, S.COMPLETED, seconds=86),
)


def _ended(direction: Direction, *facts: Fact) -> CallLog:
    log_ = derive(direction, facts)
    assert log_ is not None and log_.split is not None
    return log_


@pytest.mark.parametrize(("direction", "facts"), [(Direction.INBOUND, ATTENDED), (Direction.OUTBOUND, CALLED)])
def test_every_order_of_what_was_told_gives_the_same_log(direction: Direction, facts: Sequence[Fact]) -> None:
    assert len({derive(direction, order) for order in itertools.permutations(facts)}) == 1
    told = derive(direction, facts * 3)
    assert told == derive(direction, facts)


def test_an_attended_call_is_split_where_it_was_queued_and_answered() -> None:
    told = _ended(Direction.INBOUND, *ATTENDED)
    assert told.split == log.Split(moment(0), moment(30), moment(90), moment(300))
    assert (told.outcome, told.attended_by, told.agent_id) == (Outcome.ATTENDED, AttendedBy.PERSON, ANA)
    assert told.purpose is Purpose.INFORMATION


@pytest.mark.parametrize(
    ("facts", "outcome", "attended_by"),
    [
        ([], Outcome.ABANDONED, AttendedBy.NOBODY),
        ([Fact(K.SERVED, moment(5), subject=log.STATUS_TOLD)], Outcome.ATTENDED, AttendedBy.BOT),
        ([HOURS, Fact(K.QUEUED, moment(9))], Outcome.ABANDONED, AttendedBy.NOBODY),
        ([Fact(K.QUEUED, moment(9)), Fact(K.CALLBACK_ASKED, moment(12))], Outcome.VOICEMAIL, AttendedBy.BOT),
        ([Fact(K.MESSAGE_LEFT, moment(12))], Outcome.VOICEMAIL, AttendedBy.BOT),
        ([Fact(K.SERVED, moment(5), subject=log.FILED)], Outcome.ATTENDED, AttendedBy.BOT),
        ([ACCEPTED, Fact(K.TRANSFERRED, moment(20), area_id=AREA)], Outcome.TRANSFERRED, AttendedBy.PERSON),
    ],
)
def test_how_a_call_that_came_in_ended(facts: list[Fact], outcome: Outcome, attended_by: AttendedBy) -> None:
    told = _ended(Direction.INBOUND, Fact(K.BEGUN, moment(0)), *facts, _status(60, S.COMPLETED, seconds=60))
    assert (told.outcome, told.attended_by) == (outcome, attended_by)


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (S.BUSY, Outcome.BUSY),
        (S.NO_ANSWER, Outcome.NO_ANSWER),
        (S.CANCELED, Outcome.NO_ANSWER),
        (S.FAILED, Outcome.FAILED),
    ],
)
def test_how_a_call_that_was_made_ended(end: CallStatus, outcome: Outcome) -> None:
    told = _ended(Direction.OUTBOUND, CALLED[0], _status(40, end, CITIZEN), CALLED[-1])
    assert (told.outcome, told.attended_by, told.answered_at) == (outcome, AttendedBy.NOBODY, None)
    assert derive(Direction.OUTBOUND, [_status(20, S.NO_ANSWER)]) is None, "the agent's own telephone called nobody"


def test_a_call_that_came_while_we_were_away_is_known_by_its_end() -> None:
    told = _ended(Direction.INBOUND, _status(90, S.COMPLETED, seconds=75))
    assert (told.started_at, told.outcome) == (moment(15), Outcome.ABANDONED)


def _told(call_sid: str, status: CallStatus, at: datetime, seconds: int | None = None) -> Told:
    form = {"CallSid": call_sid, "From": PHONE, "CallStatus": status.value, "Timestamp": format_datetime(at)}
    form |= {"CallDuration": str(seconds)} if seconds is not None else {}
    return read(WebhookRequest("https://office.example/estado", {}, urlencode(form).encode()))


async def test_the_ledgers_row_is_the_same_in_every_order_and_keeps_what_a_person_corrected(database: Database) -> None:
    await add_staff(database, "ana")
    async with database.transaction() as session:
        account = ChannelAccount(channel="voz", account="+526620000000", name="Teléfono", credentials=b"")
        session.add(account)
        await session.flush()
        callbacks = [
            (CITIZEN, _told("CAcitizen", S.RINGING, moment(12))),
            (CITIZEN, _told("CAcitizen", S.IN_PROGRESS, moment(25))),
            (CITIZEN, _told("CAcitizen", S.COMPLETED, moment(85), 60)),
            (ROOT, _told("CAroot", S.COMPLETED, moment(86), 86)),
        ]
        rows = set()
        for number, order in enumerate(itertools.permutations(callbacks)):
            call = Call(
                account_id=account.id, call_sid=f"CAroot{number}", direction=Direction.OUTBOUND, phone=PHONE,
                state=CallState.TALKING, started_at=moment(0), seen_at=moment(0),
            )  # fmt: skip
            session.add(call)
            await session.flush()
            told = [*order, random.choice(callbacks)]
            dialled = random.randrange(len(told))
            for place, (leg, one) in enumerate(told):
                if place == dialled:
                    await book.keep(session, call, EventKind.BEGUN, at=moment(10))
                await book.keep_status(session, call, leg, one)
            row = (await session.scalars(select(Interaction).where(Interaction.external_id == call.call_sid))).one()
            rows.add((row.started_at, row.answered_at, row.ended_at, row.outcome, row.citizen_seconds,
                      row.person_seconds, row.person_office_seconds, row.bot_seconds))  # fmt: skip
        assert rows == {(moment(10), moment(25), moment(85), Outcome.ATTENDED, 15, 60, 60, 0)}
        ana = await session.scalar(select(User.id).where(User.username == "ana"))
        await ledger.correct(session, row, user_id=ana, outcome=Outcome.WRONG_NUMBER)
        await book.keep_status(session, call, CITIZEN, _told("CAcitizen", S.COMPLETED, moment(84), 59))
        await book.keep_status(session, call, CITIZEN, _told("CAlate", S.COMPLETED, moment(70), 45))
        assert (row.outcome, row.ended_at) == (Outcome.WRONG_NUMBER, moment(70))


def test_a_code_is_typed_by_the_keys_that_bear_its_letters() -> None:
    assert folios.keypad("2A7KXYZS") == "22759997"
    secret, folio, nonce = b"s" * 32, folios.make(2026, 123), "0" * 32
    code = folios.access_code(secret, folio, nonce)
    assert folios.is_keypad_code(secret, folio, nonce, folios.keypad(code))
    assert not folios.is_keypad_code(secret, folio, nonce, folios.keypad(code)[:-1])
