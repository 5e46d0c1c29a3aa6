"""The console's words for calls that are owed, their tries and campaigns."""

from backend.ledger.models import Direction, InteractionKind, Outcome, Purpose
from backend.outreach.attempts import OUTCOME_TEXTS
from backend.outreach.listing import View
from backend.outreach.models import CallOutcome, CampaignState, ClosedBecause, ReasonKind, TaskState

KINDS = {
    ReasonKind.ASKED: "Pidió que le llamen",
    ReasonKind.ABANDONED: "No se le alcanzó a atender",
    ReasonKind.CONCLUSION: "Cómo terminó su petición",
    ReasonKind.NOTICE: "Aviso de su petición",
    ReasonKind.INFORMATION: "Falta información",
    ReasonKind.MANUAL: "Pedida por el personal",
    ReasonKind.CAMPAIGN: "Campaña",
}
VIEWS = {
    View.PENDING: "Por hacer",
    View.READY: "Para llamar ahora",
    View.LATER: "Programadas",
    View.OVERDUE: "Atrasadas",
    View.DONE: "Hechas",
    View.EXHAUSTED: "Agotadas",
    View.CLOSED: "Cerradas",
}
EMPTY = {
    View.PENDING: "No hay llamadas por hacer.",
    View.READY: "No hay llamadas que hacer en este momento.",
    View.LATER: "Ninguna llamada espera otro intento.",
    View.OVERDUE: "Ninguna llamada está atrasada.",
    View.DONE: "Todavía no se ha hecho ninguna llamada.",
    View.EXHAUSTED: "Ninguna llamada se ha agotado.",
    View.CLOSED: "Ninguna llamada se ha cerrado sin hacerse.",
}
STATES = {
    TaskState.PENDING: "Por hacer",
    TaskState.DONE: "Hecha",
    TaskState.EXHAUSTED: "Agotada",
    TaskState.CLOSED: "Cerrada",
}
CLOSED_BECAUSE = {
    ClosedBecause.WRONG_NUMBER: "número equivocado",
    ClosedBecause.DO_NOT_CALL: "pidió que no se le llame",
    ClosedBecause.NOT_NEEDED: "ya no hizo falta",
    ClosedBecause.CAMPAIGN_ENDED: "la campaña terminó",
    ClosedBecause.BY_STAFF: "la cerró el personal",
}
#: In the order of the digit keys.
OUTCOMES = OUTCOME_TEXTS
OUTCOME_HINTS = {
    CallOutcome.ANSWERED: "Se habló con la persona.",
    CallOutcome.ASKED_LATER: "Contestó y dijo cuándo llamarle.",
    CallOutcome.NO_ANSWER: "Sonó y nadie contestó.",
    CallOutcome.BUSY: "La línea estaba ocupada.",
    CallOutcome.VOICEMAIL: "Entró el buzón.",
    CallOutcome.WRONG_NUMBER: "No es de esta persona o no existe.",
}
PURPOSES = {
    Purpose.INFORMATION: "Informativa",
    Purpose.FOLLOW_UP: "Seguimiento o más información",
    Purpose.CONGRATULATION: "Felicitación",
    Purpose.PETITION: "Petición",
    Purpose.COMPLAINT: "Queja",
}
CAMPAIGN_STATES = {
    CampaignState.OPEN: "Abierta",
    CampaignState.PAUSED: "En pausa",
    CampaignState.ENDED: "Terminada",
}
CONTACTS = {
    (InteractionKind.CALL, Direction.INBOUND): "Llamó",
    (InteractionKind.CALL, Direction.OUTBOUND): "Se le llamó",
    (InteractionKind.CHAT, Direction.INBOUND): "Chat",
    (InteractionKind.CHAT, Direction.OUTBOUND): "Chat",
    (InteractionKind.WALK_IN, Direction.INBOUND): "Visita",
    (InteractionKind.WALK_IN, Direction.OUTBOUND): "Visita",
}
CONTACT_OUTCOMES = {
    Outcome.ATTENDED: "atendida",
    Outcome.TRANSFERRED: "transferida",
    Outcome.ABANDONED: "se fue sin atención",
    Outcome.VOICEMAIL: "buzón de voz",
    Outcome.NO_ANSWER: "no contestó",
    Outcome.BUSY: "ocupado",
    Outcome.WRONG_NUMBER: "número equivocado",
    Outcome.FAILED: "falló la línea",
}
DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
NOTICES = {
    "llamada_lista": "La llamada quedó registrada.",
    "llamada_nueva": "La llamada se agregó a la lista.",
    "llamada_sumada": "Esa persona ya tenía una llamada por hacer: el motivo se agregó a ella.",
    "llamada_no": "Ese teléfono pidió que no se le llame: la llamada quedó cerrada.",
    "llamada_cerrada": "La llamada se cerró.",
    "llamadas_repartidas": "Las llamadas se repartieron.",
    "llamadas_fin": "No hay más llamadas que hacer por ahora.",
    "reglas": "Las reglas se guardaron.",
    "no_llamar": "El teléfono se agregó a la lista de no llamar.",
    "si_llamar": "El teléfono se quitó de la lista de no llamar.",
    "campana": "La campaña empezó: sus llamadas ya están en la lista.",
    "campana_estado": "La campaña se actualizó.",
}
