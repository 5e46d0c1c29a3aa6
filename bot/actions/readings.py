"""What to ask when it is not clear what was meant: the likeliest readings, as buttons."""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from bot.actions.turn import Turn

#: What a button calls each intent that can be asked about.
_TITLES = {
    "registrar_peticion": "Registrar una petición",
    "registrar_queja": "Registrar una queja",
    "registrar_sugerencia": "Hacer una sugerencia",
    "registrar_felicitacion": "Felicitar a alguien",
    "solicitar_audiencia": "Pedir una audiencia",
    "solicitar_apoyo_social": "Pedir un apoyo",
    "solicitar_asesoria_juridica": "Asesoría jurídica",
    "tramite_registro_civil": "Trámite de Registro Civil",
    "carta_no_antecedentes": "Carta de no antecedentes",
    "informacion_publica": "Información pública",
    "consultar_folio": "Consultar un folio",
    "agregar_informacion": "Agregar información",
    "horario_ubicacion": "Horario y ubicación",
    "como_funciona": "Cómo funciona",
    "necesito_accesibilidad": "No puedo leer o escribir",
    "aviso_privacidad": "Aviso de privacidad",
    "derechos_arco": "Derechos ARCO",
    "hablar_con_persona": "Hablar con una persona",
}
#: Less than this is no reading worth asking about.
_LIKELY = 0.12
POSSIBLE_DANGER = 0.15
#: «No puedo hablar» may be said by a deaf person, or by one who hides.
DANGER_BESIDE_NEED = 0.05
_MANY = 2


def _ranking(tracker: Tracker) -> dict[str, float]:
    ranking = (tracker.latest_message or {}).get("intent_ranking") or []
    return {str(row["name"]): float(row["confidence"]) for row in ranking if row.get("name") != "nlu_fallback"}


def may_be_danger(tracker: Tracker) -> bool:
    return _ranking(tracker).get("emergencia", 0.0) >= POSSIBLE_DANGER


def need_may_be_danger(tracker: Tracker) -> bool:
    """Whether what reads as somebody who cannot see, hear or write may be a danger told in few words."""
    return _ranking(tracker).get("emergencia", 0.0) >= DANGER_BESIDE_NEED


def remember_offer(turn: Turn) -> list[EventType]:
    """What lets a «sí» to the offer just made open a petition, in the words in which it was told."""
    offer = {
        "intent": "registrar_peticion",
        "text": turn.text,
        "entities": turn.entities,
        "message_id": turn.message_id,
    }
    return [SlotSet("ofrecido", offer)]


def likeliest(tracker: Tracker) -> list[dict[str, str]]:
    """Buttons for the (at most two) readings that the latest message may have; none if it may have none."""
    asked = [name for name, confidence in _ranking(tracker).items() if name in _TITLES and confidence >= _LIKELY]
    return [{"title": _TITLES[name], "payload": f"/{name}"} for name in asked[:_MANY]]


def doubtful_text(tracker: Tracker) -> str:
    """The words that a button just made clear: those of the message before it, if that was not understood.

    What is told of an agency that is not ours counts too: the button may be the one that goes with its answer.
    """
    users: list[dict[str, Any]] = [event for event in tracker.events if event.get("event") == "user"]
    if len(users) < 2:
        return ""
    parsed = users[-2].get("parse_data") or {}
    intent = (parsed.get("intent") or {}).get("name")
    names_agency = any(found.get("entity") == "dependencia" for found in parsed.get("entities") or [])
    is_doubtful = intent == "nlu_fallback" or (intent == "fuera_de_alcance" and names_agency)
    return str(users[-2].get("text") or "") if is_doubtful else ""
