"""What is held on a person, to be read: who they are, petitions, conversations and calls; the rest is counted."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from backend import clock
from backend.conversations.models import Author, Conversation, Message
from backend.holdings.subject import Subject
from backend.holdings.tables import BY_TABLE
from backend.ledger.models import Interaction
from backend.letters import pdf as letters
from backend.registry.intake import KIND_TEXTS
from backend.registry.models import Person, Petition, PetitionEvent
from backend.registry.petitions import STATUS_TEXTS

_INK, _WINE, _LINE = HexColor("#1d1d1f"), HexColor("#6f1d32"), HexColor("#d9d2d5")
_TEXT = ParagraphStyle("text", fontName=letters.FONT, fontSize=9, leading=13, textColor=_INK, splitLongWords=1)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=8, leading=11)
_BOLD = ParagraphStyle("bold", parent=_TEXT, fontName=f"{letters.FONT}-Bold")
_TITLE = ParagraphStyle("title", parent=_BOLD, fontSize=15, leading=20, textColor=_WINE)
_HEAD = ParagraphStyle("head", parent=_BOLD, fontSize=11, leading=15, spaceBefore=10, spaceAfter=4, textColor=_WINE)
_AUTHORS = {
    Author.CITIZEN: "Usted",
    Author.BOT: "Asistente",
    Author.AGENT: "Personal",
    Author.SYSTEM: "Sistema",
    Author.NOTE: "Nota del personal",
}
_CHANNELS = {"web": "chat del portal", "whatsapp": "WhatsApp", "telegram": "Telegram", "sms": "SMS"}


def render(subject: Subject, made_at: datetime, folio: str) -> bytes:
    """The summary's PDF."""
    target = io.BytesIO()
    with letters.drawing_lock:
        glyphs = letters.register_typeface()
        document = SimpleDocTemplate(
            target, pagesize=letter, leftMargin=2 * cm, rightMargin=2 * cm, topMargin=1.8 * cm, bottomMargin=1.8 * cm,
            title="Datos personales registrados", author="Coordinación Ejecutiva de Atención Ciudadana", lang="es-MX",
        )  # fmt: skip
        story = [*_front(subject, made_at, folio, glyphs), *_petitions(subject, glyphs), *_chats(subject, glyphs),
                 *_calls(subject, glyphs), *_counted(subject)]  # fmt: skip
        document.build(story)
    return target.getvalue()


def _told(text: str, glyphs: frozenset[int]) -> str:
    """`text` as the typeface can draw it, safe as markup."""
    drawn = "".join(char if char in "\n " or ord(char) in glyphs else "·" for char in text)
    return escape(drawn).replace("\n", "<br/>")


def _moment(moment: datetime) -> str:
    return f"{clock.local(moment):%d/%m/%Y %H:%M}"


def _front(subject: Subject, made_at: datetime, folio: str, glyphs: frozenset[int]) -> Iterator[Flowable]:
    person: Person = subject.person
    yield Paragraph("Datos personales registrados", _TITLE)
    yield Paragraph(
        f"Coordinación Ejecutiva de Atención Ciudadana. Copia hecha el {_moment(made_at)} para la solicitud {folio}.",
        _SMALL,
    )
    yield Paragraph("Sus datos", _HEAD)
    facts = [
        ("Nombre", person.full_name),
        ("Teléfono", person.phone),
        ("Correo", person.email),
        ("CURP", person.curp),
        ("Registrada desde", _moment(person.created_at)),
    ]
    yield _grid([(name, _told(value, glyphs)) for name, value in facts if value])


def _grid(rows: Sequence[tuple[str, str]]) -> Table:
    table = Table([[Paragraph(name, _BOLD), Paragraph(value, _TEXT)] for name, value in rows], colWidths=[5 * cm, None])
    table.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    return table


def _petitions(subject: Subject, glyphs: frozenset[int]) -> Iterator[Flowable]:
    rows: Sequence[Petition] = subject.rows.get(Petition.__tablename__, [])
    yield Paragraph(f"Peticiones ({len(rows)})", _HEAD)
    for one in sorted(rows, key=lambda row: row.created_at):
        kind, status = KIND_TEXTS[one.kind], STATUS_TEXTS[one.status][0]
        yield Paragraph(f"{one.folio} · {escape(kind)} · {escape(status)} · {_moment(one.created_at)}", _BOLD)
        place = ", ".join(part for part in (one.street, one.colonia, one.place_reference) if part)
        yield Paragraph(_told(one.narrative, glyphs), _TEXT)
        if place:
            yield Paragraph(f"Lugar: {_told(place, glyphs)}", _TEXT)
        yield from _events(subject, one, glyphs)
        yield Spacer(1, 0.25 * cm)


def _events(subject: Subject, one: Petition, glyphs: frozenset[int]) -> Iterator[Flowable]:
    events: Sequence[PetitionEvent] = subject.rows.get(PetitionEvent.__tablename__, [])
    for event in sorted((each for each in events if each.petition_id == one.id), key=lambda each: each.id):
        status = f" · {STATUS_TEXTS[event.to_status][0]}" if event.to_status else ""
        said = f" · {event.text}" if event.text else ""
        if status or said:
            yield Paragraph(f"{_moment(event.at)}{escape(status)}{_told(said, glyphs)}", _SMALL)


def _chats(subject: Subject, glyphs: frozenset[int]) -> Iterator[Flowable]:
    rows: Sequence[Conversation] = subject.rows.get(Conversation.__tablename__, [])
    messages: dict[Any, list[Message]] = {}
    for message in subject.rows.get(Message.__tablename__, []):
        messages.setdefault(message.conversation_id, []).append(message)
    yield Paragraph(f"Conversaciones ({len(rows)})", _HEAD)
    for one in rows:
        yield Paragraph(f"Por {_CHANNELS.get(one.channel, one.channel)}, desde el {_moment(one.created_at)}", _BOLD)
        for message in sorted(messages.get(one.id, []), key=lambda each: each.seq):
            if message.author in _AUTHORS and message.text:
                who = _AUTHORS[message.author]
                yield Paragraph(f"{_moment(message.created_at)} · {who}: {_told(message.text, glyphs)}", _SMALL)
        yield Spacer(1, 0.25 * cm)


def _calls(subject: Subject, glyphs: frozenset[int]) -> Iterator[Flowable]:
    rows: Sequence[Interaction] = [one for one in subject.rows.get(Interaction.__tablename__, []) if one.phone]
    if not rows:
        return
    yield Paragraph(f"Llamadas ({len(rows)})", _HEAD)
    for one in rows:
        told = " · ".join(part for part in (_moment(one.started_at), one.phone, one.notes) if part)
        yield Paragraph(_told(told, glyphs), _SMALL)


def _counted(subject: Subject) -> Iterator[Flowable]:
    """How much there is of everything: the rest is in the data."""
    yield Paragraph("Todo lo registrado", _HEAD)
    yield Paragraph("El detalle de cada renglón está en datos.json.", _SMALL)
    yield _grid([(BY_TABLE[table].title, str(len(rows))) for table, rows in subject.rows.items() if rows])
