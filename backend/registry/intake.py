"""What is asked for each kind of petition, in which order, and how an answer is checked.

The one definition: the bot's form, the scripted intake and the agents' form all follow it.
An answer is kept in its normal form (a phone in E.164, a municipality's INEGI key).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import phonenumbers
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.exceptions import ValidationError
from stdnum.mx import curp

from backend import clock
from backend.catalog import service as catalog
from backend.catalog.models import Municipality
from backend.dates import one_past_day
from backend.registry import names
from backend.registry.models import EntryChannel, PetitionKind
from backend.text import fold, strip_control

NARRATIVE_MIN, NARRATIVE_MAX = 10, 4000
SKIPPED = "omitido"

KIND_TEXTS: dict[PetitionKind, str] = {
    PetitionKind.PETICION: "Petición",
    PetitionKind.QUEJA: "Queja",
    PetitionKind.SUGERENCIA: "Sugerencia",
    PetitionKind.FELICITACION: "Felicitación",
    PetitionKind.AUDIENCIA: "Solicitud de audiencia",
    PetitionKind.APOYO_SOCIAL: "Solicitud de apoyo social",
    PetitionKind.ASESORIA_JURIDICA: "Asesoría jurídica",
    PetitionKind.REGISTRO_CIVIL: "Trámite de Registro Civil",
    PetitionKind.CARTA_NO_ANTECEDENTES: "Carta de no antecedentes penales",
    PetitionKind.DERECHOS_ARCO: "Ejercicio de derechos ARCO",
}

_ENTRY_CHANNELS = {
    "web": EntryChannel.CHAT_SONORA,
    "whatsapp": EntryChannel.WHATSAPP,
    "telegram": EntryChannel.TELEGRAM,
    "sms": EntryChannel.SMS,
}

QUESTIONS: dict[str, str] = {
    "narrativa": "Cuénteme qué necesita o qué pasó, con sus palabras.",
    "tipo_acta": "¿Qué acta necesita?",
    "municipio": "¿En qué municipio es?",
    "colonia": "¿En qué colonia o localidad? Si no aplica, escriba «no aplica».",
    "anonimo": "¿Quiere que su queja sea anónima?",
    "nombre": "¿Cuál es su nombre completo?",
    "curp": "¿Cuál es su CURP? Si no la tiene a la mano, escriba «no la tengo».",
    "contacto": "¿A qué teléfono o correo le avisamos? Si no tiene, escriba «no tengo».",
}

FIELD_TEXTS: dict[str, str] = {
    "narrativa": "Asunto",
    "tipo_acta": "Acta",
    "municipio": "Municipio",
    "colonia": "Colonia",
    "anonimo": "Anónima",
    "nombre": "Nombre",
    "curp": "CURP",
    "contacto": "Contacto",
    "ubicacion": "Ubicación",
}
#: Where a shared location lies among a draft's answers: «latitude,longitude label», asked for by nobody.
PLACE = "ubicacion"

PROBLEMS: dict[str, str] = {
    "empty": "No recibí su respuesta.",
    "too_short": "Necesito un poco más de detalle.",
    "too_long": "Es muy largo. Por favor hágalo más corto.",
    "not_a_phone": "Ese teléfono no parece correcto. Escriba los 10 dígitos.",
    "not_an_email": "Ese correo no parece correcto.",
    "not_a_contact": "Escriba un teléfono de 10 dígitos o un correo.",
    "bad_curp": "Esa CURP no es correcta. Tiene 18 letras y números.",
    "unknown_municipality": "No encontré ese municipio de Sonora.",
    "did_you_mean": "No estoy seguro del municipio.",
    "not_an_option": "Elija una de las opciones.",
    "name_refused": "Sin un nombre no puedo registrarla. Si prefiere no darlo, una persona puede orientarle.",
    "not_a_name": "Escriba su nombre y apellidos, por favor.",
}
#: Where the bot's words to a citizen would not suit a member of staff who fills the form in.
_STAFF_PROBLEMS = {
    "empty": "Falta este dato.",
    "too_short": "Describa el asunto con más detalle.",
    "not_a_name": "Escriba nombre y apellidos.",
    "name_refused": "Escriba nombre y apellidos.",
}


@dataclass(frozen=True)
class Option:
    title: str
    value: str


OPTIONS: dict[str, tuple[Option, ...]] = {
    "tipo_acta": (
        Option("Nacimiento", "nacimiento"),
        Option("Matrimonio", "matrimonio"),
        Option("Defunción", "defuncion"),
        Option("Divorcio", "divorcio"),
    ),
    "anonimo": (Option("Sí, anónima", "si"), Option("No, doy mis datos", "no")),
}


@dataclass(frozen=True)
class Checked:
    """An answer after its check: a normal `value`, or a `problem` and perhaps a `suggestion`."""

    value: str | None = None
    problem: str | None = None
    suggestion: Option | None = None
    options: tuple[Option, ...] = ()


def staff_problem(checked: Checked) -> str:
    """A check's problem, in words for staff."""
    code = checked.problem or "empty"
    text = _STAFF_PROBLEMS.get(code) or PROBLEMS.get(code, PROBLEMS["not_an_option"])
    return f"{text} ¿Quiso decir {checked.suggestion.title}?" if checked.suggestion else text


_COMMON = ("narrativa", "municipio", "colonia", "nombre", "contacto")
_ORDER: dict[PetitionKind, tuple[str, ...]] = {
    PetitionKind.QUEJA: ("narrativa", "municipio", "colonia", "anonimo", "nombre", "contacto"),
    PetitionKind.FELICITACION: ("narrativa", "municipio", "nombre", "contacto"),
    PetitionKind.SUGERENCIA: ("narrativa", "municipio", "nombre", "contacto"),
    PetitionKind.AUDIENCIA: ("narrativa", "municipio", "nombre", "contacto"),
    PetitionKind.ASESORIA_JURIDICA: ("narrativa", "municipio", "nombre", "contacto"),
    PetitionKind.REGISTRO_CIVIL: ("tipo_acta", "narrativa", "municipio", "nombre", "curp", "contacto"),
    PetitionKind.CARTA_NO_ANTECEDENTES: ("narrativa", "municipio", "nombre", "curp", "contacto"),
    PetitionKind.DERECHOS_ARCO: ("narrativa", "nombre", "contacto"),
}

#: What is written for kinds whose request says itself.
_IMPLIED = {PetitionKind.CARTA_NO_ANTECEDENTES: "Solicita apoyo para tramitar la carta de no antecedentes penales."}


#: Kinds that tell of something that happened on a day; another kind's date is a birthday, or an appointment.
_HAPPENED = {
    PetitionKind.PETICION,
    PetitionKind.QUEJA,
    PetitionKind.FELICITACION,
    PetitionKind.ASESORIA_JURIDICA,
}


def day_of_facts(kind: PetitionKind, narrative: str, told_at: datetime) -> str | None:
    """The one day on which what the narrative tells happened, as an ISO date."""
    if kind not in _HAPPENED:
        return None
    day = one_past_day(narrative, clock.local(told_at).date())
    return day.isoformat() if day else None


def fields_of(kind: PetitionKind, answers: Mapping[str, str]) -> tuple[str, ...]:
    """The fields asked for, in order, given what is answered already."""
    fields = _ORDER.get(kind, _COMMON)
    if answers.get("anonimo") == "si":
        fields = tuple(field for field in fields if field not in {"nombre", "contacto"})
    if kind in _IMPLIED:
        fields = tuple(field for field in fields if field != "narrativa")
    return fields


def entry_channel(channel: str) -> EntryChannel:
    """How what is told on a channel comes in."""
    return _ENTRY_CHANNELS.get(channel, EntryChannel.CHAT_SONORA)


def implied_narrative(kind: PetitionKind) -> str | None:
    return _IMPLIED.get(kind)


_NOTHING = re.compile(
    r"^(?:no (?:la |lo |me la |me lo )?(?:tengo|se|recuerdo|aplica)|no (?:me acuerdo|sabria(?: decirle)?)|quien sabe"
    r"|ningun[oa]?|no|n/?a|sin \w+|omitir|despues|luego)"
    r"(?: a la mano| ahorita| por ahora)?$"
)
#: Who gives no more of themself, where a datum may be left out: «ya no quiero dar más datos».
_WITHHOLDS = re.compile(
    r"^(?:ya )?no (?:quiero|deseo|pienso|voy a|le voy a) (?:dar|dejar|poner|decir)\w*\b|"
    r"^prefiero no (?:dar|dejar|decir)|^(?:\w+ ){0,3}anonim[oa]$"
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
#: «ana @ gmail. com»: spaces inside an address, as dictation leaves them.
_LOOSE = re.compile(r"\s*(@|\.(?=\s*(?:com|mx|net|org|edu|gob)\b))\s*", re.IGNORECASE)
_CURP = re.compile(r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d\b")


async def check(session: AsyncSession, field: str, text: str) -> Checked:
    """An answer to `field`, checked. Unknown fields are a programming error (KeyError)."""
    raw = " ".join(strip_control(text).split()) if field != "narrativa" else strip_control(text).strip()
    if not raw:
        return Checked(problem="empty")
    if field == "municipio":
        return await _municipality(session, raw)
    return _CHECKS[field](raw)


def _narrative(raw: str) -> Checked:
    if len(raw) > NARRATIVE_MAX:
        return Checked(problem="too_long")
    letters = sum(char.isalpha() for char in raw)
    return Checked(value=raw) if letters >= NARRATIVE_MIN else Checked(problem="too_short")


def _choice(field: str, raw: str) -> Checked:
    options = OPTIONS[field]
    word = fold(raw).strip(" .!")
    if word.isdigit() and 1 <= int(word) <= len(options):
        return Checked(value=options[int(word) - 1].value)
    for option in options:
        if word in {option.value, fold(option.title)} or re.search(rf"\b{option.value}\b", word):
            return Checked(value=option.value)
    return Checked(problem="not_an_option", options=options)


def _certificate(raw: str) -> Checked:
    found = _choice("tipo_acta", raw)
    if found.value is None:
        for stem, value in (("nac", "nacimiento"), ("matri", "matrimonio"), ("casa", "matrimonio"),
                            ("defun", "defuncion"), ("muert", "defuncion"), ("divor", "divorcio")):  # fmt: skip
            if re.search(rf"\b{stem}", fold(raw)):
                return Checked(value=value)
    return found


def _anonymous(raw: str) -> Checked:
    word = fold(raw)
    if re.search(r"^no quiero\b(?!.*\b(?:dar|nombre)\b).*\banonim[oa]\b", word):
        return Checked(value="no")
    if re.search(r"\b(?:si|anonim[oa]|sin (?:mi )?nombre|no quiero dar)\b", word) and not re.search(
        r"^no\b(?! quiero)", word
    ):
        return Checked(value="si")
    if re.search(r"\bno\b|\b(?:doy|con) mis? (?:datos|nombre)\b", word):
        return Checked(value="no")
    return _choice("anonimo", raw)


def _neighbourhood(raw: str) -> Checked:
    if _NOTHING.match(fold(raw).strip(" .")):
        return Checked(value=SKIPPED)
    cleaned = re.sub(
        r"^(?:es )?(?:en )?(?:la |el )?(?:col(?:onia)?\.?|fracc(?:ionamiento)?\.?)\s+", "", raw, flags=re.I
    )
    if len(cleaned) > 120:
        return Checked(problem="too_long")
    return Checked(value=cleaned) if any(char.isalnum() for char in cleaned) else Checked(problem="empty")


def _is_left_out(raw: str) -> bool:
    plain = fold(raw).strip(" .")
    return bool(_NOTHING.match(plain) or _WITHHOLDS.match(plain))


def _name(raw: str) -> Checked:
    name = names.alone(raw)
    problem = names.problem(name)
    return Checked(problem=problem) if problem else Checked(value=names.written(name))


def _curp(raw: str) -> Checked:
    if _is_left_out(raw):
        return Checked(value=SKIPPED)
    compact = re.sub(r"[\s\-.]", "", raw.upper())
    match = _CURP.search(compact) or _CURP.search(raw.upper())
    try:
        return Checked(value=str(curp.validate(match[0] if match else compact)))
    except ValidationError:
        return Checked(problem="bad_curp")


def phone(raw: str) -> str | None:
    """A Mexican phone in E.164, found anywhere in `raw`; `521…` and `52…` are the same number."""
    digits = re.sub(r"\D", "", raw)
    if digits.startswith("521") and len(digits) == 13:
        raw = f"+52{digits[3:]}"
    elif digits.startswith("52") and len(digits) == 12:
        raw = f"+{digits}"
    elif digits.startswith(("044", "045")) and len(digits) == 13:
        raw = digits[3:]
    elif digits.startswith("01") and len(digits) == 12:
        raw = digits[2:]
    elif len(digits) == 10:
        raw = digits
    found = next(iter(phonenumbers.PhoneNumberMatcher(raw, "MX")), None)
    return phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.E164) if found else None


def _phone(raw: str) -> Checked:
    number = phone(raw)
    return Checked(value=number) if number else Checked(problem="not_a_phone")


def _email(raw: str) -> Checked:
    match = _EMAIL.search(raw) or _EMAIL.search(_LOOSE.sub(r"\1", raw))
    return Checked(value=match[0].lower()) if match and len(match[0]) <= 254 else Checked(problem="not_an_email")


def _contact(raw: str) -> Checked:
    # «No tengo correo, mi teléfono es 662…» gives one: what is there comes before what is not.
    if "@" in raw:
        return _email(raw)
    if sum(char.isdigit() for char in raw) >= 7:
        return _phone(raw)
    if _is_left_out(raw) or re.match(r"^no (?:tengo|uso|cuento con)\b", fold(raw).strip(" .")):
        return Checked(value=SKIPPED)
    return Checked(problem="not_a_contact")


_CHECKS = {
    "narrativa": _narrative,
    "tipo_acta": _certificate,
    "anonimo": _anonymous,
    "colonia": _neighbourhood,
    "nombre": _name,
    "curp": _curp,
    "contacto": _contact,
    "telefono": _phone,
    "correo": _email,
}


#: How a person's data are told by their column, and which check is theirs.
_PERSON = {"full_name": "nombre", "phone": "telefono", "email": "correo", "curp": "curp"}


def person_datum(column: str, raw: str) -> str | None:
    """What was typed for one of a person's columns, in normal form; None for what it is not."""
    found = _CHECKS[_PERSON[column]](raw).value
    return None if found == SKIPPED else found


async def _municipality(session: AsyncSession, raw: str) -> Checked:
    place = await catalog.match_municipality(session, raw)
    if place.municipality is not None:
        return Checked(value=place.municipality.id)
    if place.suggestion is not None:
        return Checked(problem="did_you_mean", suggestion=Option(place.suggestion.name, place.suggestion.name))
    return Checked(problem="unknown_municipality")


async def shown(session: AsyncSession, field: str, value: str) -> str:
    """An answer as it is read back to the citizen."""
    if value == SKIPPED:
        return "no indicado"
    if field == "municipio":
        municipality = await session.get(Municipality, value)
        return municipality.name if municipality else value
    if field in OPTIONS:
        return next((option.title.split(",")[0] for option in OPTIONS[field] if option.value == value), value)
    if field == "contacto" and value.startswith("+"):
        return phonenumbers.format_number(phonenumbers.parse(value), phonenumbers.PhoneNumberFormat.NATIONAL)
    return value


async def summary(session: AsyncSession, kind: PetitionKind, answers: Mapping[str, str], attachments: int) -> str:
    """Everything answered, a line each, to be confirmed before filing."""
    lines = [f"{KIND_TEXTS[kind]}:"]
    for field in fields_of(kind, answers):
        if field in answers:
            lines.append(f"• {FIELD_TEXTS[field]}: {await shown(session, field, answers[field])}")
    if PLACE in answers:
        lines.append(f"• {FIELD_TEXTS[PLACE]}: anexada")
    if attachments:
        lines.append(f"• Archivos: {attachments}")
    return "\n".join(lines)
