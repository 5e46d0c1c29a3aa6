"""What staff read of the citizen's side of a petition."""

from backend.registry.models import PetitionStatus
from backend.registry.verdicts import Answer
from backend.turns.models import TurnOutcome

ANSWERS = {
    Answer.SOLVED: "Sí se resolvió",
    Answer.NOT_SOLVED: "No se resolvió",
    Answer.AWAITED: "Aún no contesta",
    Answer.SILENT: "Sin respuesta",
}
OUTCOMES = {TurnOutcome.ATTENDED: "atendida", TurnOutcome.NOT_POSSIBLE: "no fue posible"}
CONCLUSIONS = {
    PetitionStatus.CONCLUIDA_SATISFACTORIA: "Satisfactoria",
    PetitionStatus.CONCLUIDA_NO_SATISFACTORIA: "No satisfactoria",
}
