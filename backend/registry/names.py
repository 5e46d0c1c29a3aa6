"""A person's name, as it is told where one is asked for."""

import re

from backend.text import fold

_LEAD = re.compile(
    r"^(?:hola,? |buen[oa]s? (?:dias?|tardes?|noches?),? )?"
    r"(?:mi nombre (?:completo )?es|(?:yo )?me llamo|(?:yo )?soy|a nombre de|es)\s+",
    re.IGNORECASE,
)
_TAIL = re.compile(r"[\s,.]+(?:(?:muchas )?gracias|por favor|es todo|eso es todo)$", re.IGNORECASE)
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "y", "e"})
#: What is said where a name is asked for, and is none: «su nieta», «es todo», «quiero otra cosa».
_NO_NAME = re.compile(
    r"\b(?:su|mi|una?) (?:niet|hij|herman|espos|vecin|sobrin|prim|abuel|suegr|cunad|amig)[oa]\b|"
    r"\b(?:la|el) (?:mama|papa|madre|padre|vecin[oa]|duen[oa])\b|"
    r"^(?:por|en|cerca|atras|frente|junto|enfrente|rumbo|entre|sobre|desde) |"
    r"\b(?:su|mi) (?:mama|papa|madre|padre|tia|tio|pareja|marido|mujer|senora)\b|"
    r"^(?:si|ok|todo|nada|listo|gracias|ningun[oa]|quien|que|como|donde|cuando|yo|el|los|las|la mism[oa]|ya|ta|esta)\b|"
    r"^(?:(?:el )?centro|sord[oa]|cieg[oa]|sordomud[oa]|mud[oa]|invidente)$|"
    r"^(?:en |la |el )*(?:col(?:onia)?|fracc(?:ionamiento)?|calle|avenida|barrio)\b|"
    r"\b(?:quiero|quisiera|necesito|ocupo|tengo|porque)\b|"
    r"\b(?:municipio|colonia|telefono|correo|numero|queja|peticion|reporte|asunto) (?:es|esta|era)\b"
)
_REFUSED = re.compile(r"^(?:no|prefiero|para que|por que|anonim[oa]|ningun[oa]?|sin nombre)\b")


def alone(raw: str) -> str:
    """The name without what goes before and after it: «me llamo Ana, gracias»."""
    return _TAIL.sub("", _LEAD.sub("", raw).strip(" .,")).strip(" .,")


def problem(name: str) -> str | None:
    """Why this is no name, as a problem of `intake`; None for one."""
    letters = sum(char.isalpha() for char in name)
    if _REFUSED.match(fold(name)):
        return "name_refused"
    if len(name) > 120:
        return "too_long"
    if letters < 3 or any(char.isdigit() for char in name) or "@" in name or "?" in name:
        return "not_a_name"
    return "not_a_name" if _count(name) > 8 or _NO_NAME.search(fold(name)) else None


def written(name: str) -> str:
    """With capitals, where it was told all in small letters or all in capitals."""
    return name.title() if name in {name.lower(), name.upper()} else name


def _count(name: str) -> int:
    """How many words: «de la», «y»… do not count in what is written as names are."""
    words = [word for word in name.split() if word not in _PARTICLES]
    return len(words) if all(word[0].isupper() for word in words) else len(name.split())
