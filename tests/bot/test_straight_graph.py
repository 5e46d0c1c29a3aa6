"""Rasa's graph run straight through gives what it gave with dask."""

from typing import Any

import pytest
from rasa.engine.exceptions import GraphComponentException, GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain

from bot.components import straight_graph


class Adds(GraphComponent):
    """Adds one to what it is given."""

    @classmethod
    def create(cls, *_: Any, **__: Any) -> "Adds":
        return cls()

    def one(self, number: int) -> int:
        return number + 1

    def both(self, left: int, right: int) -> int:
        if left > 100:
            raise RuntimeError("too much")
        return left * 10 + right


def _node(needs: dict[str, str], fn: str) -> SchemaNode:
    return SchemaNode(needs, Adds, "create", fn, {}, eager=True)


SCHEMA = GraphSchema(
    {
        "sum": SchemaNode({"left": "first", "right": "second"}, Adds, "create", "both", {}, eager=True, is_target=True),
        "second": _node({"number": "first"}, "one"),
        "first": _node({"number": "__given__"}, "one"),
        "unasked": _node({"number": "__lacking__"}, "one"),
    }
)


def _runner() -> DaskGraphRunner:
    return DaskGraphRunner(SCHEMA, None, ExecutionContext(SCHEMA))


@pytest.fixture
def straight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DaskGraphRunner, "run", straight_graph._run)


@pytest.mark.parametrize("targets", [None, ["sum"], ["second"], ["second", "first"]])
def test_targets_give_what_they_gave(monkeypatch: pytest.MonkeyPatch, targets: list[str] | None) -> None:
    before = _runner().run({"__given__": 3}, targets)
    monkeypatch.setattr(DaskGraphRunner, "run", straight_graph._run)
    runner = _runner()
    assert [runner.run({"__given__": 3}, targets) for _ in range(2)] == [before, before]


@pytest.mark.usefixtures("straight")
def test_what_fails_and_what_is_lacking_is_told() -> None:
    with pytest.raises(GraphRunError):
        _runner().run({}, ["unasked"])
    with pytest.raises(GraphComponentException, match="node sum"):
        _runner().run({"__given__": 100})


def test_a_domain_is_empty_or_not_as_before() -> None:
    for domain in (Domain.empty(), Domain.from_dict({"intents": ["saludar"]})):
        assert straight_graph._is_empty(domain) == Domain.is_empty(domain)
