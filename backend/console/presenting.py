"""Conversations as the console shows them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.catalog import service as catalog
from backend.console import resuming, texts
from backend.console.schemas import (
    CardOut,
    ClosingWindow,
    ConversationOut,
    CountsOut,
    DraftOut,
    EarlierConversation,
    EventOut,
    FailureOut,
    FileOut,
    HistoryMessage,
    HistoryOut,
    InboxOut,
    InboxRowOut,
    LocationOut,
    MessageOut,
    NamedValue,
    OtherConversation,
    PersonOut,
    PetitionLine,
    RatingOut,
)
from backend.conversations import queries
from backend.conversations.models import Author, Conversation, EventKind, Message, Owner
from backend.conversations.queries import ConversationDetails, InboxRow, InboxView
from backend.conversations.views import MessageView
from backend.messaging import window
from backend.outbox.models import DeliveryState
from backend.registry import intake
from backend.registry import service as registry
from backend.turns import news

PAGE = 50
HISTORY_PAGE = 100


def visitor_name(conversation_id: UUID) -> str:
    """How we call somebody who has not said their name: short, and the same each time."""
    return f"Visitante {conversation_id.hex[:4].upper()}"


def channel_name(display_name: str | None) -> str | None:
    """How somebody calls themselves in their channel, marked as that: it is no legal name."""
    return f"~{display_name}" if display_name else None


async def counts_out(session: AsyncSession, agent_ids: Collection[UUID]) -> dict[UUID, CountsOut]:
    """What waits for each of these agents: conversations by view, and agencies' words."""
    told = await news.counts(session, agent_ids)
    return {
        agent_id: CountsOut.model_validate(counts).model_copy(update={"agency_news": told[agent_id]})
        for agent_id, counts in (await queries.inbox_counts(session, agent_ids)).items()
    }


async def inbox_page(
    session: AsyncSession, view: InboxView, agent_id: UUID, *, search: str | None, limit: int = PAGE
) -> InboxOut:
    """A view of the inbox with every view's count. `limit` grows as the agent asks for more."""
    rows = await queries.inbox(session, view, agent_id=agent_id, search=search, limit=limit + 1)
    return InboxOut(
        rows=[_row_out(row, agent_id) for row in rows[:limit]],
        counts=(await counts_out(session, [agent_id]))[agent_id],
        more=len(rows) > limit,
    )


def _row_out(row: InboxRow, agent_id: UUID) -> InboxRowOut:
    return InboxRowOut(
        id=row.conversation_id,
        title=row.person_name or channel_name(row.display_name) or visitor_name(row.conversation_id),
        channel=texts.CHANNELS.get(row.channel, row.channel),
        owner=row.owner,
        agent_name=row.agent_name,
        is_mine=row.agent_id == agent_id,
        is_emergency=row.is_emergency,
        reason=texts.HANDOFF_REASONS.get(row.handoff_reason) if row.handoff_reason else None,
        language=texts.LANGUAGES.get(row.language),
        queued_at=row.queued_at,
        last_message_at=row.last_message_at,
        last_text=" ".join(row.last_text.split())[:160],
        last_author=row.last_author,
        unread=row.unread,
        window_closes_at=row.window_closes_at if row.owner is not Owner.CLOSED else None,
    )


def message_out(view: MessageView, reader_id: UUID) -> MessageOut:
    """A message as staff read it."""
    name = view.agent_name if view.author in (Author.AGENT, Author.NOTE) else None
    return MessageOut(
        id=view.id,
        seq=view.seq,
        author=view.author,
        author_name=name or texts.AUTHORS[view.author],
        text=view.text,
        buttons=[button["title"] for button in view.buttons],
        attachments=[
            FileOut(
                id=file.id,
                file_name=file.file_name,
                content_type=file.content_type,
                size=file.size,
                url=f"/api/console/attachments/{file.id}",
                is_image=file.content_type.startswith("image/"),
                is_audio=file.content_type.startswith("audio/"),
            )
            for file in view.attachments
        ],
        created_at=view.created_at,
        delivery=view.delivery,
        delivery_text=texts.DELIVERY[view.delivery] if view.delivery else None,
        failure=_failure(view),
        location=LocationOut.model_validate(view.extra["location"]) if "location" in view.extra else None,
        card=CardOut.model_validate(view.extra["card"]) if "card" in view.extra else None,
        edited_at=view.edited_at,
        deleted_at=view.deleted_at,
        former=list(view.former),
        idempotency_key=_own_key(view, reader_id),
    )


async def stored_message(session: AsyncSession, message: Message, reader_id: UUID) -> MessageOut:
    """A message just stored, as its transcript will show it."""
    views = await queries.transcript(session, message.conversation_id, after_seq=message.seq - 1, limit=1)
    return message_out(views[0], reader_id)


def _failure(view: MessageView) -> FailureOut | None:
    if view.delivery is not DeliveryState.FAILED:
        return None
    return FailureOut.model_validate(texts.failure_of(view.error_code))


def _own_key(view: MessageView, reader_id: UUID) -> str | None:
    if view.agent_id != reader_id or view.external_id is None:
        return None
    return view.external_id.rsplit(":", 1)[-1]


async def conversation_out(session: AsyncSession, conversation_id: UUID, reader_id: UUID) -> ConversationOut:
    """Everything beside the transcript. Raises ConversationNotFound."""
    details = await queries.details(session, conversation_id)
    conversation = details.conversation
    draft = await _draft_out(session, conversation_id)
    title = details.person.full_name if details.person else None
    return ConversationOut(
        id=conversation.id,
        title=title
        or _drafted(draft, "nombre")
        or channel_name(conversation.display_name)
        or visitor_name(conversation.id),
        channel=texts.CHANNELS.get(conversation.channel, conversation.channel),
        owner=conversation.owner,
        owner_text=texts.OWNERS[conversation.owner],
        agent_id=conversation.agent_id,
        agent_name=details.agent_name,
        is_mine=conversation.agent_id == reader_id,
        is_emergency=conversation.is_emergency,
        reason=texts.HANDOFF_REASONS[conversation.handoff_reason] if conversation.handoff_reason else None,
        language=texts.LANGUAGES.get(conversation.language),
        misunderstood=await _misunderstood(session, details),
        queued_at=conversation.queued_at,
        opened_at=conversation.created_at,
        close_reason=texts.CLOSE_REASONS[conversation.close_reason] if conversation.close_reason else None,
        consent=conversation.consent_at is not None,
        page_url=conversation.page_url,
        person=PersonOut.model_validate(details.person) if details.person else None,
        municipality=await _municipality(session, details, draft),
        draft=draft,
        petitions=[
            PetitionLine(
                folio=petition.folio,
                kind=intake.KIND_TEXTS[petition.kind],
                status=texts.PETITION_STATUSES[petition.status],
                created_at=petition.created_at,
            )
            for petition in details.petitions
        ],
        earlier=[
            EarlierConversation(
                id=other.id,
                channel=texts.CHANNELS.get(other.channel, other.channel),
                status=texts.OWNERS[other.owner],
                last_message_at=other.last_message_at,
            )
            for other in details.earlier
        ],
        display_name=conversation.display_name,
        verified_phone=conversation.verified_phone,
        opted_out=conversation.opted_out_at is not None,
        blocked=conversation.blocked_at is not None,
        others=[_other(other, conversation) for other in details.others],
        preferred_conversation_id=details.preferred_conversation_id,
        window=await resuming.window_out(session, conversation, reader_id),
        events=await _events(session, details),
        ratings=[RatingOut.model_validate(rating) for rating in details.ratings],
        callbacks=len(details.callbacks),
        last_seq=conversation.last_seq,
    )


def _other(other: Conversation, here: Conversation) -> OtherConversation:
    return OtherConversation(
        id=other.id,
        channel=texts.CHANNELS.get(other.channel, other.channel),
        display_name=other.display_name,
        status=texts.OWNERS[other.owner],
        last_message_at=other.last_message_at,
        is_proved=other.identity_id == here.identity_id,
        opted_out=other.opted_out_at is not None,
        blocked=other.blocked_at is not None,
    )


async def history_out(
    session: AsyncSession, conversation_id: UUID, reader_id: UUID, *, before: datetime | None
) -> HistoryOut:
    """All of the person's conversations as one, the latest page first. Raises ConversationNotFound."""
    details = await queries.details(session, conversation_id)
    views = await queries.contact_history(
        session, details.conversation.contact_id, before=before, limit=HISTORY_PAGE + 1
    )
    page = views[-HISTORY_PAGE:]
    return HistoryOut(
        messages=[
            HistoryMessage(
                conversation_id=view.conversation_id,
                channel=texts.CHANNELS.get(view.channel, view.channel),
                message=message_out(view, reader_id),
            )
            for view in page
        ],
        before=page[0].created_at if len(views) > HISTORY_PAGE else None,
    )


async def closing_out(session: AsyncSession, rows: Sequence[Conversation]) -> list[ClosingWindow]:
    """Conversations whose window closes, as their agents are told."""
    people = await queries.person_names(session, [one.person_id for one in rows if one.person_id])
    return [
        ClosingWindow(
            id=one.id,
            title=(people.get(one.person_id) if one.person_id else None)
            or channel_name(one.display_name)
            or visitor_name(one.id),
            closes_at=end,
        )
        for one in rows
        if (end := window.closes_at(one)) is not None
    ]


async def _draft_out(session: AsyncSession, conversation_id: UUID) -> DraftOut | None:
    draft = await registry.current_draft(session, conversation_id)
    if draft is None:
        return None
    return DraftOut(
        kind=draft.kind,
        kind_text=intake.KIND_TEXTS[draft.kind],
        filled=[NamedValue(label=intake.FIELD_TEXTS[name], value=shown) for name, shown in draft.shown.items()],
        missing=[intake.FIELD_TEXTS[name] for name in draft.missing],
    )


def _drafted(draft: DraftOut | None, field: str) -> str | None:
    label = intake.FIELD_TEXTS[field]
    return next((one.value for one in draft.filled if one.label == label), None) if draft else None


async def _municipality(session: AsyncSession, details: ConversationDetails, draft: DraftOut | None) -> str | None:
    key = next((petition.municipality_id for petition in details.petitions if petition.municipality_id), None)
    if key is None:
        return _drafted(draft, "municipio")
    return next((place.name for place in await catalog.municipalities(session) if place.id == key), None)


async def _misunderstood(session: AsyncSession, details: ConversationDetails) -> str | None:
    """What the citizen had last written when a person was asked for."""
    queued = next((event for event in reversed(details.events) if event.kind is EventKind.QUEUED), None)
    if queued is None:
        return None
    said = [
        view.text
        for view in await queries.transcript(session, details.conversation.id, include_private=False)
        if view.author is Author.CITIZEN and view.created_at <= queued.at and view.text
    ]
    return said[-1][:400] if said else None


async def _events(session: AsyncSession, details: ConversationDetails) -> list[EventOut]:
    names = await agents.names(session, {event.agent_id for event in details.events if event.agent_id})
    reasons = {
        code.value: text for table in (texts.HANDOFF_REASONS, texts.CLOSE_REASONS) for code, text in table.items()
    } | texts.CONTACT_REASONS
    return [
        EventOut(
            text=texts.EVENTS[event.kind],
            at=event.at,
            who=names.get(event.agent_id) if event.agent_id else None,
            reason=reasons.get(event.reason) if event.reason else None,
        )
        for event in details.events
    ]
