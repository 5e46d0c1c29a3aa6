"""Which language a message is in, where it is not Spanish: English, yaqui, mayo or seri.

By lists of words (`languages.yml`, with its sources), which on short messages full of mistakes proved as sure as the
libraries tried (docs/adr/0007): Spanish must never be taken for something else. Measured on
benchmarks/nlu/languages.tsv.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from backend.text import fold

WORDS = Path(__file__).with_name("languages.yml")
ENGLISH = "en"
#: Where a greeting is both peoples'.
YAQUI_OR_MAYO = "yaq-mfy"

_FEWEST_ENGLISH = 2
_ENGLISH_SHARE = 0.5
_FEWEST_NATIVE = 2
_NATIVE_SHARE = 0.5
#: Spanish words beside a greeting in another language, from which on the message is taken as Spanish.
_SPANISH_ENOUGH = 3


@dataclass(frozen=True)
class Lists:
    """`languages.yml`, read."""

    greetings: tuple[tuple[str, re.Pattern[str]], ...]
    native: dict[str, frozenset[str]]
    english: frozenset[str]
    neither: frozenset[str]
    spanish: frozenset[str]
    alone: frozenset[str]
    manners: frozenset[str]


@lru_cache(maxsize=1)
def lists() -> Lists:
    content: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    words = {code: frozenset(str(word) for word in listed) for code, listed in content["words"].items()}
    neither = frozenset(str(word) for word in content["neither"])
    return Lists(
        tuple((row["language"], re.compile(row["pattern"])) for row in content["greetings"]),
        {code: listed for code, listed in words.items() if code != ENGLISH},
        words[ENGLISH] - neither,
        neither,
        frozenset(str(word) for word in content["spanish"]),
        frozenset(content["alone"]),
        frozenset(content["manners"]),
    )


def language_of(text: str) -> str | None:
    """`en`, `yaq`, `mfy`, `yaq-mfy` or `sei` (ISO 639); None for Spanish and for what cannot be told."""
    plain = re.sub(r"['’‘`´]", "", fold(text))
    words = re.findall(r"[a-z]+", re.sub(r"\S+@\S+", " ", plain))
    if not words:
        return None
    return _native(" ".join(words), words) or _english(" ".join(words), words)


def _english(plain: str, words: list[str]) -> str | None:
    known = lists()
    if plain in known.alone or plain in known.manners:
        return ENGLISH if plain in known.alone else None
    english = sum(word in known.english for word in words)
    spanish = sum(word in known.spanish and word not in known.english for word in words)
    telling = sum(word not in known.neither for word in words)
    is_english = english >= _FEWEST_ENGLISH and english > spanish and english / telling >= _ENGLISH_SHARE
    return ENGLISH if is_english else None


def _native(plain: str, words: list[str]) -> str | None:
    known = lists()
    if sum(word in known.spanish for word in words) >= _SPANISH_ENOUGH:
        return None
    greeted = next((language for language, pattern in known.greetings if pattern.search(plain)), None)
    if greeted is not None:
        return greeted
    counts = {code: len({word for word in words if word in listed}) for code, listed in known.native.items()}
    most = max(counts.values())
    if most < _FEWEST_NATIVE or most / len(set(words)) < _NATIVE_SHARE:
        return None
    likeliest = [code for code, count in counts.items() if count == most]
    return likeliest[0] if len(likeliest) == 1 else YAQUI_OR_MAYO


_DANGER = re.compile(
    r"\b(?:kill(?:ing|ed)? (?:me|us|her|him|myself|himself|herself)|going to kill|"
    r"(?:hit|beat|hurt|attack|stab|shoot)(?:s|ting|ing|bing)? (?:me|us|her|him)\b|(?:with|has) a (?:gun|knife)|"
    r"shooting|gunshots?|been shot|stabbed|raped?|kidnap\w*|bleeding|dying|not breathing|cant breathe|heart attack|"
    r"unconscious|overdose\w*|suicid\w+|want to die|on fire|there is a fire|trapped|drowning|breaking into|"
    r"call (?:an ambulance|the police|911)|need an ambulance|emergency|(?:car|bus|truck) (?:crash|accident)|gas leak|"
    r"missing (?:child|kid|girl|boy|daughter|son))\b"
)


def tells_danger(text: str) -> bool:
    """Whether a message in English tells of danger to life. Prefers a false alarm to a miss."""
    return _DANGER.search(re.sub(r"['’‘`´]", "", fold(text))) is not None


#: What a message in English is about, as an intent; the first that matches.
_TOPICS = (
    ("hablar_con_persona", r"speaks? english|talk to (?:a|some|real)|real person|a human|an agent|call me|in english"),
    ("carta_no_antecedentes", r"police (?:clearance|record|letter)|criminal record|background check|good conduct"),
    ("tramite_registro_civil", r"certificate|(?:marriage|birth|death) (?:record|copy)|civil registry|get married"),
    ("consultar_folio", r"\bfolio\b|status of|my (?:request|case|report|petition|complaint)\b"),
    ("registrar_queja", r"complain\w*|bribe|rude|mistreat\w*|corrupt\w*|against (?:a|an|the)\b"),
    ("solicitar_audiencia", r"appointment|meeting with|meet (?:the|with)|governor"),
    ("horario_ubicacion", r"what time|hours|where is your|your office|address|phone number|do you open|are you open"),
    ("solicitar_apoyo_social", r"wheelchair|medicine|food|scholarship|financial|need money|funeral"),
    ("solicitar_asesoria_juridica", r"lawyer|attorney|legal|custody|land title|divorce|evict\w*"),
    ("registrar_peticion", r"pothole|leak\w*|garbage|trash|street ?light|no water|power outage|road|sewage|broken"),
)


def english_topic(text: str) -> str | None:
    """The intent of a message in English, where a word of it tells."""
    plain = re.sub(r"['’‘`´]", "", fold(text))
    return next((intent for intent, words in _TOPICS if re.search(rf"\b(?:{words})", plain)), None)
