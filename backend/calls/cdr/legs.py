"""A row of a file as a leg of a call: its times, its two sides, and what became of it."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.calls.cdr.layout import Layout
from backend.text import fold, strip_control

ANSWERED, NO_ANSWER, BUSY, FAILED = "answered", "no_answer", "busy", "failed"
_DISPOSITIONS: Mapping[str, str] = {
    "answered": ANSWERED, "answer": ANSWERED, "contestada": ANSWERED, "contestado": ANSWERED, "atendida": ANSWERED,
    "completada": ANSWERED, "completed": ANSWERED, "si": ANSWERED,
    "no answer": NO_ANSWER, "noanswer": NO_ANSWER, "no contestada": NO_ANSWER, "no contesto": NO_ANSWER,
    "no atendida": NO_ANSWER, "perdida": NO_ANSWER, "missed": NO_ANSWER, "abandonada": NO_ANSWER, "no": NO_ANSWER,
    "cancel": NO_ANSWER, "cancelada": NO_ANSWER,
    "busy": BUSY, "ocupado": BUSY, "ocupada": BUSY,
    "failed": FAILED, "fallida": FAILED, "congestion": FAILED, "error": FAILED, "chanunavail": FAILED,
}  # fmt: skip
_DAY_FIRST = re.compile(
    r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d\d)[ T,]+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([ap])?\.?\s*(?:m\.?)?$", re.I
)
_CLOCK = re.compile(r"^(?:(\d+):)?(\d{1,3}):(\d\d)(?:\.\d+)?$")
#: The device of a channel: `PJSIP/101-0000002a`, `Local/101@from-queue-00000001;1`.
_DEVICE = re.compile(r"^\w+/([^@-]+)")
_NAME = re.compile(r'^\s*"?([^"<]*?)"?\s*(?:<[^>]*>)?\s*$')
_LONGEST_CALL = timedelta(days=1)


class UnreadableLeg(Exception):
    """A row that tells of no call; its text says why, to staff."""


@dataclass(frozen=True)
class Leg:
    """`caller` and `callee` are the devices of the two channels, where the file tells them."""

    number: int
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    source: str
    target: str
    caller: str
    callee: str
    name: str
    disposition: str
    app: str
    #: The file names channels, so that an answered leg without a second one was answered by the exchange alone.
    has_channels: bool
    #: A detour within the exchange, as queues make.
    is_local: bool

    def as_json(self) -> dict[str, Any]:
        """What is kept of a leg while its file is imported."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Leg":
        moments = {
            name: datetime.fromisoformat(kept[name]) if kept[name] else None
            for name in ("started_at", "answered_at", "ended_at")
        }
        return cls(**{**kept, **moments})


def read(number: int, cells: Sequence[str], layout: Layout) -> tuple[str, Leg]:
    """A row's leg and the key that all legs of its call share. Raises UnreadableLeg."""
    given = {name: strip_control(layout.cell(cells, name)).strip() for name in layout.places}
    started = _started(given, layout)
    disposition = _disposition(given)
    answered, ended = _span(given, started, disposition, layout)
    if ended < started:
        raise UnreadableLeg("Termina antes de empezar.")
    if ended - started > _LONGEST_CALL:
        raise UnreadableLeg("Dura más de un día.")
    source, target = given.get("origen", "")[:80], given.get("destino", "")[:80]
    if not source and not target:
        raise UnreadableLeg("No dice quién llama ni a quién.")
    callee = given.get("extension", "") or _device(given.get("canal_destino", ""))
    leg = Leg(
        number=number,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        source=source,
        target=target,
        caller=_device(given.get("canal", ""))[:80],
        callee=callee[:80],
        name=_caller_name(given.get("identidad", "")),
        disposition=disposition,
        app=given.get("aplicacion", "")[:40],
        has_channels="canal_destino" in layout.places or "extension" in layout.places,
        is_local=given.get("canal", "").startswith("Local/"),
    )
    return _key(given, leg), leg


def _key(given: Mapping[str, str], leg: Leg) -> str:
    """The exchange's own name for the call; else one made of what tells it apart."""
    if own := given.get("grupo") or given.get("identificador"):
        return own[:160]
    told = f"{leg.started_at.isoformat()}|{leg.source}|{leg.target}"
    return f"sha256:{hashlib.sha256(told.encode()).hexdigest()[:40]}"


def _started(given: Mapping[str, str], layout: Layout) -> datetime:
    told = given.get("inicio") or f"{given.get('fecha', '')} {given.get('hora', '')}".strip()
    if not told:
        raise UnreadableLeg("No dice cuándo empezó.")
    started = moment(told, layout)
    if started is None:
        raise UnreadableLeg("No se entiende la fecha y hora en que empezó.")
    return started


def _span(
    given: Mapping[str, str], started: datetime, disposition: str, layout: Layout
) -> tuple[datetime | None, datetime]:
    """When it was answered, None for never, and when it ended."""
    answered, ended = (moment(given.get(name, ""), layout) for name in ("contesto", "termino"))
    whole, spoken, waited = (seconds(given.get(name, "")) for name in ("duracion", "conversacion", "espera"))
    if answered is None and waited is not None:
        answered = started + waited
    if ended is None and whole is not None:
        ended = started + whole
    if ended is None and spoken is not None:
        ended = (answered or started) + spoken
    if ended is None and disposition == ANSWERED:
        raise UnreadableLeg("No dice cuánto duró.")
    until = ended or started
    if disposition != ANSWERED:
        return None, until
    if answered is None and spoken is not None:
        answered = until - spoken
    return max(started, min(answered or started, until)), until


def _disposition(given: Mapping[str, str]) -> str:
    told = fold(given.get("resultado", ""))
    if told:
        found = _DISPOSITIONS.get(told)
        if found is None:
            raise UnreadableLeg(f"No se conoce el resultado «{told[:40]}».")
        return found
    if given.get("conversacion"):
        return ANSWERED if seconds(given["conversacion"]) else NO_ANSWER
    return ANSWERED if given.get("contesto") or "contesto" not in given else NO_ANSWER


def moment(told: str, layout: Layout) -> datetime | None:
    """A moment in UTC, told on the exchange's clock; None for what is none."""
    told = told.strip()
    found: datetime | None
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        found = _in_words(told, is_month_first=layout.is_month_first)
    if found is None or found.year < 1990:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=layout.zone)).astimezone(UTC)


def _in_words(told: str, *, is_month_first: bool) -> datetime | None:
    match = _DAY_FIRST.match(told)
    if match is None:
        return None
    first, second, year, hour, minute, second_of = (int(part or 0) for part in match.groups()[:6])
    day, month = (second, first) if is_month_first else (first, second)
    if half := match[7]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    try:
        return datetime(year + 2000 if year < 100 else year, month, day, hour, minute, second_of)  # noqa: DTZ001 - the layout's zone is given after
    except ValueError:
        return None


def seconds(told: str) -> timedelta | None:
    """A length: `95`, `95.0`, `1:35` (minutes first) or `0:01:35`; None for what is none."""
    told = told.strip()
    if match := _CLOCK.match(told):
        hours, minutes, rest = (int(part or 0) for part in match.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=rest)
    try:
        length = float(told)
    except ValueError:
        return None
    return timedelta(seconds=round(length)) if 0 <= length < 10_000_000 else None


def _device(channel: str) -> str:
    match = _DEVICE.match(channel)
    return match[1] if match else ""


def _caller_name(told: str) -> str:
    """The name of `"JUAN SOTO" <6621234567>`; nothing where it is but a number."""
    match = _NAME.match(told)
    name = match[1].strip() if match else ""
    return name[:120] if any(char.isalpha() for char in name) and fold(name) not in _NOBODY else ""


_NOBODY = frozenset({"anonymous", "unknown", "desconocido", "privado", "private", "unavailable", "restricted"})
