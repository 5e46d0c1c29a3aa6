"""A conversation's episodes, reckoned by hand: who attended, how it ended, and whose the time was."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

from backend.catalog.office import Schedule
from backend.conversations.models import Author, EventKind, Owner
from backend.ledger.chats import seconds_of
from backend.ledger.episodes import SILENCE, Episode, Happened, Said, derive
from backend.ledger.models import AttendedBy, Direction, Outcome

#: A Wednesday at 14:50 in Hermosillo, ten minutes before the office closes.
NOON = datetime(2026, 7, 15, 21, 50, tzinfo=UTC)
OFFICE = Schedule(tuple((weekday, time(8), time(15)) for weekday in range(5)), frozenset({date(2026, 7, 16)}))
ANA, LUZ = uuid4(), uuid4()
K = EventKind


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def citizen(minutes: float, *, handled: float | None = None, missed: bool = False) -> Said:
    return Said(
        uuid4(), at(minutes), Author.CITIZEN, handled_at=at(minutes if handled is None else handled), was_missed=missed
    )


def bot(minutes: float, to: Said) -> Said:
    return Said(uuid4(), at(minutes), Author.BOT, in_reply_to=to.id)


def agent(minutes: float, who: UUID = ANA) -> Said:
    return Said(uuid4(), at(minutes), Author.AGENT, agent_id=who)


def event(minutes: float, kind: EventKind, to: Owner, *, by: UUID | None = None, reason: str | None = None) -> Happened:
    return Happened(at(minutes), kind, to_owner=to, agent_id=by, reason=reason)


def told(messages: list[Said], events: list[Happened], *, now: float = 60) -> list[Episode]:
    return derive(messages, events, now=at(now))


def minutes_of(episode: Episode, suffix: str = "") -> dict[str, float]:
    spent = seconds_of(episode, OFFICE)
    return {name: (spent[f"{name}{suffix}_seconds"] or 0) / 60 for name in ("bot", "queue", "person", "citizen")}


def test_a_chat_with_bot_queue_and_person_splits_its_time_by_the_clock_and_by_office_hours() -> None:
    """Closes at 15:00, minute 10; the 16th is a holiday, so that the office opens again on Friday, 8:00."""
    first, second = citizen(0), citizen(3, missed=True)
    friday = 41 * 60 + 10
    messages = [
        first,
        bot(1, first),
        second,
        bot(4, second),
        agent(friday + 30),
        citizen(friday + 40),
        agent(friday + 45),
    ]
    events = [
        event(5, K.QUEUED, Owner.QUEUE, reason="misunderstood"),
        event(friday + 20, K.TAKEN, Owner.AGENT, by=ANA),
        event(friday + 60, K.CLOSED, Owner.CLOSED, by=ANA),
    ]
    [one] = told(messages, events, now=friday + 100)
    assert (one.outcome, one.attended_by, one.agent_id) == (Outcome.ATTENDED, AttendedBy.PERSON, ANA)
    assert (one.handoff_reason, len(one.answers), one.misses) == ("misunderstood", 2, 1)
    assert (one.started_at, one.answered_at, one.ended_at) == (at(0), at(friday + 20), at(friday + 60))
    assert minutes_of(one) == {"bot": 2, "queue": friday + 15, "person": 15, "citizen": 3 + 25}
    assert sum(minutes_of(one).values()) == friday + 60
    assert minutes_of(one, "_office") == {"bot": 2, "queue": 5 + 20, "person": 15, "citizen": 28}


def test_writing_again_after_the_close_is_another_episode_and_a_rating_belongs_to_the_first() -> None:
    first, rating, again = citizen(0), citizen(12), citizen(100, handled=101)
    later = citizen(100.5, handled=102)
    messages = [first, bot(1, first), rating, again, later, bot(102, again)]
    rated = Happened(at(12), K.RATED, detail={"score": 4})
    events = [event(10, K.CLOSED, Owner.CLOSED, by=ANA), rated, event(101, K.REOPENED, Owner.BOT)]
    one, other = told(messages, events, now=103)
    assert (one.number, one.started_at, one.ended_at, one.score) == (1, at(0), at(10), 4)
    assert (one.outcome, one.attended_by) == (Outcome.ATTENDED, AttendedBy.BOT)
    assert (other.number, other.started_at, other.ended_at, other.score) == (2, at(100), None, None)
    assert (other.outcome, other.attended_by) == (None, None)


def test_who_asked_for_a_person_and_left_before_anybody_came_abandoned() -> None:
    first = citizen(0)
    messages = [first, bot(1, first)]
    queued = event(2, K.QUEUED, Owner.QUEUE, reason="requested")
    week = SILENCE[Owner.QUEUE] / timedelta(minutes=1)
    assert told(messages, [queued], now=week)[0].outcome is None
    for ended in (
        told(messages, [queued], now=week + 3),
        told(messages, [queued, event(2, K.CLOSED, Owner.CLOSED, by=ANA)]),
    ):
        assert (ended[0].outcome, ended[0].attended_by, ended[0].ended_at) == (
            Outcome.ABANDONED,
            AttendedBy.NOBODY,
            at(2),
        )


def test_who_went_back_to_the_bot_was_attended_by_it_and_who_nobody_answered_by_nobody() -> None:
    first, back = citizen(0), citizen(5)
    events = [event(2, K.QUEUED, Owner.QUEUE, reason="requested"), event(5, K.RETURNED_TO_BOT, Owner.BOT)]
    day = SILENCE[Owner.BOT] / timedelta(minutes=1)
    [one] = told([first, bot(1, first), back, bot(6, back)], events, now=day + 7)
    assert (one.outcome, one.attended_by, one.handoff_reason) == (Outcome.ATTENDED, AttendedBy.BOT, "requested")
    [unheard] = told([citizen(0)], [], now=day + 1)
    assert (unheard.outcome, unheard.attended_by) == (Outcome.FAILED, AttendedBy.NOBODY)


def test_a_chat_silent_for_a_day_with_the_bot_is_over_and_the_next_word_begins_another() -> None:
    day = SILENCE[Owner.BOT] / timedelta(minutes=1)
    first, in_time, late = citizen(0), citizen(day), citizen(2 * day + 3)
    messages = [first, bot(1, first), in_time, bot(day + 1, in_time), late]
    one, other = told(messages, [], now=2 * day + 4)
    assert (one.started_at, one.ended_at) == (at(0), at(day + 1))
    assert minutes_of(one) == {"bot": 2, "queue": 0, "person": 0, "citizen": day - 1}
    assert (other.started_at, other.ended_at) == (at(2 * day + 3), None)
    # A person may wait days for papers.
    taken = event(2, K.TAKEN, Owner.AGENT, by=ANA)
    assert len(told(messages, [taken], now=2 * day + 4)) == 1


def test_staff_who_write_first_begin_a_chat_that_counts_as_made() -> None:
    first = citizen(0)
    messages = [first, bot(1, first), agent(50, LUZ)]
    events = [event(10, K.CLOSED, Owner.CLOSED, by=ANA), event(50, K.TAKEN, Owner.AGENT, by=LUZ)]
    _, other = told(messages, events)
    assert (other.direction, other.started_at, other.agent_id) == (Direction.OUTBOUND, at(50), LUZ)
    assert other.attended_by is AttendedBy.PERSON


def test_notices_are_no_chat_and_lengthen_none() -> None:
    notice = Said(uuid4(), at(-50), Author.SYSTEM)
    assert told([notice], []) == []
    first = citizen(0)
    [one] = told([first, bot(1, first), Said(uuid4(), at(600), Author.SYSTEM)], [], now=60 * 24 + 30)
    assert one.ended_at == at(1)
