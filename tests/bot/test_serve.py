"""The bot is served without what only training needs, and has it where it is asked for."""

import subprocess
import sys

#: Rasa's modules that serving a model loads, and those of our pipeline.
_SERVING = """
import sys
from bot.serve import PutOff
sys.meta_path.insert(0, PutOff())
import rasa.__main__, rasa.core.run
from rasa.core.policies.rule_policy import RulePolicy
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from bot.components import data_extractor, intent_classifier, language_detector
"""
_HAS = "print('tensorflow' in sys.modules, 'matplotlib' in sys.modules)\n"


def _told(program: str) -> str:
    command = [sys.executable, "-W", "ignore", "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


def test_neither_tensorflow_nor_matplotlib_is_loaded_to_serve() -> None:
    assert _told(_SERVING + _HAS) == "False False"


def test_what_was_put_off_is_there_for_who_asks() -> None:
    asked = "from rasa.nlu.extractors import extractor\nextractor.rasa.utils.train_utils.create_data_generators\n"
    assert _told(_SERVING + asked + _HAS) == "True False"


def test_a_models_training_is_not_read() -> None:
    read = """
from bot import serve
serve._read_models_without_their_training()
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.domain import Domain
from rasa.shared.data import TrainingType
node = {"needs": {}, "constructor_name": "load", "fn": "provide", "config": {}, "eager": True, "is_target": False,
        "is_input": False, "resource": None}
trains = {**node, "uses": "rasa.core.policies.ted_policy.TEDPolicy"}
predicts = {**node, "uses": "rasa.graph_components.providers.domain_provider.DomainProvider"}
model = ModelMetadata.from_dict({
    "trained_at": "2026-11-22T00:00:00", "rasa_open_source_version": "3.6.21", "model_id": "m", "assistant_id": "a",
    "domain": Domain.empty().as_dict(), "train_schema": {"nodes": {"train": trains}},
    "predict_schema": {"nodes": {"domain": predicts}}, "training_type": TrainingType.BOTH.value,
    "project_fingerprint": "", "core_target": "c", "nlu_target": "n", "language": "es",
})
print(list(model.train_schema.nodes), list(model.predict_schema.nodes), model.model_id)
"""
    assert _told(_SERVING + read + _HAS).splitlines() == ["[] ['domain'] m", "False False"]
