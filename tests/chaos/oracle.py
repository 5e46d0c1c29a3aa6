"""The oracle: what was sent in, against what is stored and what every citizen saw.

A message is *lost* when it is not stored, not dealt with, or when a reply to it was not seen. It is *twice* when it
is stored or seen more often than once. What was seen twice on a channel whose documented policy allows it, and whose
delivery's own diary says that nobody knew how an attempt ended, is *uncertain*, and counted apart (ADR 8).
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

from backend.vault.columns import index_sql
from tests.chaos.site import Site
from tests.chaos.traffic import Writer, pieces

#: How long nothing that is under way may come any nearer to its end after a fault, however slow the machine.
SETTLE_SECONDS = 90.0
#: Channels whose vendor keeps no list to ask: there an uncertain send is repeated.
RESENDS_WHEN_UNCERTAIN = frozenset({"telegram"})

_ARRIVED = "SELECT count(DISTINCT text) FROM message WHERE author = 'citizen' AND text = ANY(%s)"
_UNFINISHED = (
    "WITH theirs AS (SELECT id FROM conversation"
    f" WHERE id::text = ANY(%s) OR {index_sql('external_user_id')} = ANY(%s))"
    " SELECT (SELECT count(*) FROM message WHERE conversation_id IN (SELECT id FROM theirs)"
    "         AND handled_at IS NULL AND author IN ('citizen', 'control'))"
    " + (SELECT count(*) FROM delivery WHERE conversation_id IN (SELECT id FROM theirs)"
    "    AND state IN ('pending', 'sending', 'uncertain'))"
    " + (SELECT count(*) FROM arrival)"
)
#: What a delivery carries, and how often nobody knows how an attempt at it ended.
_PART = (
    "json_build_array(coalesce(file.sha256, ''), coalesce(d.text, m.text),"
    " (SELECT count(*) FROM delivery_attempt a"
    "  WHERE a.delivery_id = d.id AND (a.outcome IS NULL OR a.outcome = 'uncertain')))"
)
_STORED = (
    "SELECT m.id::text, m.author::text, m.text, m.handled_at IS NOT NULL,"
    " (SELECT count(*) FROM message r WHERE r.in_reply_to = m.id AND r.author IN ('bot', 'system')),"
    " ARRAY(SELECT sha256 FROM attachment WHERE message_id = m.id),"
    f" (SELECT json_agg({_PART} ORDER BY d.part) FROM delivery d LEFT JOIN attachment file ON file.id = d.attachment_id"
    "   WHERE d.message_id = m.id)"
    " FROM message m JOIN conversation c ON c.id = m.conversation_id"
    f" WHERE c.channel = %s AND (c.id::text = %s OR {index_sql('c.external_user_id')} = %s)"
    " AND m.author IN ('citizen', 'bot', 'system', 'agent') ORDER BY m.seq"
)


@dataclass
class Tally:
    """One channel's count under one fault. `sent_in` are citizens' messages, `came_out` what they saw."""

    sent_in: int = 0
    came_out: int = 0
    lost: int = 0
    disordered: int = 0
    twice: int = 0
    uncertain: int = 0
    #: Messages that a vendor gave up bringing, and that were fetched from its list.
    late: int = 0
    #: What was lost, out of order or twice, for whoever must find out why.
    remarks: tuple[str, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.disordered or self.twice)


@dataclass(frozen=True)
class Stored:
    """A row of a conversation. `replies`: how many answers it has; `files`: by their hashes; `parts`: what its
    deliveries carry, each a file's hash or a text, with how many attempts nobody knows the end of."""

    id: str
    author: str
    text: str
    is_handled: bool
    replies: int
    files: Sequence[str]
    parts: Sequence[tuple[str, str, int]] | None

    @property
    def pieces(self) -> list[str]:
        """What its reader must see: files, then text, in the parts in which it goes out if they are all of it."""
        parts = self.parts or ()
        files, texts = [file for file, _, _ in parts if file], [text for file, text, _ in parts if not file]
        is_whole = sorted(files) == sorted(self.files) and " ".join(texts).split() == self.text.split()
        return pieces(files, texts) if is_whole else pieces(self.files, [self.text])

    @property
    def excuses(self) -> Counter[str]:
        """Pieces that may be seen again: once for each attempt of unknown end, and no more."""
        ends = Counter[str]()
        for file, text, unknown in self.parts or ():
            ends.update(dict.fromkeys(pieces([file], [text]), unknown))
        return ends


def settle(site: Site, people: Sequence[Writer], *, seconds: float = SETTLE_SECONDS) -> None:
    """Until nothing is under way any more, or something never ends: for `seconds` nothing has moved."""
    sent = {text for writer in people for text in writer.sent}
    keys = [writer.key for writer in people]
    indexes = site.server.indexes_of(keys)
    stood, moved = None, time.monotonic()
    while time.monotonic() < moved + seconds:
        stands = site.server.execute(_ARRIVED, list(sent)), site.server.execute(_UNFINISHED, keys, indexes)
        if stands == ([(len(sent),)], [(0,)]):
            site.stand_ins.twilio.settle()
            return
        if stands != stood:
            stood, moved = stands, time.monotonic()
        time.sleep(0.2)


def stored(site: Site, writer: Writer) -> list[Stored]:
    """A citizen's conversation as the database has it, in its order."""
    return [
        Stored(*row)  # type: ignore[arg-type]
        for row in site.server.execute(_STORED, writer.channel, writer.key, *site.server.indexes_of([writer.key]))
    ]


def judge(site: Site, people: Sequence[Writer], *, seconds: float = SETTLE_SECONDS) -> dict[str, Tally]:
    """What the oracle finds, by channel, once everything has come to its end."""
    settle(site, people, seconds=seconds)
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for writer in people:
        rows = stored(site, writer)
        tallies[writer.channel] += compare(writer.channel, writer.sent, rows, writer.seen(), writer.given_up())
    return dict(tallies)


def compare(
    channel: str, sent: Sequence[str], rows: Sequence[Stored], seen: Sequence[str], late: Collection[str] = ()
) -> Tally:
    """One conversation: sent against stored, stored against seen.

    `late`: texts that the vendor never got through to us with; their order is judged among themselves.
    """
    received = [row for row in rows if row.author == "citizen"]
    said = [row for row in rows if row.author != "citizen"]
    unanswered = [row.text for row in received if not row.is_handled or row.replies == 0]
    texts = [row.text for row in received]
    ways = (
        _differences(_without(sent, late), _without(texts, late)),
        _differences(list(late), [text for text in texts if text in late]),
        way_out := _differences([piece for row in said for piece in row.pieces], seen),
    )
    excused = Counter[str]()
    if channel in RESENDS_WHEN_UNCERTAIN:
        excused = way_out.extra & sum((row.excuses for row in said), excused)
    missing = [*unanswered, *(text for way in ways for text in way.missing)]
    disordered = [text for way in ways for text in way.disordered]
    twice = sum((way.extra for way in ways), Counter[str]()) - excused
    return Tally(
        sent_in=len(sent),
        came_out=len(seen),
        lost=len(missing),
        disordered=len(disordered),
        twice=twice.total(),
        uncertain=excused.total(),
        late=len(late),
        remarks=tuple(
            f"{channel} {what}: {text}"
            for what, texts in (("lost", missing), ("disordered", disordered), ("twice", twice))
            for text in texts
        ),
    )


def _without(texts: Sequence[str], left_out: Collection[str]) -> list[str]:
    return [text for text in texts if text not in left_out]


@dataclass(frozen=True)
class _Differences:
    missing: list[str]
    extra: Counter[str]
    disordered: list[str]


def _differences(wanted: Sequence[str], got: Sequence[str]) -> _Differences:
    """How `got` differs from `wanted`. The order is judged by what came for the first time."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(wanted):
        places[text].append(place)
    met: Counter[str] = Counter()
    order: list[int] = []
    extra = Counter[str]()
    for text in got:
        if met[text] < len(places[text]):
            order.append(places[text][met[text]])
        else:
            extra[text] += 1
        met[text] += 1
    disordered = [wanted[later] for earlier, later in pairwise(order) if later < earlier]
    missing = sorted(set(range(len(wanted))) - set(order))
    return _Differences([wanted[place] for place in missing], extra, disordered)
