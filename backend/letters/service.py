"""Making letters, cancelling them, and finding them. The petition's row is locked first, the number's counter last."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.conversations.files import FileStore
from backend.conversations.messages import StoredFile
from backend.letters import docx_file, fields, markup, pdf, stationery, templates, values
from backend.letters.document import Document, copies_of
from backend.letters.errors import AlreadyLettered, LetterNotFound, LetterRefused
from backend.letters.kinds import KINDS, Side
from backend.letters.models import Letter, Letterhead, LetterKind, LetterTemplate
from backend.mail.models import EmailMessage
from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind
from backend.turns import mailing
from backend.turns.mailing import News
from backend.turns.models import OPEN, Turn, TurnState

TEXT_MAX = 8000


@dataclass(frozen=True)
class LetterOrder:
    """What is asked for. `text` is the field {texto}; `key` names the click: the same again makes nothing."""

    kind: LetterKind
    turn_id: UUID | None = None
    text: str = ""
    key: UUID = field(default_factory=uuid4)
    batch_id: UUID | None = None


@dataclass(frozen=True)
class Draft:
    """A letter before it has a number. `missing`: fields of its template of which nothing is known."""

    document: Document
    template: LetterTemplate
    missing: tuple[str, ...]


@dataclass(frozen=True)
class LetterFiles:
    """A letter's two files, as they went out."""

    letter: Letter
    pdf: StoredFile
    docx: StoredFile


async def draft(session: AsyncSession, petition: Petition, order: LetterOrder) -> Draft:
    """What a letter would be, without taking a number. Raises LetterRefused, TurnNotFound."""
    series = KINDS[order.kind].series
    reference = await stationery.reference_to_be(session, series, clock.local(clock.now()).year)
    return await _draft(session, petition, order, reference, is_draft=True)


async def _draft(
    session: AsyncSession, petition: Petition, order: LetterOrder, reference: str, *, is_draft: bool
) -> Draft:
    side = KINDS[order.kind].side
    template = await templates.current(session, order.kind)
    turn = await _turn_of(session, petition, order) if side is Side.AGENCY else None
    matter = await values.matter_of(session, petition, turn)
    letterhead = await stationery.letterhead(session)
    told = values.values(
        matter, letterhead, today=clock.local(clock.now()).date(), reference=reference, text=order.text
    )
    to = values.addressee(matter, side)
    document = compose(order.kind, template.subject, template.body, letterhead, told, to, is_draft=is_draft)
    used = markup.names(markup.parse(template.body)) | markup.names_in(template.subject)
    missing = tuple(sorted(name for name in used if not told[name].strip() and name != "texto"))
    return Draft(document, template, missing)


def takes_text(template: LetterTemplate) -> bool:
    """Whether a letter of this version has words of its own."""
    return "texto" in markup.names(markup.parse(template.body))


def needs_text(drafted: Draft) -> bool:
    """Whether those words must be given: the letter has them, and no agency's answer to tell instead."""
    has_answer = "respuesta" in markup.names(markup.parse(drafted.template.body)) and "respuesta" not in drafted.missing
    return takes_text(drafted.template) and not has_answer


async def drawn(document: Document) -> bytes:
    """A document's PDF, drawn aside so that others go on."""
    return await asyncio.to_thread(pdf.render, document)


async def _turn_of(session: AsyncSession, petition: Petition, order: LetterOrder) -> Turn:
    turn = await session.get(Turn, order.turn_id) if order.turn_id else None
    if turn is None or turn.petition_id != petition.id:
        raise LetterRefused("Elija el turno al que corresponde el oficio.")
    if turn.state in (TurnState.RETURNED, TurnState.WITHDRAWN):
        raise LetterRefused("Ese turno se devolvió o se retiró: ya no lleva oficio.")
    return turn


def compose(
    kind: LetterKind,
    subject: str,
    body: str,
    letterhead: Letterhead,
    told: Mapping[str, str],
    addressee: tuple[str, ...],
    *,
    is_draft: bool,
) -> Document:
    """A template filled, within its letterhead."""
    return Document(
        institution=letterhead.institution,
        office=letterhead.office,
        department=letterhead.department,
        address=letterhead.address,
        label=KINDS[kind].label,
        reference=told["numero"],
        folio=told["folio"],
        dateline=f"{letterhead.place}, a {told['fecha']}",
        subject=markup.fill_line(subject, told),
        addressee=tuple(markup.clean(line) for line in addressee),
        body=markup.fill(markup.parse(body), told),
        signer_name=letterhead.signer_name,
        signer_title=letterhead.signer_title,
        copies=copies_of(letterhead),
        is_draft=is_draft,
    )


async def sample(session: AsyncSession, kind: LetterKind, subject: str, body: str) -> Document:
    """How a text would look, filled with the fields' examples. Its problems were asked for before."""
    facts = KINDS[kind]
    told = fields.examples(facts.side)
    year = clock.local(clock.now()).year
    told["numero"] = await stationery.reference_to_be(session, facts.series, year)
    agency = (told.get("enlace", ""), told.get("cargo_enlace", ""), told["dependencia"])
    to = agency if facts.side is Side.AGENCY else (told["persona"],)
    return compose(kind, subject, body, await stationery.letterhead(session), told, to, is_draft=True)


async def for_folio(
    session: AsyncSession, petition: Petition, kind: LetterKind, turn: Turn | None, subject: str, body: str
) -> Document:
    """How a text would look for a petition, whatever it lacks for a real letter."""
    side = KINDS[kind].side
    matter = await values.matter_of(session, petition, turn if side is Side.AGENCY else None)
    letterhead = await stationery.letterhead(session)
    now = clock.local(clock.now())
    reference = await stationery.reference_to_be(session, KINDS[kind].series, now.year)
    text = fields.of_side(side)["texto"].example
    told = values.values(matter, letterhead, today=now.date(), reference=reference, text=text)
    return compose(kind, subject, body, letterhead, told, values.addressee(matter, side), is_draft=True)


async def make(
    session: AsyncSession, files: FileStore, petition: Petition, order: LetterOrder, *, user: User
) -> Letter:
    """Make a locked petition's letter: number, files, event. The same `order.key` again gives the same letter.

    An oficio goes to the agency's liaison by e-mail too, unless the turn is closed.
    Raises LetterRefused, TurnNotFound, or AlreadyLettered when the turn has one that was not cancelled.
    """
    known = await _made_before(session, petition, order)
    if known is not None:
        return known
    moment = clock.now()
    year = clock.local(moment).year
    facts = KINDS[order.kind]
    await _require_makeable(session, petition, order)
    number, reference = await stationery.take_number(session, facts.series, year)
    drafted = await _draft(session, petition, order, reference, is_draft=False)
    pdf_file, docx_made = await _store(files, drafted.document, moment)
    letter = Letter(
        kind=order.kind,
        series=facts.series,
        year=year,
        number=number,
        reference=reference,
        petition_id=petition.id,
        turn_id=order.turn_id if facts.side is Side.AGENCY else None,
        template_id=drafted.template.id,
        batch_id=order.batch_id,
        request_key=order.key,
        addressee=", ".join(drafted.document.addressee)[:400],
        subject=drafted.document.subject[:300],
        pdf_sha256=pdf_file.sha256,
        pdf_size=pdf_file.size,
        docx_sha256=docx_made.sha256,
        docx_size=docx_made.size,
        made_by=user.id,
        made_at=moment,
    )
    session.add(letter)
    await _note_lettered(session, letter)
    await session.flush()
    await _tell(session, petition, letter, PetitionEventKind.LETTER_MADE, user, f"{facts.title} {reference}")
    mail = await _write_to_liaison(session, petition, letter, News.LETTER, [pdf_file])
    if mail is not None:
        await _tell(session, petition, letter, PetitionEventKind.LETTER_MAILED, user, f"{reference}, al enlace")
    return letter


async def _note_lettered(session: AsyncSession, letter: Letter) -> None:
    """A turn has at most one letter that was not cancelled."""
    if letter.turn_id is not None:
        turn = await session.get_one(Turn, letter.turn_id, with_for_update=True)
        turn.has_letter = letter.cancelled_at is None


async def _write_to_liaison(
    session: AsyncSession, petition: Petition, letter: Letter, news: News, files: Sequence[StoredFile] = ()
) -> EmailMessage | None:
    """None where nobody is to be told: no turn that is open, no address."""
    turn = await session.get(Turn, letter.turn_id) if letter.turn_id else None
    if turn is None or turn.state not in OPEN:
        return None
    return await mailing.write(session, petition, turn, news, letter=letter.reference, files=files)


async def _made_before(session: AsyncSession, petition: Petition, order: LetterOrder) -> Letter | None:
    found: Letter | None = await session.scalar(select(Letter).where(Letter.request_key == order.key))
    if found is not None and found.petition_id != petition.id:
        raise LetterRefused("Actualice la página e intente de nuevo.")
    return found


async def _require_makeable(session: AsyncSession, petition: Petition, order: LetterOrder) -> None:
    """Everything that can be refused, before a number is taken."""
    if len(order.text) > TEXT_MAX:
        raise LetterRefused(f"El texto es muy largo: escriba {TEXT_MAX:,} letras como máximo.")
    if order.turn_id is not None and KINDS[order.kind].side is Side.AGENCY:
        live = await session.scalar(
            select(Letter).where(Letter.turn_id == order.turn_id, Letter.cancelled_at.is_(None))
        )
        if live is not None:
            raise AlreadyLettered(live.reference)
    drafted = await draft(session, petition, order)
    if needs_text(drafted) and not order.text.strip():
        raise LetterRefused("Escriba el texto propio de este documento.")


async def _store(files: FileStore, document: Document, moment: datetime) -> tuple[StoredFile, StoredFile]:
    name = document.reference.replace("/", "-")
    as_pdf = await drawn(document)
    as_docx = await asyncio.to_thread(docx_file.render, document, moment)
    return (
        await files.keep_made(as_pdf, f"{name}.pdf", "application/pdf"),
        await files.keep_made(as_docx, f"{name}.docx", docx_file.CONTENT_TYPE),
    )


async def _tell(
    session: AsyncSession, petition: Petition, letter: Letter, kind: PetitionEventKind, user: User, text: str
) -> None:
    await petitions.add_event(
        session,
        petition,
        kind,
        actor=ActorKind.STAFF,
        user_id=user.id,
        text=text,
        turn_id=letter.turn_id,
        detail={"letter_id": str(letter.id), "reference": letter.reference, "letter": letter.kind.value},
    )


async def cancel(session: AsyncSession, letter_id: UUID, reason: str, *, user: User) -> Letter:
    """Mark a letter as cancelled; it and its number stay. Once cancelled, it stays as it was told first.

    Raises LetterNotFound, or LetterRefused without a reason.
    """
    told = reason.strip()
    found = await session.get(Letter, letter_id)
    if found is None:
        raise LetterNotFound
    if not 3 <= len(told) <= 300:
        raise LetterRefused("Escriba por qué se cancela, en 300 letras como máximo.")
    petition = await session.get_one(Petition, found.petition_id, with_for_update=True)
    letter = await session.get_one(Letter, letter_id, with_for_update=True, populate_existing=True)
    if letter.cancelled_at is not None:
        return letter
    letter.cancelled_at, letter.cancelled_by, letter.cancel_reason = clock.now(), user.id, told
    await _note_lettered(session, letter)
    await session.flush()
    text = f"Se canceló el documento {letter.reference}: {told}"
    await _tell(session, petition, letter, PetitionEventKind.NOTE, user, text)
    await _write_to_liaison(session, petition, letter, News.LETTER_CANCELLED)
    return letter


async def files_of(session: AsyncSession, letter_id: UUID) -> LetterFiles:
    """A letter with its files, for a download or an e-mail. Raises LetterNotFound."""
    letter = await session.get(Letter, letter_id)
    if letter is None:
        raise LetterNotFound
    name = letter.reference.replace("/", "-")
    return LetterFiles(
        letter,
        StoredFile(f"{name}.pdf", "application/pdf", letter.pdf_size, letter.pdf_sha256),
        StoredFile(f"{name}.docx", docx_file.CONTENT_TYPE, letter.docx_size, letter.docx_sha256),
    )


async def live_of_turn(session: AsyncSession, turn_id: UUID) -> Letter | None:
    """The oficio of a turn that was not cancelled."""
    found: Letter | None = await session.scalar(
        select(Letter).where(Letter.turn_id == turn_id, Letter.cancelled_at.is_(None))
    )
    return found
