"""The intent model as a component of Rasa's pipeline."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.intent_model import IntentModel
from bot.components.normalisation import plain
from bot.components.requests import Request, requests_in
from bot.components.straight_graph import run_straight

#: What the actions read the several requests of a message from.
REQUESTS = "requests"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class NgramIntentClassifier(GraphComponent, IntentClassifier):
    """Sets `intent` and `intent_ranking` from the text alone; needs no tokenizer and no featurizer.

    A message that asks for several things gets `requests` too, and means the first of them.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # A danger is put first from `emergency_from` on: to ask once too often is better than once too seldom.
        return {"ranking_length": 5, "with_sense": True, "left_out": [], "emergency_from": 0.25}

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: IntentModel | None = None
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "NgramIntentClassifier":
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples, those of the intents `left_out` excepted: they come by buttons alone."""
        examples = [
            (example.get(TEXT), example.get(INTENT))
            for example in training_data.intent_examples
            if example.get(TEXT) and example.get(INTENT) not in self._config["left_out"]
        ]
        texts, intents = zip(*examples, strict=True)
        self._model = IntentModel.train(list(texts), list(intents), with_sense=self._config["with_sense"])
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "NgramIntentClassifier":
        run_straight()
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, IntentModel.load(folder))

    def process(self, messages: list[Message]) -> list[Message]:
        """Say what each message means. A message without text (a button's) is left as it is."""
        assert self._model is not None, "trained or loaded before it is used"
        for message in messages:
            text = message.get(TEXT)
            if not text:
                continue
            ranked = self._model.ranking(text) if is_legible(text) else [(name, 0.0) for name in self._model.intents]
            likeliest = dangers_first(ranked, self._config["emergency_from"])
            requests = requests_in(text, dict(likeliest), self._model.readings)
            if requests:
                message.set(REQUESTS, [vars(request) for request in requests], add_to_output=True)
                likeliest = first_request_first(likeliest, requests[0])
            ranking = [
                {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: confidence}
                for name, confidence in likeliest[: self._config["ranking_length"]]
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages


def is_legible(text: str) -> bool:
    """Whether there is a word, a number or a sign that stands for one: of a mere «.» or «!» the model would guess."""
    return any(char.isalnum() for char in plain(text))


def dangers_first(ranking: list[tuple[str, float]], emergency_from: float) -> list[tuple[str, float]]:
    """The ranking, with `emergencia` before all else if its confidence reaches `emergency_from`."""
    dangers = [pair for pair in ranking if pair[0] == "emergencia" and pair[1] >= emergency_from]
    return dangers + [pair for pair in ranking if pair not in dangers]


def first_request_first(ranking: list[tuple[str, float]], first: Request) -> list[tuple[str, float]]:
    """The ranking with the first of several requests before all else, as sure as its own words make it."""
    rest = [(name, min(confidence, 1.0 - first.confidence)) for name, confidence in ranking if name != first.intent]
    return [(first.intent, first.confidence), *rest]
