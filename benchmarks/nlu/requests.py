"""`python -m benchmarks.nlu.requests`: how well several requests in one message are told apart.

On `multi.tsv`, messages that make several; on `dev.tsv`, messages that make one, where each split is a mistake.
"""

from benchmarks.nlu import data
from bot.components.intent_classifier import dangers_first
from bot.components.intent_model import IntentModel
from bot.components.requests import requests_in

_EMERGENCY_FROM = 0.25


def main() -> None:
    model = IntentModel.train(*data.training())

    def requests(text: str) -> list[str]:
        whole = dict(dangers_first(model.ranking(text), _EMERGENCY_FROM))
        return [request.intent for request in requests_in(text, whole, model.readings)]

    lines = (data.DEV.with_name("multi.tsv")).read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    found = [requests(text) for text, _, _ in rows]
    wanted = [[first, *others.split(",")] for _, first, others in rows]
    exact = sum(one == other for one, other in zip(found, wanted, strict=True))
    print(f"several requests: {len(rows)} messages, {sum(map(bool, found))} split, {exact} wholly right")
    texts, _ = data.messages(data.DEV)
    print(f"one request: {len(texts)} messages, {sum(bool(requests(text)) for text in texts)} split")


if __name__ == "__main__":
    main()
