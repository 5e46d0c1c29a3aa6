"""The resolution of an ARCO request as a PDF on the office's letterhead, kept among the request's files."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.arco import service
from backend.arco.models import ArcoFile, ArcoRequest
from backend.conversations.files import FileStore
from backend.letters import markup, stationery
from backend.letters import service as letters
from backend.letters.document import Document, copies_of
from backend.registry.models import Person, Petition
from backend.text import MONTHS


async def make(
    session: AsyncSession, one: ArcoRequest, store: FileStore, *, subject: str, day: date, by: User
) -> ArcoFile:
    """Draw the answer of a locked request that was just given, addressed to its person."""
    petition = await session.get_one(Petition, one.petition_id)
    person = await session.get(Person, one.person_id) if one.person_id else None
    head = await stationery.letterhead(session)
    document = Document(
        institution=head.institution,
        office=head.office,
        department=head.department,
        address=head.address,
        label="Resolución:",
        reference=f"ARCO-{petition.folio}",
        folio=petition.folio,
        dateline=f"{head.place}, {day.day} de {MONTHS[day.month - 1]} de {day.year}",
        subject=subject,
        addressee=(person.full_name if person else "A quien presentó la solicitud",),
        body=markup.parse(markup.clean(one.answer)),
        signer_name=head.signer_name,
        signer_title=head.signer_title,
        copies=copies_of(head),
    )
    content = await letters.drawn(document)
    name = f"resolucion-{petition.folio}-{clock.local(clock.now()):%Y%m%d}.pdf"
    stored = await store.keep_made(content, name, "application/pdf")
    return await service.keep_file(session, one, stored, by=by)
