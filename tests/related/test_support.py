"""«Súmame»: who tells what a neighbour told is offered to join, follows it, and learns nothing of the neighbour."""

import pytest
from sqlalchemy import select

from backend.conversations.models import Conversation
from backend.registry import petitions, queries
from backend.registry import service as registry
from backend.registry.errors import NoDraft
from backend.registry.models import Petition, PetitionEventKind, PetitionKind, PetitionStatus
from backend.related import groups, merges, support
from backend.related.errors import OfferGone
from tests.registry.conftest import Counter
from tests.related.conftest import NO_WATER, Street

S = PetitionStatus
TOLD = {
    "narrativa": "llevamos cuatro días sin agua, los niños no se pueden bañar",
    "municipio": "Hermosillo",
    "colonia": "El Sahuaro",
    "nombre": "Rosa Elena Félix",
    "contacto": "662 555 1234",
}


async def _offer(counter: Counter) -> support.Offer | None:
    async with counter.database.transaction() as session:
        return await support.offer(session, counter.conversation_id)


async def _join(counter: Counter) -> support.Joined:
    async with counter.database.transaction() as session:
        return await support.join(session, counter.conversation_id)


async def test_a_neighbour_joins_follows_and_learns_nothing_personal(street: Street) -> None:
    first = await street.told()
    counter = await street.neighbour()
    await counter.open(PetitionKind.PETICION, **TOLD)
    offered = await _offer(counter)
    assert offered is not None
    assert (offered.topic, offered.colonia, offered.people) == ("Agua potable", "El Sahuaro", 1)
    assert await _offer(counter) == offered, "asked again, the same"
    joined = await _join(counter)
    assert (joined.folio, joined.people) == (first.folio, 2)
    with pytest.raises(OfferGone):
        await _join(counter)
    with pytest.raises(NoDraft):  # else it would give the first one's access code
        await counter.file()
    found = await counter.look_up(first.folio)
    assert found.petition is not None and found.is_supporter
    assert (await counter.add_information(first.folio, None, "Ya son cinco días")).petition is not None
    async with street.database.transaction() as session:
        assert [one.folio for one in await queries.filed_from(session, counter.conversation_id)] == [first.folio]
        (view,) = await support.of_petition(session, first.id)
        events = (await queries.details(session, first)).events
        assert (await session.get_one(Conversation, counter.conversation_id)).person_id == view.supporter.person_id
        count = len((await session.scalars(select(Petition.id))).all())
    assert view.person is not None and view.person.phone == "+526625551234"
    assert view.supporter.narrative == TOLD["narrativa"]
    assert [row.event.kind for row in events][:2] == [
        PetitionEventKind.INFORMATION_ADDED,
        PetitionEventKind.SUPPORTED,
    ]
    assert events[0].event.text == "(De una persona que se sumó) Ya son cinco días"
    assert count == 1
    stranger = await street.neighbour()
    assert (await stranger.look_up(first.folio)).petition is None
    await _is_told(street, first, counter)


async def _is_told(street: Street, first: Petition, counter: Counter) -> None:
    """Of what matters to everybody, and never of what the first petitioner alone is asked."""
    await street.move(first, S.EN_ANALISIS)
    async with street.database.transaction() as session:
        found = await petitions.get(session, first.folio, for_update=True)
        await petitions.change_status(
            session,
            found,
            S.REQUIERE_INFORMACION,
            user_id=street.analyst,
            reason="Falta",
            asked="Ana: mande el recibo de Av. Kino 12",
        )
    assert await street.told_in(counter) == []
    await street.move(first, S.EN_ATENCION)
    said = await street.told_in(counter)
    assert len(said) == 1
    assert said[0].startswith(f"La petición {first.folio}, a la que se sumó, ya está en atención.")
    async with street.database.transaction() as session:
        group = await groups.make(session, "Sin agua", [first.id], user_id=street.analyst)
        await groups.tell(session, group, "Mañana llega la pipa.", user_id=street.analyst)
        await session.flush()
    assert (await street.told_in(counter))[1:] == [
        f"Sobre la petición {first.folio}, a la que se sumó: Mañana llega la pipa."
    ]
    assert await street.told_in(counter) == await street.told_in(counter), "once"


async def test_a_supporter_follows_where_their_petition_is_merged(street: Street) -> None:
    first, kept = await street.told(), await street.told(colonia="Sahuaro Final")
    counter = await street.neighbour()
    await counter.open(PetitionKind.PETICION, **TOLD)
    assert await _offer(counter) is not None
    folio = (await _join(counter)).folio
    mine, other = (first, kept) if folio == first.folio else (kept, first)
    async with street.database.transaction() as session:
        await merges.merge(session, mine.id, other.id, reason="La misma", user_id=street.analyst)
    await street.told_in(counter)
    await street.move(other, S.TURNADA)
    assert f"La petición {mine.folio}, a la que se sumó, ya se envió" in (await street.told_in(counter))[-1]
    found = await counter.look_up(mine.folio)
    assert found.petition is not None
    async with street.database.transaction() as session:
        assert (await registry.told_status(session, found.petition)).status_text == "Turnada"


@pytest.mark.parametrize(
    ("first", "told"),
    [
        pytest.param({"colonia": "Modelo"}, {}, id="another colonia"),
        pytest.param({"municipality_id": "26018"}, {}, id="another municipality"),
        pytest.param({"kind": PetitionKind.APOYO_SOCIAL}, {}, id="a petition for oneself"),
        pytest.param({"narrative": "Mi esposo ejerce violencia contra mí"}, {"narrativa": "mi vecino sufre violencia"},
                     id="a private matter"),
        pytest.param({"name": "Rosa Félix"}, {}, id="the same name"),
        pytest.param({"phone": "+526625551234"}, {"nombre": "Rosa E. F."}, id="the same telephone"),
        pytest.param({"narrative": "Hay un bache en la calle Reforma"}, {"narrativa": "Hay un bache en la Yáñez"},
                     id="a like trouble at another point"),
        pytest.param({}, {"colonia": "no aplica"}, id="no colonia"),
    ],
)  # fmt: skip
async def test_what_is_not_surely_the_same_and_public_is_never_offered(
    street: Street, first: dict[str, str], told: dict[str, str]
) -> None:
    await street.told(**{"narrative": NO_WATER, **first})
    counter = await street.neighbour()
    await counter.open(PetitionKind.PETICION, **(TOLD | told))
    assert await _offer(counter) is None


async def test_who_says_no_is_not_asked_again_and_what_closed_meanwhile_cannot_be_joined(street: Street) -> None:
    first = await street.told()
    refusing, late = await street.neighbour(), await street.neighbour()
    for counter in (refusing, late):
        await counter.open(PetitionKind.PETICION, **(TOLD | {"nombre": "Luz Mar", "contacto": "no tengo"}))
        assert await _offer(counter) is not None
    async with street.database.transaction() as session:
        await support.decline(session, refusing.conversation_id)
    assert await _offer(refusing) is None
    assert not (await refusing.file()).repeated
    await street.move(first, S.CANCELADA)
    with pytest.raises(OfferGone):
        await _join(late)
