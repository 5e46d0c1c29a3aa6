"""What staff type is found in conversations alike, by whichever way it is looked for."""

import uuid
from uuid import UUID

import pytest

from backend.conversations import finding, queries
from backend.conversations.queries import InboxView
from tests.conversations.conftest import Stage

SAID = (
    "Hay una fuga de agua en la calle",
    "¡NO TENEMOS ÁGUA NI LUZ!",
    "El pingüino del señor Muñoz",
    "Aguacates podridos: calle 5, lote/12",
    "Nada de eso",
    "SEÑOR, OTRA FUGA/DRENAJE EN LA CALLE",
    "Otra vez sin ÁGUA",
    "Perdí mi folio abc123",
)
#: By what is typed, the newest first.
FOUND = {
    "agua": (6, 3, 1, 0),
    "Água": (6, 3, 1, 0),
    "fuga calle": (5, 0),
    "la fuga": (5, 0),
    "senor": (5, 2),
    "pinguino MUÑOZ": (2,),
    "calle 5 lote": (3,),
    "5 12": (3,),
    "drenaje fu": (),
    "fu drenaje": (),
    "luz agua ten": (1,),
    "podridos agua": (3,),
    "folio abc": (7,),
    "abc folio": (),
    "zapoteca": (),
}
#: By name: the rarer gathered, the commoner walked to, few conversations walked through, few messages gathered.
WAYS = {
    "gathered": (4000, 15000, 1.0),
    "walked": (4000, 15000, -1.0),
    "walked not far enough": (4000, 2, -1.0),
    "more than are gathered": (1, 15000, 1.0),
    "more than are gathered, and far": (0, 1, 1.0),
}


@pytest.fixture
async def told(stage: Stage) -> list[UUID]:
    ids = []
    for text in SAID:
        one = await stage.another()
        await one.hear(text)
        ids.append(one.conversation_id)
    return ids


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_finds_the_same(
    stage: Stage, told: list[UUID], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered, walked, common = WAYS[way]
    monkeypatch.setattr(finding, "MOST_GATHERED", gathered)
    monkeypatch.setattr(finding, "MOST_WALKED", walked)
    monkeypatch.setattr(finding, "_COMMON", common)
    async with stage.database.transaction() as session:
        for typed, places in FOUND.items():
            for limit in (1, 50):
                rows = await queries.inbox(session, InboxView.ALL, agent_id=uuid.uuid4(), search=typed, limit=limit)
                assert [told.index(row.conversation_id) for row in rows] == list(places[:limit]), (typed, limit)


@pytest.mark.parametrize(
    ("view", "places"), [(InboxView.BOT, [6, 3, 1, 0]), (InboxView.CLOSED, []), (InboxView.WAITING, [])]
)
async def test_only_a_views_own_are_found(stage: Stage, told: list[UUID], view: InboxView, places: list[int]) -> None:
    async with stage.database.transaction() as session:
        rows = await queries.inbox(session, view, agent_id=uuid.uuid4(), search="agua", limit=50)
    assert [told.index(row.conversation_id) for row in rows] == places
