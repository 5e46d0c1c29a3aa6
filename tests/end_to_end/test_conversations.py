"""Every conversation file, held with the real product through the public chat API."""

import os
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.conversation import Talk, load
from tests.end_to_end.product import ROOT, Product

FOLDER = Path(os.environ.get("CONVERSATIONS_DIR") or Path(__file__).parent / "conversations")
FILES = sorted((ROOT / FOLDER).glob("*.yml"))


@pytest.mark.product
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_conversation(path: Path, product: Product, client: httpx.Client, staff: httpx.Client) -> None:
    Talk(load(path), product, client, staff).run()


def test_there_are_conversations_to_hold() -> None:
    assert FILES, f"no *.yml in {FOLDER}"
