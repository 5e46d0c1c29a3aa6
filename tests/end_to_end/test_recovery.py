"""Parts of the product die in mid-conversation, or stay down: the talk goes on, no message lost, none twice."""

import time
import uuid

import httpx
import pytest

from tests.end_to_end.citizen import Citizen
from tests.end_to_end.product import Product

pytestmark = pytest.mark.product

#: A whole petition, an answer a line.
ANSWERS = [
    "quiero registrar una petición",
    "acepto",
    "el puente del arroyo se está cayendo y por ahí pasan los niños",
    "Hermosillo",
    "Centro",
    "Lucía Ramos Ortiz",
    "6621234567",
    "si",
]


def _check_transcript(product: Product, citizen: Citizen, said: list[str]) -> None:
    """What was sent is stored once and in order; what was heard equals the database; one petition was filed."""
    stored = product.execute(
        "SELECT id::text, author::text, text FROM message"
        " WHERE conversation_id = %s AND author <> 'control' ORDER BY seq",
        citizen.session_id,
    )
    assert [text for _, author, text in stored if author == "citizen"] == said
    assert [message["id"] for message in citizen.heard] == [identity for identity, _, _ in stored]
    petitions = product.execute("SELECT count(*) FROM petition WHERE conversation_id = %s", citizen.session_id)
    assert petitions == [(1,)]
    assert any("Folio: AC-" in str(text) for _, _, text in stored)


def _say_through(citizen: Citizen, text: str) -> None:
    """Say it as the widget does: the same client id again and again until it is taken, then wait for the reply."""
    client_id = uuid.uuid4().hex
    deadline = time.monotonic() + 60
    while True:
        try:
            citizen.send(client_id=client_id, text=text)
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the message was not taken within a minute"
            time.sleep(0.3)
    while True:
        try:
            citizen.replies(seconds=60)
            return
        except httpx.TransportError:
            assert time.monotonic() < deadline + 60, "no reply within a minute"
            time.sleep(0.3)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", ["worker", "rasa", "actions"])
def test_a_part_killed_in_mid_conversation_loses_nothing(product: Product, client: httpx.Client, part: str) -> None:
    product.wait_ready()
    citizen = Citizen(client).open()
    for number, text in enumerate(ANSWERS):
        if number in (3, 6):
            product.kill(part)
        _say_through(citizen, text)
    _check_transcript(product, citizen, ANSWERS)
    product.wait_ready()


@pytest.mark.timeout(600)
def test_with_rasa_down_the_scripted_intake_files_petitions_begun_before_and_since(
    product: Product, client: httpx.Client
) -> None:
    """One is in mid-form when Rasa dies, and is asked nothing again; the other comes while it is down."""
    product.wait_ready()
    in_mid_form, newcomer = Citizen(client).open(), Citizen(client).open()
    for text in ANSWERS[:4]:
        in_mid_form.say(text)
    with product.keep_down("rasa"):
        asked = "\n".join(message["text"] for message in in_mid_form.say(ANSWERS[4]))
        assert "nombre completo" in asked
        assert "municipio" not in asked and "¿Acepta" not in asked
        for text in ANSWERS[5:]:
            in_mid_form.say(text)
        folio = _file_by_script(newcomer)
    _check_transcript(product, in_mid_form, ANSWERS)
    assert product.execute("SELECT count(*) FROM petition WHERE folio = %s", folio) == [(1,)]
    product.wait_ready()
    assert "Recibida" in newcomer.say("como va mi folio")[0]["text"]


def _file_by_script(citizen: Citizen) -> str:
    """Tell a whole petition to the scripted intake, from the first word on; its folio."""
    first = citizen.say("hola, hay una fuga de agua")
    assert "Su mensaje quedó guardado" in first[0]["text"]
    citizen.press("Registrar una petición")
    said = citizen.press("Acepto")
    for answer in ANSWERS[2:]:
        said = citizen.say(answer)
    told = "\n".join(message["text"] for message in said)
    return next(line.removeprefix("Folio: ") for line in told.splitlines() if line.startswith("Folio: "))
