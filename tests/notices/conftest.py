"""A petition, its citizen's ways to be reached, and staff who change its status."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from backend import clock
from backend.agents.models import Role
from backend.conversations import service as conversations
from backend.conversations.models import Conversation, Message
from backend.db import Database
from backend.messaging.models import ChannelAccount, MessageTemplate, TemplatePurpose, TemplateState
from backend.notices import proof
from backend.notices.models import Notice
from backend.notices.proof import NoticeView
from backend.outbox.models import Delivery, DeliveryState
from backend.outreach.models import CallReason
from backend.registry import lifecycle, petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionKind, PetitionStatus
from tests.conversations.conftest import add_agent
from tests.registry.turned import with_turns_for

S = PetitionStatus
PHONE = "+526621234567"
NAME = "Ana Luz Soto"
NARRATIVE = "No hay agua en mi colonia"
WHATSAPP, SMS_NUMBER, TELEGRAM = "+5216620000001", "+526620000002", "900"
_ACCOUNTS = {"web": "portal", "whatsapp": WHATSAPP, "telegram": TELEGRAM, "sms": SMS_NUMBER}
#: From where each status is reached by one allowed step.
BEFORE = {
    S.EN_ANALISIS: S.RECIBIDA,
    S.TURNADA: S.RECIBIDA,
    S.EN_ATENCION: S.TURNADA,
    S.REQUIERE_INFORMACION: S.EN_ATENCION,
    S.CONCLUIDA_SATISFACTORIA: S.EN_ATENCION,
    S.CONCLUIDA_NO_SATISFACTORIA: S.EN_ATENCION,
    S.IMPROCEDENTE: S.RECIBIDA,
    S.CANCELADA: S.RECIBIDA,
}


@dataclass
class Desk:
    """Each call is a transaction of its own."""

    database: Database
    analyst: UUID

    async def conversation(self, channel: str = "web", *, hours_ago: float = 1, **state: Any) -> UUID:
        """A conversation whose citizen wrote `hours_ago`."""
        async with self.database.transaction() as session:
            one = await conversations.open_conversation(
                session, channel=channel, account=_ACCOUNTS[channel], external_user_id=uuid.uuid4().hex
            )
            one.last_citizen_at = clock.now() - timedelta(hours=hours_ago)
            for name, value in state.items():
                setattr(one, name, value)
            return one.id

    async def petition(
        self, conversation_id: UUID | None = None, *, name: str | None = NAME, phone: str | None = PHONE
    ) -> UUID:
        async with self.database.transaction() as session:
            new = petitions.NewPetition(
                kind=PetitionKind.QUEJA,
                channel=EntryChannel.CHAT_SONORA,
                narrative=NARRATIVE,
                name=name,
                phone=phone,
                conversation_id=conversation_id,
            )
            return (await petitions.file(session, new, actor=ActorKind.BOT)).id

    async def account(self, channel: str = "sms", *, is_on: bool = True) -> UUID:
        async with self.database.transaction() as session:
            account = ChannelAccount(
                channel=channel, account=_ACCOUNTS[channel], name=channel, credentials=b"x", is_on=is_on
            )
            session.add(account)
            await session.flush()
            return account.id

    async def templates(self, state: TemplateState = TemplateState.APPROVED) -> None:
        account_id = await self.account("whatsapp")
        async with self.database.transaction() as session:
            for purpose in TemplatePurpose:
                session.add(
                    MessageTemplate(
                        account_id=account_id, purpose=purpose, text="{{1}}: {{2}}", content_sid="HX1", state=state
                    )
                )

    async def move(self, petition_id: UUID, to: PetitionStatus, *, asked: str = "") -> list[NoticeView]:
        """Come to a status from one that leads there; the petition's notices, newest first."""
        async with self.database.transaction() as session:
            petition = await session.get_one(Petition, petition_id, with_for_update=True)
            if lifecycle.transition(petition.status, to) is None:
                petition.status = BEFORE[to]
            await with_turns_for(session, petition, to, self.analyst)
            await petitions.change_status(
                session,
                petition,
                to,
                user_id=self.analyst,
                reason=f"{NAME} vive en {NARRATIVE}",
                asked=asked or "¿Qué?",
            )
        return await self.notices(petition_id)

    async def notices(self, petition_id: UUID) -> list[NoticeView]:
        async with self.database.transaction() as session:
            return await proof.of_petition(session, petition_id)

    async def get(self, petition_id: UUID) -> Petition:
        async with self.database.transaction() as session:
            return await session.get_one(Petition, petition_id)

    async def message(self, message_id: UUID | None) -> tuple[Message, Conversation]:
        async with self.database.transaction() as session:
            message = await session.get_one(Message, message_id)
            return message, await session.get_one(Conversation, message.conversation_id)

    async def deliver(self, view: NoticeView, state: DeliveryState, error_code: str | None = None) -> None:
        """What the vendor says of a notice's latest attempt."""
        async with self.database.transaction() as session:
            await session.execute(
                update(Delivery)
                .where(Delivery.message_id == view.attempts[-1].attempt.message_id)
                .values(state=state, error_code=error_code)
            )

    async def age(self, hours: float) -> None:
        """Let every attempt have been made `hours` earlier."""
        async with self.database.transaction() as session:
            for view in (await session.scalars(select(Notice))).all():
                for one in (await proof.of_notice(session, view.id)).attempts:
                    one.attempt.created_at -= timedelta(hours=hours)

    async def calls(self) -> Sequence[CallReason]:
        async with self.database.transaction() as session:
            return (await session.scalars(select(CallReason).order_by(CallReason.created_at))).all()


@pytest.fixture
async def desk(database: Database) -> Desk:
    return Desk(database, await add_agent(database, "Ana", role=Role.HEAD))


def chain(view: NoticeView) -> list[str]:
    """The attempts as `way channel` or `way: problem`."""
    return [
        f"{one.attempt.way}: {one.attempt.problem}"
        if one.attempt.problem
        else " ".join(filter(None, (one.attempt.way, one.channel)))
        for one in view.attempts
    ]
