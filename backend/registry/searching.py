"""What staff type into a search box, as a condition that an index answers among millions.

A word finds other forms of it («baches» finds «bache»); where nothing has all as whole words, what begins with them
(of a common name, beginnings would be most of the index). A number finds a folio's number, or a telephone by all its
digits or its last seven or four; an e-mail or a CURP finds whose it is when it is whole: the database knows them only
as words that stand for them (docs/adr/0026). All words must be there, in any order. See docs/adr/0018.
"""

import re
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, case, cast, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute

from backend import words
from backend.conversations.models import MESSAGE_WORDS, Message
from backend.registry import folios
from backend.registry.models import Person, Petition
from backend.text import fold
from backend.vault import blind
from backend.vault.blind import Kind

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}")
_CURP = re.compile(r"[a-z]{4}\d{6}[a-z]{6}[a-z0-9]\d")
_ONLY_NUMBERS = re.compile(r"[\d\s()+.\-–/]+")
#: Shorter beginnings would stand for half the dictionary.
_LEAST_PREFIX, _LEAST_DIGITS = 3, 4
_PHONE_DIGITS, _FOLIO_DIGITS = 10, 6
#: Whom so many are like wants another word.
_MOST_PEOPLE = 200
#: More words than these narrow nothing further.
_MOST_WORDS = 12


def petitions(typed: str, *, whole: bool = False, is_hidden: bool = False) -> ColumnElement[bool]:
    """Petitions of a folio exactly; else those that have everything that was typed, `whole` or as beginnings.

    `is_hidden`: the planner is not to see which words, and takes half a hundredth of all to have them.
    """
    folio = folios.parse(typed)
    return Petition.folio == folio if folio is not None else _has(Petition.search, typed, whole, is_hidden)


def people(typed: str) -> ColumnElement[bool]:
    """People by parts of their name, by telephone, e-mail or CURP; not those who are blocked."""
    return _has(Person.search, typed, False) & Person.withheld_at.is_(None)


def some_people(typed: str) -> Select[UUID]:
    """The ids of some of them, for a query that sorts: half a million share a few first names."""
    return select(Person.id).where(people(typed)).limit(_MOST_PEOPLE)


def said(typed: str, *, is_in_two: bool = False) -> ColumnElement[bool] | None:
    """Messages that have all the words, in any order, the last of them as a beginning; None: nothing to look for.

    `is_in_two`: the last as it is, or longer, which is the same. An index puts whole words together at once, and of a
    beginning first reads all that have it; the planner takes this for more than there is.
    """
    asked = _said_words(typed)
    if not asked:
        return None
    *whole, last = asked
    if len(last) < _LEAST_PREFIX:
        lasts = [last]
    elif is_in_two and whole:
        lasts = [last, words.longer(last)]
    else:
        lasts = [words.beginning(last)]
    return or_(*(words.found(MESSAGE_WORDS, " & ".join([*whole, one])) for one in lasts))


def looks_said(typed: str) -> list[ColumnElement[bool]]:
    """What whatever `said` finds has, and little else: seen in a twentieth of the time, where no index serves."""
    return [words.looks_like(Message.text, word) for word in _said_words(typed)]


def _said_words(typed: str) -> list[str]:
    return words.split(typed)[:_MOST_WORDS]


def contact_words(phone: str | None, email: str | None, curp: str | None) -> list[str]:
    """The words by which a search finds what reaches somebody."""
    told = ((Kind.PHONE, phone), (Kind.EMAIL, email), (Kind.CURP, curp))
    return [word for kind, value in told for word in blind.words(kind, value)]


def _has(column: InstrumentedAttribute[str], typed: str, whole: bool, is_hidden: bool = False) -> ColumnElement[bool]:
    asked = _asked(typed, whole)
    if asked is None:
        return false()
    return column.op("@@", is_comparison=True)(select(asked).scalar_subquery() if is_hidden else asked)


def _asked(typed: str, whole: bool) -> ColumnElement[str] | None:
    """What was typed as a query; None: nothing to look for."""
    folded = fold(typed)
    contacts, rest = _contacts(folded)
    asked = words.split(rest)[:_MOST_WORDS]
    if not asked and not contacts:
        return None
    if not contacts and _ONLY_NUMBERS.fullmatch(folded) and len("".join(asked)) >= _LEAST_DIGITS:
        return words.query(_number("".join(asked)[-_PHONE_DIGITS:]))
    wanted, *others = [*(words.query(one) for one in contacts), *(_word(word, whole) for word in asked)]
    for other in others:
        wanted = wanted.op("&&")(other)
    # Only words such as «de la»: as they stand.
    return case((func.numnode(wanted) == 0, words.query(" & ".join(asked))), else_=wanted) if asked else wanted


def _contacts(folded: str) -> tuple[list[str], str]:
    """E-mails and CURPs among what was typed, each as a query; and the rest. Somebody's narrative may have them too."""
    found, rest = [], []
    for typed in folded.split(" "):
        is_email = _EMAIL.fullmatch(typed) is not None
        if is_email or _CURP.fullmatch(typed):
            parts = " & ".join(words.split(typed))
            found.append(f"{blind.word(Kind.EMAIL if is_email else Kind.CURP, typed)} | ({parts})")
        else:
            rest.append(typed)
    return found, " ".join(rest)


def _word(word: str, whole: bool) -> ColumnElement[str]:
    """One word's query; empty for a word that Spanish has in every sentence."""
    if word.isdigit():
        return words.query(_number(word))
    if len(word) < _LEAST_PREFIX:
        return _stem(word)
    either = _stem(word).op("||")(words.query(word if whole else f"{word}:*"))
    return case((func.numnode(_stem(word)) == 0, cast(literal("", Text), TSQUERY)), else_=either)


def _number(digits: str) -> str:
    if len(digits) < _LEAST_DIGITS:
        return f"{digits} | {digits.zfill(_FOLIO_DIGITS)}"
    ways = [f"{digits}:*"]
    if len(digits) in blind.ENDINGS:
        ways.append(blind.phone_word(digits))
    if len(digits) < _FOLIO_DIGITS:
        ways.append(digits.zfill(_FOLIO_DIGITS))
    return " | ".join(ways)


def _stem(word: str) -> ColumnElement[str]:
    return func.to_tsquery("spanish", word, type_=TSQUERY)
