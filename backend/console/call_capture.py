"""A petition captured during a call: what the call tells already."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.calls import queries
from backend.calls import service as calls
from backend.ledger.errors import InteractionNotFound
from backend.ledger.models import InteractionKind, Purpose
from backend.registry.models import EntryChannel, PetitionKind
from backend.text import phone_text

_CHANNELS = {
    InteractionKind.CALL: EntryChannel.CALL_CENTER,
    InteractionKind.WALK_IN: EntryChannel.PRESENCIAL,
    InteractionKind.CHAT: EntryChannel.REDES_SOCIALES,
}
_KINDS = {Purpose.COMPLAINT: PetitionKind.QUEJA, Purpose.CONGRATULATION: PetitionKind.FELICITACION}


async def begun(session: AsyncSession, user: User, call_id: UUID) -> dict[str, str]:
    """The capture form's values from a call of `user`'s. Raises InteractionNotFound, NotYours."""
    row = await queries.one(session, call_id)
    if row is None:
        raise InteractionNotFound
    calls.require_own(row.call, user)
    call, person = row.call, row.person
    values = {
        "call_id": str(call.id),
        "channel": _CHANNELS[call.kind].value,
        "person_id": str(person.id) if person else "",
        "nombre": call.caller_name or (person.full_name if person else ""),
        "telefono": phone_text(call.phone) if call.phone else "",
        "correo": (person.email if person else None) or "",
        "curp": (person.curp if person else None) or "",
        "municipio": row.municipality or "",
        "narrativa": call.notes,
    }
    if call.purpose in _KINDS:
        values["kind"] = _KINDS[call.purpose].value
    return values
