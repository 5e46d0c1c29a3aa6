"""The data of a message as a component of Rasa's pipeline."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from backend.dates import told_days
from bot.components.catalogs import Catalogs
from bot.components.data_in_text import Datum, Municipalities, find

_HERMOSILLO = ZoneInfo("America/Hermosillo")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class DataExtractor(GraphComponent, EntityExtractorMixin):
    """Adds `entities` found by rule, their values in normal form."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        #: The intents whose messages tell a matter, and so have a topic. The classifier stands before this component.
        return {"topics_of": []}

    def __init__(self, topics_of: Collection[str]) -> None:
        self._topics_of = frozenset(topics_of)
        self._municipalities = Municipalities.read()
        self._catalogs = Catalogs.read()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "DataExtractor":
        return cls(config["topics_of"])

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            if not text:
                continue
            found = [
                {"entity": datum.entity, "start": datum.start, "end": datum.end, "value": datum.value}
                for datum in self._data(text, (message.get(INTENT) or {}).get("name"))
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + self.add_extractor_name(found), add_to_output=True)
        return messages

    def _data(self, text: str, intent: str | None) -> list[Datum]:
        today = datetime.now(_HERMOSILLO).date()
        days = [Datum("fecha", told.start, told.end, told.day.isoformat()) for told in told_days(text, today)]
        topic = self._catalogs.topic(text) if intent in self._topics_of else ()
        return [*find(text, self._municipalities), *self._catalogs.agencies(text), *topic, *days]
