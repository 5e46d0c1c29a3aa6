"""The console's words for what a step of a petition's life requires, before it is made."""

from backend.registry.lifecycle import Requirement

REQUIREMENTS = {
    Requirement.REASON: "motivo",
    Requirement.ASKED: "lo que se le pide a la persona",
    Requirement.OPEN_TURN: "un turno sin contestar",
    Requirement.NO_OPEN_TURN: "que ninguna dependencia deba respuesta",
}
