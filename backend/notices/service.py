"""Telling a citizen of their petition: one notice an event, tried by one way after another."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.assistant.port import ReplyButton
from backend.conversations import service as conversations
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author
from backend.notices import texts, ways
from backend.notices.models import Notice, NoticeAttempt, NoticeWay
from backend.notices.payloads import VERDICT
from backend.notices.ways import Problem, Step
from backend.outreach import asking
from backend.outreach.asking import Ask
from backend.outreach.models import ReasonKind
from backend.registry.lifecycle import CLOSED
from backend.registry.models import Person, Petition, PetitionEvent, PetitionEventKind, PetitionKind, PetitionStatus


async def announce(session: AsyncSession, petition: Petition, event: PetitionEvent) -> Notice | None:
    """Tell the citizen of a locked petition's event, within its transaction; None where it matters not to them."""
    wording = texts.of_event(petition.folio, event)
    if wording is None or not await _is_wanted(session, petition, event):
        return None
    return await send(session, petition, event, wording)


async def _is_wanted(session: AsyncSession, petition: Petition, event: PetitionEvent) -> bool:
    """Who opposed is told only what the law demands: how it ended, what is asked of them, and their ARCO rights."""
    person = await session.get(Person, petition.person_id) if petition.person_id else None
    if person is None or person.opposed_at is None:
        return True
    is_due = event.to_status in CLOSED or event.to_status is PetitionStatus.REQUIERE_INFORMACION
    return is_due or petition.kind is PetitionKind.DERECHOS_ARCO


async def send(session: AsyncSession, petition: Petition, event: PetitionEvent, wording: texts.Wording) -> Notice:
    """Make an event's notice, and try the first way there is."""
    notice = Notice(
        petition_id=petition.id,
        event_id=event.id,
        text=wording.text,
        template_purpose=wording.purpose.value,
        template_values=list(wording.values),
        created_at=clock.now(),
        round_start=0,
    )
    session.add(notice)
    await session.flush()
    await try_next(session, notice, petition)
    return notice


async def attempts_of(session: AsyncSession, notice: Notice) -> list[NoticeAttempt]:
    """A notice's attempts, the first one first."""
    rows = await session.scalars(
        select(NoticeAttempt).where(NoticeAttempt.notice_id == notice.id).order_by(NoticeAttempt.position)
    )
    return list(rows.all())


async def try_next(session: AsyncSession, notice: Notice, petition: Petition) -> None:
    """Try the next way that this round has not tried, writing down those that cannot be; none left settles it.

    The petition is locked, so that no two try at once.
    """
    earlier = await attempts_of(session, notice)
    tried = {_key(attempt) for attempt in earlier if attempt.position >= notice.round_start}
    position = len(earlier)
    for step in await ways.chain(session, notice, petition):
        if step.key in tried:
            continue
        attempt = NoticeAttempt(
            notice_id=notice.id,
            position=position,
            way=step.way,
            conversation_id=step.conversation.id if step.conversation else None,
            problem=step.problem or await _second_thought(session, notice, step),
            created_at=clock.now(),
        )
        position += 1
        if attempt.problem is None:
            await _try(session, notice, petition, step, attempt)
        session.add(attempt)
        await session.flush()
        if attempt.problem is None:
            return
    notice.settled_at = clock.now()
    await session.flush()


def _key(attempt: NoticeAttempt) -> tuple[NoticeWay, UUID | None]:
    is_one = attempt.way in (NoticeWay.SMS, NoticeWay.CALL_TASK)
    return attempt.way, None if is_one else attempt.conversation_id


async def _second_thought(session: AsyncSession, notice: Notice, step: Step) -> Problem | None:
    """Nobody is called for what a later change has overtaken, unless staff ask for it."""
    if step.way is not NoticeWay.CALL_TASK or notice.round_start > 0:
        return None
    later = await session.scalar(
        select(Notice.id)
        .join(PetitionEvent, PetitionEvent.id == Notice.event_id)
        .where(
            Notice.petition_id == notice.petition_id,
            Notice.event_id > notice.event_id,
            PetitionEvent.kind == PetitionEventKind.STATUS_CHANGED,
        )
        .limit(1)
    )
    return Problem.SUPERSEDED if later is not None else None


async def _try(session: AsyncSession, notice: Notice, petition: Petition, step: Step, attempt: NoticeAttempt) -> None:
    if step.way is NoticeWay.CALL_TASK:
        attempt.call_reason_id = await _ask_for_call(session, notice, petition, step)
        return
    conversation = step.conversation
    if conversation is None:
        assert step.account is not None, "an SMS step that can be tried has an account"
        assert step.phone is not None, "and a telephone"
        conversation = await conversations.open_conversation(
            session, channel=ways.SMS, account=step.account, external_user_id=step.phone
        )
        conversation.person_id = conversation.person_id or petition.person_id
    conversation = await conversations.lock(session, conversation.id)
    event = await session.get_one(PetitionEvent, notice.event_id)
    new = NewMessage(
        Author.SYSTEM,
        text=notice.text,
        buttons=_buttons(notice, event),
        template_purpose=notice.template_purpose,
        template_values=notice.template_values,
    )
    message = await conversations.append(session, conversation, new)
    attempt.conversation_id, attempt.message_id = conversation.id, message.id


def _buttons(notice: Notice, event: PetitionEvent) -> tuple[ReplyButton, ...]:
    if event.kind is not PetitionEventKind.STATUS_CHANGED or event.to_status not in texts.CONCLUDED:
        return ()
    return (
        ReplyButton("Sí, se resolvió", f"{VERDICT}:{notice.id}:si"),
        ReplyButton("No se resolvió", f"{VERDICT}:{notice.id}:no"),
    )


async def _ask_for_call(session: AsyncSession, notice: Notice, petition: Petition, step: Step) -> UUID:
    person = await session.get(Person, petition.person_id) if petition.person_id else None
    event = await session.get_one(PetitionEvent, notice.event_id)
    assert step.phone is not None, "a call that can be made has a telephone"
    reason = await asking.ask(
        session,
        Ask(
            ReasonKind.CONCLUSION if event.to_status in CLOSED else ReasonKind.NOTICE,
            step.phone,
            name=person.full_name if person else None,
            note=notice.text,
            conversation_id=petition.conversation_id,
            petition_id=petition.id,
            person_id=petition.person_id,
        ),
    )
    assert reason is not None, "each attempt of a notice asks anew"
    return reason.id
