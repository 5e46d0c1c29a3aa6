"""Several Rasa processes as one assistant: who is fit to have a turn, and who rests (docs/adr/0031).

One that was not reached, or did not answer in time, has no turns for a few seconds, instead of making each citizen
wait for the whole budget; where there are others, it must then first answer a question about its health. Which of
those that are fit has a conversation's turns is decided where the turn is claimed: `backend/conversations/pins.py`.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import structlog

from backend.assistant.port import AssistantError, Turn, TurnResult
from backend.assistant.rasa import RasaProcess
from backend.assistant.shared import is_in_share
from backend.settings import Settings

log = structlog.get_logger(__name__)

REST_SECONDS = 5.0


@dataclass
class _Member:
    process: RasaProcess
    #: Runs the second model (docs/adr/0009).
    is_second: bool
    rest: asyncio.Task[None] | None = None

    @property
    def is_resting(self) -> bool:
        return self.rest is not None and not self.rest.done()


class RasaPool:
    """Every process of Rasa, of one model or of two by share."""

    def __init__(
        self, first: Iterable[RasaProcess], second: Iterable[RasaProcess] = (), *, second_percent: int = 0
    ) -> None:
        members = [_Member(one, is_second=False) for one in first] + [_Member(one, is_second=True) for one in second]
        self._members = {member.process.name: member for member in members}
        self._percent = second_percent

    def fit(self, conversation_id: UUID) -> tuple[str, ...]:
        """Those of the conversation's own model, or of the other one while that is away as a whole."""
        fit = [(name, member.is_second) for name, member in self._members.items() if not member.is_resting]
        is_seconds = is_in_share(conversation_id, self._percent)
        own = tuple(name for name, is_second in fit if is_second is is_seconds)
        return own or tuple(name for name, _ in fit)

    async def reply(self, turn: Turn) -> TurnResult:
        if turn.at is None:
            raise AssistantError("resting", is_away=True)
        member = self._members[turn.at]
        try:
            return await member.process.reply(turn)
        except AssistantError as error:
            if (error.is_away or error.may_go_on) and not member.is_resting:
                log.warning("rasa_rests", rasa=turn.at, kind=error.kind)
                member.rest = asyncio.create_task(self._rest(member), name=f"resting {turn.at}")
            raise

    async def _rest(self, member: _Member) -> None:
        """Until it is fit again; where it is the only one, the next turn is the question."""
        is_fit = False
        while not is_fit:
            await asyncio.sleep(REST_SECONDS)
            is_fit = len(self._members) == 1 or await member.process.is_ready()
        log.info("rasa_is_back", rasa=member.process.name)

    async def answering(self) -> dict[str, bool]:
        answers = await asyncio.gather(*(member.process.is_ready() for member in self._members.values()))
        return dict(zip(self._members, answers, strict=True))

    async def close(self) -> None:
        for member in self._members.values():
            if member.rest is not None:
                member.rest.cancel()
            await member.process.close()


def assistant_of(settings: Settings) -> RasaPool:
    """The bot as the settings say: one model, or two by share."""
    token = settings.bot_token.get_secret_value()
    first = [RasaProcess(url, token) for url in settings.rasa_url]
    is_shared = settings.second_rasa_url and settings.second_model_share
    second = [RasaProcess(url, token) for url in settings.second_rasa_url] if is_shared else []
    return RasaPool(first, second, second_percent=settings.second_model_share if is_shared else 0)
