"""Documents of a petition's expediente."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, NamesFile, enum_column


class DocumentKind(enum.StrEnum):
    """What a document is; a procedure's list of required documents names these."""

    SOLICITUD = "solicitud"
    IDENTIFICACION = "identificacion"
    CURP = "curp"
    COMPROBANTE_DOMICILIO = "comprobante_domicilio"
    COMPROBANTE_INGRESOS = "comprobante_ingresos"
    OFICIO_RECIBIDO = "oficio_recibido"
    ACTA = "acta"
    DOCUMENTO_LEGAL = "documento_legal"
    DOCUMENTO_MEDICO = "documento_medico"
    COTIZACION = "cotizacion"
    FOTOGRAFIA = "fotografia"
    VISITA = "visita"
    MINUTA = "minuta"
    EVIDENCIA_ENTREGA = "evidencia_entrega"
    CARTA_PODER = "carta_poder"
    OTRO = "otro"


class Document(NamesFile, Base):
    """A file of the expediente: never deleted, at most withdrawn with a reason.

    Without `petition_id` it was scanned for a capture that is not filed yet. One that the citizen sent by chat
    has the id of its `Attachment`, and a row here once staff say what it is.
    """

    __tablename__ = "dossier_document"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    petition_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("petition.id"), index=True)
    kind: Mapped[DocumentKind] = mapped_column(enum_column(DocumentKind, "kind"))
    title: Mapped[str] = mapped_column(String(200))
    #: None: the citizen sent it.
    uploaded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    withdrawn_reason: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason = '')", name="withdrawn_has_reason"),)
