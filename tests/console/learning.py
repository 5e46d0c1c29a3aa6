"""Messages that the bot handled, for the tests of the console's learning pages."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from backend.assistant.port import Outcome
from backend.db import Database
from tests.learning.conftest import hear_in, open_one, understood


@dataclass(frozen=True)
class Heard:
    """Ids of messages to look at, the newest first: a queja told twice, one in doubt, one not understood."""

    queja: UUID
    doubtful: UUID
    lost: UUID


async def hear_some(database: Database) -> Heard:
    conversation_id = await open_one(database)
    queja = understood({"registrar_queja": 0.41, "registrar_peticion": 0.38, "ayuda": 0.09}, Outcome.ASKED)
    doubtful = understood({"consultar_folio": 0.62, "agregar_informacion": 0.2, "ayuda": 0.05})
    lost = understood({"fuera_de_alcance": 0.35, "ayuda": 0.3, "saludar": 0.1}, Outcome.NOT_UNDERSTOOD)
    text = "me llamo Rosaura Félix y en la ventanilla no me quisieron atender <b>nunca</b>"
    twice = [
        await hear_in(database, conversation_id, text, queja, ago=timedelta(minutes=minutes)) for minutes in (50, 5)
    ]
    return Heard(
        twice[1],
        await hear_in(database, conversation_id, "qué pasó con lo que dije", doubtful, ago=timedelta(minutes=20)),
        await hear_in(database, conversation_id, "pos así nomás", lost, ago=timedelta(days=3)),
    )
