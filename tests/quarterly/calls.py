"""A quarter's calls, few enough to count by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from backend.ledger import service as ledger
from backend.ledger.models import AttendedBy, Direction, Interaction, InteractionKind, Outcome, Purpose, Source

#: A day of the third quarter of 2026.
MIDSUMMER = datetime(2026, 8, 12, 17, tzinfo=UTC)


async def add_call(
    session: AsyncSession,
    outcome: Outcome = Outcome.ATTENDED,
    *,
    wait: int = 10,
    direction: Direction = Direction.INBOUND,
    purpose: Purpose = Purpose.INFORMATION,
    started: datetime = MIDSUMMER,
) -> Interaction:
    """A call that waited so many seconds, and lasted a minute where somebody attended."""
    is_attended = outcome is Outcome.ATTENDED
    return await ledger.add(
        session,
        Interaction(
            kind=InteractionKind.CALL,
            direction=direction,
            channel="telefono",
            source=Source.CONSOLE,
            started_at=started,
            answered_at=started + timedelta(seconds=wait) if is_attended else None,
            ended_at=started + timedelta(seconds=wait + 60 * is_attended),
            queue_seconds=wait,
            person_seconds=60 if is_attended else 0,
            attended_by=AttendedBy.PERSON if is_attended else AttendedBy.NOBODY,
            outcome=outcome,
            purpose=purpose,
        ),
    )


async def add_quarter(session: AsyncSession) -> Sequence[Interaction]:
    """Ten received, of which two were abandoned; four made; and one of the quarter after, which does not count."""
    waits = (10, 20, 30, 40, 50, 60, 70, 80)
    received = [await add_call(session, wait=one, started=MIDSUMMER + timedelta(hours=one)) for one in waits]
    received += [await add_call(session, Outcome.ABANDONED, wait=90) for _ in range(2)]
    for purpose in (Purpose.FOLLOW_UP, Purpose.FOLLOW_UP, Purpose.CONGRATULATION, Purpose.INFORMATION):
        await add_call(session, wait=0, direction=Direction.OUTBOUND, purpose=purpose)
    await add_call(session, started=datetime(2026, 10, 1, 7, tzinfo=UTC))  # midnight in Hermosillo
    return received
