"""The fields that a template may name between braces, each with what it means and an example."""

from dataclasses import dataclass

from backend.letters.kinds import Side

BOTH = frozenset(Side)
#: Said in a sentence where nothing is known.
UNKNOWN = "(sin dato)"


@dataclass(frozen=True)
class Field:
    name: str
    meaning: str
    example: str
    sides: frozenset[Side] = BOTH


_AGENCY = frozenset({Side.AGENCY})
_CITIZEN = frozenset({Side.CITIZEN})

FIELDS: tuple[Field, ...] = (
    Field("numero", "Número del documento", "CEAC/DAG/0123/2026"),
    Field("fecha", "Día en que se hace", "21 de noviembre de 2026"),
    Field("folio", "Folio de la petición", "AC-2026-000123-K"),
    Field("tipo", "Tipo de petición, en minúsculas", "queja"),
    Field("tema", "Tema de la petición", "Agua potable y drenaje"),
    Field("canal", "Por dónde llegó", "Chat Sonora"),
    Field("fecha_peticion", "Día en que se registró", "3 de noviembre de 2026"),
    Field("persona", "Nombre de quien pide", "María Ángeles Núñez Peña"),
    Field("telefono", "Su teléfono", "662 123 4567"),
    Field("correo", "Su correo", "maria.nunez@ejemplo.mx"),
    Field("curp", "Su CURP", "NUPM800101MSRXXR09"),
    Field("municipio", "Municipio", "Hermosillo"),
    Field("colonia", "Colonia o localidad", "Las Quintas"),
    Field("domicilio", "Calle, colonia, código postal y municipio", "Reforma 12, col. Las Quintas, Hermosillo"),
    Field("referencia", "Cómo encontrar el lugar", "frente a la primaria"),
    Field(
        "peticion",
        "Lo que la persona contó, completo. Solo en su renglón, respeta sus párrafos",
        "Desde hace tres semanas no llega el agua a nuestra colonia.\nSomos cuarenta familias, con niñas, niños y "
        "personas mayores. Pedimos que se repare la tubería de la calle Reforma.",
    ),
    Field("tramite", "Datos propios del trámite", "Acta: Nacimiento"),
    Field("dependencia", "Dependencia que la atiende; en cartas, todas", "Comisión Estatal del Agua"),
    Field("enlace", "Nombre de quien responde en la dependencia", "Ing. Jesús Valenzuela Ibáñez", _AGENCY),
    Field("cargo_enlace", "Su cargo", "Director de Operación", _AGENCY),
    Field("instrucciones", "Lo que se le pide a la dependencia", "Revisar la toma e informar la solución.", _AGENCY),
    Field("fecha_limite", "Día en que vence el turno", "7 de diciembre de 2026", _AGENCY),
    Field(
        "respuesta",
        "Lo que contestó cada dependencia",
        "Se reparó la fuga y se restableció el servicio el 18 de noviembre.",
        _CITIZEN,
    ),
    Field(
        "texto",
        "Lo que se escribe al hacer el documento. Es obligatorio si no hay una respuesta que informar",
        "Texto propio del documento.",
    ),
    Field("oficina", "Nombre de la oficina, del membrete", "Coordinación Ejecutiva de Atención Ciudadana"),
    Field("firmante", "Quien firma, del membrete", "Lic. Ana Sofía Ibarra Córdova"),
    Field("cargo_firmante", "Su cargo, del membrete", "Coordinadora Ejecutiva de Atención Ciudadana"),
)


def of_side(side: Side) -> dict[str, Field]:
    """The fields that letters to agencies, or to citizens, have."""
    return {one.name: one for one in FIELDS if side in one.sides}


def examples(side: Side) -> dict[str, str]:
    return {one.name: one.example for one in of_side(side).values()}
