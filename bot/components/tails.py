"""Examples as people end them: with who they are, where they live and how to reach them.

Nobody writes training examples with a name and a telephone in them, and everybody writes messages so: a story must
not stop being one because its teller signs it.
"""

from collections.abc import Iterator

#: The intents that are told with a story, and so are signed.
_SIGNED = frozenset({
    "registrar_peticion", "registrar_queja", "registrar_sugerencia", "registrar_felicitacion", "solicitar_audiencia",
    "solicitar_apoyo_social", "solicitar_asesoria_juridica", "tramite_registro_civil", "carta_no_antecedentes",
    "informacion_publica", "consultar_folio", "agregar_informacion", "hablar_con_persona", "derechos_arco",
    "emergencia",
})  # fmt: skip
#: Every so many-th example of such an intent is learnt a second time, signed.
_EVERY = 4
_LEAST_WORDS = 3
#: People and numbers are invented.
_TAILS = (
    ", soy Juan Pérez Soto 6621112233",
    " me llamo rosa valenzuela y mi tel es 6441234567",
    ". Mi nombre es María Elena Ruiz, vivo en la colonia Pitic de Hermosillo",
    " soy de navojoa",
    ", mi cel 653 100 20 30",
    ". Atentamente, Ramón Figueroa",
    " aqui en la colonia centro de guaymas",
    ", me pueden hablar al 631-555-0101 con la señora Carmen",
    " mi correo es ana.lopez@correo.mx",
    ". Quedo de usted, Lic. Martín Bojórquez, teléfono 662 2 10 20 30",
    " soy luis de la col sahuaro",
    ". Vivo en calle Obregón 45, colonia Las Quintas, Ciudad Obregón. Gracias",
    ", habla Guadalupe Yocupicio de Etchojoa",
    " a nombre de jose moreno, nogales sonora",
    ". Mi CURP es PEXJ800101HSRRXN09",
    " mis datos: Teresa Coronado, 6371234567, Caborca",
)


def signed(texts: list[str], intents: list[str]) -> Iterator[tuple[str, str, int]]:
    """More examples: `(text, intent, place of the example that it is made of)`. The same ones each time."""
    heard: dict[str, int] = {}
    made = 0
    for place, (text, intent) in enumerate(zip(texts, intents, strict=True)):
        if intent not in _SIGNED or len(text.split()) < _LEAST_WORDS:
            continue
        heard[intent] = heard.get(intent, 0) + 1
        if heard[intent] % _EVERY == 0:
            yield text.rstrip(" .") + _TAILS[made % len(_TAILS)], intent, place
            made += 1
