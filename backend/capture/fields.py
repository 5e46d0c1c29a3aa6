"""What a capture asks besides the procedures' own questions: the person, the place, and how the petition came in."""

from backend.procedures.shapes import Field
from backend.registry import intake
from backend.registry.models import EntryChannel, PetitionKind

#: Ways in that staff write down themselves; the others file by themselves.
CHANNELS = (
    EntryChannel.PRESENCIAL,
    EntryChannel.GIRA,
    EntryChannel.CORRESPONDENCIA,
    EntryChannel.CORREO,
    EntryChannel.REDES_SOCIALES,
    EntryChannel.CALL_CENTER,
)

#: What each way in has of its own, kept in the petition's details under `entrada`.
CHANNEL_FIELDS: dict[EntryChannel, tuple[Field, ...]] = {
    EntryChannel.GIRA: (
        Field("lugar", "Lugar de la gira", required=True),
        Field("fecha", "Fecha", "date", required=True),
        Field("evento", "Evento"),
    ),
    EntryChannel.CORRESPONDENCIA: (
        Field("numero", "Número de documento"),
        Field("fecha_documento", "Fecha del documento", "date", required=True),
        Field("remitente", "Oficina que lo envía"),
    ),
    EntryChannel.CORREO: (Field("direccion", "Correo del que llegó", required=True),),
    EntryChannel.REDES_SOCIALES: (
        Field(
            "red",
            "Red social",
            "choice",
            required=True,
            options=(
                ("facebook", "Facebook"),
                ("instagram", "Instagram"),
                ("x", "X"),
                ("tiktok", "TikTok"),
                ("otra", "Otra"),
            ),
        ),
        Field("cuenta", "Cuenta o enlace", required=True),
    ),
}
#: Of a tour, all but the petition is the same from one to the next.
REMEMBERED = frozenset({EntryChannel.GIRA})

#: The form's plain fields, and the question of `registry.intake` that checks each.
CHECKED_AS = {
    "narrativa": "narrativa",
    "municipio": "municipio",
    "colonia": "colonia",
    "nombre": "nombre",
    "telefono": "telefono",
    "correo": "correo",
    "curp": "curp",
}
#: Kept as they are, up to so many characters.
PLAIN = {"calle": 160, "referencia": 300}

LABELS = {
    "narrativa": "Asunto",
    "tipo": "Tipo",
    "medio": "Medio de entrada",
    "municipio": "Municipio",
    "colonia": "Colonia o localidad",
    "cp": "Código postal",
    "calle": "Calle y número",
    "referencia": "Referencia",
    "nombre": "Nombre completo",
    "telefono": "Teléfono",
    "correo": "Correo",
    "curp": "CURP",
    "anonima": "Sin nombre (anónima)",
}


def may_be_anonymous(kind: PetitionKind) -> bool:
    return "anonimo" in intake.fields_of(kind, {})


def is_required(kind: PetitionKind, name: str) -> bool:
    """Whether a petition of `kind` cannot be filed without the plain field `name`."""
    if name == "curp":
        return kind is PetitionKind.CARTA_NO_ANTECEDENTES
    return name in {"narrativa", "municipio", "nombre"} and name in intake.fields_of(kind, {})


def channel_name(name: str) -> str:
    """A channel's field, as the form and its problems name it."""
    return f"entrada_{name}"


def procedure_name(name: str) -> str:
    return f"tramite_{name}"
