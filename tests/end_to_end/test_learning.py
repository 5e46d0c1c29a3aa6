"""What the real bot tells of a message is kept, and what is labelled comes out as files."""

from pathlib import Path

import httpx
import pytest

from tests.end_to_end.citizen import Citizen
from tests.end_to_end.product import Product

pytestmark = pytest.mark.product


def test_a_misunderstood_message_is_kept_masked_labelled_and_exported(
    product: Product, client: httpx.Client, staff: httpx.Client, tmp_path: Path
) -> None:
    citizen = Citizen(client).open()
    citizen.say("el zacate pues me llamo Zoila Quihuis")
    (row,) = product.execute(
        "SELECT u.message_id, u.model, u.outcome, u.masked_text, u.is_worth_a_look FROM understanding u"
        " JOIN message m ON m.id = u.message_id WHERE m.conversation_id = %s AND u.is_typed",
        citizen.session_id,
    )
    message_id, model, outcome, masked, is_worth_a_look = row
    assert model == product.model.name.removesuffix(".tar.gz")
    assert is_worth_a_look
    assert outcome != "answered"
    assert masked == "el zacate pues me llamo ‹nombre›"
    body = {"message_id": str(message_id), "intent": "fuera_de_alcance"}
    assert staff.post("/api/console/learning/labels", json=body).status_code == 200
    told = product.command("export-labels", "--out", str(tmp_path))
    assert "aprendizaje.yml" in told
    together = (tmp_path / "training.tsv").read_text("utf-8") + (tmp_path / "held_out.tsv").read_text("utf-8")
    assert "fuera_de_alcance\tel zacate pues me llamo Fulano de Tal" in together
    assert "Zoila" not in together
