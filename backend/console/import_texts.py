"""The words of the pages that import spreadsheets."""

from backend.imports.mapping import FIELDS
from backend.imports.models import BatchState, RowState

__all__ = ["FIELDS", "ROWS", "STATES"]

STATES = {
    BatchState.MAPPING: "Faltan las columnas",
    BatchState.READING: "Revisando los renglones",
    BatchState.READY: "Lista para registrar",
    BatchState.FILING: "Registrando",
    BatchState.DONE: "Registrada",
    BatchState.UNDOING: "Deshaciendo",
    BatchState.UNDONE: "Deshecha",
    BatchState.FAILED: "No se pudo leer",
}
ROWS = {
    RowState.VALID: "Por registrar",
    RowState.INVALID: "Con errores",
    RowState.REPEATED: "Parece repetida",
    RowState.FILED: "Registrada",
    RowState.UNDONE: "Cancelada al deshacer",
    RowState.KEPT: "Ya se trabajó: no se deshizo",
}
