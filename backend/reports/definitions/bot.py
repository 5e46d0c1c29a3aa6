"""Desempeño del bot: what it understood, what it handed over and why."""

from sqlalchemy import and_

from backend.ledger.models import AttendedBy, Direction, Interaction, Outcome
from backend.reports.definitions.chats import BY_BOT
from backend.reports.figures import TIMES, By, Chart, Figure, Report
from backend.reports.measures import Ratio, Share, Total, Unit
from backend.reports.sources import CHATS

_SPOKE = and_(Interaction.direction == Direction.INBOUND, Interaction.bot_answers > 0)
_ENDED = and_(_SPOKE, Interaction.ended_at.is_not(None))
_HANDED = and_(_SPOKE, Interaction.handoff_reason.is_not(None))

REPORT = Report(
    key="bot",
    title="Desempeño del bot",
    summary="Lo que el bot entendió, lo que resolvió solo y lo que pasó a una persona, con la razón.",
    by=(By.HANDOFF, By.CHANNEL, By.MUNICIPALITY, By.TOPIC, By.AGENCY, By.OUTCOME, *TIMES),
    columns=("chats", "proporcion_entendidos", "proporcion_solo", "pasados", "proporcion_pasados", "peticiones"),
    charts=(
        Chart("Mensajes entendidos por fecha", ("proporcion_entendidos",)),
        Chart("Por qué pasó chats a una persona", ("pasados",), By.HANDOFF),
    ),
    figures=(
        Figure(
            "chats", "Chats con el bot", "Chats recibidos en que el bot contestó al menos un mensaje.", CHATS, _SPOKE
        ),
        Figure(
            "mensajes",
            "Mensajes contestados",
            "Mensajes de la ciudadanía que contestó el bot en esos chats.",
            CHATS,
            _SPOKE,
            Total(Interaction.bot_answers),
        ),
        Figure(
            "no_entendidos",
            "Mensajes no entendidos",
            "De ellos, los que el bot dijo no entender, o pasó por eso a una persona.",
            CHATS,
            _SPOKE,
            Total(Interaction.bot_misses),
            more_is_better=False,
        ),
        Figure(
            "proporcion_entendidos",
            "Parte entendida",
            "Mensajes contestados que no quedaron sin entender, entre mensajes contestados.",
            CHATS,
            _SPOKE,
            Ratio(Interaction.bot_answers - Interaction.bot_misses, Interaction.bot_answers),
            Unit.SHARE,
            more_is_better=True,
        ),
        Figure(
            "solo",
            "Resueltos por el bot solo",
            "Chats que terminaron sin que los tomara una persona y en que el bot contestó.",
            CHATS,
            and_(_SPOKE, BY_BOT),
        ),
        Figure(
            "proporcion_solo",
            "Parte resuelta por el bot solo",
            "Resueltos por el bot solo entre los chats con el bot que ya terminaron.",
            CHATS,
            BY_BOT,
            Share(_ENDED),
            Unit.SHARE,
        ),
        Figure(
            "pasados",
            "Pasados a una persona",
            "Chats con el bot que pasaron a la fila para hablar con una persona, por la razón que sea. La razón es la "
            "de la primera vez.",
            CHATS,
            _HANDED,
        ),
        Figure(
            "proporcion_pasados",
            "Parte pasada a una persona",
            "Pasados a una persona entre chats con el bot.",
            CHATS,
            Interaction.handoff_reason.is_not(None),
            Share(_SPOKE),
            Unit.SHARE,
        ),
        Figure(
            "pasados_abandonados",
            "Pasados y abandonados",
            "De los pasados, los que nadie alcanzó a tomar.",
            CHATS,
            and_(_HANDED, Interaction.outcome == Outcome.ABANDONED),
            more_is_better=False,
        ),
        Figure(
            "peticiones",
            "Peticiones que registró el bot solo",
            "Chats que atendió el bot solo y en que se registró una petición.",
            CHATS,
            and_(_SPOKE, Interaction.attended_by == AttendedBy.BOT, Interaction.petition_id.is_not(None)),
            more_is_better=True,
        ),
    ),
)
