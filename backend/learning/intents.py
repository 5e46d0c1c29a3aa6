"""The intents that a message may be labelled with, as staff read them (bot/data/README.md says what each means)."""

from backend.text import fold

TITLES = {
    "saludar": "Saludar",
    "despedirse": "Despedirse",
    "agradecer": "Agradecer",
    "afirmar": "Decir que sí",
    "negar": "Decir que no",
    "cancelar": "Cancelar",
    "corregir": "Corregir un dato",
    "ayuda": "Preguntar qué se puede hacer",
    "hablar_con_persona": "Hablar con una persona",
    "registrar_peticion": "Registrar una petición",
    "registrar_queja": "Registrar una queja",
    "registrar_sugerencia": "Hacer una sugerencia",
    "registrar_felicitacion": "Felicitar a alguien",
    "solicitar_audiencia": "Pedir una audiencia",
    "solicitar_apoyo_social": "Pedir un apoyo social",
    "solicitar_asesoria_juridica": "Asesoría jurídica",
    "tramite_registro_civil": "Trámite de Registro Civil",
    "carta_no_antecedentes": "Carta de no antecedentes",
    "informacion_publica": "Información pública",
    "consultar_folio": "Consultar un folio",
    "agregar_informacion": "Agregar información a un folio",
    "horario_ubicacion": "Horario y ubicación",
    "como_funciona": "Preguntar cuánto tarda, cuesta o cómo se avisa",
    "tengo_prisa": "Solo decir que le urge",
    "necesito_accesibilidad": "No puede leer, escribir, ver u oír bien",
    "aviso_privacidad": "Aviso de privacidad",
    "derechos_arco": "Derechos ARCO",
    "emergencia": "Emergencia",
    "queja_del_servicio": "Queja de este chat",
    "fuera_de_alcance": "Fuera de nuestro alcance",
    "dar_dato": "Solo da un dato",
}


def title(intent: str) -> str:
    """An intent in words; one that is not (or no longer) ours by its own name."""
    return TITLES.get(intent, intent.replace("_", " "))


def named(typed: str) -> str | None:
    """The intent that `typed` names, by its title or its own name, or None."""
    wanted = fold(typed)
    return next((intent for intent, words in TITLES.items() if wanted in (intent, fold(words))), None)
