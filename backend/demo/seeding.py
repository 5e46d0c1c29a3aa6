"""`python -m backend seed-demo`: fills a database with invented data, through the same services as real data."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Role, User
from backend.calls import service as calls
from backend.catalog.models import Agency, OfficeArea
from backend.conversations import inbox, messages, ownership
from backend.conversations.models import (
    Author,
    CloseReason,
    Conversation,
    HandoffReason,
    Message,
    Rating,
    RatingState,
)
from backend.demo import calls as owed_calls
from backend.demo import office
from backend.ledger.models import InteractionKind
from backend.privacy import service as privacy
from backend.registry import intake, petitions
from backend.registry.lifecycle import CONCLUDED
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    Person,
    Petition,
    PetitionKind,
    PetitionStatus,
)
from backend.turns import service as turns
from backend.turns.models import OPEN, TurnOutcome

CONTENT = Path(__file__).parent / "demo.yml"
ACCOUNT = "demo"
_AUTHORS = {"ciudadano": Author.CITIZEN, "asistente": Author.BOT, "agente": Author.AGENT, "nota": Author.NOTE}
#: Between two messages of a demonstration chat.
_PACE = timedelta(seconds=40)
#: Between two steps of a demonstration petition.
_STEP = timedelta(hours=36)
#: What a demonstration call says as its form would.
_TYPED = ("telefono", "nombre", "direccion", "proposito", "resultado", "con_quien", "municipio", "notas")
#: Where a petition whose words name no topic is turned.
_USUAL_AGENCY = "gobierno"


@dataclass(frozen=True)
class Seeded:
    """What was added. `password` opens every demonstration account; None when the data was there already."""

    password: str | None
    usernames: list[str]
    conversations: int
    petitions: int


async def seed(session: AsyncSession) -> Seeded:
    """Add the demonstration once; a second call adds nothing."""
    content = yaml.safe_load(CONTENT.read_text(encoding="utf-8"))
    usernames = [row["username"] for row in content["staff"]]
    if await session.scalar(select(User.id).where(User.username.in_(usernames))) is not None:
        return Seeded(None, usernames, 0, 0)
    password = secrets.token_urlsafe(12)
    staff = {row["username"]: await _user(session, row, password) for row in content["staff"]}
    for row in content["petitions"]:
        await _petition(session, row, staff)
    await office.seed(session, content["office"], staff)
    await owed_calls.seed(session, content["outreach"], staff)
    for number, row in enumerate(content["conversations"]):
        await _conversation(session, row, staff, f"{number}-{secrets.token_hex(4)}")
    for row in content["calls"]:
        await _call(session, row, staff[row["analyst"]])
    return Seeded(password, usernames, len(content["conversations"]), len(content["petitions"]))


async def _user(session: AsyncSession, row: dict[str, str], password: str) -> User:
    agency_id = await _agency(session, row["agency"]) if "agency" in row else None
    user, _ = await agents.create_user(
        session,
        username=row["username"],
        full_name=row["full_name"],
        role=Role(row["role"]),
        password=password,
        agency_id=agency_id,
    )
    if "area" in row:
        await agents.place_user(session, user.id, area_id=await _area(session, row["area"]), extension=row["extension"])
    return user


async def _area(session: AsyncSession, key: str) -> UUID:
    return (await session.execute(select(OfficeArea.id).where(OfficeArea.key == key))).scalar_one()


async def _agency(session: AsyncSession, key: str) -> UUID:
    return (await session.execute(select(Agency.id).where(Agency.key == key))).scalar_one()


async def _petition(session: AsyncSession, row: dict[str, Any], staff: dict[str, User]) -> Petition:
    answers = {}
    for field in ("municipio", "nombre", "telefono", "correo"):
        if field in row:
            answers[field] = (await intake.check(session, field, str(row[field]))).value
    new = petitions.NewPetition(
        kind=PetitionKind(row["kind"]),
        channel=EntryChannel(row.get("channel", "chat_sonora")),
        narrative=row["narrative"],
        municipality_id=answers.get("municipio"),
        colonia=row.get("colonia"),
        name=answers.get("nombre"),
        phone=answers.get("telefono"),
        email=answers.get("correo"),
    )
    filed, present = clock.now() - timedelta(days=row.get("days_ago", 0), hours=2), clock.now()
    with clock.pinned(filed):
        petition = await petitions.file(session, new, actor=ActorKind.BOT)
    analyst = staff[row.get("analyst", "ana.demo")]
    for number, step in enumerate(row.get("steps", []), 1):
        with clock.pinned(min(filed + _STEP * number, present)):
            await _step(session, petition, step, analyst)
    return petition


async def _step(session: AsyncSession, petition: Petition, step: dict[str, str], analyst: User) -> None:
    """One step of a petition's life, with what it takes: an agency to be turned to, and its answer to conclude."""
    to, reason = PetitionStatus(step["to"]), step["reason"]
    if to is PetitionStatus.TURNADA:
        agency_id = petition.agency_id or await _agency(session, _USUAL_AGENCY)
        order = turns.TurnOrder(agency_id, reason)
        await turns.turn(session, petition, [order], user_id=analyst.id, reason=reason)
        return
    if to in CONCLUDED:
        for view in await turns.of_petition(session, petition.id):
            if view.turn.state in OPEN:
                await turns.answer(session, petition, view.turn, reason, TurnOutcome.ATTENDED, user_id=analyst.id)
    if petition.status is not to:
        asked = step.get("asked", "")
        await petitions.change_status(
            session, petition, to, user_id=analyst.id, reason=reason, asked=asked, is_told=False
        )


async def _call(session: AsyncSession, row: dict[str, Any], analyst: User) -> None:
    """A call or a visit that is over; `about_it` where it is about the petition of that telephone."""
    typed: dict[str, str] = {name: row[name] for name in _TYPED if name in row}
    if "area" in row:
        typed["area"] = str(await _area(session, row["area"]))
    if row.get("about_it"):
        same_phone = select(Petition).join(Person).where(Person.phone == intake.phone(row["telefono"])).limit(1)
        petition = (await session.scalars(same_phone)).one()
        typed |= {"folio": petition.folio, "persona": str(petition.person_id)}
    begun = clock.local(clock.now()) - timedelta(minutes=row["minutes_ago"])
    times = {
        "inicio": begun,
        "contesto": begun + timedelta(seconds=12),
        "termino": begun + timedelta(minutes=row["minutes"]),
    }
    typed |= {name: f"{moment:%Y-%m-%dT%H:%M:%S}" for name, moment in times.items()}
    await calls.write_down(session, analyst, InteractionKind(row.get("kind", InteractionKind.CALL)), typed)


async def _conversation(session: AsyncSession, row: dict[str, Any], staff: dict[str, User], name: str) -> None:
    conversation = await inbox.open_conversation(session, channel="web", account=ACCOUNT, external_user_id=name)
    analyst = staff[row["analyst"]] if "analyst" in row else None
    if row.get("consent", False):
        await privacy.record_consent(session, conversation.id, accepted=True)
    if "person" in row:
        petition = await _petition(session, {**row["person"], "narrative": row["person"]["about"]}, staff)
        petition.conversation_id, conversation.person_id = conversation.id, petition.person_id
    stage = row["stage"]
    taken = False
    for line in row["lines"]:
        ((who, text),) = line.items()
        author = _AUTHORS[who]
        if author in (Author.AGENT, Author.NOTE) and not taken:
            assert analyst is not None, "a person writes only in a chat that has an analyst"
            await ownership.take_over(session, conversation.id, analyst.id)
            taken = True
        by = analyst.id if analyst is not None and author in (Author.AGENT, Author.NOTE) else None
        message = await messages.append(session, conversation, messages.NewMessage(author, text=text, agent_id=by))
        message.handled_at = clock.now()
    if stage in ("espera", "emergencia"):
        reason = HandoffReason(row.get("reason", "requested"))
        await ownership.hand_to_queue(session, conversation.id, reason, is_emergency=stage == "emergencia")
    elif stage == "agente" and not taken and analyst is not None:
        await ownership.take_over(session, conversation.id, analyst.id)
    elif stage == "cerrada" and analyst is not None:
        await ownership.close(session, conversation.id, analyst.id, reason=CloseReason(row["close"]))
        if "score" in row:
            session.add(
                Rating(
                    conversation_id=conversation.id,
                    agent_id=analyst.id,
                    score=row["score"],
                    comment=row.get("comment"),
                )
            )
            conversation.rating_state = RatingState.DONE
    await session.flush()
    await _date(session, conversation, clock.now() - timedelta(minutes=row.get("minutes_ago", 5)))


async def _date(session: AsyncSession, conversation: Conversation, last: datetime) -> None:
    """Date a chat's messages so that the latest is at `last`."""
    rows = (await session.scalars(select(Message).filter_by(conversation_id=conversation.id))).all()
    for message in rows:
        moment = last - _PACE * (conversation.last_seq - message.seq)
        await session.execute(update(Message).where(Message.id == message.id).values(created_at=moment))
    conversation.last_message_at = last
    if conversation.queued_at is not None:
        conversation.queued_at = last
    await session.flush()
