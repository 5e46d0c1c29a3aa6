"""The kinds of petition by the intent that asks for them, and the action that answers each request."""

KINDS = {
    "registrar_peticion": "peticion",
    "registrar_queja": "queja",
    "registrar_sugerencia": "sugerencia",
    "registrar_felicitacion": "felicitacion",
    "solicitar_audiencia": "audiencia",
    "solicitar_apoyo_social": "apoyo_social",
    "solicitar_asesoria_juridica": "asesoria_juridica",
    "tramite_registro_civil": "registro_civil",
    "carta_no_antecedentes": "carta_no_antecedentes",
}
OPENS_PETITION = "action_iniciar_peticion"
OPENINGS = {
    **dict.fromkeys(KINDS, OPENS_PETITION),
    "consultar_folio": "action_consultar_folio",
    "agregar_informacion": "action_agregar_informacion",
}
#: The action that answers each request that a message may make beside another.
ANSWERED_BY = {
    **OPENINGS,
    "horario_ubicacion": "action_horario_ubicacion",
    "aviso_privacidad": "action_aviso_privacidad",
    "informacion_publica": "action_informar",
    "derechos_arco": "action_informar",
    "hablar_con_persona": "action_hablar_con_persona",
    "emergencia": "action_emergencia",
}
