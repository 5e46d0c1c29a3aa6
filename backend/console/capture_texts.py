"""The capture page's words. Each choice of a list begins, as far as it can, with a letter of its own:
on the keyboard that letter chooses it."""

from backend.capture.fields import CHANNEL_FIELDS, CHANNELS, LABELS, channel_name, procedure_name
from backend.dossier.service import KIND_TEXTS as DOCUMENT_KINDS
from backend.procedures.definitions import PROCEDURES
from backend.registry.models import EntryChannel, PetitionKind

__all__ = ["CHANNELS", "CHANNEL_FIELDS", "DOCUMENT_KINDS", "LABELS", "PROCEDURES", "channel_name", "procedure_name"]

KINDS: dict[PetitionKind, str] = {
    PetitionKind.PETICION: "Petición",
    PetitionKind.QUEJA: "Queja",
    PetitionKind.SUGERENCIA: "Sugerencia",
    PetitionKind.FELICITACION: "Felicitación",
    PetitionKind.AUDIENCIA: "Audiencia",
    PetitionKind.APOYO_SOCIAL: "Apoyo social",
    PetitionKind.ASESORIA_JURIDICA: "Jurídica (asesoría)",
    PetitionKind.REGISTRO_CIVIL: "Registro Civil",
    PetitionKind.CARTA_NO_ANTECEDENTES: "Carta de no antecedentes",
    PetitionKind.DERECHOS_ARCO: "Datos personales (ARCO)",
}
CHANNEL_TEXTS: dict[EntryChannel, str] = {
    EntryChannel.PRESENCIAL: "Presencial",
    EntryChannel.GIRA: "Gira",
    EntryChannel.CORRESPONDENCIA: "Correspondencia",
    EntryChannel.CORREO: "Electrónico (correo)",
    EntryChannel.REDES_SOCIALES: "Redes sociales",
    EntryChannel.CALL_CENTER: "Llamada (Call Center)",
}
#: The text of a choice's input in a form, by its kind.
INPUT_TYPES = {"date": "date", "time": "time"}
