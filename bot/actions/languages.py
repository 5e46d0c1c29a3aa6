"""Messages that are not in Spanish: in English the essential and a person; in yaqui, mayo and seri a person at once.

Staff are told the language, and in a note what the message seems to be about.
"""

from typing import Any

from rasa_sdk.events import EventType

from bot.actions.manners import Answer
from bot.actions.turn import Turn
from bot.components.languages import ENGLISH, english_topic, tells_danger

_NAMES = {ENGLISH: "inglés", "yaq": "yaqui", "mfy": "mayo", "yaq-mfy": "yaqui o mayo", "sei": "seri"}

#: What staff read of a message in English.
_TOPICS = {
    "hablar_con_persona": "hablar con una persona",
    "carta_no_antecedentes": "una carta de no antecedentes penales",
    "tramite_registro_civil": "un acta o trámite del Registro Civil",
    "consultar_folio": "saber cómo va una petición",
    "registrar_queja": "una queja",
    "solicitar_audiencia": "una cita o audiencia",
    "horario_ubicacion": "horario, dirección o teléfono",
    "solicitar_apoyo_social": "un apoyo",
    "solicitar_asesoria_juridica": "asesoría jurídica",
    "registrar_peticion": "reportar un problema público",
}


class ActionOtherLanguage(Answer):
    def name(self) -> str:
        return "action_otro_idioma"

    async def answer(self, turn: Turn) -> list[EventType]:
        await answer_language(turn)
        return []


async def answer_language(turn: Turn) -> None:
    """Answer a message that is not in Spanish."""
    language = turn.language or ENGLISH
    if language != ENGLISH or turn.is_button:
        await reach_person_in(turn, language)
    elif tells_danger(turn.text):
        turn.say("utter_en_emergencia")
        turn.hand_off("emergency", emergency=True, language=language, summary=_summary(turn, language))
    elif (topic := english_topic(turn.text)) == "hablar_con_persona":
        await reach_person_in(turn, language)
    elif topic == "horario_ubicacion":
        office = await turn.backend.office()
        turn.say("utter_en_horario", horario=office["hours_text"], direccion=office["address"])
    else:
        turn.say("utter_en_ayuda")


async def reach_person_in(turn: Turn, language: str) -> None:
    """A person, flagged with the language; outside hours the conversation waits for them."""
    office = await turn.backend.office()
    tongue = "en" if language == ENGLISH else "lengua"
    values = {"lengua": _NAMES.get(language, language), "apertura": office["next_opening_text"]}
    turn.say(f"utter_{tongue}_le_comunico" if office["person_available"] else f"utter_{tongue}_cerrado", **values)
    turn.hand_off("other_language", language=language, summary=_summary(turn, language))


def _summary(turn: Turn, language: str) -> str:
    """What staff should know, in Spanish, of the messages in the other language."""
    said = f"Escribe en {_NAMES.get(language, language)}."
    if language != ENGLISH:
        return f"{said} Reconocido por un saludo o palabras comunes; conviene confirmarlo con la persona."
    topics = [_TOPICS[topic] for text in _in_this_language(turn) if (topic := english_topic(text)) is not None]
    about = "; ".join(dict.fromkeys(topics)) or "no se reconoció; lea el mensaje"
    found = "".join(
        f" {label}: {value}."
        for label, name in (("Folio", "folio"), ("Municipio", "municipio"))
        if (value := turn.entity(name)) is not None
    )
    return f"{said} Asunto probable: {about}.{found}"


def _in_this_language(turn: Turn) -> list[str]:
    """The citizen's typed messages that were not in Spanish, the latest of them last."""
    users: list[dict[str, Any]] = [event for event in turn.tracker.events if event.get("event") == "user"]
    texts = [
        str(event.get("text") or "")
        for event in users[-6:]
        if ((event.get("parse_data") or {}).get("intent") or {}).get("name") == "otro_idioma"
    ]
    return [text for text in [*texts, turn.text] if not text.startswith("/")]
