"""What a caller hears, and an agent who is rung. Plain Spanish, one thought a sentence: nobody can read it again."""

from collections.abc import Sequence
from datetime import datetime

from backend.catalog.office import Schedule, hours_text, opening_text
from backend.text import fold, sentence

EMERGENCY = "Si es una emergencia, cuelgue y marque 9 1 1."
MAY_BE_RECORDED = "Para cuidar la calidad, la plática con una persona puede grabarse."
MENU = (
    "Para saber cómo va su folio, oprima 1. "
    "Para conocer el horario y el domicilio, oprima 2. "
    "Para dejar su petición en un mensaje, oprima 3. "
    "Para hablar con una persona, oprima 4."
)
NOT_AN_OPTION = "Esa opción no existe."
GOODBYE = "Gracias por llamar. Hasta luego."
NOT_NOW = "Por el momento no podemos atender su llamada. Intente de nuevo más tarde, por favor. Gracias."

ASK_FOLIO = (
    "Teclee los números de su folio: primero el año y luego el número, sin letras ni guiones. "
    "Al terminar, oprima la tecla de gato."
)
ASK_CODE = (
    "Ahora teclee su clave de acceso, que tiene ocho signos. "
    "Si es un número, oprima ese número. Si es una letra, oprima una vez la tecla que la lleva."
)
FOLIO_UNREADABLE = "Ese folio no está completo."
WRONG = "El folio y la clave no coinciden. Revise los datos de su comprobante, por favor."
TOO_MANY_GUESSES = (
    "Hubo varios intentos con datos que no coinciden. Por seguridad, espere un cuarto de hora, "
    "o hable con una persona para que le ayude."
)
NEEDS_INFORMATION = "Para continuar necesitamos más información de usted. Puede darla al hablar con una persona."
AFTER_TOLD = "Para volver al menú, oprima 1. Para hablar con una persona, oprima 4. Si ya terminó, puede colgar."

RECORDED_NOTICE = (
    "Su mensaje se grabará para registrarlo y atenderlo. "
    "El aviso de privacidad está en el portal de Chat Sonora; si no está de acuerdo, puede colgar."
)
TELL_PETITION = (
    "Después del tono diga su nombre, su municipio y colonia, un teléfono, y qué necesita. "
    "Tiene tres minutos. Al terminar, oprima la tecla de gato."
)
TELL_VOICEMAIL = (
    "Después del tono deje su nombre, su teléfono y el motivo de su llamada. "
    "Tiene dos minutos. Al terminar, oprima la tecla de gato."
)
NOTHING_HEARD = "No oímos su mensaje."
MESSAGE_KEPT = "Guardamos su mensaje. Le llamaremos en horario de oficina. Gracias, hasta luego."
REPEAT_FOLIO = "Para oírlo otra vez, oprima 1. Si ya lo anotó, puede colgar."
SENT_BY_TEXT = "También se lo enviamos por mensaje de texto a este número."

QUEUE_FULL = "En este momento todas nuestras líneas están ocupadas."
NOBODY_THERE = "En este momento no hay nadie que pueda contestarle."
WAITED_LONG = "Lamentamos la espera. Todavía no se desocupa ninguna persona."
OFFER = "Para que le llamemos, oprima 2. Para dejar un mensaje, oprima 3."
OFFER_WHILE_WAITING = "Si prefiere que le llamemos, sin perder su lugar, oprima 2. Para dejar un mensaje, oprima 3."
CONNECTING = "Le comunico. Espere en la línea, por favor."
ASK_PHONE = "Teclee a diez dígitos el teléfono al que quiere que le llamemos."
PHONE_UNREADABLE = "Ese teléfono no está completo."
CALLBACK_KEPT = "Listo. Guardamos su lugar y le llamaremos en horario de oficina. Gracias, hasta luego."
TRANSFERRING = "Le comunico con otra área. Espere en la línea, por favor."
AREA_SILENT = "Esa área no contestó."

PRESS_TO_ACCEPT = "Para contestar, oprima 1."
PRESS_TO_CALL = "Para llamar ahora, oprima 1."
DIALLING = "Llamando."
NO_ANSWER = "No contestaron. La llamada quedó registrada. Hasta luego."
OUTBOUND_NOTICE = "Le llamamos de Atención Ciudadana del Gobierno del Estado de Sonora. Esta llamada puede grabarse."

#: What a caller may say instead of pressing a key, folded.
SPOKEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("4", ("persona", "agente", "operador", "alguien", "humano")),
    ("1", ("folio", "estado", "como va", "seguimiento")),
    ("2", ("horario", "domicilio", "direccion", "ubicacion", "hora")),
    ("3", ("peticion", "mensaje", "queja", "solicitud", "registrar")),
)
HINTS: tuple[str, ...] = ("folio", "horario", "domicilio", "petición", "queja", "mensaje", "persona")

#: How letters are told on the telephone in Mexico, where B and V, M and N sound alike.
_LETTERS = {
    "A": "árbol", "B": "burro", "C": "casa", "D": "dado", "E": "elefante", "F": "foco", "G": "gato", "H": "hoja",
    "I": "iglesia", "J": "jarra", "K": "kilo", "L": "luna", "M": "mesa", "N": "nube", "O": "oso", "P": "perro",
    "Q": "queso", "R": "ratón", "S": "sol", "T": "taza", "U": "uva", "V": "vaca", "W": "Wendy", "X": "xilófono",
    "Y": "yate", "Z": "zapato",
}  # fmt: skip


def key_of(spoken: str) -> str:
    """The menu's key that somebody asked for in words; empty where they were not understood."""
    said = fold(spoken)
    return next((key for key, words in SPOKEN if any(word in said for word in words)), "")


def spelled(code: str) -> str:
    """Letters and digits one by one: `A de árbol, C de casa, 2, 0`."""
    return ", ".join(f"{sign} de {_LETTERS[sign]}" if sign in _LETTERS else sign for sign in code if sign.isalnum())


def hours(schedule: Schedule, address: str) -> str:
    where = f" Estamos en {sentence(address)}" if address else ""
    return f"Atendemos {hours_text(schedule)}, hora de Sonora.{where}"


def closed(schedule: Schedule, moment: datetime) -> str:
    return f"En este momento la oficina está cerrada. Abrimos {opening_text(schedule, moment)}, hora de Sonora."


def status(folio: str, status_text: str, explanation: str) -> str:
    return f"Su folio {spelled(folio)}, está en estado: {sentence(status_text)} {explanation}"


def filed(folio: str, code: str) -> str:
    """Folio and code, twice: who listens is writing."""
    told = f"Su folio es: {spelled(folio)}. Su clave de acceso es: {spelled(code)}."
    return f"Su petición quedó registrada. Tenga a la mano con qué anotar. {told} Repito. {told}"


def filed_by_text(folio: str, code: str) -> str:
    return (
        f"Atención Ciudadana Sonora: su petición quedó registrada con el folio {folio}. "
        f"Clave de acceso: {code}. Guárdelos para preguntar cómo va."
    )


def place(number: int, minutes: int) -> str:
    """`number`: the caller's place, from 1."""
    where = "Usted es la siguiente persona en ser atendida." if number == 1 else f"Su lugar en la fila es el {number}."
    return f"{where} Tiempo de espera aproximado: {_minutes(minutes)}."


def _minutes(minutes: int) -> str:
    return "menos de un minuto" if minutes < 1 else "un minuto" if minutes == 1 else f"{minutes} minutos"


def whisper(phone: str | None, waited_seconds: int, folio: str | None, topics: Sequence[str]) -> str:
    """Who calls and why, for the agent alone."""
    who = f"Llamada del número que termina en {' '.join(phone[-4:])}." if phone else "Llamada de un número oculto."
    waited = f"Esperó {_minutes(round(waited_seconds / 60))}."
    about = f"Preguntó por el folio {folio_number(folio)}." if folio else ""
    topic = f"Antes consultó: {', '.join(topics)}." if topics else ""
    return " ".join(part for part in ("Chat Sonora.", who, waited, about, topic, PRESS_TO_ACCEPT) if part)


def folio_number(folio: str) -> str:
    """Year and number, as one says them to a colleague."""
    _, year, number, _ = folio.split("-")
    return f"{year}, {int(number)}"


def outbound(phone: str, folio: str | None) -> str:
    """For the agent, before the citizen is rung."""
    about = f" por el folio {folio_number(folio)}" if folio else ""
    return f"Chat Sonora. Va a llamar al número que termina en {' '.join(phone[-4:])}{about}. {PRESS_TO_CALL}"
