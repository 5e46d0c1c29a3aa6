"""Whether a new model takes the place of the one in use: only if it reads no worse (docs/adr/0009)."""

from dataclasses import dataclass
from pathlib import Path

from bot.measuring import NotMeasured, files, measure
from bot.registry import Registry, Score

DANGER = "emergencia"
#: A new model may lose so much accuracy on a file, in parts of one, and still be taken.
MARGINS = {"dev": 0.005, "held_out": 0.02}
#: Fewer messages than this decide nothing.
ENOUGH = 50
_NAMES = {"dev": "conjunto de desarrollo", "held_out": "mensajes etiquetados apartados"}


@dataclass(frozen=True)
class Verdict:
    """What to tell, and why the new model may not be taken; nothing where it may."""

    report: list[str]
    refusals: list[str]


def compare(before: dict[str, Score], after: dict[str, Score]) -> Verdict:
    """Accuracy and recall before and after, on every file that both were measured on."""
    report: list[str] = []
    refusals: list[str] = []
    for name in [name for name in after if name in before]:
        old, new = before[name], after[name]
        report += _report(name, old, new)
        if new.messages >= ENOUGH:
            refusals += _refusals(name, old, new)
    return Verdict(report, refusals)


def _report(name: str, old: Score, new: Score) -> list[str]:
    lines = [f"{_NAMES[name]} ({new.messages} mensajes)", f"  exactitud {_change(old.accuracy, new.accuracy)}"]
    if DANGER in new.recall:
        lines.append(f"  emergencias reconocidas {_change(old.recall.get(DANGER, 0.0), new.recall[DANGER])}")
    moves = {
        intent: recall - old.recall[intent]
        for intent, recall in new.recall.items()
        if intent in old.recall and recall != old.recall[intent]
    }
    for intent in sorted(moves, key=lambda one: (moves[one], one)):
        lines.append(f"  {intent}: {_change(old.recall[intent], new.recall[intent])} de {new.rows[intent]}")
    return lines


def _change(before: float, after: float) -> str:
    return f"{before:.3f} → {after:.3f} ({after - before:+.3f})"


def _refusals(name: str, old: Score, new: Score) -> list[str]:
    found = []
    if old.accuracy - new.accuracy > MARGINS[name]:
        found.append(f"la exactitud baja más de {MARGINS[name]:.3f} en el {_NAMES[name]}")
    if new.recall.get(DANGER, 1.0) < old.recall.get(DANGER, 0.0):
        found.append(f"se reconocen menos emergencias en el {_NAMES[name]}")
    return found


@dataclass(frozen=True)
class Choice:
    """The model to use, and what to tell of it."""

    model: Path
    told: list[str]


def choose(var_dir: Path, version: str, *, force: bool = False, measured: bool = False) -> Choice:
    """Which model to use now that `version`, that of the inputs, is trained.

    The first is taken unmeasured, unless `measured` asks for it: a fresh start must be quick. What was decided for
    these inputs (a refusal, a rollback) holds until they change, or `force`.
    """
    registry = Registry(var_dir)
    state = registry.state()
    if state is None or state.version == version:
        registry.use(version, why="primero" if state is None else "al día", decided_for=version)
        told = _own_score(registry, version, var_dir) if measured else []
        return Choice(registry.path(version), told)
    was_decided = state.decided_for == version and not force
    if was_decided and not measured:
        return Choice(registry.path(state.version), [_kept(state.version, version)])
    verdict = _verdict(registry, state.version, version, var_dir)
    told = [f"Antes {state.version}, ahora {version}:", *verdict.report]
    if was_decided:
        return Choice(registry.path(state.version), [*told, _kept(state.version, version)])
    if verdict.refusals and not force:
        registry.stay(decided_for=version)
        why = "; ".join(verdict.refusals)
        told += [f"NO se cambia de modelo: {why}.", _kept(state.version, version)]
        return Choice(registry.path(state.version), told)
    registry.use(version, why="forzado" if verdict.refusals else "no lee peor", decided_for=version)
    told.append(f"Se usa el modelo {version}. Para volver al anterior: make model-rollback")
    return Choice(registry.path(version), told)


def _kept(current: str, refused: str) -> str:
    return (
        f"Sigue en uso el modelo {current}, de datos y textos anteriores; "
        f"el de los actuales es {refused}: make train FORCE=1 lo pone en uso."
    )


def _own_score(registry: Registry, version: str, var_dir: Path) -> list[str]:
    scores = measure(registry, version, files(var_dir))
    return [f"{_NAMES[name]}: exactitud {score.accuracy:.3f}" for name, score in scores.items()]


def _verdict(registry: Registry, before: str, after: str, var_dir: Path) -> Verdict:
    """The comparison; a model of earlier code that does not load any more is not in the way of a new one."""
    wanted = files(var_dir)
    try:
        old = measure(registry, before, wanted)
    except NotMeasured as error:
        return Verdict([f"El modelo {before} ya no se puede medir con este código ({error})."], [])
    return compare(old, measure(registry, after, wanted))
