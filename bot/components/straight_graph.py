"""Rasa's graph of components run straight through, and its domain compared with an empty one that is made once.

At every message, and at every prediction of an action, Rasa has dask plan the same few nodes anew and hand them to an
executor that runs them one after another anyway; and it builds an empty domain to see that its own is none. That took
as long as reading the message. What comes out is the same.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from rasa.engine.graph import GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain

#: The nodes that targets need, each after those that it needs.
Plan = tuple[tuple[str, tuple[str, ...]], ...]


def run_straight() -> None:
    """From now on this process runs Rasa's graphs without dask."""
    DaskGraphRunner.run = _run
    Domain.is_empty = _is_empty


def _run(
    self: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
) -> dict[str, Any]:
    """What the targets give; a node's input that nothing provides stays its name, as with dask."""
    plans: dict[tuple[str, ...], Plan] = self.__dict__.setdefault("_plans", {})
    wanted = tuple(targets or self._graph_schema.target_names)
    if wanted not in plans:
        plans[wanted] = plan_of(self._graph_schema, wanted)
    given: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
    for name, needs in plans[wanted]:
        given[name] = self._instantiated_nodes[name](*[given.get(need, need) for need in needs])
    return dict(given[name] for name in wanted)


def plan_of(schema: GraphSchema, targets: Sequence[str]) -> Plan:
    """The order in which to run what `targets` need. What is no node is an input."""
    order: dict[str, tuple[str, ...]] = {}

    def add(name: str) -> None:
        if name in order or name not in schema.nodes:
            return
        needs = tuple(schema.nodes[name].needs.values())
        for need in needs:
            add(need)
        order[name] = needs

    for target in targets:
        add(target)
    return tuple(order.items())


@lru_cache(maxsize=1)
def _empty() -> dict[str, Any]:
    return Domain.empty().as_dict()


def _is_empty(self: Domain) -> bool:
    return bool(self.as_dict() == _empty())
