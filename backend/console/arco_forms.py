"""The list of ARCO requests: what its address asks for, the same as a table to take away, and one written by hand."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.arco import carrying_out, queries, service
from backend.arco.errors import ArcoRefused
from backend.arco.models import ArcoRequest, ArcoState, Right
from backend.arco.queries import View, Wanted
from backend.console import arco_texts, downloads, texts
from backend.console.typed_forms import choice, day_of, day_or_none, known_uuid
from backend.registry import deadlines, petitions
from backend.registry.deadlines import Pace, WorkCalendar
from backend.registry.models import ActorKind, EntryChannel, PetitionKind
from backend.registry.petitions import NewPetition
from backend.spreadsheets import Cell
from backend.text import strip_control

#: The filters that an address keeps.
FILTERS = ("buscar", "estado", "plazo", "derecho", "persona", "desde", "hasta")
HEADINGS = ("Folio", "Derecho", "Recibida", "Medio", "Responsable", "Identidad", "Estado", "Vence", "Tiempo",
            "Ampliada", "Respondida", "Motivo de la negativa", "Cumplida")  # fmt: skip
WIDTHS = (20, 20, 12, 18, 26, 30, 22, 12, 24, 10, 12, 40, 12)
#: How a request by hand may have come in.
CHANNELS = (EntryChannel.PRESENCIAL, EntryChannel.CORRESPONDENCIA, EntryChannel.CORREO, EntryChannel.CALL_CENTER)


def wanted_of(asked: Mapping[str, str]) -> Wanted:
    """The list's filters; what makes no sense is left out."""
    state, pace = asked.get("estado", "abiertas"), asked.get("plazo", "")
    return Wanted(
        state=choice(ArcoState, state),
        is_open=state == "abiertas",
        pace=Pace(pace) if pace in {one.value for one in arco_texts.PACES} else None,
        right=choice(Right, asked.get("derecho", "")),
        user_id=known_uuid(asked.get("persona", "")),
        first=day_or_none(asked.get("desde", "")),
        last=day_or_none(asked.get("hasta", "")),
        words=strip_control(asked.get("buscar", "")).strip()[:100],
    )


async def chunks(session: AsyncSession, wanted: Wanted) -> downloads.Rows:
    """The rows of a filter, in its order, a page at a time. No names: the list leaves the office."""
    today, work = service.today(), await deadlines.calendar(session)
    async for found in downloads.by_pages(lambda number: queries.page(session, wanted, today, work, number=number)):
        yield [_cells(one, today, work) for one in found]


def _cells(row: View, today: date, work: WorkCalendar) -> Sequence[Cell]:
    one = row.request
    left = arco_texts.left(one, queries.pace(one, today, work), today, work)
    identity = arco_texts.IDENTITIES[one.identity] if one.identity else "Sin acreditar"
    refusal = arco_texts.REFUSALS[one.refusal] if one.refusal else ""
    return (row.folio, arco_texts.right(one), one.received_on, texts.ENTRY_CHANNELS[EntryChannel(row.channel)],
            row.staff, identity, arco_texts.STATES[one.state], one.due_on, left, "Sí" if one.extension_reason else "No",
            one.answered_on, refusal, one.done_on)  # fmt: skip


async def register(session: AsyncSession, typed: Mapping[str, str], *, by: User) -> ArcoRequest:
    """A request that did not come by chat: its petition, folio and all. Raises ArcoRefused."""
    received_on = day_of(typed.get("received_on", ""), "Escriba el día como día, mes y año.")
    channel = choice(EntryChannel, typed.get("channel", ""))
    right = choice(Right, typed.get("right", ""))
    if received_on is None or received_on > service.today():
        raise ArcoRefused("Escriba qué día se recibió; no puede ser futuro.", field="received_on")
    if channel not in CHANNELS:
        raise ArcoRefused("Elija por qué medio llegó.", field="channel")
    if right is None:
        raise ArcoRefused("Elija qué derecho se ejerce.", field="right")
    person = {name: carrying_out.checked(name, typed.get(name, "")) for name in carrying_out.FIELDS}
    new = NewPetition(
        PetitionKind.DERECHOS_ARCO,
        channel,
        service.required(typed.get("text", ""), "Escriba qué pide la persona."),
        name=person["full_name"],
        phone=person["phone"],
        email=person["email"],
        curp=person["curp"],
    )
    petition = await petitions.file(session, new, actor=ActorKind.STAFF, user_id=by.id)
    one = await service.open_for(session, petition, right, received_on)
    assert one is not None, "nobody else knows of a petition not yet committed"
    return one
