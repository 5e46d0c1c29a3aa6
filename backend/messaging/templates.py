"""WhatsApp's templates: texts approved beforehand, for what must be said outside the 24 hours.

What asks the vendor opens its own transactions, with none open while the vendor answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.db import Database
from backend.errors import Conflict, NotFound
from backend.messaging import template_texts
from backend.messaging.adapters import Adapters
from backend.messaging.errors import VendorRefused
from backend.messaging.models import ChannelAccount, MessageTemplate, TemplatePurpose, TemplateState
from backend.messaging.template_texts import PROPOSALS
from channels.port import ChannelRefused

log = structlog.get_logger(__name__)

REFRESH_EVERY = timedelta(minutes=10)
SUBMISSION_LIFE = timedelta(minutes=2)
#: WhatsApp's words (https://www.twilio.com/docs/content/whatsapp-template-approval-statuses) as our states.
_STATES: Mapping[str, TemplateState] = {
    "unsubmitted": TemplateState.UNSUBMITTED,
    "received": TemplateState.PENDING,
    "pending": TemplateState.PENDING,
    "approved": TemplateState.APPROVED,
    "rejected": TemplateState.REJECTED,
    # Approved once and taken back for its quality: not to be sent.
    "paused": TemplateState.REJECTED,
    "disabled": TemplateState.REJECTED,
}
_TAKEN_BACK = {"paused": "WhatsApp la pausó por su calidad.", "disabled": "WhatsApp la desactivó."}


@runtime_checkable
class TemplateChannel(Protocol):
    """An adapter whose vendor approves templates."""

    async def submit_template(self, name: str, text: str, samples: Sequence[str]) -> str: ...
    async def template_state(self, content_sid: str) -> tuple[str, str | None]: ...


@dataclass(frozen=True)
class PurposeTemplates:
    """A purpose's template in use, if any, and its newest version, which may be the same."""

    purpose: TemplatePurpose
    in_use: MessageTemplate | None
    newest: MessageTemplate | None

    @property
    def text(self) -> str:
        """What the form shows: the newest version's text, or our proposal."""
        return self.newest.text if self.newest is not None else PROPOSALS[self.purpose].text


async def approved(session: AsyncSession, channel: str, account: str, purpose: str) -> MessageTemplate | None:
    """The approved template of a purpose for an account (by its name in conversations); None: there is none."""
    return await session.scalar(
        select(MessageTemplate)
        .join(ChannelAccount, ChannelAccount.id == MessageTemplate.account_id)
        .where(
            ChannelAccount.channel == channel,
            ChannelAccount.account == account,
            MessageTemplate.purpose == purpose,
            MessageTemplate.state == TemplateState.APPROVED,
        )
        .order_by(MessageTemplate.version.desc())
        .limit(1)
    )


def render(template: MessageTemplate, values: Sequence[str]) -> str:
    """What the citizen reads of a template filled with `values`. Raises ValueError where one lacks."""
    return template_texts.filled(template.text, values)


async def overview(session: AsyncSession, account_id: UUID) -> list[PurposeTemplates]:
    """Every purpose, with its template in use and its newest version."""
    rows = (
        await session.scalars(
            select(MessageTemplate)
            .where(MessageTemplate.account_id == account_id)
            .order_by(MessageTemplate.version.desc())
        )
    ).all()
    found = []
    for purpose in TemplatePurpose:
        versions = [row for row in rows if row.purpose is purpose]
        in_use = next((row for row in versions if row.state is TemplateState.APPROVED), None)
        found.append(PurposeTemplates(purpose, in_use, versions[0] if versions else None))
    return found


async def save_draft(
    session: AsyncSession, user: User, account_id: UUID, purpose: TemplatePurpose, text: str
) -> MessageTemplate:
    """Keep a text to be submitted: the draft there is, or a new version. Raises TemplateRefused."""
    text = template_texts.checked(purpose, text)
    newest = await _newest(session, account_id, purpose)
    if newest is not None and newest.text == text and newest.state is not TemplateState.REJECTED:
        return newest
    if newest is not None and newest.state is TemplateState.UNSUBMITTED and newest.content_sid is None:
        newest.text = text
    else:
        newest = MessageTemplate(
            account_id=account_id, purpose=purpose, text=text, version=newest.version + 1 if newest else 1
        )
        session.add(newest)
        await session.flush()
    await audit.record(
        session, user, "template_saved", account_id, purpose=purpose.value, version=newest.version, text=text
    )
    return newest


async def submit(
    database: Database, adapters: Adapters, user: User, account_id: UUID, purpose: TemplatePurpose, text: str
) -> None:
    """Ask WhatsApp to approve a text. Raises TemplateRefused, VendorRefused; Conflict where that is already asked."""
    async with database.transaction() as session:
        account, channel = await _channel(session, adapters, account_id)
        newest = await _newest(session, account_id, purpose)
        if newest is not None and _is_under_review(newest):
            raise Conflict("Esta plantilla ya está en revisión. Espere la respuesta de WhatsApp.")
        draft = await save_draft(session, user, account_id, purpose, text)
        if draft.state is TemplateState.APPROVED:
            raise Conflict("Ese texto ya está aprobado.")
        # Taken before the vendor is asked: a second click finds it pending.
        draft.state, draft.submitted_at, draft.checked_at = TemplateState.PENDING, clock.now(), clock.now()
    name = f"{purpose.value}_{draft.id.hex[:12]}"
    try:
        samples = [variable.sample for variable in PROPOSALS[purpose].variables]
        content_sid = await channel.submit_template(name, draft.text, samples)
    except ChannelRefused as refused:
        async with database.transaction() as session:
            kept = await session.get_one(MessageTemplate, draft.id)
            kept.state, kept.submitted_at = TemplateState.UNSUBMITTED, None
        raise VendorRefused(refused.text) from refused
    async with database.transaction() as session:
        kept = await session.get_one(MessageTemplate, draft.id)
        kept.content_sid = content_sid
        await audit.record(session, user, "template_submitted", account.id, purpose=purpose.value, version=kept.version)


def _is_under_review(template: MessageTemplate) -> bool:
    """Whether WhatsApp has it. One that a crash left without its name at the vendor may be submitted again."""
    if template.state is not TemplateState.PENDING:
        return False
    return (
        template.content_sid is not None
        or template.submitted_at is None
        or (template.submitted_at > clock.now() - SUBMISSION_LIFE)
    )


async def refresh(database: Database, adapters: Adapters, template_id: UUID) -> None:
    """Ask for a submitted template's state now. Raises VendorRefused."""
    async with database.transaction() as session:
        template = await session.get(MessageTemplate, template_id)
        if template is None or template.content_sid is None:
            raise NotFound
        _, channel = await _channel(session, adapters, template.account_id)
        content_sid = template.content_sid
    try:
        word, reason = await channel.template_state(content_sid)
    except ChannelRefused as refused:
        raise VendorRefused(refused.text) from refused
    async with database.transaction() as session:
        _decide(await session.get_one(MessageTemplate, template_id), word, reason)


def _decide(template: MessageTemplate, word: str, reason: str | None) -> None:
    state = _STATES.get(word, TemplateState.PENDING)
    if state is TemplateState.UNSUBMITTED:
        state = TemplateState.PENDING  # the submission is on its way
    if state is not template.state and state is not TemplateState.PENDING:
        template.decided_at = clock.now()
    template.state = state
    template.rejection_reason = (reason or _TAKEN_BACK.get(word) or "")[:500] or None
    template.checked_at = clock.now()


async def refresh_pending(database: Database, adapters: Adapters) -> int:
    """Ask for the states of templates under review, each at most every ten minutes; how many were asked for."""
    moment = clock.now()
    async with database.transaction() as session:
        due = (
            await session.scalars(
                select(MessageTemplate)
                .join(ChannelAccount, ChannelAccount.id == MessageTemplate.account_id)
                .where(
                    MessageTemplate.state == TemplateState.PENDING,
                    MessageTemplate.content_sid.is_not(None),
                    ChannelAccount.is_on,
                    or_(MessageTemplate.checked_at.is_(None), MessageTemplate.checked_at < moment - REFRESH_EVERY),
                )
                .limit(50)
                .with_for_update(of=MessageTemplate, skip_locked=True)
            )
        ).all()
        for template in due:  # claimed: another worker's sweep passes them by
            template.checked_at = moment
    for template in due:
        try:
            await refresh(database, adapters, template.id)
        except (VendorRefused, NotFound) as refused:
            log.warning("template_state_unknown", template_id=str(template.id), error=refused.code)
    return len(due)


async def _newest(session: AsyncSession, account_id: UUID, purpose: TemplatePurpose) -> MessageTemplate | None:
    """The newest version, with its account locked: versions are numbered one after the other."""
    await session.execute(select(ChannelAccount.id).where(ChannelAccount.id == account_id).with_for_update())
    return await session.scalar(
        select(MessageTemplate)
        .where(MessageTemplate.account_id == account_id, MessageTemplate.purpose == purpose)
        .order_by(MessageTemplate.version.desc())
        .limit(1)
    )


async def _channel(
    session: AsyncSession, adapters: Adapters, account_id: UUID
) -> tuple[ChannelAccount, TemplateChannel]:
    account = await session.get(ChannelAccount, account_id)
    if account is None:
        raise NotFound("No existe esa cuenta.")
    adapter = await adapters.open(account)
    if adapter is None:
        raise VendorRefused("Las credenciales de esta cuenta no se pueden leer. Vuelva a capturarlas.")
    if not isinstance(adapter, TemplateChannel):
        raise NotFound("Este canal no usa plantillas.")
    return account, adapter
