"""Carrying out what was granted: the copy, the correction, the blocking, the wish not to be contacted."""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.arco import leading, service, terms
from backend.arco.errors import ArcoClosed, ArcoRefused
from backend.arco.models import ArcoEvent, ArcoEventKind, ArcoRequest, ArcoState, Right
from backend.arco.service import Act
from backend.audit import service as audit
from backend.holdings import subject
from backend.holdings.subject import Subject
from backend.outreach import settings as outreach
from backend.registry import filing, intake, petitions
from backend.registry.models import ActorKind, Person, Petition, PetitionEventKind, PetitionStatus
from backend.retention import blocking, rules

#: After these nobody writes to the person or calls them.
_LEFT_ALONE = (Right.OPPOSITION, Right.REVOCATION, Right.CANCELLATION)
#: What of a person is corrected, and what checks it.
FIELDS = ("full_name", "phone", "email", "curp")
_PROBLEMS = {
    "full_name": "Escriba el nombre completo.",
    "phone": "Escriba un teléfono de 10 dígitos.",
    "email": "Escriba un correo válido.",
    "curp": "Escriba una CURP válida, de 18 letras y números.",
}


async def disclose(session: AsyncSession, one: ArcoRequest, *, by: User) -> Subject:
    """Everything held on a locked request's person, for the copy; it goes on the audit trail. Raises NotProved."""
    service.require(one, by, Act.DISCLOSE)
    if one.state in (ArcoState.REFUSED, ArcoState.NOT_FILED):
        raise ArcoClosed
    service.require_identity(one)
    assert one.person_id is not None, "who is identified is somebody"
    found = await subject.of(session, one.person_id)
    counts = {table: len(rows) for table, rows in found.rows.items() if rows}
    await audit.record(session, by, "personal_data_exported", one.person_id, request=str(one.id), rows=counts)
    await service.note(session, one, ArcoEventKind.EXPORTED, by.id, detail={"rows": sum(counts.values())})
    return found


async def rectify(session: AsyncSession, one: ArcoRequest, typed: Mapping[str, str], *, by: User) -> None:
    """Correct the person's data of a locked, granted request; what it was is kept. Raises ArcoRefused."""
    service.require(one, by, Act.CARRY_OUT)
    if one.state is not ArcoState.GRANTED or one.right is not Right.RECTIFICATION:
        raise ArcoClosed
    assert one.person_id is not None, "who is identified is somebody"
    person = await session.get_one(Person, one.person_id, with_for_update=True)
    wanted = {name: checked(name, typed.get(name, "")) for name in FIELDS}
    changed = {name: [getattr(person, name) or "", value or ""] for name, value in wanted.items()
               if (getattr(person, name) or "") != (value or "")}  # fmt: skip
    if not changed:
        raise ArcoRefused("No cambió ningún dato.", field="full_name")
    for name in changed:
        setattr(person, name, wanted[name])
    person.search_text = filing.person_text(person)
    await session.flush()
    for petition in await session.scalars(select(Petition).where(Petition.person_id == person.id).with_for_update()):
        await petitions.refresh_search_text(session, petition, person)
        # Which data, and not what it said: a petition's history is read by many.
        await petitions.add_event(
            session, petition, PetitionEventKind.EDITED, actor=ActorKind.STAFF, user_id=by.id,
            text="Datos de la persona corregidos por derechos ARCO.",
        )  # fmt: skip
    await service.note(session, one, ArcoEventKind.RECTIFIED, by.id, detail=changed)


def checked(name: str, typed: str) -> str | None:
    """A datum of a person in normal form; None for none. Raises ArcoRefused."""
    raw = " ".join(typed.split())
    if not raw and name != "full_name":
        return None
    found = intake.person_datum(name, raw)
    if found is None:
        raise ArcoRefused(_PROBLEMS[name], field=name)
    return found


async def complete(session: AsyncSession, one: ArcoRequest, day: date, *, by: User) -> None:
    """Carry out a locked, granted request on `day`, and conclude it. Raises ArcoRefused where something is missing."""
    service.require(one, by, Act.CARRY_OUT)
    if one.state is not ArcoState.GRANTED:
        raise ArcoClosed
    assert one.answered_on is not None, "what is granted was answered"
    service.require_day(day, one.answered_on)
    await _require_done(session, one)
    if one.right in _LEFT_ALONE:
        await _leave_alone(session, one, by)
    one.state, one.done_on = ArcoState.DONE, day
    await session.flush()
    await terms.refresh(session, one)
    await service.note(session, one, ArcoEventKind.DONE, by.id, detail={"day": day.isoformat()})
    told = "Se cumplió su solicitud de derechos ARCO."
    await leading.lead(session, one, PetitionStatus.CONCLUIDA_SATISFACTORIA, by, told, told=told)
    if one.right is Right.CANCELLATION:
        await _cancel(session, one, by)


async def _require_done(session: AsyncSession, one: ArcoRequest) -> None:
    """What the system itself saw done. Raises ArcoRefused."""
    needed = {
        Right.ACCESS: (ArcoEventKind.EXPORTED, "Primero descargue la copia de los datos y entréguela."),
        Right.PORTABILITY: (ArcoEventKind.EXPORTED, "Primero descargue la copia de los datos y entréguela."),
        Right.RECTIFICATION: (ArcoEventKind.RECTIFIED, "Primero corrija los datos."),
    }.get(one.right or Right.OPPOSITION)
    if needed is None:
        return
    kind, problem = needed
    done = select(ArcoEvent.id).where(ArcoEvent.request_id == one.id, ArcoEvent.kind == kind).limit(1)
    if await session.scalar(done) is None:
        raise ArcoRefused(problem, field="day")


async def _leave_alone(session: AsyncSession, one: ArcoRequest, by: User) -> None:
    """No more is written or said to the person than the law asks for; their consent stands no more."""
    assert one.person_id is not None, "who is identified is somebody"
    found = await subject.of(session, one.person_id)
    found.person.opposed_at = clock.now()
    for conversation in found.rows["conversation"]:
        conversation.consent_version = conversation.consent_at = None
    if found.person.phone is not None:
        await outreach.bar(session, by, found.person.phone, "Derechos ARCO")
    await audit.record(session, by, "person_opposed", one.person_id, request=str(one.id))


async def _cancel(session: AsyncSession, one: ArcoRequest, by: User) -> None:
    """Block the person's data; the daily round takes it away once the blocking ends. Raises ArcoRefused."""
    assert one.person_id is not None, "who is identified is somebody"
    found = await subject.of(session, one.person_id)
    under_way = [each.folio for each in found.rows["petition"] if each.concluded_at is None]
    if under_way:
        raise ArcoRefused(f"Primero concluya sus peticiones en trámite: {', '.join(under_way)}.", field="day")
    blocked = (await rules.terms(session))[rules.CANCELLED].blocked_days
    wipe_on = service.today() + timedelta(days=blocked)
    blocking.block(found.person, found.rows["petition"], found.rows["conversation"], wipe_on)
    await session.flush()
    detail = {"request": str(one.id), "wipe_on": wipe_on.isoformat()}
    await audit.record(session, by, "person_blocked", one.person_id, **detail)


async def unblock(session: AsyncSession, one: ArcoRequest, why: str, *, by: User) -> None:
    """Take back a cancellation carried out by error, before the data go. Raises ArcoClosed, ArcoRefused.

    A telephone that is not to be called stays so until somebody says otherwise («Por llamar»).
    """
    service.require(one, by, Act.UNBLOCK)
    reason = why.strip()
    if not blocking.LEAST_REASON <= len(reason) <= blocking.MOST_REASON:
        raise ArcoRefused("Escriba el motivo, de 10 a 300 letras.", field="text")
    person = await session.get(Person, one.person_id, with_for_update=True) if one.person_id else None
    if person is None or not is_blocked_by(one, person):
        raise ArcoClosed
    found = await subject.of(session, person.id)
    blocking.unblock(person, found.rows["petition"], found.rows["conversation"])
    also_opposed = exists().where(
        ArcoRequest.person_id == person.id, ArcoRequest.id != one.id, ArcoRequest.state == ArcoState.DONE,
        ArcoRequest.right.in_(_LEFT_ALONE),
    )  # fmt: skip
    if not await session.scalar(select(also_opposed)):
        person.opposed_at = None
    await session.flush()
    await service.note(session, one, ArcoEventKind.NOTE, by.id, text=f"Se levantó el bloqueo: {reason}")
    await audit.record(session, by, "person_unblocked", person.id, request=str(one.id), reason=reason)


def is_blocked_by(one: ArcoRequest, person: Person) -> bool:
    """Whether a cancellation was carried out and its data are still there."""
    is_carried_out = one.right is Right.CANCELLATION and one.state is ArcoState.DONE
    return is_carried_out and person.wipe_on is not None and person.wiped_at is None
