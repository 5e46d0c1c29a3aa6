"""The rows that figures count: contacts of the ledger, petitions, what staff did with them, and citizens' verdicts."""

from collections.abc import Mapping

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    and_,
    bindparam,
    case,
    cast,
    exists,
    extract,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.orm import aliased

from backend.agents.models import User
from backend.clock import HERMOSILLO
from backend.ledger.models import Interaction, InteractionKind
from backend.registry import lifecycle
from backend.registry.models import EntryChannel, Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.reports.figures import By, Expression, Place, Source

#: Days on which nobody works though they are Monday to Friday, in order; a parameter of every query that counts them.
DAYS_OFF = "days_off"
#: Today on the office's clock; another such parameter.
TODAY = "today"
#: A Monday before any petition.
_LONG_AGO = literal_column("DATE '2001-01-01'", Date)


def local(moment: Expression) -> Expression:
    """A moment on the office's clock."""
    return func.timezone(literal_column(f"'{HERMOSILLO.key}'"), moment)


def day_of(moment: Expression) -> Expression:
    """The day on which a moment falls, on the office's clock."""
    return cast(local(moment), Date)


def seconds_between(start: Expression, end: Expression) -> Expression:
    return extract("epoch", end - start)


def working_days_between(start: Expression, end: Expression) -> Expression:
    """Working days after the day of `start` up to and with that of `end`, as `WorkCalendar.between` counts them."""
    return _working_days_until(day_of(end)) - _working_days_until(day_of(start))


def _working_days_until(day: Expression) -> Expression:
    """Those of all weeks since long ago, less the days off: `width_bucket` tells how many of them are past."""
    ahead = cast(day - _LONG_AGO, Integer)
    of_the_weeks = 5 * cast(func.div(ahead, 7), Integer) + func.least(ahead % 7 + 1, 5)
    return of_the_weeks - func.width_bucket(day, bindparam(DAYS_OFF, type_=ARRAY(Date)))


_CHANNEL_OF_CONTACT = case(
    (Interaction.channel == "web", EntryChannel.CHAT_SONORA.value),
    (Interaction.channel == "telefono", EntryChannel.CALL_CENTER.value),
    else_=Interaction.channel,
)
#: The petition that a contact was about, which also says its place and topic where the contact does not.
_ABOUT = (Petition, Interaction.petition_id == Petition.id)

_OF_CONTACTS: Mapping[By, Place] = {
    By.CHANNEL: Place(_CHANNEL_OF_CONTACT),
    By.AREA: Place(Interaction.area_id),
    By.AGENT: Place(Interaction.agent_id),
    By.MUNICIPALITY: Place(func.coalesce(Interaction.municipality_id, Petition.municipality_id), _ABOUT),
    By.TOPIC: Place(func.coalesce(Interaction.topic_id, Petition.topic_id), _ABOUT),
    By.AGENCY: Place(Petition.agency_id, _ABOUT),
    By.PURPOSE: Place(Interaction.purpose),
    By.OUTCOME: Place(Interaction.outcome),
    By.HANDOFF: Place(Interaction.handoff_reason),
    By.SCORE: Place(Interaction.score),
}


def _contacts(key: str, name: str, where: ColumnElement[bool]) -> Source:
    return Source(
        key=key,
        name=name,
        table=Interaction,
        id=Interaction.id,
        moment=Interaction.started_at,
        dated_by="según cuándo empezó",
        where=where,
        places=_OF_CONTACTS,
    )


CONTACTS = _contacts("contactos", "Contactos", true())
CHATS = _contacts("chats", "Chats", Interaction.kind == InteractionKind.CHAT)
CALLS = _contacts("llamadas", "Llamadas", Interaction.kind == InteractionKind.CALL)

_assignee = aliased(User, name="assignee")
_ASSIGNED = (_assignee, Petition.assignee_id == _assignee.id)

_OF_PETITIONS: Mapping[By, Place] = {
    By.CHANNEL: Place(Petition.channel),
    By.AREA: Place(_assignee.area_id, _ASSIGNED),
    By.AGENT: Place(Petition.assignee_id),
    By.MUNICIPALITY: Place(Petition.municipality_id),
    By.TOPIC: Place(Petition.topic_id),
    By.AGENCY: Place(Petition.agency_id),
    By.STATUS: Place(Petition.status),
    By.KIND: Place(Petition.kind),
}

REGISTERED = Source(
    key="registradas",
    name="Peticiones registradas",
    table=Petition,
    id=Petition.id,
    moment=Petition.created_at,
    dated_by="según cuándo se registró",
    where=true(),
    places=_OF_PETITIONS,
)
CONCLUDED = Source(
    key="terminadas",
    name="Peticiones terminadas",
    table=Petition,
    id=Petition.id,
    moment=Petition.concluded_at,
    dated_by="según cuándo se terminó",
    where=Petition.status.in_(lifecycle.CLOSED),
    places=_OF_PETITIONS,
)

_actor = aliased(User, name="actor")
_ITS_PETITION = (Petition, PetitionEvent.petition_id == Petition.id)
_PLACES_OF_ITS_PETITION = {
    by: _OF_PETITIONS[by] for by in (By.CHANNEL, By.MUNICIPALITY, By.TOPIC, By.AGENCY, By.STATUS, By.KIND)
}

#: What a person of the staff did with a petition: registered it, turned it, concluded it.
WORK = Source(
    key="trabajo",
    name="Trabajo sobre peticiones",
    table=PetitionEvent,
    id=PetitionEvent.id,
    moment=PetitionEvent.at,
    dated_by="según cuándo se hizo",
    where=PetitionEvent.user_id.is_not(None),
    places={
        **{by: Place(place.column, _ITS_PETITION) for by, place in _PLACES_OF_ITS_PETITION.items()},
        By.AREA: Place(_actor.area_id, (_actor, PetitionEvent.user_id == _actor.id)),
        By.AGENT: Place(PetitionEvent.user_id),
    },
)

_later = aliased(PetitionEvent, name="later")
_conclusion_id = PetitionEvent.detail["conclusion_id"].as_integer()
#: Of several answers about one conclusion the last one counts. One value, which the planner leaves to be asked of each
#: answer: a NOT EXISTS it joins to all answers that there ever were.
_IS_LAST_WORD = (
    select(true())
    .where(
        _later.petition_id == PetitionEvent.petition_id,
        _later.kind == PetitionEventKind.CITIZEN_VERDICT,
        _later.id > PetitionEvent.id,
        _later.detail["conclusion_id"].as_integer() == _conclusion_id,
    )
    .limit(1)
    .scalar_subquery()
    .is_(None)
)
_conclusion = aliased(PetitionEvent, name="conclusion")


def concluded_as(status: PetitionStatus) -> ColumnElement[bool]:
    """Of a verdict: the conclusion of which it was said led there. Looked up: joining reads all events there are."""
    return exists().where(_conclusion.id == cast(_conclusion_id, BigInteger), _conclusion.to_status == status)


#: What a citizen said of a conclusion.
VERDICTS = Source(
    key="veredictos",
    name="Respuestas sobre la conclusión",
    table=PetitionEvent,
    id=PetitionEvent.id,
    moment=PetitionEvent.at,
    dated_by="según cuándo respondió la persona",
    where=and_(PetitionEvent.kind == PetitionEventKind.CITIZEN_VERDICT, _IS_LAST_WORD),
    places={
        **_PLACES_OF_ITS_PETITION,
        By.AREA: _OF_PETITIONS[By.AREA],
        By.AGENT: _OF_PETITIONS[By.AGENT],
    },
    joins=(_ITS_PETITION,),
)

SOURCES = {source.key: source for source in (CONTACTS, CHATS, CALLS, REGISTERED, CONCLUDED, WORK, VERDICTS)}
