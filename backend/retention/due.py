"""Which rows a rule's time has come for. What a legal hold keeps is never among them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from backend import clock
from backend.conversations.models import Conversation, Owner
from backend.holdings.tables import NO_FILE
from backend.imports.models import BatchState, ImportBatch
from backend.learning.models import Understanding
from backend.mail.models import EmailMessage, MailState
from backend.messaging.models import UnreadableWebhook
from backend.outbox.models import Delivery, DeliveryState
from backend.registry.lifecycle import CLOSED
from backend.registry.models import DraftState, Person, Petition, PetitionDraft
from backend.retention import blocking
from backend.retention.rules import Terms
from backend.telephony.models import Call, CallEvent, RecordingState, VoiceRecording
from backend.vault.columns import is_filled

#: The name of a file whose contents were taken away.
EMPTIED = "archivo suprimido"
_OTHER = Petition.__table__.alias("other")


def _before(moment: datetime, days: int) -> datetime:
    return moment - timedelta(days=days)


def conversations_to_block(terms: Terms, moment: datetime) -> Select[Any]:
    """Those in which nothing was said for so long, with no petition under way, and not blocked since."""
    open_petition = exists().where(Petition.conversation_id == Conversation.id, Petition.status.not_in(CLOSED))
    return (
        select(Conversation)
        .where(
            Conversation.last_message_at < _before(moment, terms.keep_days),
            Conversation.owner.in_((Owner.BOT, Owner.CLOSED)),
            or_(Conversation.withheld_at.is_(None), Conversation.withheld_at < Conversation.last_message_at),
            ~open_petition,
            Conversation.id.not_in(blocking.held_conversations()),
        )
        .order_by(Conversation.last_message_at)
    )


def conversations_to_wipe(terms: Terms, moment: datetime) -> Select[Any]:
    """Those blocked for so long, and not emptied since."""
    return (
        select(Conversation)
        .where(
            blocking.conversation_is_blocked(),
            Conversation.withheld_at < _before(moment, terms.blocked_days),
            or_(Conversation.wiped_at.is_(None), Conversation.wiped_at < Conversation.last_message_at),
            Conversation.id.not_in(blocking.held_conversations()),
        )
        .order_by(Conversation.withheld_at)
    )


def conversations_to_forget(terms: Terms, moment: datetime) -> Select[Any]:
    """Those in which the bot was last asked so long ago, and of which it remembers something."""
    return select(Conversation).where(
        Conversation.rasa_turn_at < _before(moment, terms.keep_days),
        Conversation.id.not_in(blocking.held_conversations()),
    )


def petitions_to_block(terms: Terms, moment: datetime) -> Select[Any]:
    """Those concluded so long ago, whose person has none under way nor concluded later."""
    later = exists().where(
        Petition.person_id == _OTHER.c.person_id,
        or_(_OTHER.c.concluded_at.is_(None), _OTHER.c.concluded_at >= _before(moment, terms.keep_days)),
    )
    return (
        select(Petition)
        .where(
            Petition.status.in_(CLOSED),
            Petition.concluded_at < _before(moment, terms.keep_days),
            Petition.withheld_at.is_(None),
            ~later,
            Petition.id.not_in(blocking.held_petitions()),
        )
        .order_by(Petition.concluded_at)
    )


def people_to_wipe(_: Terms, moment: datetime) -> Select[Any]:
    """Those whose cancellation was granted and whose blocking ends, with nothing under way."""
    open_petition = exists().where(Petition.person_id == Person.id, Petition.status.not_in(CLOSED))
    return (
        select(Person)
        .where(
            Person.wipe_on <= clock.local(moment).date(),
            Person.wiped_at.is_(None),
            ~open_petition,
            Person.id.not_in(blocking.held_people()),
        )
        .order_by(Person.wipe_on)
    )


def recordings(terms: Terms, moment: datetime) -> Select[Any]:
    """Recordings so old; one that the line still holds is left until it was fetched and deleted there."""
    return select(VoiceRecording).where(
        VoiceRecording.created_at < _before(moment, terms.keep_days),
        VoiceRecording.state == RecordingState.STORED,
        VoiceRecording.is_forgotten,
        VoiceRecording.sha256 != NO_FILE,
        *blocking.is_free(VoiceRecording),
    )


def call_events(terms: Terms, moment: datetime) -> Select[Any]:
    kept = select(Call.id).where(Call.petition_id.in_(blocking.held_petitions()))
    return select(CallEvent).where(
        CallEvent.at < _before(moment, terms.keep_days),
        is_filled(CallEvent.raw),
        CallEvent.call_id.not_in(kept),
    )


def unreadable(terms: Terms, moment: datetime) -> Select[Any]:
    return select(UnreadableWebhook).where(UnreadableWebhook.created_at < _before(moment, terms.keep_days))


def phrases(terms: Terms, moment: datetime) -> Select[Any]:
    return select(Understanding).where(
        Understanding.created_at < _before(moment, terms.keep_days),
        Understanding.masked_text.is_not(None),
        *blocking.is_free(Understanding),
    )


def drafts(terms: Terms, moment: datetime) -> Select[Any]:
    """Drafts untouched for so long: an open one is still the person's to go on with, and is kept twice as long."""
    return select(PetitionDraft).where(
        or_(
            PetitionDraft.updated_at < _before(moment, 2 * terms.keep_days),
            (PetitionDraft.updated_at < _before(moment, terms.keep_days)) & (PetitionDraft.state != DraftState.OPEN),
        ),
        is_filled(PetitionDraft.fields),
        *blocking.is_free(PetitionDraft),
    )


def imported(terms: Terms, moment: datetime) -> Select[Any]:
    ended = (BatchState.DONE, BatchState.UNDONE, BatchState.FAILED)
    since = func.coalesce(ImportBatch.finished_at, ImportBatch.created_at)
    return select(ImportBatch).where(
        since < _before(moment, terms.keep_days), ImportBatch.state.in_(ended), ImportBatch.file_name != EMPTIED
    )


def mails(terms: Terms, moment: datetime) -> Select[Any]:
    return select(EmailMessage).where(
        EmailMessage.created_at < _before(moment, terms.keep_days),
        EmailMessage.state.not_in((MailState.PENDING, MailState.SENDING)),
        is_filled(EmailMessage.to_address),
        *blocking.is_free(EmailMessage),
    )


def deliveries(terms: Terms, moment: datetime) -> Select[Any]:
    under_way = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNCERTAIN)
    return select(Delivery).where(
        Delivery.created_at < _before(moment, terms.keep_days),
        Delivery.state.not_in(under_way),
        is_filled(Delivery.recipient),
        *blocking.is_free(Delivery),
    )
