"""The bot: `python -m bot.serve` is `rasa run`, without what only training needs.

Rasa loads TensorFlow, whatever the pipeline: to name the classes of a model's training, which were never to run again,
and for what an entity tag is. A bot then takes 0.6 GB in place of 0.25, and starts 3 s of a processor later. What is
put off here is loaded when it is first used, which by our pipeline is never; with a component that uses TensorFlow
all would be as with `rasa run`.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import Any

#: Rasa's modules that are imported as a whole, and used by training and by test reports alone.
PUT_OFF = frozenset({"rasa.utils.train_utils", "rasa.utils.plotting"})


class PutOff(MetaPathFinder):
    """Finds the modules of `PUT_OFF`, to be run when something of theirs is first asked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in PUT_OFF else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def _read_models_without_their_training() -> None:
    """From now on this process loads of a model what predicts."""
    from rasa.engine.storage.storage import ModelMetadata

    read = ModelMetadata.from_dict

    def predicting(_: type[ModelMetadata], serialized: dict[str, Any]) -> ModelMetadata:
        return read({**serialized, "train_schema": {"nodes": {}}})

    ModelMetadata.from_dict = classmethod(predicting)


def main() -> None:
    sys.meta_path.insert(0, PutOff())
    _read_models_without_their_training()
    from rasa.__main__ import main as rasa  # only now: it imports what is put off

    sys.argv[1:1] = ["run"]
    rasa()


if __name__ == "__main__":
    main()
