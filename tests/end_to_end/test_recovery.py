"""Parts of the product die in mid-conversation, or stay down: the talk goes on, no message lost, none twice."""

import time
import uuid
from datetime import timedelta

import httpx
import pytest

from tests.end_to_end.citizen import Citizen
from tests.end_to_end.product import TURN_SECONDS, Product

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

#: Which of them is said to a bot that hangs: heard a second time, the place would be taken for the answer to the next
#: question.
_PLACE = 3
#: The bot's time for a turn, and what a busy machine needs before and after it.
_ANSWERED_WITHIN = timedelta(seconds=TURN_SECONDS + 5)
#: How the scripted intake begins.
_SCRIPTED = "Su mensaje quedó guardado"
_WAITED = (
    "SELECT max(answer.created_at - said.created_at) FROM message said"
    " JOIN message answer ON answer.in_reply_to = said.id WHERE said.conversation_id = %s"
)


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


def test_what_the_bot_forgot_of_a_petition_half_told_is_not_asked_again(product: Product, client: httpx.Client) -> None:
    """As retention leaves it a month after the bot's last turn."""
    citizen = Citizen(client).open()
    for number, text in enumerate(ANSWERS):
        if number in (2, 4, 6):
            deleted = (
                "WITH gone AS (DELETE FROM rasa.events WHERE sender_id = %s RETURNING 1) SELECT count(*) FROM gone"
            )
            assert product.execute(deleted, citizen.session_id) != [(0,)]
        _say_through(citizen, text)
    _check_transcript(product, citizen, ANSWERS)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", ["worker", "rasa", "actions"])
def test_a_part_killed_in_mid_conversation_loses_nothing(product: Product, client: httpx.Client, part: str) -> None:
    _wait_well(product, client)
    citizen = Citizen(client).open()
    for number, text in enumerate(ANSWERS):
        if number in (3, 6):
            product.kill(part)
        _say_through(citizen, text)
    _check_transcript(product, citizen, ANSWERS)
    _wait_well(product, client)


@pytest.mark.timeout(600)
def test_with_rasa_down_the_scripted_intake_files_petitions_begun_before_and_since(
    product: Product, client: httpx.Client
) -> None:
    """One is in mid-form when Rasa dies, and is asked nothing again; the other comes while it is down."""
    _wait_well(product, client)
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
    _wait_well(product, client)
    assert "Recibida" in newcomer.say("como va mi folio")[0]["text"]


@pytest.mark.timeout(600)
def test_a_bot_that_hangs_keeps_nobody_waiting_and_says_nothing_when_it_goes_on(
    product: Product, client: httpx.Client
) -> None:
    """Stopped in mid-petition, the script answers in time and goes on; let go, what it hung on is nobody's any more."""
    _wait_well(product, client)
    citizen = Citizen(client).open()
    for text in ANSWERS[:_PLACE]:
        citizen.say(text)
    with product.frozen("rasa"):
        asked = "\n".join(message["text"] for message in citizen.say(ANSWERS[_PLACE]))
    assert "¿En qué colonia" in asked and "preguntas sencillas" in asked
    for text in ANSWERS[_PLACE + 1 :]:
        citizen.say(text)
    _until_the_bot_is_asked_again(citizen)
    said = [message["text"] for message in citizen.heard if message["author"] == "citizen"]
    _check_transcript(product, citizen, said)
    assert said[: len(ANSWERS)] == ANSWERS
    told = "\n".join(message["text"] for message in citizen.heard if message["author"] != "citizen")
    assert told.count("Folio: AC-") == told.count("¿En qué municipio") == told.count("¿En qué colonia") == 1
    assert "Hermosillo" in told and "Centro" in told
    [(waited,)] = product.execute(_WAITED, citizen.session_id)
    assert isinstance(waited, timedelta) and waited < _ANSWERED_WITHIN


def _wait_well(product: Product, client: httpx.Client) -> None:
    """Until every part answers, and the bot is asked: after it failed it rests for some seconds."""
    product.wait_ready()
    deadline = time.monotonic() + 60
    while _SCRIPTED in Citizen(client).open().say("hola")[0]["text"]:
        assert time.monotonic() < deadline, "the bot answers, and nobody asks it"
        time.sleep(0.5)


def _until_the_bot_is_asked_again(citizen: Citizen) -> None:
    """It rests for some seconds after it hung."""
    deadline = time.monotonic() + 60
    while "Recibida" not in citizen.say("como va mi folio")[0]["text"]:
        assert time.monotonic() < deadline, "the bot is back, and nobody asks it"
        time.sleep(1)


def _file_by_script(citizen: Citizen) -> str:
    """Tell a whole petition to the scripted intake, from the first word on; its folio."""
    first = citizen.say("hola, hay una fuga de agua")
    assert _SCRIPTED in first[0]["text"]
    citizen.press("Registrar una petición")
    said = citizen.press("Acepto")
    for answer in ANSWERS[2:]:
        said = citizen.say(answer)
    told = "\n".join(message["text"] for message in said)
    return next(line.removeprefix("Folio: ") for line in told.splitlines() if line.startswith("Folio: "))
