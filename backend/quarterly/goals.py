"""The department's goals of a quarter, set by the head until its Informe is closed."""

from collections.abc import Mapping

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.quarterly import editions, wording
from backend.quarterly.models import QuarterGoal
from backend.quarterly.plan import ENTRIES


async def set_goals(session: AsyncSession, year: int, quarter: int, typed: Mapping[str, str], *, by: User) -> None:
    """Replace a quarter's goals by what was typed for each figure. Raises QuarterlyRefused, EditionClosed.

    After the close they belong to the frozen edition; a corrected edition under way may have others.
    """
    draft = await editions.draft(session, year, quarter, by=by)
    wanted = {key: wording.target_of(typed.get(key, ""), one.figure.unit) for key, one in ENTRIES.items()}
    before = await editions.targets(session, year, quarter)
    changed = {key: [before.get(key), target] for key, target in wanted.items() if before.get(key) != target}
    for key in changed:
        target = wanted[key]
        if target is None:
            await session.execute(
                delete(QuarterGoal).where(
                    QuarterGoal.year == year, QuarterGoal.quarter == quarter, QuarterGoal.figure == key
                )
            )
            continue
        values = {"target": target, "set_by": by.id, "set_at": clock.now()}
        statement = insert(QuarterGoal).values(year=year, quarter=quarter, figure=key, **values)
        keys = [QuarterGoal.year, QuarterGoal.quarter, QuarterGoal.figure]
        await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))
    if changed:
        await audit.record(session, by, "quarter_goals", draft.id, changed=changed)
