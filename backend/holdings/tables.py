"""Every table that can hold something on a person: how its rows are theirs, and what of them is personal.

A test takes the models' foreign keys and fails for a table that leads to a person, a conversation or a petition and
is not here, and for a foreign key to another table of this list that is neither followed nor said why not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.arco.models import ArcoClarification, ArcoEvent, ArcoFile, ArcoRequest
from backend.calls.cdr.models import CdrLeg
from backend.capture.models import Capture
from backend.contacts.models import Contact, LinkAttempt, LinkCode
from backend.conversations.models import (
    Attachment,
    Conversation,
    ConversationEvent,
    InboundMedia,
    Message,
    MessageRevision,
    Rating,
)
from backend.db import Base
from backend.dossier.models import Document
from backend.imports.models import ImportRow
from backend.learning.models import Understanding
from backend.ledger.models import Interaction, InteractionChange
from backend.letters.models import Letter
from backend.mail.models import EmailMessage
from backend.notices.models import Notice, NoticeAttempt
from backend.outbox.models import Delivery, DeliveryAttempt
from backend.outreach.models import CallAttempt, CallReason, CallTask, DoNotCall
from backend.procedures.models import ProcedureCase, ProcedureCheck, ProcedureStep
from backend.registry.models import (
    FolioAttempt,
    Person,
    Petition,
    PetitionDraft,
    PetitionEvent,
    PetitionSuspension,
)
from backend.related.models import GroupMember, Link, Merge, Supporter, SupporterNotice, SupportOffer
from backend.retention.models import LegalHold
from backend.staffing.models import Task, TaskEvent
from backend.subscriptions.models import Delivery as WebhookDelivery
from backend.subscriptions.models import PendingEvent
from backend.suggestions.models import PetitionSuggestion
from backend.telephony.models import Call, CallEvent, CallRing, KeypadAttempt, VoiceRecording
from backend.turns.models import Turn, TurnDocument, TurnFile
from backend.workspace.models import PetitionLabel

GONE = "[dato suprimido]"
#: The name in the store of a file whose bytes were taken away.
NO_FILE = "0" * 64
_OTHERS = "es de otra persona"


@dataclass(frozen=True)
class Held:
    """A table: `via` names the foreign keys by which its rows are a person's, `apart` those by which they are not.

    `phone`: the column in which a telephone alone says whose it is, followed where no other person has it.
    `wipe`: what is personal in it, with what takes its place (or what makes it of the row). `title`: as the person
    reads it.
    """

    model: type[Base]
    title: str
    via: tuple[str, ...] = ()
    apart: Mapping[str, str] = field(default_factory=dict)
    phone: str | None = None
    wipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)


#: What of a petition's event is counted by reports or said by codes: the rest may be anybody's words.
_CODES = frozenset({"solved", "conclusion_id", "topic_id", "agency_id", "assignee_id", "municipality_id", "kind",
                    "priority", "label", "day", "due_on"})  # fmt: skip


def _codes_alone(event: PetitionEvent) -> dict[str, Any]:
    return {name: value for name, value in event.detail.items() if name in _CODES}


def _nobody(conversation: Conversation) -> str:
    """In place of how the channel names somebody, which no two conversations may share."""
    return f"suprimido-{conversation.id}"


_FILE: dict[str, Any] = {"file_name": "archivo suprimido", "sha256": NO_FILE}

#: In an order in which every foreign key that is followed leads to a table before.
HELD: tuple[Held, ...] = (
    Held(Person, "Datos de la persona", wipe={
        "full_name": GONE, "phone": None, "email": None, "curp": None, "search_text": ""}),
    Held(Conversation, "Conversaciones", ("person_id",), {"contact_id": "el contacto reúne conversaciones"}, wipe={
        "external_user_id": _nobody, "display_name": None, "address": None, "page_url": None, "verified_phone": None}),
    Held(Petition, "Peticiones", ("person_id",), {"conversation_id": "puede escribirse por otra persona"}, wipe={
        "narrative": GONE, "street": None, "place_reference": None, "details": {}, "search_text": ""}),
    Held(Contact, "Contacto", ("preferred_conversation_id",)),
    Held(ConversationEvent, "Hechos de las conversaciones", ("conversation_id",), wipe={"detail": {}}),
    Held(FolioAttempt, "Intentos de consultar un folio", ("conversation_id",)),
    Held(LinkAttempt, "Intentos de unir canales", ("conversation_id",)),
    Held(LinkCode, "Claves para unir canales", ("conversation_id", "used_by_id")),
    Held(Message, "Mensajes", ("conversation_id",), {"in_reply_to": "es de la misma conversación"}, wipe={
        "text": "", "payload": None, "buttons": [], "extra": {}}),
    Held(MessageRevision, "Mensajes como estaban antes", ("message_id",), wipe={"text": ""}),
    Held(InboundMedia, "Archivos por recibir", ("message_id",), wipe={"reference": "", "file_name": None}),
    Held(Rating, "Calificaciones", ("conversation_id",), wipe={"comment": None}),
    Held(Understanding, "Lo que entendió el asistente", ("message_id", "conversation_id"), wipe={"masked_text": None}),
    Held(Attachment, "Archivos enviados", ("conversation_id", "message_id", "petition_id"), wipe=_FILE),
    Held(PetitionEvent, "Historia de las peticiones", ("petition_id",), {"turn_id": "es de la misma petición"}, wipe={
        "text": "", "detail": _codes_alone}),
    Held(PetitionDraft, "Peticiones sin terminar", ("conversation_id", "petition_id"), wipe={"fields": {}}),
    Held(PetitionSuspension, "Plazos detenidos", ("petition_id",)),
    Held(PetitionLabel, "Etiquetas", ("petition_id",)),
    Held(PetitionSuggestion, "Temas sugeridos", ("petition_id",)),
    Held(GroupMember, "Grupos de peticiones", ("petition_id",)),
    Held(Link, "Peticiones relacionadas", ("one_id", "other_id")),
    Held(Merge, "Peticiones unidas", ("merged_id", "kept_id", "root_id")),
    Held(Supporter, "Adhesiones", ("conversation_id", "person_id"), {"petition_id": _OTHERS}, wipe={"narrative": ""}),
    Held(SupportOffer, "Adhesiones ofrecidas", ("draft_id",), {"petition_id": _OTHERS}),
    Held(SupporterNotice, "Avisos de adhesiones", ("supporter_id", "message_id"), {"event_id": _OTHERS}),
    Held(Capture, "Capturas en ventanilla", ("petition_id",)),
    Held(ProcedureCase, "Trámites especiales", ("petition_id",), wipe={"data": {}}),
    Held(ProcedureCheck, "Requisitos del trámite", ("petition_id",)),
    Held(ProcedureStep, "Pasos del trámite", ("petition_id",), wipe={"data": {}}),
    Held(ImportRow, "Renglones de archivos importados", ("petition_id",), wipe={"fields": {}, "problems": []}),
    Held(Document, "Documentos del expediente", ("petition_id",), wipe={"title": GONE, **_FILE}),
    Held(Turn, "Turnos a dependencias", ("petition_id",), {"replaces_id": "es de la misma petición"}, wipe={
        "instructions": "", "answer": "", "extension_reason": ""}),
    Held(TurnDocument, "Documentos compartidos", ("turn_id", "document_id")),
    Held(TurnFile, "Archivos de las dependencias", ("turn_id",), wipe=_FILE),
    Held(Letter, "Oficios y cartas", ("petition_id", "turn_id"), wipe={
        "addressee": GONE, "subject": GONE, "pdf_sha256": NO_FILE, "docx_sha256": NO_FILE}),
    Held(EmailMessage, "Correos", ("petition_id", "turn_id"), wipe={
        "to_address": "", "subject": "", "text": "", "link": "", "attachments": []}),
    Held(Task, "Tareas del personal", ("petition_id",), wipe={"title": GONE, "description": ""}),
    Held(TaskEvent, "Historia de las tareas", ("task_id",), wipe={"text": "", "detail": {}}),
    Held(CallTask, "Llamadas por hacer", ("person_id",), phone="phone", wipe={
        "phone": None, "name": None, "closed_note": ""}),
    Held(CallReason, "Motivos para llamar", ("task_id", "conversation_id", "petition_id"), phone="phone", wipe={
        "name": None, "phone": None, "note": "", "outcome": None}),
    Held(Interaction, "Llamadas y atenciones", ("person_id", "conversation_id", "petition_id"), phone="phone", wipe={
        "phone": None, "caller_name": None, "notes": ""}),
    Held(InteractionChange, "Correcciones de llamadas", ("interaction_id",), wipe={"reason": "", "fields": {}}),
    Held(CallAttempt, "Intentos de llamada", ("task_id", "interaction_id"), wipe={"notes": ""}),
    Held(DoNotCall, "No llamar", phone="phone"),
    Held(KeypadAttempt, "Consultas por teclado", phone="caller", wipe={"caller": ""}),
    Held(Call, "Llamadas de la línea", ("petition_id", "call_reason_id"), phone="phone", wipe={"phone": None}),
    Held(CallEvent, "Hechos de las llamadas", ("call_id",), wipe={"detail": {}, "raw": {}}),
    Held(CallRing, "Timbrados", ("call_id",)),
    Held(VoiceRecording, "Grabaciones", ("call_id", "petition_id", "call_reason_id"), wipe=_FILE),
    Held(Delivery, "Envíos", ("message_id", "conversation_id"), {"attachment_id": "es del mismo mensaje"}, wipe={
        "text": None, "template_values": [], "recipient": ""}),
    Held(DeliveryAttempt, "Intentos de envío", ("delivery_id",)),
    Held(Notice, "Avisos", ("petition_id", "event_id"), wipe={"text": "", "template_values": []}),
    Held(NoticeAttempt, "Intentos de aviso", ("notice_id", "conversation_id", "message_id", "call_reason_id")),
    Held(PendingEvent, "Avisos a otros sistemas por enviar", ("event_id",)),
    Held(WebhookDelivery, "Avisos a otros sistemas", ("event_id",), wipe={"body": ""}),
    Held(ArcoRequest, "Solicitudes ARCO", ("petition_id", "person_id"), wipe={"answer": "", "identity_note": ""}),
    Held(ArcoClarification, "Prevenciones de solicitudes ARCO", ("request_id",), wipe={"text": "", "answer": ""}),
    Held(ArcoFile, "Archivos de solicitudes ARCO", ("request_id",), wipe=_FILE),
    Held(ArcoEvent, "Historia de solicitudes ARCO", ("request_id",), wipe={"text": "", "detail": {}}),
    Held(LegalHold, "Conservación por causa legal", ("person_id", "petition_id", "conversation_id")),
)  # fmt: skip

BY_TABLE = {held.table: held for held in HELD}

#: Tables that no foreign key ties to anybody and that may hold something on somebody, and why they are not searched.
UNTIED: dict[str, str] = {
    "arrival": "la llamada de un proveedor, sellada; se borra al leerla, casi siempre en menos de un segundo",
    "unreadable_webhook": "nadie pudo leer de quién es; se borra por plazo",
    CdrLeg.__tablename__: "cada llamada del conmutador pasa al registro de llamadas; se borra por plazo",
    "api_answer": "copia cifrada de una respuesta, que se borra a los siete días",
    "idempotent_answer": "copia cifrada de una respuesta al asistente, que se borra a los siete días",
    "admin_event": "códigos de lo que hizo el personal, sin datos personales",
}

#: Tables that a foreign key ties to one of those above and that hold nothing on anybody, and why.
NOT_HELD: dict[str, str] = {
    "report_dispatch_mail": "reportes que se mandan al personal: cifras, sin datos de personas",
}

#: Keys and workings: of no person's life, and some of them open doors.
HIDDEN = frozenset(
    {"access_nonce", "code_hash", "search", "search_text", "words", "lease_token", "lease_until", "text_key"}
    | {"rasa", "rasa_turn_at", "rasa_busy_until"}
)
