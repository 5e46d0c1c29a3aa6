"""The expediente: adding, naming and withdrawing documents. Nothing is ever deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.messages import StoredFile
from backend.conversations.models import Attachment
from backend.dossier.models import Document, DocumentKind
from backend.errors import InvalidInput, NotFound
from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind
from backend.text import fold, strip_control

KIND_TEXTS: dict[DocumentKind, str] = {
    DocumentKind.SOLICITUD: "Escrito de petición",
    DocumentKind.IDENTIFICACION: "Identificación",
    DocumentKind.CURP: "CURP",
    DocumentKind.COMPROBANTE_DOMICILIO: "Comprobante de domicilio",
    DocumentKind.COMPROBANTE_INGRESOS: "Comprobante de ingresos",
    DocumentKind.OFICIO_RECIBIDO: "Oficio recibido",
    DocumentKind.ACTA: "Acta de Registro Civil",
    DocumentKind.DOCUMENTO_LEGAL: "Documento legal",
    DocumentKind.DOCUMENTO_MEDICO: "Receta o constancia médica",
    DocumentKind.COTIZACION: "Cotización",
    DocumentKind.FOTOGRAFIA: "Fotografía",
    DocumentKind.VISITA: "Reporte de visita domiciliaria",
    DocumentKind.MINUTA: "Minuta del comité",
    DocumentKind.EVIDENCIA_ENTREGA: "Evidencia de entrega",
    DocumentKind.CARTA_PODER: "Carta poder",
    DocumentKind.OTRO: "Otro",
}
#: Words of a file's name that tell what it is, in the order in which they are looked for.
_NAME_WORDS: tuple[tuple[DocumentKind, tuple[str, ...]], ...] = (
    (DocumentKind.CURP, ("curp",)),
    (DocumentKind.COMPROBANTE_INGRESOS, ("ingreso", "nomina")),
    (DocumentKind.COMPROBANTE_DOMICILIO, ("domicilio", "comprobante", "cfe", "recibo", "agua", "predial")),
    (DocumentKind.IDENTIFICACION, ("ine", "ife", "identificacion", "credencial", "pasaporte", "licencia")),
    (DocumentKind.OFICIO_RECIBIDO, ("oficio",)),
    (DocumentKind.SOLICITUD, ("solicitud", "escrito", "peticion", "carta")),
    (DocumentKind.ACTA, ("acta",)),
    (DocumentKind.DOCUMENTO_MEDICO, ("receta", "medic", "diagnostico")),
    (DocumentKind.COTIZACION, ("cotiza",)),
    (DocumentKind.MINUTA, ("minuta",)),
    (DocumentKind.FOTOGRAFIA, ("foto", "img", "whatsapp image")),
)


@dataclass(frozen=True)
class View:
    """A document of an expediente, whoever brought it."""

    id: UUID
    kind: DocumentKind
    title: str
    content_type: str
    size: int
    at: datetime
    #: The citizen sent it by chat.
    is_citizens: bool
    withdrawn_reason: str


def guess_kind(file_name: str) -> DocumentKind:
    """What a file is, by its name; OTRO where that says nothing."""
    words = fold(file_name).replace("_", " ").replace("-", " ").replace(".", " ").split()
    for kind, stems in _NAME_WORDS:
        if any(word.startswith(stem) if len(stem) > 3 else word == stem for word in words for stem in stems):
            return kind
    return DocumentKind.OTRO


async def stage(session: AsyncSession, file: StoredFile, *, user_id: UUID) -> Document:
    """Keep a scan for a petition that is being captured."""
    document = _document(file, guess_kind(file.file_name), user_id)
    session.add(document)
    await session.flush()
    return document


def _document(file: StoredFile, kind: DocumentKind, user_id: UUID) -> Document:
    return Document(kind=kind, title=file.file_name, uploaded_by=user_id, **asdict(file))


async def attach_staged(
    session: AsyncSession, petition: Petition, chosen: Iterable[tuple[UUID, DocumentKind]], *, user_id: UUID
) -> None:
    """Put scans that `user_id` staged into the petition's expediente. Raises NotFound for what is not theirs."""
    for document_id, kind in chosen:
        document = await session.get(Document, document_id, with_for_update=True)
        if document is None or document.petition_id is not None or document.uploaded_by != user_id:
            raise NotFound("Un archivo de la captura ya no está disponible. Vuelva a elegirlo.")
        document.petition_id, document.kind = petition.id, kind
        await _note_added(session, petition, document, user_id)


async def add(
    session: AsyncSession, petition: Petition, file: StoredFile, *, kind: DocumentKind | None, user_id: UUID
) -> Document:
    """Put a file into a locked petition's expediente; without `kind` its name is asked."""
    document = _document(file, kind or guess_kind(file.file_name), user_id)
    document.petition_id = petition.id
    session.add(document)
    await session.flush()
    await _note_added(session, petition, document, user_id)
    return document


async def _note_added(session: AsyncSession, petition: Petition, document: Document, user_id: UUID) -> None:
    await petitions.add_event(
        session,
        petition,
        PetitionEventKind.ATTACHMENT_ADDED,
        actor=ActorKind.STAFF,
        user_id=user_id,
        text=f"{KIND_TEXTS[document.kind]}: {document.title}",
        detail={"document_id": str(document.id), "document_kind": document.kind.value},
    )


async def find(session: AsyncSession, petition: Petition, document_id: UUID) -> Document:
    """A document of the petition; what the citizen sent gets its row now. Raises NotFound."""
    document = await session.get(Document, document_id)
    if document is not None and document.petition_id == petition.id:
        return document
    attachment = await session.get(Attachment, document_id)
    if document is not None or attachment is None or attachment.petition_id != petition.id:
        raise NotFound("Ese documento no está en el expediente.")
    adopted = Document(
        id=attachment.id,
        petition_id=petition.id,
        kind=guess_kind(attachment.file_name),
        title=attachment.file_name,
        file_name=attachment.file_name,
        content_type=attachment.content_type,
        size=attachment.size,
        sha256=attachment.sha256,
        created_at=attachment.created_at,
    )
    session.add(adopted)
    await session.flush()
    return adopted


async def rename(
    session: AsyncSession, petition: Petition, document_id: UUID, *, kind: DocumentKind, title: str, user_id: UUID
) -> None:
    """Say what a document is. Raises InvalidInput without a title, NotFound."""
    document = await find(session, petition, document_id)
    title = " ".join(strip_control(title).split())[:200]
    if not title:
        raise InvalidInput("Escriba el nombre del documento.")
    if (document.kind, document.title) == (kind, title):
        return
    before = f"{KIND_TEXTS[document.kind]}: {document.title}"
    document.kind, document.title = kind, title
    await _note_edit(session, petition, document, before, f"{KIND_TEXTS[kind]}: {title}", user_id, "")


async def withdraw(session: AsyncSession, petition: Petition, document_id: UUID, *, reason: str, user_id: UUID) -> None:
    """Mark a document as withdrawn; it stays, and its reason with it. Raises InvalidInput, NotFound."""
    document = await find(session, petition, document_id)
    reason = " ".join(strip_control(reason).split())[:300]
    if not reason:
        raise InvalidInput("Escriba por qué se retira el documento.")
    if document.withdrawn_at is not None:
        return
    document.withdrawn_at, document.withdrawn_by, document.withdrawn_reason = clock.now(), user_id, reason
    text = f"Se retiró «{document.title}»: {reason}"
    await _note_edit(session, petition, document, document.title, "retirado", user_id, text)


async def _note_edit(
    session: AsyncSession, petition: Petition, document: Document, before: str, after: str, user_id: UUID, text: str
) -> None:
    await petitions.add_event(
        session,
        petition,
        PetitionEventKind.EDITED,
        actor=ActorKind.STAFF,
        user_id=user_id,
        text=text or f"Documento «{before}» → «{after}»",
        detail={"document": {"from": before, "to": after, "id": str(document.id)}},
    )


async def listed(session: AsyncSession, petition: Petition) -> list[View]:
    """Every document by kind, in the order of the kinds, oldest first; withdrawn ones too."""
    documents: Sequence[Document] = (
        await session.scalars(select(Document).where(Document.petition_id == petition.id))
    ).all()
    known = {document.id for document in documents}
    views = [
        View(
            one.id,
            one.kind,
            one.title,
            one.content_type,
            one.size,
            one.created_at,
            one.uploaded_by is None,
            one.withdrawn_reason,
        )
        for one in documents
    ]
    for sent in await session.scalars(select(Attachment).where(Attachment.petition_id == petition.id)):
        if sent.id not in known:
            kind = guess_kind(sent.file_name)
            views.append(View(sent.id, kind, sent.file_name, sent.content_type, sent.size, sent.created_at, True, ""))
    order = {kind: place for place, kind in enumerate(DocumentKind)}
    return sorted(views, key=lambda view: (order[view.kind], view.at))


async def kinds_present(session: AsyncSession, petition_id: UUID) -> set[DocumentKind]:
    """Kinds of which the expediente has a document that was not withdrawn."""
    rows = await session.scalars(
        select(Document.kind).where(Document.petition_id == petition_id, Document.withdrawn_at.is_(None)).distinct()
    )
    found = set(rows)
    sent = await session.execute(
        select(Attachment.file_name)
        .outerjoin(Document, Document.id == Attachment.id)
        .where(Attachment.petition_id == petition_id, Document.id.is_(None))
    )
    return found | {guess_kind(name) for (name,) in sent}
