"""What a citizen says to us about channels and notices, and what we answer."""

import re

from backend.contacts.links import CODE_LENGTH, START, WORD
from backend.text import fold

CHANNELS = {
    "web": "el chat del portal",
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
    "sms": "mensaje de texto",
}

OPTED_OUT = (
    "Listo: ya no le enviaremos avisos por aquí. Si usted nos escribe, le contestamos. "
    "Para volver a recibirlos escriba ALTA."
)
OPTED_IN = "Listo: volverá a recibir avisos por aquí. Para dejar de recibirlos escriba BAJA."
NOWHERE = "Por ahora no hay otro canal en servicio. Puede seguir aquí con toda confianza."
CODE_REFUSED = (
    "Ese código no sirve: está mal escrito, ya se usó o pasaron sus 15 minutos. "
    "Pida otro en el otro canal escribiendo VINCULAR."
)
CODE_TOO_MANY = "Se intentó demasiadas veces. Espere 15 minutos y pida otro código."
CODE_SAME_PLACE = "Ese código se escribe en el otro canal, no aquí."
ALREADY_LINKED = "Ese otro chat ya estaba unido a este. Puede seguir donde guste."
UNLINKED = "Listo: este chat ya no está unido a ningún otro."
NOT_LINKED = "Este chat no está unido a ningún otro."
WHERE_TO_TELL = "¿Por dónde prefiere que le avisemos cómo va?"
OFFER_LINK = "Si quiere que le avisemos en su teléfono, puede seguir en otro canal."
DRAFT_GONE = "Esa petición ya no está pendiente. ¿En qué más puedo ayudarle?"
DRAFT_LEFT = "Está bien, la petición se queda donde la empezó. ¿En qué puedo ayudarle aquí?"

_OUT = frozenset({"baja", "alto", "stop", "cancelar suscripcion"})
_IN = frozenset({"alta"})
_UNLINK = frozenset({"desvincular", "desvincular este chat", "quiero desvincular", "quiero desvincular este chat"})

_NAMES = {
    "whatsapp": "whatsapp",
    "whats": "whatsapp",
    "whatsap": "whatsapp",
    "wasap": "whatsapp",
    "guasap": "whatsapp",
    "telegram": "telegram",
    "sms": "sms",
    "mensaje de texto": "sms",
    "portal": "web",
    "pagina": "web",
    "web": "web",
    "internet": "web",
}
_CHANNEL = "|".join(sorted(_NAMES, key=len, reverse=True))
_HERE = r"aqui(?: mismo)?|este (?:chat|medio|canal|numero)"
_WISH = r"(?:(?:quiero|quisiera|deseo|prefiero|puedo|podria|me gustaria|como puedo|como|se puede) )?"
_ASKS_LINK = (
    re.compile(
        rf"{_WISH}(?:vincular|vincularme|conectar|unir)(?: (?:mi|mis|otro|con|a|el|la|este|cuenta|chat|canal|numero|"
        rf"{_CHANNEL}))*"
    ),
    re.compile(
        rf"{_WISH}(?:seguir|seguirle|continuar|pasarme|cambiarme|pasar|hablar)"
        rf"(?: (?:esto|la conversacion|mi conversacion|mi peticion|este chat|platicando|hablando))?"
        rf" (?:por|en|a|al|desde)(?: (?:mi|el|la|un))? (?:(?:{_CHANNEL})|otro (?:canal|medio|chat|lado))"
    ),
)
_PREFERS = re.compile(
    r"(?:por favor )?(?:(?:quiero|prefiero|mejor)(?: que)? )?(?:me )?"
    r"(?:avisen|avise|avisenme|aviseme|avisame|notifiquenme|notifiqueme|notifiquen|manden(?:me)? (?:los )?avisos|"
    r"mandeme (?:los )?avisos|(?:recibir )?(?:los )?avisos)(?: mejor| todo| siempre)?"
    rf"(?: (?:por|en|a|al)(?: (?:mi|el|la))?)? (?P<where>{_CHANNEL}|{_HERE})(?: por favor)?"
)
_CODE = re.compile(rf"(?:codigo )?{WORD.lower()}[\s:.,-]*(?P<code>[0-9a-z][0-9a-z\s-]*)")
_START_COMMAND = re.compile(rf"/start\s+{START}(?P<code>\w+)", re.IGNORECASE)


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[.,;:!¡?¿«»\"']", " ", fold(text))).strip()


def opts_out(text: str) -> bool:
    return _words(text) in _OUT


def opts_in(text: str) -> bool:
    return _words(text) in _IN


def unlinks(text: str) -> bool:
    return _words(text) in _UNLINK


def asks_link(text: str) -> bool:
    """«Quiero seguir por WhatsApp», «vincular»: a code is wanted."""
    words = _words(text)
    return any(pattern.fullmatch(words) for pattern in _ASKS_LINK)


def code_in(text: str, start: str | None) -> str | None:
    """The link code that a message brings, as it was typed."""
    if start is not None and start.startswith(START):
        return start.removeprefix(START)
    command = _START_COMMAND.fullmatch(text.strip())
    if command is not None:
        return command["code"]
    match = _CODE.fullmatch(fold(text).strip(" .!¡"))
    if match is None or asks_link(text):
        return None
    compact = re.sub(r"[\s-]", "", match["code"])
    return compact if len(compact) == CODE_LENGTH else None


def preferred_channel(text: str) -> str | None:
    """«Avísenme por Telegram»: the channel wanted for notices, `here` for this one, None when it says nothing of it."""
    match = _PREFERS.fullmatch(_words(text))
    if match is None:
        return None
    return _NAMES.get(match["where"], "here")


def named(channel: str) -> str:
    return CHANNELS.get(channel, channel)


def code_text(code: str, links: list[tuple[str, str]]) -> str:
    """How to go on elsewhere."""
    lines = [f"Para seguir en otro canal, escriba allá: {WORD} {code}"]
    lines += [f"• {named(channel)}: {url}" for channel, url in links]
    lines.append("El código sirve una sola vez y vence en 15 minutos. No lo comparta con nadie.")
    return "\n".join(lines)


def linked_here(channel: str) -> str:
    return (
        f"Listo: este chat quedó unido al que tiene en {named(channel)}. Puede seguir donde guste y preguntar "
        "aquí por sus peticiones. Si no fue usted, escriba DESVINCULAR."
    )


def linked_there(channel: str) -> str:
    return f"Este chat quedó unido a otro suyo en {named(channel)}. Si no fue usted, escriba DESVINCULAR."


def draft_offer(kind: str, channel: str) -> str:
    return f"Tiene una petición sin terminar ({kind.lower()}) en {named(channel)}. ¿La seguimos aquí?"


def draft_moved(channel: str) -> str:
    return f"Su petición sigue ahora en {named(channel)}."


def will_tell(channel: str) -> str:
    return f"De acuerdo: le avisaremos por {named(channel)}."


def not_there_yet(channel: str) -> str:
    return f"Todavía no tenemos con usted una conversación por {named(channel)}. Para empezarla:"
