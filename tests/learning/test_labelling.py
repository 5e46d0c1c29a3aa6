"""Labels: for all that read alike, by whom, and taken back whole; what is exported of them."""

import csv
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from backend import clock
from backend.assistant.port import Outcome
from backend.db import Database
from backend.errors import InvalidInput, NotFound
from backend.learning import exporting, formats, queries, service
from backend.learning.formats import Example, Split, split_of
from backend.learning.intents import TITLES, named
from backend.learning.models import LabelState
from backend.learning.queries import Band, Filter, Period
from tests.learning.conftest import Hear, kept, understood

ROOT = Path(__file__).resolve().parents[2]
DOUBT = understood({"registrar_queja": 0.4, "registrar_peticion": 0.35}, Outcome.ASKED)


async def label(database: Database, message_id: UUID, intent: str | None, user_id: UUID) -> tuple[UUID, int]:
    async with database.transaction() as session:
        return await service.label(session, message_id, intent, user_id)


async def test_one_label_serves_all_that_read_alike_and_is_undone_whole(
    hear: Hear, database: Database, hilda: UUID
) -> None:
    first = await hear("No me ATIENDEN!!", DOUBT)
    second = await hear("no me atienden", DOUBT)
    other = await hear("no hay agua", DOUBT)
    batch, count = await label(database, first, "registrar_queja", hilda)
    assert count == 2
    row = await kept(database, second)
    assert (row.label, row.label_state, row.labelled_by) == ("registrar_queja", LabelState.LABELLED, hilda)
    assert row.labelled_at is not None
    assert (await kept(database, other)).label_state is LabelState.PENDING
    async with database.transaction() as session:
        assert await service.undo(session, batch) == 2
    assert (await kept(database, second)).label_state is LabelState.PENDING
    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await service.undo(session, batch)


async def test_a_second_label_changes_only_its_own_message(hear: Hear, database: Database, hilda: UUID) -> None:
    first, second = await hear("no me atienden", DOUBT), await hear("no me atienden", DOUBT)
    await label(database, first, "registrar_queja", hilda)
    _, count = await label(database, first, None, hilda)
    assert count == 1
    assert (await kept(database, first)).label_state is LabelState.DISCARDED
    assert (await kept(database, second)).label == "registrar_queja"


async def test_what_is_no_intent_or_has_no_text_is_not_labelled(hear: Hear, database: Database, hilda: UUID) -> None:
    message = await hear("no me atienden", DOUBT)
    hidden = await hear("me golpea", DOUBT, is_sensitive=True)
    with pytest.raises(InvalidInput):
        await label(database, message, "elegir", hilda)
    with pytest.raises(NotFound):
        await label(database, hidden, "emergencia", hilda)


async def test_messages_are_listed_together_newest_first_and_filtered(
    hear: Hear, database: Database, hilda: UUID
) -> None:
    await hear("no me atienden", DOUBT, ago=timedelta(days=2))
    await hear("¡No me atienden!", DOUBT, ago=timedelta(minutes=1))
    agua = await hear("no hay agua", understood({"registrar_peticion": 0.6}), ago=timedelta(hours=1))

    async def listed(wanted: Filter) -> list[tuple[str | None, int]]:
        async with database.transaction() as session:
            return [(one.latest.masked_text, one.count) for one in (await queries.groups(session, wanted)).groups]

    assert await listed(Filter()) == [("¡No me atienden!", 2), ("no hay agua", 1)]
    assert await listed(Filter(period=Period.DAY)) == [("¡No me atienden!", 1), ("no hay agua", 1)]
    assert await listed(Filter(intent="registrar_peticion")) == [("no hay agua", 1)]
    assert await listed(Filter(band=Band.UNDER_50)) == [("¡No me atienden!", 2)]
    await label(database, agua, "informacion_publica", hilda)
    assert await listed(Filter()) == [("¡No me atienden!", 2)]
    assert await listed(Filter(state=LabelState.LABELLED, intent="informacion_publica")) == [("no hay agua", 1)]
    async with database.transaction() as session:
        progress = await queries.progress(session)
    assert (progress.pending, progress.labelled_today, progress.labelled) == (2, 1, 1)
    assert [(one.intent, one.labelled) for one in progress.by_intent] == [("informacion_publica", 1)]


async def test_pages_hold_a_fixed_number(hear: Hear, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    for word in ("uno", "dos", "tres"):
        await hear(f"no entiendo lo {word}", DOUBT)
    async with database.transaction() as session:
        last = await queries.groups(session, Filter(page=9))
    assert (last.total, last.page, last.pages, len(last.groups)) == (3, 2, 2, 1)


async def test_no_more_are_counted_nor_listed_than_anybody_needs(
    hear: Hear, database: Database, hilda: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for word in ("uno", "dos", "tres", "cuatro"):
        await label(database, await hear(f"no entiendo lo {word}", DOUBT), "registrar_queja", hilda)
    for word in ("cinco", "seis"):
        await label(database, await hear(f"no entiendo lo {word}", DOUBT), "informacion_publica", hilda)
    for module, name in ((queries, "MOST_COUNTED"), (queries, "MOST_LISTED"), (exporting, "MOST_TEXTS")):
        monkeypatch.setattr(module, name, 3)
    async with database.transaction() as session:
        progress = await queries.progress(session)
        listed = await queries.groups(session, Filter(state=LabelState.LABELLED))
        counted = await exporting.count_by_split(session)
    assert (progress.labelled, progress.labelled_today, progress.pending) == (3, 3, 0)
    assert [(one.intent, one.labelled) for one in progress.by_intent] == [
        ("registrar_queja", 3),
        ("informacion_publica", 2),
    ]
    texts = [f"no entiendo lo {word}" for word in ("seis", "cinco", "cuatro")]
    assert [one.latest.masked_text for one in listed.groups] == texts
    assert (listed.total, listed.is_capped, sum(counted.values())) == (3, True, 3)


async def test_what_is_exported_is_masked_split_and_readable(
    hear: Hear, database: Database, hilda: UUID, tmp_path: Path
) -> None:
    for number in range(40):
        message = await hear(
            f"me llamo Rosa Ibarra, caso {chr(97 + number % 26)}{number} de [agua](folio)\tsucia", DOUBT
        )
        await label(database, message, "registrar_peticion", hilda)
    discarded = await hear("jajaja", DOUBT)
    await label(database, discarded, None, hilda)
    async with database.transaction() as session:
        found = await exporting.examples(session)
        assert await exporting.examples(session, clock.now() + timedelta(hours=1)) == []
        assert await exporting.count_by_split(session) == Counter(one.split for one in found)
    counts = formats.write(found, tmp_path)
    everything = "".join(path.read_text("utf-8") for path in tmp_path.iterdir())
    assert "Rosa" not in everything
    assert "jajaja" not in everything
    assert "[" not in (tmp_path / "aprendizaje.yml").read_text("utf-8")
    held_out = list(csv.reader((tmp_path / "held_out.tsv").open(encoding="utf-8"), delimiter="\t"))[1:]
    learned = yaml.safe_load((tmp_path / "aprendizaje.yml").read_text("utf-8"))["nlu"][0]["examples"].splitlines()
    assert counts == {"aprendizaje.yml": len(learned), "training.tsv": len(learned), "held_out.tsv": len(held_out)}
    assert len(learned) + len(held_out) == 40
    assert held_out
    assert all(len(row) == 2 for row in held_out)
    assert {row[1] for row in held_out}.isdisjoint(line.removeprefix("- ") for line in learned)


def test_the_split_is_stable_and_a_fifth_is_held_out() -> None:
    keys = [service.key_of(f"texto número {number}") for number in range(5000)]
    assert [split_of(key) for key in keys] == [split_of(key) for key in keys]
    share = sum(split_of(key) is Split.HELD_OUT for key in keys) / len(keys)
    assert 0.18 < share < 0.22
    assert split_of(service.key_of("No me ATIENDEN!")) is split_of(service.key_of("no me atienden"))
    # Fixed for ever: moving the rule would measure what was learned.
    texts = [f"texto número {number}" for number in range(12)]
    assert "".join(split_of(service.key_of(text)).value[0] for text in texts) == "hhthhttttthh"


def test_nothing_labelled_is_a_file_that_can_be_read() -> None:
    assert yaml.safe_load(formats.as_yaml([])) == {"version": "3.1", "nlu": []}
    assert formats.as_tsv([Example("saludar", "hola", Split.TRAINING)]) == "intent\ttext\nsaludar\thola\n"


def test_intents_are_the_bots_and_named_by_title_or_name() -> None:
    domain = yaml.safe_load((ROOT / "bot/domain/intents.yml").read_text("utf-8"))
    assert set(TITLES) == set(domain["intents"]) - {"elegir", "enviar_adjunto", "otro_idioma", "volver_con_bot"}
    assert named(" decir que SI ") == "afirmar"
    assert named("consultar_folio") == "consultar_folio"
    assert named("otra") is None
    assert all(re.fullmatch(r"[a-z_]+", intent) for intent in TITLES)
