"""The same petition told twice: merged, followed, and taken apart again."""

import pytest
from sqlalchemy import select

from backend.errors import InvalidInput
from backend.notices import proof
from backend.registry import lifecycle, queries
from backend.registry import service as registry
from backend.registry.errors import RequirementMissing
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.related import groups, links, merges
from backend.related.errors import AlreadyGrouped, MergeRefused, NotMerged
from backend.turns.models import Turn
from backend.turns.service import TurnOrder
from tests.registry.turned import agency
from tests.related.conftest import Street

S = PetitionStatus


async def _merge(street: Street, merged: Petition, kept: Petition, reason: str = "Mismo tubo") -> None:
    async with street.database.transaction() as session:
        await merges.merge(session, merged.id, kept.id, reason=reason, user_id=street.analyst)


async def _undo(street: Street, merged: Petition) -> None:
    async with street.database.transaction() as session:
        await merges.undo(session, merged.id, reason="Son dos tubos", user_id=street.analyst)


async def _kinds(street: Street, petition: Petition) -> list[PetitionEventKind]:
    async with street.database.transaction() as session:
        return [row.event.kind for row in (await queries.details(session, petition)).events]


async def test_a_merged_petition_follows_the_kept_one_and_undoing_restores_it(street: Street) -> None:
    kept, merged = await street.told(), await street.told()
    teller = street.counters[1]
    await _merge(street, merged, kept)
    assert (await street.get(merged)).status is S.CANCELADA
    assert PetitionEventKind.MERGED in await _kinds(street, kept)
    await street.move(kept, S.TURNADA)
    await street.move(kept, S.EN_ATENCION)
    said = await street.told_in(teller)
    assert [merged.folio in text for text in said] == [True, True], "one of the merge, one of the latest status"
    assert "se atiende junto con otra igual, ya está en atención" in said[1]
    assert kept.folio not in " ".join(said) and "Ana" not in " ".join(said)
    found = await teller.look_up(merged.folio)
    assert found.petition is not None
    async with street.database.transaction() as session:
        view = await registry.told_status(session, found.petition)
        notices = await proof.of_petition(session, merged.id)
    assert (view.folio, view.status_text) == (merged.folio, "En atención")
    assert view.explanation.startswith("Se atiende junto con otra petición igual.")
    assert len(notices) == 2, "with proof, as every notice"
    await _undo(street, merged)
    assert (await street.get(merged)).status is S.EN_ANALISIS
    await street.move(kept, S.CONCLUIDA_SATISFACTORIA)
    assert "vuelve a atenderse por separado" in (await street.told_in(teller))[-1]
    for petition in (kept, merged):
        async with street.database.transaction() as session:
            rows = await session.scalars(
                select(PetitionEvent).where(PetitionEvent.petition_id == petition.id).order_by(PetitionEvent.id)
            )
            assert lifecycle.replay(rows.all()) is (await street.get(petition)).status
    with pytest.raises(NotMerged):
        await _undo(street, merged)


async def test_what_was_merged_follows_the_last_one_kept(street: Street) -> None:
    first, second, third = await street.told(), await street.told(), await street.told()
    await _merge(street, first, second)
    await _merge(street, second, third)
    async with street.database.transaction() as session:
        assert {one.petition.id for one in await merges.merged_into(session, third.id)} == {first.id, second.id}
    await street.move(third, S.TURNADA)
    assert "ya se envió a la dependencia" in (await street.told_in(street.counters[0]))[-1]
    await _undo(street, second)
    async with street.database.transaction() as session:
        assert {one.petition.id for one in await merges.merged_into(session, second.id)} == {first.id}
        assert await merges.merged_into(session, third.id) == []


async def test_a_merge_is_refused_with_words_and_without_a_trace(street: Street) -> None:
    kept, merged = await street.told(), await street.told()
    await street.move(merged, S.TURNADA)
    before = await _kinds(street, merged)
    with pytest.raises(RequirementMissing, match="Falta la respuesta de una dependencia"):
        await _merge(street, merged, kept)
    with pytest.raises(InvalidInput):
        await _merge(street, kept, merged, reason=" ")
    await street.move(kept, S.CANCELADA)
    with pytest.raises(MergeRefused, match="ya está cerrada"):
        await _merge(street, merged, kept)
    assert await _kinds(street, merged) == before


async def test_a_group_is_acted_on_at_once_and_failures_are_kept_apart(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, ended = await street.told(), await street.told(), await street.told()
    await street.move(ended, S.CANCELADA)
    async with street.database.transaction() as session:
        group = await groups.make(session, " Fuga  en Sahuaro ", [one.id, other.id, ended.id], user_id=street.analyst)
        assert group.title == "Fuga en Sahuaro"
        with pytest.raises(InvalidInput):
            await groups.make(session, "", [], user_id=street.analyst)
        with pytest.raises(AlreadyGrouped, match="Fuga en Sahuaro"):
            await groups.make(session, "Otro", [one.id], user_id=street.analyst)
    async with street.database.transaction() as session:
        group = await groups.get(session, group.id)
        order = TurnOrder(await agency(session))
        outcomes = await groups.turn(session, group, [order], user_id=street.analyst)
        (row,) = [row for row in await groups.listed(session) if row.group.id == group.id]
    assert [(outcome.folio, outcome.problem is None) for outcome in outcomes] == [
        (one.folio, True),
        (other.folio, True),
        (ended.folio, False),
    ]
    assert "Cancelada" in (outcomes[2].problem or "")
    assert (row.petitions, row.open, row.supporters) == (3, 2, 0)
    assert [(await street.get(petition)).status for petition in (one, other, ended)] == [
        S.TURNADA,
        S.TURNADA,
        S.CANCELADA,
    ]
    async with street.database.transaction() as session:
        group = await groups.get(session, group.id)
        twice = [TurnOrder(await agency(session, "salud")), order]
        again = await groups.turn(session, group, twice, user_id=street.analyst)
        assert [outcome.problem is None for outcome in again] == [False, False, False]
        agencies = set(await session.scalars(select(Turn.agency_id)))
        assert agencies == {order.agency_id}, "what is refused in its second half leaves no first"
        monkeypatch.setattr(groups, "MAX_MEMBERS", 3)
        late = await street.told()
        with pytest.raises(InvalidInput, match="3 peticiones como máximo"):
            await groups.add(session, group, [late.id], user_id=street.analyst)
    async with street.database.transaction() as session:
        group = await groups.get(session, group.id)
        told = await groups.tell(session, group, "Mañana llega la pipa.", user_id=street.analyst)
        changed = await groups.change_status(session, group, S.EN_ATENCION, reason="Van ya", user_id=street.analyst)
    assert [outcome.problem for outcome in told] == [None, None, None]
    assert [outcome.problem is None for outcome in changed] == [True, True, False]
    assert "Mañana llega la pipa." in " ".join(await street.told_in(street.counters[1]))
    async with street.database.transaction() as session:
        group = await groups.get(session, group.id)
        assert await groups.remove(session, group, ended.id, user_id=street.analyst)
        assert not await groups.remove(session, group, ended.id, user_id=street.analyst)
        await groups.remove(session, group, one.id, user_id=street.analyst)
        await groups.remove(session, group, other.id, user_id=street.analyst)
        assert await groups.listed(session) == [], "an empty group goes away"


async def test_a_link_is_one_whichever_way_it_is_made(street: Street) -> None:
    one, other = await street.told(), await street.told()
    async with street.database.transaction() as session:
        assert await links.relate(session, one.id, other.id, user_id=street.analyst)
        assert not await links.relate(session, other.id, one.id, user_id=street.analyst)
        assert [linked.id for linked in await links.of_petition(session, other.id)] == [one.id]
        assert await links.unrelate(session, other.id, one.id, user_id=street.analyst)
        assert not await links.unrelate(session, one.id, other.id, user_id=street.analyst)
        assert await links.of_petition(session, one.id) == []
    assert (await _kinds(street, one)).count(PetitionEventKind.UNRELATED) == 1
