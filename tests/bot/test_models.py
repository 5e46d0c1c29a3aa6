"""Versions of the model: which is used, when another takes its place, and the way back."""

import json
from pathlib import Path

import pytest

from bot import comparing, models
from bot.comparing import choose, compare
from bot.measuring import DEV, NotMeasured, digest_of, files, score
from bot.nlu_eval import Row
from bot.registry import Card, Registry, Score, UnknownVersion

FIRST, SECOND, THIRD = "0000000000000001", "0000000000000002", "0000000000000003"


def dev(accuracy: float, danger: float = 1.0, **recall: float) -> Score:
    recalls = {"emergencia": danger, **recall}
    return Score(digest_of(DEV), 1000, accuracy, recalls, dict.fromkeys(recalls, 100))


def make(var_dir: Path, version: str, *scores: Score) -> None:
    """A model's file, and its card with its scores: nothing is trained or measured."""
    registry = Registry(var_dir)
    registry.folder.mkdir(parents=True, exist_ok=True)
    registry.path(version).write_bytes(b"")
    registry.keep(Card(version, "2026-11-21T00:00:00Z", 10, dict(zip(("dev", "held_out"), scores, strict=False))))


def used(var_dir: Path) -> str:
    state = Registry(var_dir).state()
    assert state is not None
    return state.version


def test_the_first_model_is_taken_unmeasured(tmp_path: Path) -> None:
    make(tmp_path, FIRST)
    choice = choose(tmp_path, FIRST)
    assert (choice.model.name, choice.told) == (f"{FIRST}.tar.gz", [])
    assert Registry(tmp_path).card(FIRST).scores == {}


def test_a_model_that_reads_no_worse_is_taken_and_the_change_told(tmp_path: Path) -> None:
    make(tmp_path, FIRST, dev(0.960, saludar=0.9, ayuda=0.8))
    make(tmp_path, SECOND, dev(0.957, saludar=0.95, ayuda=0.8))
    choose(tmp_path, FIRST)
    choice = choose(tmp_path, SECOND)
    told = "\n".join(choice.told)
    assert used(tmp_path) == SECOND
    assert "exactitud 0.960 → 0.957 (-0.003)" in told
    assert "saludar: 0.900 → 0.950 (+0.050) de 100" in told
    assert "ayuda" not in told


@pytest.mark.parametrize(
    ("worse", "why"), [(dev(0.950), "exactitud baja"), (dev(0.990, 0.99), "menos emergencias")], ids=["all", "dangers"]
)
def test_a_model_that_reads_worse_is_refused_and_says_why(tmp_path: Path, worse: Score, why: str) -> None:
    make(tmp_path, FIRST, dev(0.960))
    make(tmp_path, SECOND, worse)
    choose(tmp_path, FIRST)
    choice = choose(tmp_path, SECOND)
    assert choice.model.name == f"{FIRST}.tar.gz"
    assert why in "\n".join(choice.told)
    again = choose(tmp_path, SECOND)
    assert (used(tmp_path), len(again.told)) == (FIRST, 1)
    choose(tmp_path, SECOND, force=True)
    assert used(tmp_path) == SECOND


def test_few_labelled_messages_decide_nothing_and_enough_do() -> None:
    def pair(messages: int) -> dict[str, Score]:
        return {"held_out": Score("x", messages, 0.9, {}, {}), "dev": dev(0.96)}

    def worse(messages: int) -> dict[str, Score]:
        return {"held_out": Score("x", messages, 0.8, {}, {}), "dev": dev(0.96)}

    assert compare(pair(49), worse(49)).refusals == []
    assert len(compare(pair(50), worse(50)).refusals) == 1


def test_a_rollback_holds_until_the_inputs_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (FIRST, SECOND, THIRD):
        make(tmp_path, version, dev(0.96))
    for version in (FIRST, SECOND):
        choose(tmp_path, version)
    assert Registry(tmp_path).previous() == FIRST
    monkeypatch.setattr(models, "fingerprint", lambda: SECOND)
    models.switch(tmp_path, FIRST, why="vuelta atrás")
    assert used(tmp_path) == FIRST
    assert choose(tmp_path, SECOND).model.name == f"{FIRST}.tar.gz"
    choose(tmp_path, THIRD)
    assert used(tmp_path) == THIRD


def test_there_is_no_way_back_from_the_first_nor_to_what_is_gone(tmp_path: Path) -> None:
    make(tmp_path, FIRST, dev(0.96))
    choose(tmp_path, FIRST)
    assert Registry(tmp_path).previous() is None
    make(tmp_path, SECOND, dev(0.96))
    choose(tmp_path, SECOND)
    Registry(tmp_path).path(FIRST).unlink()
    assert Registry(tmp_path).previous() is None
    with pytest.raises(UnknownVersion):
        Registry(tmp_path).use("../../etc/passwd", why="", decided_for="")
    with pytest.raises(SystemExit, match="No hay un modelo"):
        models.switch(tmp_path, "nothing", why="")


def test_a_model_in_use_that_is_gone_gives_way(tmp_path: Path) -> None:
    make(tmp_path, FIRST)
    choose(tmp_path, FIRST)
    Registry(tmp_path).path(FIRST).unlink()
    make(tmp_path, SECOND)
    assert choose(tmp_path, SECOND).model.name == f"{SECOND}.tar.gz"


def test_a_model_that_does_not_load_any_more_is_not_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, FIRST)
    make(tmp_path, SECOND)
    choose(tmp_path, FIRST)

    def fail(registry: Registry, version: str, wanted: dict[str, Path]) -> dict[str, Score]:
        raise NotMeasured("ImportError")

    monkeypatch.setattr(comparing, "measure", fail)
    assert "ya no se puede medir" in "\n".join(choose(tmp_path, SECOND).told)
    assert used(tmp_path) == SECOND


def test_labelled_messages_measure_once_they_were_exported(tmp_path: Path) -> None:
    assert set(files(tmp_path)) == {"dev"}
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/held_out.tsv").write_text("intent\ttext\n", encoding="utf-8")
    assert set(files(tmp_path)) == {"dev"}
    (tmp_path / "labels/held_out.tsv").write_text("intent\ttext\nsaludar\thola\n", encoding="utf-8")
    assert set(files(tmp_path)) == {"dev", "held_out"}


def test_a_score_counts_the_likeliest_reading() -> None:
    rows = [
        Row("saludar", "saludar", 0.9, False, "hola"),
        Row("saludar", "ayuda", 0.4, True, "qué onda"),
        Row("emergencia", "emergencia", 0.4, True, "me golpea"),
    ]
    found = score(rows, "x")
    assert (found.messages, found.accuracy) == (3, 0.6667)
    assert found.recall == {"emergencia": 1.0, "saludar": 0.5}
    assert found.rows == {"emergencia": 1, "saludar": 2}


def test_the_list_marks_what_is_in_use(tmp_path: Path) -> None:
    make(tmp_path, FIRST, dev(0.96))
    make(tmp_path, SECOND)
    choose(tmp_path, FIRST)
    lines = models.table(Registry(tmp_path))
    assert lines[1].startswith(f"* {FIRST}")
    assert "0.960" in lines[1]
    assert lines[2].startswith(f"  {SECOND}")
    assert "sin medir" in lines[2]


def test_only_a_running_product_is_told(tmp_path: Path) -> None:
    assert models.tell_running(tmp_path) is False
    (tmp_path / models.PID_NAME).write_text("1")  # somebody else's number
    assert models.tell_running(tmp_path) is False


def test_what_is_kept_is_never_half_written(tmp_path: Path) -> None:
    make(tmp_path, FIRST)
    choose(tmp_path, FIRST)
    assert json.loads((tmp_path / "models/current.json").read_text("utf-8"))["version"] == FIRST
    assert list((tmp_path / "models").glob("*.unfinished")) == []
