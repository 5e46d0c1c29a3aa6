"""What the worker and open pages ask of the database by themselves, again and again: each look's time, nothing kept.

A round of what is due once a night (retention) is not among them: it is as long as what is due.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.board import figures
from backend.conversations import media, taking
from backend.conversations import service as conversations
from backend.ledger import chats
from backend.ledger.models import LedgerCursor
from backend.mail import service as mail
from backend.monitoring import measuring, queues
from backend.notices import jobs as notices
from backend.notices.models import Notice
from backend.outbox import service as outbox
from backend.outreach import jobs as outreach
from backend.outreach import tasks
from backend.related import telling
from backend.suggestions import jobs as suggestions
from backend.telephony import recordings
from backend.turns import reminders
from benchmarks.growth_office import Office, Subject

#: What the worker looks back by, of what it looked at before.
_A_WHILE = timedelta(minutes=6)
Look = Callable[[AsyncSession], Awaitable[object]]


def _rows(query: Callable[[], Select[Any]]) -> Look:
    async def look(session: AsyncSession) -> object:
        return (await session.execute(query())).all()

    return look


async def _board(session: AsyncSession) -> object:
    return await figures.compute(session, await figures.slow(session))


async def _told_chats(session: AsyncSession) -> object:
    cursor = await session.get_one(LedgerCursor, chats.CURSOR)
    return (await session.execute(chats._after(cursor, clock.now()))).all()


async def _owed_information(session: AsyncSession) -> object:
    return (await session.execute(await outreach._waiting(session))).all()


LOOKS: dict[str, Look] = {
    "turns whose wake-up was lost": taking.find_pending,
    "the waiting, for whoever has room": conversations.assign_waiting,
    "the outbox of the web": lambda session: outbox.claim_due(session, "web"),
    "the outbox of WhatsApp": lambda session: outbox.claim_due(session, "whatsapp"),
    "the outbox's next moment": lambda session: outbox.next_due(session, "whatsapp"),
    "media to fetch": media._claim,
    "recordings to fetch": recordings._claim,
    "e-mail to send": lambda session: mail.claim_due(session, domain="sonora.example"),
    "notices that arrived": notices._settle_arrived,
    "notices that did not": _rows(lambda: notices._due(24.0).order_by(Notice.event_id).limit(200)),
    "followers to tell": _rows(telling._supporters_behind),
    "turns to remind of": _rows(lambda: reminders._candidates(clock.local(clock.now()).date())),
    "chats for the ledger": _told_chats,
    "chats fallen silent": chats._end_silent,
    "calls owed for missed contacts": _rows(outreach._missed),
    "calls owed for information": _owed_information,
    "calls no longer owed": outreach._settle_answered,
    "calls without a reason": tasks.close_needless,
    "petitions to suggest topics for": lambda session: suggestions.pending(session, clock.now() - _A_WHILE),
    "decisions to learn from": lambda session: suggestions.are_enough(session, clock.now()),
    "agencies that topics go to": suggestions.usual_agencies,
    "every queue's length and age": queues.look,
    "who waits and who is there": lambda session: measuring._people(session, clock.now()),
    "the board": _board,
}


async def looks(office: Office, subject: Subject, number: int) -> None:
    del subject, number
    for name, look in LOOKS.items():
        await office.look(f"worker: {name}", look)
