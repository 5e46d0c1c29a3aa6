"""The kinds of petition by the intent that asks for them, and the action that opens each matter."""

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
