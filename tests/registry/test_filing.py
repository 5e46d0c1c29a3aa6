"""Many petitions filed at once are what each would have been alone."""

from sqlalchemy import select

from backend.catalog import service as catalog
from backend.db import Database
from backend.registry import filing, folios, queries
from backend.registry.filing import NewPetition
from backend.registry.models import ActorKind, EntryChannel, Person, Petition, PetitionEvent, PetitionKind, Priority

PHONE, EMAIL = "+526621234567", "ana@correo.example"


def _told(narrative: str, **known: object) -> NewPetition:
    return NewPetition(PetitionKind.PETICION, EntryChannel.GIRA, narrative, **known)  # type: ignore[arg-type]


async def test_many_at_once_have_folios_in_a_row_their_people_and_their_history(database: Database) -> None:
    async with database.transaction() as session:
        await catalog.seed(session)
        known = await filing.file(session, _told("Falta agua", name="Ana Luz Soto", phone=PHONE), actor=ActorKind.STAFF)
    news = [
        _told("Hay un bache enorme", name="ana luz soto", phone=PHONE, email=EMAIL, municipality_id="26030"),
        _told("Poste de luz caído", name="Ana Soto", email=EMAIL, priority=Priority.URGENT),
        _told("Basura en el parque", name="Beto Ríos", phone=PHONE),
        _told("Fuga en la esquina", name="Beto Rios", phone=PHONE),
        _told("Nadie recoge la basura"),
    ]
    async with database.transaction() as session:
        await filing.file_all(session, news, actor=ActorKind.STAFF)
    async with database.transaction() as session:
        filed = (await session.scalars(select(Petition).order_by(Petition.number))).all()
        people = {one.id: one for one in await session.scalars(select(Person))}
        events = (await session.scalars(select(PetitionEvent).order_by(PetitionEvent.id))).all()
        found = await queries.search(session, queries.PetitionFilter("bache hermosillo soto"))
    assert [one.folio for one in filed] == [folios.make(filed[0].year, number) for number in range(1, 7)]
    assert [one.narrative for one in filed[1:]] == [new.narrative for new in news]
    named = [people[one.person_id].full_name if one.person_id else None for one in filed]
    assert named == ["Ana Luz Soto"] * 3 + ["Beto Ríos"] * 2 + [None]
    assert (
        people[known.person_id].email == EMAIL if known.person_id else False
    )  # told with the second, known by the third
    due = [one.due_on for one in filed]
    assert None not in due
    assert due[2] < due[1] == due[3]  # type: ignore[operator]
    assert filed[1].topic_id is not None
    assert [(event.petition_id, event.to_status, event.at) for event in events] == [
        (one.id, one.status, one.created_at) for one in filed
    ]
    assert [row.petition.id for row in found.rows] == [filed[1].id]
