"""When the board alarms: pure, from what it shows."""

from collections.abc import Sequence
from datetime import datetime

from backend.board.models import BoardSettings
from backend.board.shapes import AgentLine, AgentState, Alert, AlertKind, Queue, Slow


def alerts_of(
    settings: BoardSettings,
    moment: datetime,
    chats: Queue,
    calls: Queue,
    agents: Sequence[AgentLine],
    failures: int,
    known: Slow,
) -> list[Alert]:
    """What the head should act on now, the gravest first."""
    found = []
    emergencies = [one.seconds(moment) for one in chats.waiting if one.is_emergency]
    if emergencies and max(emergencies) >= settings.emergency_seconds:
        found.append(Alert(AlertKind.EMERGENCY, max(emergencies)))
    waiting = chats.count + calls.count
    if waiting and not any(agent.state is AgentState.AVAILABLE for agent in agents):
        found.append(Alert(AlertKind.NOBODY, waiting))
    oldest = min((one for one in (chats.oldest, calls.oldest) if one is not None), default=None)
    if oldest is not None and (moment - oldest).total_seconds() >= settings.wait_seconds:
        found.append(Alert(AlertKind.WAIT, int((moment - oldest).total_seconds())))
    if failures >= settings.bot_failures:
        found.append(Alert(AlertKind.BOT, failures))
    if known.undelivered_notices >= settings.undelivered_notices:
        found.append(Alert(AlertKind.NOTICES, known.undelivered_notices))
    return found
