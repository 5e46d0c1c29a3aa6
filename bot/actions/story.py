"""The story of a petition: which words tell something of the matter, and none of them lost."""

import re
from pathlib import Path

from backend.text import fold
from bot.actions.told import without

#: Words that ask for a petition without telling anything of it.
_REQUEST_WORDS = frozenset((Path(__file__).parent / "request_words.txt").read_text("utf-8").split())
#: Words that come with data of somebody, or of a place.
_INTRODUCING = frozenset({
    "cel", "celular", "ciudad", "col", "colonia", "correo", "curp", "email", "llamo", "municipio", "nombre", "numero",
    "soy", "tel", "telefono", "vivo",
})  # fmt: skip
#: Words that say only that the matter is nobody else's, and those that link them.
_PRIVATE = frozenset({
    "confidencial", "delicada", "delicado", "familiar", "intimo", "particular", "personal", "privada", "privado",
})  # fmt: skip
_LINKING = frozenset({"mio", "mia", "muy", "se", "tengo", "traigo", "trata", "tratar", "ver"})
_NOTHING_MORE = re.compile(
    r"^(?:no,? )?(?:ya )?(?:(?:eso )?es todo|(?:nada|ninguna cosa) mas|(?:solo|nomas|nada mas) eso|"
    r"asi (?:nomas|esta bien)|(?:se |te )?(?:lo )?(?:dije|conte|explique)(?: todo)?|seria todo|eso)$"
)
#: Words from which on a message is a story told in one breath, as voice notes are.
_LONG = 20
_DATA = ("nombre", "telefono", "correo", "curp", "municipio", "colonia", "folio")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text))


def _telling(text: str) -> list[str]:
    return [word for word in _words(text) if word not in _REQUEST_WORDS and len(word) > 2]


def tells_something(text: str) -> bool:
    """Whether a request carries its own story, to be kept as the narrative."""
    return len(_words(text)) >= 5 and len(_telling(text)) >= 3 and not only_says_private(text)


def tells_at_length(text: str) -> bool:
    """Whether a message tells so much, and asks nothing, that it may be a petition however it was understood."""
    return len(_words(text)) >= _LONG and "?" not in text and tells_story(text)


def tells_more_than_data(text: str) -> bool:
    """Whether it tells of the matter, and not only who tells it and where."""
    return any(word not in _INTRODUCING for word in _telling(without(text, _DATA)))


def tells_story(text: str) -> bool:
    """Whether a message is a story of its own, whatever data stand in it."""
    return tells_something(text) and tells_more_than_data(text)


#: How a few words begin that go on telling, and name no place.
_GOES_ON = re.compile(
    r"^(?:y|pero|es que|porque|desde|hace|ya|hay|no hay|no ha|frente|enfrente|junto|en la esquina|huele|esta|estan|"
    r"se|nadie|pasan?|urge)\b \w"
)


def tells_briefly(text: str) -> bool:
    """«Y huele feo», «desde el lunes»: whether a few words tell more of a matter told before."""
    return _GOES_ON.match(fold(text)) is not None


def only_asks(text: str) -> bool:
    """Whether nothing is told, but that a petition is to be filed."""
    return all(word in _REQUEST_WORDS for word in _words(text))


def only_says_private(text: str) -> bool:
    """«Es un asunto personal»: whether nothing is told of the matter, but whose it is."""
    words = set(_words(text))
    return bool(words & _PRIVATE) and words <= _PRIVATE | _LINKING | _REQUEST_WORDS


def joined(request: str | None, text: str) -> str:
    """The story: `text`, after what the request told already and `text` does not say again."""
    if request is None or set(_telling(request)) <= set(_words(text)):
        return text
    adds = tells_more_than_data(text) and not _NOTHING_MORE.match(fold(text).strip(" .!"))
    return f"{request.rstrip(' .')}. {text}" if adds else request
