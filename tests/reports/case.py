"""A quarter small enough to be reckoned by hand: ten calls, six chats, a visit, six petitions, in July of 2026."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import Role, User
from backend.catalog.models import Agency, OfficeArea, Topic
from backend.conversations import service as conversations
from backend.ledger.models import AttendedBy, Direction, Interaction, InteractionKind, Outcome, Purpose, Source
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    Petition,
    PetitionEvent,
    PetitionEventKind,
    PetitionKind,
    PetitionStatus,
)

#: Wednesday, 1 July 2026, 9:00 in Hermosillo.
FIRST = datetime(2026, 7, 1, 16, tzinfo=UTC)
HERMOSILLO, GUAYMAS = "26030", "26029"
IN, OUT = Direction.INBOUND, Direction.OUTBOUND
_numbers = itertools.count(1)


@dataclass
class Case:
    """Who and what the rows name."""

    session: AsyncSession
    ana: UUID
    luz: UUID
    area: UUID
    topic: UUID
    agency: UUID
    conversation: UUID
    rows: list[Interaction] = field(default_factory=list)

    def contact(self, day: float, **fields: Any) -> Interaction:
        began = FIRST + timedelta(days=day)
        row = Interaction(**{"notes": "", "started_at": began, "source": Source.CONSOLE} | fields)
        self.session.add(row)
        return row

    def call(
        self, day: float, direction: Direction, outcome: Outcome | None, purpose: Purpose | None, **more: Any
    ) -> None:
        talked = more.pop("talked", None)
        ended = (
            None
            if outcome is None
            else FIRST + timedelta(days=day, seconds=more.get("queue_seconds", 0) + (talked or 0))
        )
        self.contact(
            day,
            kind=InteractionKind.CALL,
            channel="telefono",
            direction=direction,
            outcome=outcome,
            purpose=purpose,
            ended_at=ended,
            person_seconds=talked,
            **more,
        )

    def chat(self, day: float, outcome: Outcome | None, by: AttendedBy | None, **more: Any) -> None:
        began = FIRST + timedelta(days=day)
        handled = more.pop("handled", None)
        waited = more.get("queue_seconds", 0)
        ended = None if outcome is None else began + timedelta(seconds=waited + (handled or 60))
        self.contact(
            day,
            **{"kind": InteractionKind.CHAT, "channel": "web", "direction": IN} | more,
            conversation_id=self.conversation,
            outcome=outcome,
            attended_by=by,
            answered_at=began + timedelta(seconds=waited) if handled else None,
            ended_at=ended,
        )

    def petition(self, day: float, status: PetitionStatus, concluded: float | None = None, **more: Any) -> Petition:
        number = next(_numbers)
        row = Petition(
            **{"kind": PetitionKind.PETICION, "channel": EntryChannel.CALL_CENTER, "topic_id": self.topic} | more,
            folio=f"ACT-2026-{number:06}",
            year=2026,
            number=number,
            access_nonce="x",
            narrative="x",
            status=status,
            created_at=FIRST + timedelta(days=day),
            concluded_at=None if concluded is None else FIRST + timedelta(days=concluded),
        )
        self.session.add(row)
        return row

    async def event(self, petition: Petition, day: float, kind: PetitionEventKind, **more: Any) -> PetitionEvent:
        row = PetitionEvent(
            **{"actor": ActorKind.STAFF, "detail": {}} | more,
            petition_id=petition.id,
            kind=kind,
            at=FIRST + timedelta(days=day),
        )
        self.session.add(row)
        await self.session.flush()
        return row


async def people(session: AsyncSession) -> Case:
    area = (await session.scalars(select(OfficeArea).order_by(OfficeArea.key))).first()
    topic = (await session.scalars(select(Topic).order_by(Topic.key))).first()
    agency = (await session.scalars(select(Agency).order_by(Agency.key))).first()
    assert area and topic and agency
    ana, luz = [await _staff(session, name, area.id) for name in ("ana", "luz")]
    conversation = await conversations.open_conversation(
        session, channel="web", account="portal", external_user_id="caso"
    )
    return Case(session, ana, luz, area.id, topic.id, agency.id, conversation.id)


async def _staff(session: AsyncSession, name: str, area_id: UUID) -> UUID:
    """An analyst of that name, who may be there already."""
    user = await session.scalar(select(User).where(User.username == name))
    if user is None:
        user = User(username=name, full_name=name.title(), role=Role.ANALYST, password_hash="x")
        session.add(user)
    user.area_id = area_id
    await session.flush()
    return user.id


async def fill(session: AsyncSession) -> Case:
    """The rows; each number of the tests can be counted here."""
    case = await people(session)
    a, t, m = {"agent_id": case.ana, "area_id": case.area}, {"topic_id": case.topic}, {"municipality_id": HERMOSILLO}
    # Calls received: 6 real ones (3 attended, one of them passed on; 1 abandoned, 1 to voicemail, 1 failed) and 2 not.
    case.call(0, IN, Outcome.ATTENDED, Purpose.PETITION, queue_seconds=10, talked=100, score=5, **a, **t, **m)
    case.call(1, IN, Outcome.ATTENDED, Purpose.INFORMATION, queue_seconds=20, talked=200, score=2, **a)
    case.call(1, IN, Outcome.TRANSFERRED, Purpose.TRANSFER, queue_seconds=60, talked=30, transfer_area_id=case.area)
    case.call(2, IN, Outcome.ABANDONED, None, queue_seconds=90)
    case.call(3, IN, Outcome.VOICEMAIL, None, queue_seconds=5)
    case.call(3, IN, Outcome.FAILED, None)
    case.call(4, IN, Outcome.ATTENDED, Purpose.WRONG_NUMBER, queue_seconds=1, talked=5, **a)
    case.call(4, IN, Outcome.ATTENDED, Purpose.PRANK, queue_seconds=1, talked=5)
    # Calls made: 3 (one to tell how a petition stands, one to congratulate, one nobody answered).
    case.call(5, OUT, Outcome.ATTENDED, Purpose.FOLLOW_UP, talked=300, **a)
    case.call(5, OUT, Outcome.ATTENDED, Purpose.CONGRATULATION, talked=40, **a)
    case.call(6, OUT, Outcome.NO_ANSWER, Purpose.INFORMATION, agent_id=case.luz)
    # The quarter before: one call on 30 June at 23:59 in Hermosillo; the one after begins with October.
    case.call(-0.3757, IN, Outcome.ATTENDED, Purpose.PETITION, queue_seconds=30, talked=60, **a)
    case.call(92, IN, Outcome.ATTENDED, Purpose.PETITION, queue_seconds=30, talked=60, **a)
    # Chats: 2 by the bot, 2 by a person, 1 abandoned, 1 that lasts; one that staff began.
    person, bot, nobody = AttendedBy.PERSON, AttendedBy.BOT, AttendedBy.NOBODY
    case.chat(0, Outcome.ATTENDED, bot, bot_answers=4, bot_misses=1, score=4, bot_seconds=10, citizen_seconds=50)
    case.chat(1, Outcome.ATTENDED, bot, bot_answers=2, bot_misses=0, channel="whatsapp", bot_seconds=60)
    waits = {"handoff_reason": "requested", "bot_answers": 1, "bot_misses": 0, **a}
    case.chat(2, Outcome.ATTENDED, person, queue_seconds=30, queue_office_seconds=30, handled=600, score=5, **waits)
    case.chat(3, Outcome.ATTENDED, person, queue_seconds=90, queue_office_seconds=0, handled=200, **waits)
    missed = {"handoff_reason": "misunderstood", "bot_answers": 3, "bot_misses": 2}
    case.chat(4, Outcome.ABANDONED, nobody, queue_seconds=45, **missed)
    case.chat(5, None, None, bot_answers=1, bot_misses=0)
    case.chat(6, Outcome.ATTENDED, person, direction=OUT, handled=100, agent_id=case.luz, bot_answers=0, bot_misses=0)
    case.contact(
        7, kind=InteractionKind.WALK_IN, channel="presencial", direction=IN, outcome=Outcome.ATTENDED,
        attended_by=person, ended_at=FIRST + timedelta(days=7.1), **a,
    )  # fmt: skip
    await _petitions(case)
    await session.flush()
    return case


async def _petitions(case: Case) -> None:
    """Five of July and one of April, which was concluded in July; one of them reopened by the citizen's No."""
    s, at_home = PetitionStatus, {"municipality_id": HERMOSILLO, "agency_id": case.agency}
    good = case.petition(0, s.CONCLUIDA_SATISFACTORIA, 2, due_on=date(2026, 7, 3), assignee_id=case.ana, **at_home)
    # From Wednesday 1 to Monday 6: five days, three of work.
    bad = case.petition(0, s.CONCLUIDA_NO_SATISFACTORIA, 5, due_on=date(2026, 7, 3), **at_home)
    case.petition(1, s.IMPROCEDENTE, 1, municipality_id=GUAYMAS)
    case.petition(1, s.RECIBIDA, due_on=date(2026, 7, 10), municipality_id=GUAYMAS)
    again = case.petition(2, s.EN_ATENCION, due_on=date(2099, 1, 1))
    old = case.petition(-80, s.CONCLUIDA_SATISFACTORIA, 10)
    await case.session.flush()
    kinds = PetitionEventKind
    done = {"user_id": case.ana, "to_status": s.CONCLUIDA_SATISFACTORIA}
    await case.event(good, 0, kinds.FILED, user_id=case.ana)
    await case.event(bad, 0, kinds.FILED, user_id=case.luz)
    first = await case.event(good, 2, kinds.STATUS_CHANGED, **done)
    second = await case.event(again, 3, kinds.STATUS_CHANGED, **done)
    third = await case.event(old, 10, kinds.STATUS_CHANGED, **done)
    citizen = {"actor": ActorKind.CITIZEN}
    for petition, conclusion, answers in ((good, first, [False, True]), (again, second, [False]), (old, third, [True])):
        for answer in answers:
            said = {"solved": answer, "conclusion_id": conclusion.id}
            await case.event(petition, 12, kinds.CITIZEN_VERDICT, detail=said, **citizen)
