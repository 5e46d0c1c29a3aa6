"""What is known of a petition, as the fields of its letters say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Agency, Municipality, Topic
from backend.letters.errors import LetterRefused
from backend.letters.kinds import Side
from backend.letters.models import Letterhead
from backend.registry.intake import FIELD_TEXTS, KIND_TEXTS, OPTIONS
from backend.registry.models import EntryChannel, Person, Petition
from backend.text import MONTHS, listed, phone_text
from backend.turns import service as turns
from backend.turns.models import Turn, TurnState
from backend.turns.service import TurnView

NOBODY = "una persona que pidió no dar su nombre"
_CHANNELS = {
    EntryChannel.PRESENCIAL: "atención presencial",
    EntryChannel.GIRA: "gira de trabajo",
    EntryChannel.CORRESPONDENCIA: "correspondencia",
    EntryChannel.CORREO: "correo electrónico",
    EntryChannel.REDES_SOCIALES: "redes sociales",
    EntryChannel.CALL_CENTER: "Call Center",
    EntryChannel.CHAT_SONORA: "Chat Sonora",
    EntryChannel.WHATSAPP: "WhatsApp",
    EntryChannel.TELEGRAM: "Telegram",
    EntryChannel.SMS: "mensaje de texto",
}


@dataclass(frozen=True)
class Matter:
    """A petition with what its letters tell; `view` is the turn that an oficio is about."""

    petition: Petition
    person: Person | None
    municipality: str
    topic: str
    turns: Sequence[TurnView]
    view: TurnView | None


async def matter_of(session: AsyncSession, petition: Petition, turn: Turn | None) -> Matter:
    place = await session.get(Municipality, petition.municipality_id) if petition.municipality_id else None
    topic = await session.get(Topic, petition.topic_id) if petition.topic_id else None
    return Matter(
        petition,
        await session.get(Person, petition.person_id) if petition.person_id else None,
        place.name if place else "",
        topic.name if topic else "",
        await turns.of_petition(session, petition.id),
        TurnView(turn, await session.get_one(Agency, turn.agency_id)) if turn else None,
    )


def day_text(day: date | datetime) -> str:
    """`21 de noviembre de 2026`; a moment on the office's clock."""
    here = clock.local(day).date() if isinstance(day, datetime) else day
    return f"{'1.º' if here.day == 1 else here.day} de {MONTHS[here.month - 1]} de {here.year}"


def addressee(matter: Matter, side: Side) -> tuple[str, ...]:
    """The lines above «PRESENTE». Raises LetterRefused when there is nobody to write to."""
    if side is Side.AGENCY:
        if matter.view is None:
            raise LetterRefused("Elija el turno al que corresponde el oficio.")
        agency = matter.view.agency
        named = [agency.liaison_name, agency.liaison_title] if agency.liaison_name else [agency.liaison_title]
        return (*([line for line in named if line] or ["Titular"]), agency.name)
    if matter.person is None:
        raise LetterRefused("La petición es anónima: no hay a quién dirigir el documento.")
    return (matter.person.full_name,)


def values(matter: Matter, letterhead: Letterhead, *, today: date, reference: str, text: str) -> dict[str, str]:
    """Every field's value; empty where nothing is known."""
    petition, person = matter.petition, matter.person
    filed = {
        "numero": reference,
        "fecha": day_text(today),
        "folio": petition.folio,
        "tipo": KIND_TEXTS[petition.kind][:1].lower() + KIND_TEXTS[petition.kind][1:],
        "tema": matter.topic,
        "canal": _CHANNELS[petition.channel],
        "fecha_peticion": day_text(petition.created_at),
        "persona": person.full_name if person else NOBODY,
        "telefono": phone_text(person.phone or "") if person else "",
        "correo": (person.email or "") if person else "",
        "curp": (person.curp or "") if person else "",
        "municipio": matter.municipality,
        "colonia": petition.colonia or "",
        "domicilio": _address(matter),
        "referencia": petition.place_reference or "",
        "peticion": petition.narrative,
        "tramite": _procedure(petition),
        "texto": text,
        "oficina": letterhead.office,
        "firmante": letterhead.signer_name,
        "cargo_firmante": letterhead.signer_title,
    }
    return filed | _of_turns(matter)


def _of_turns(matter: Matter) -> dict[str, str]:
    if matter.view is not None:
        turn, agency = matter.view.turn, matter.view.agency
        return {
            "dependencia": agency.name,
            "enlace": agency.liaison_name or "",
            "cargo_enlace": agency.liaison_title or "",
            "instrucciones": turn.instructions,
            "fecha_limite": day_text(turn.due_on),
            "respuesta": turn.answer if turn.state is TurnState.ANSWERED else "",
        }
    at_it = [one for one in matter.turns if one.turn.state not in (TurnState.RETURNED, TurnState.WITHDRAWN)]
    answered = [one for one in at_it if one.turn.state is TurnState.ANSWERED]
    names = [one.agency.name for one in at_it]
    return {
        "dependencia": listed(names),
        "enlace": "",
        "cargo_enlace": "",
        "instrucciones": "",
        "fecha_limite": "",
        "respuesta": "\n".join(
            one.turn.answer if len(answered) == 1 else f"{one.agency.name}: {one.turn.answer}" for one in answered
        ),
    }


def _address(matter: Matter) -> str:
    petition = matter.petition
    parts = (
        petition.street,
        f"col. {petition.colonia}" if petition.colonia else None,
        f"C.P. {petition.postal_code}" if petition.postal_code else None,
        matter.municipality,
    )
    return ", ".join(part for part in parts if part)


def _procedure(petition: Petition) -> str:
    """The details that have a name for people, a line each."""
    lines = []
    for name, value in petition.details.items():
        if name in FIELD_TEXTS and isinstance(value, str) and value:
            title = next((one.title for one in OPTIONS.get(name, ()) if one.value == value), value)
            lines.append(f"{FIELD_TEXTS[name]}: {title}")
    return "\n".join(lines)
