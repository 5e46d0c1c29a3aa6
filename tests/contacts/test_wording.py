"""What counts as a command, and what a citizen may tell without being taken for one."""

import pytest

from backend.contacts import wording


@pytest.mark.parametrize("said", ["BAJA", "baja", " Baja. ", "ALTO", "¡Alto!", "STOP", "Cancelar suscripción"])
def test_words_that_stop_notices(said: str) -> None:
    assert wording.opts_out(said)


@pytest.mark.parametrize("said", ["no baja la presión del agua", "alto consumo", "cancelar", "bajar", "la baja", ""])
def test_words_in_a_sentence_stop_nothing(said: str) -> None:
    assert not wording.opts_out(said)


@pytest.mark.parametrize(
    "said",
    [
        "vincular", "Vincular mi WhatsApp", "quiero seguir por WhatsApp", "¿Puedo continuar en Telegram?",
        "quiero seguir en otro canal", "seguir por el whats", "quiero vincular mi cuenta con telegram",
        "¿Cómo puedo seguir la conversación por WhatsApp?",
    ],
)  # fmt: skip
def test_asking_to_go_on_elsewhere(said: str) -> None:
    assert wording.asks_link(said)


@pytest.mark.parametrize(
    "said",
    [
        "me estafaron por whatsapp", "quiero seguir", "quiero denunciar a alguien por telegram",
        "quiero seguir con mi petición", "hablar con una persona", "me mandan amenazas por whatsapp",
    ],
)  # fmt: skip
def test_a_story_with_a_channel_in_it_is_a_story(said: str) -> None:
    assert not wording.asks_link(said)
    assert wording.preferred_channel(said) is None


@pytest.mark.parametrize("said", ["VINCULAR K7M9QX", "vincular k7m9qx", " Vincular: k7m 9qx ", "VINCULAR K7M-9QX.",
                                  "/start link_K7M9QX"])  # fmt: skip
def test_a_code_however_it_is_typed(said: str) -> None:
    code = wording.code_in(said, None)
    assert code is not None
    assert code.upper() == "K7M9QX"


def test_a_code_in_a_start_parameter() -> None:
    assert wording.code_in("/start", "link_K7M9QX") == "K7M9QX"
    assert wording.code_in("/start", "folio") is None


@pytest.mark.parametrize("said", ["vincular", "vincular whatsapp", "K7M9QX", "vincular mi chat", "hola"])
def test_what_brings_no_code(said: str) -> None:
    assert wording.code_in(said, None) is None


@pytest.mark.parametrize(
    ("said", "channel"),
    [
        ("avísenme por Telegram", "telegram"),
        ("Avíseme por WhatsApp por favor", "whatsapp"),
        ("prefiero que me avisen por mensaje de texto", "sms"),
        ("quiero recibir los avisos por whats", "whatsapp"),
        ("mejor avísenme aquí", "here"),
        ("notifíquenme por este medio", "here"),
    ],
)
def test_where_notices_are_wanted(said: str, channel: str) -> None:
    assert wording.preferred_channel(said) == channel
