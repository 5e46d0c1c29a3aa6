"""Calls that are owed, in the demonstration: some asked for, one of a campaign, one already tried."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.ledger.models import Purpose
from backend.outreach import asking, attempts, campaigns
from backend.outreach.asking import Ask
from backend.outreach.attempts import Told
from backend.outreach.campaigns import NewCampaign, Recipient, Roll
from backend.outreach.models import CallOutcome, ReasonKind
from backend.registry import intake
from backend.registry.models import Person, Petition


async def seed(session: AsyncSession, content: dict[str, Any], staff: dict[str, User]) -> None:
    """Add the demonstration's calls, after its petitions."""
    for row in content["owed"]:
        await _owed(session, row, staff)
    row = content["campaign"]
    roll = Roll()
    for person in row["people"]:
        phone = intake.phone(person["telefono"])
        assert phone is not None, "the demonstration's telephones are telephones"
        roll.add(Recipient(phone, person["nombre"]))
    ends_on = clock.local(clock.now()).date() + timedelta(days=row["days"])
    new = NewCampaign(row["name"], Purpose(row["purpose"]), row["script"], ends_on)
    await campaigns.start(session, staff["jefa.demo"], new, roll, "Hoja: demostracion.xlsx")


async def _owed(session: AsyncSession, row: dict[str, Any], staff: dict[str, User]) -> None:
    phone = intake.phone(row["telefono"])
    assert phone is not None, "the demonstration's telephones are telephones"
    about = (
        await session.execute(
            select(Petition.id, Person.id)
            .join(Person, Person.id == Petition.person_id)
            .where(Person.phone == phone)
            .limit(1)
        )
    ).one_or_none()
    wanted = Ask(
        ReasonKind(row["kind"]),
        phone,
        name=row["nombre"],
        note=row["note"],
        petition_id=about[0] if about else None,
        person_id=about[1] if about else None,
        assignee_id=staff[row["to"]].id if "to" in row else None,
    )
    with clock.pinned(clock.now() - timedelta(days=row.get("days_ago", 0))):
        reason = await asking.ask(session, wanted)
    assert reason is not None, "the demonstration is seeded once"
    if "tried" in row:
        caller = staff[row.get("to", "ana.demo")]
        await attempts.record(session, caller, reason.task_id, Told(1, CallOutcome(row["tried"]), seconds=25))
