"""What a message means to the actions, over phrasings as people of Sonora write them."""

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from backend.text import fold
from bot.actions.folios import _code_in, folio_in
from bot.actions.story import tells_something
from bot.actions.turn import Turn, first_name


def turn(text: str, intent: str = "", confidence: float = 0.0, entities: list[dict[str, Any]] | None = None) -> Turn:
    message = {
        "text": text,
        "intent": {"name": intent, "confidence": confidence},
        "entities": entities or [],
        "metadata": {"message_id": "m1"},
    }
    tracker = Tracker("c1", {}, message, [], False, None, {}, "action_listen")
    return Turn(CollectingDispatcher(), tracker, {}, client=object())  # type: ignore[arg-type]


YES = [
    "👍", "👍🏼👍🏼", "✅",
    "sí", "si", "SI", "Sí.", "siii", "si!!", "¡Sí!", "sip", "simón", "simon", "claro", "claro que sí", "acepto",
    "si acepto", "sí, acepto", "ok", "okey", "okay", "va", "vale", "sale", "sale pues", "dale", "correcto",
    "de acuerdo", "esta bien", "Está bien", "adelante", "así es", "afirmativo", "por supuesto", "cómo no",
    "ándale", "ándale pues", "órale", "todo bien", "regístrala", "registrela por favor", "confirmo", "si esta bien",
    "está correcto", "si porfa",
]  # fmt: skip
AGREES = [
    "oki", "arre pues", "fierro pariente", "Exactamente.", "Estoy de acuerdo.", "ajá", "así mero", "eso es",
    "Conforme.", "zi", "cimon", "obvio si", "pos sí", "me parece bien", "Proceda, por favor.", "póngale nomás",
    "sobres", "juega",
]  # fmt: skip
BINDS_NOBODY = ["depende", "mande", "cómo", "eh", "pues", "q dice", "y si no", "ahorita", "no, así está bien"]
NO = [
    "no", "No.", "NO", "nooo", "no gracias", "nel", "nop", "nunca", "negativo", "para nada", "tampoco", "no acepto",
    "no, no acepto", "no quiero", "no estoy de acuerdo", "no, está mal", "no es correcto", "no por ahora",
]  # fmt: skip
DOES_NOT_KNOW = [
    "no sé", "no se", "no lo sé", "no me acuerdo", "no la recuerdo", "no lo tengo", "no la tengo a la mano",
    "no tengo", "no lo encuentro", "no entiendo", "se me olvidó", "ya se me olvidó la clave", "perdí mi folio",
    "no lo traigo",
    "se me perdió el papel", "ay no me acuerdo", "olvidé mi clave",
]  # fmt: skip
CANCELS = [
    "cancelar", "CANCELAR", "cancela", "cancélalo", "quiero cancelar", "cancele por favor", "cancelar todo",
    "olvídalo", "olvídelo", "olvide eso", "déjalo", "déjalo así", "deja eso", "mejor no", "ya no", "ya no quiero",
    "no quiero seguir", "ya no quiero seguir", "ya no quiero registrar nada", "me arrepentí", "borra todo", "borra",
    "salir", "empezar de nuevo", "no pos ya no", "pues ya no", "no, mejor ya no",
]  # fmt: skip
WANTS_PERSON = [
    "quiero hablar con una persona", "hablar con alguien", "puedo hablar con alguien de ahí?",
    "comuníqueme con alguien",
    "me comunica con un asesor", "páseme con una persona", "pásame con alguien", "me pasa con un asesor por favor",
    "me puede pasar con una persona", "que me atienda una persona", "agente", "Persona", "asesor", "operador",
    "transfiérame con un ejecutivo", "quiero hablar con la licenciada", "hablar con un humano", "hablar con gente real",
    "me pueden contactar con un asesor",
]  # fmt: skip
ASKS = [
    "¿a qué hora abren?", "a que hora cierran", "qué horario tienen", "cómo le hago", "cuánto cuesta", "dónde están",
    "por qué me piden mi nombre", "para qué quieren mis datos", "tienen teléfono", "puedo ir en persona",
    "es seguro dar mis datos", "y si no tengo curp", "oiga, abren los sábados?", "hasta qué hora atienden",
]  # fmt: skip

WAITS = [
    "espere tantito", "Espéreme tantito por favor", "un momento", "deme un minuto", "permítame", "ahorita le digo",
    "deje busco la credencial", "oiga, espere un ratito",
]  # fmt: skip

# What happened, told in words that look like one of the above.
STORIES = [
    "lo que pasa es que la gente tira basura en el arroyo",
    "lo que pasa es que un funcionario me pidió dinero",
    "cancelaron mi beca",
    "cancelaron la obra del parque",
    "olvidaron tapar la zanja",
    "nadie atiende a la gente del ejido",
    "silvestre revueltas 45",
    "claudia valenzuela",
    "noé gonzález",
    "valle verde",
    "nogales",
    "norberto ortega",
    "salida a bahía kino",
    "fraccionamiento los agentes",
    "la persona de la ventanilla me gritó",
]


@pytest.mark.parametrize("text", YES)
def test_says_yes(text: str) -> None:
    assert turn(text).says_yes
    assert not turn(text).says_no


@pytest.mark.parametrize("text", [*NO, *DOES_NOT_KNOW, *WANTS_PERSON, *STORIES, "no si", "sirve de algo", "valor"])
def test_does_not_say_yes(text: str) -> None:
    assert not turn(text).says_yes


@pytest.mark.parametrize("text", AGREES)
def test_agrees(text: str) -> None:
    assert turn(text, "afirmar", 0.9).agrees
    assert not turn(text, "dar_dato", 0.9).agrees


@pytest.mark.parametrize("text", BINDS_NOBODY)
def test_what_the_model_alone_takes_for_a_yes_binds_nobody(text: str) -> None:
    assert not turn(text, "afirmar", 0.99).agrees


@pytest.mark.parametrize("text", NO)
def test_says_no(text: str) -> None:
    assert turn(text).says_no


@pytest.mark.parametrize("text", [*YES, *STORIES, "no sé", "no me acuerdo", "no la recuerdo", "no entiendo", "nota"])
def test_does_not_say_no(text: str) -> None:
    assert not turn(text).says_no


@pytest.mark.parametrize("text", DOES_NOT_KNOW)
def test_does_not_know(text: str) -> None:
    assert turn(text).does_not_know


@pytest.mark.parametrize("text", [*YES, *NO, *CANCELS, *STORIES, "no sera posible", "AC-2026-000123-K"])
def test_knows(text: str) -> None:
    assert not turn(text).does_not_know


@pytest.mark.parametrize("text", CANCELS)
def test_cancels(text: str) -> None:
    assert turn(text).cancels


@pytest.mark.parametrize("text", [*YES, *DOES_NOT_KNOW, *STORIES, "no", "no gracias", "ya no tenemos agua"])
def test_does_not_cancel(text: str) -> None:
    assert not turn(text).cancels


def test_cancels_by_what_was_understood_only_when_sure_and_short() -> None:
    assert turn("ya párele", "cancelar", 0.8).cancels
    assert not turn("ya párele", "cancelar", 0.6).cancels
    assert not turn("ya no hay quien pare tanto ruido en la calle", "cancelar", 0.9).cancels


@pytest.mark.parametrize("text", WANTS_PERSON)
def test_wants_a_person(text: str) -> None:
    assert turn(text).wants_person


@pytest.mark.parametrize(
    "text", [*YES, *NO, *CANCELS, *STORIES, "quiero una audiencia", "el agente de tránsito me pidió dinero"]
)
def test_does_not_want_a_person(text: str) -> None:
    assert not turn(text).wants_person


def test_a_long_story_is_not_a_wish_for_a_person() -> None:
    assert not turn(
        "fui a la oficina a hablar con una persona de ventanilla y me dijo que volviera otro día sin ninguna razón"
    ).wants_person


def test_wants_a_person_by_what_was_understood_only_when_sure_and_short() -> None:
    assert turn("atención personal", "hablar_con_persona", 0.8).wants_person
    assert not turn("atención personal", "hablar_con_persona", 0.7).wants_person
    assert not turn("que nos manden a alguien a ver el pozo ya", "hablar_con_persona", 0.9).wants_person


@pytest.mark.parametrize("text", ASKS)
def test_asks_something(text: str) -> None:
    assert turn(text).asks_something


@pytest.mark.parametrize("text", [*YES, *NO, *CANCELS, *STORIES, "calle donato guerra", "quebrada honda"])
def test_does_not_ask(text: str) -> None:
    assert turn(text).asks_something is (fold(text) == "como no")


@pytest.mark.parametrize("text", WAITS)
def test_asks_to_wait(text: str) -> None:
    assert turn(text).asks_to_wait


@pytest.mark.parametrize(
    "text",
    [*YES, *NO, *CANCELS, *STORIES, "espere, la colonia es otra", "esperanza ruiz", "ahorita no", "un momento difícil"],
)
def test_does_not_ask_to_wait(text: str) -> None:
    assert not turn(text).asks_to_wait


@pytest.mark.parametrize(
    ("name", "spoken_to"),
    [("María López Ruiz", "María"), ("Doña Cuca", "Doña Cuca"), ("Lic. Juan Soto", "Lic. Juan"), ("Don", "Don")],
)
def test_a_title_is_no_name(name: str, spoken_to: str) -> None:
    assert first_name(name) == spoken_to


@pytest.mark.parametrize(
    ("payload", "intent", "meant"),
    [
        ("/afirmar", "afirmar", "says_yes"),
        ("/negar", "negar", "says_no"),
        ("/cancelar", "cancelar", "cancels"),
        ("/hablar_con_persona", "hablar_con_persona", "wants_person"),
    ],
)
def test_a_button_means_its_intent_and_nothing_else(payload: str, intent: str, meant: str) -> None:
    pressed = turn(payload, intent, 1.0)
    means = {name for name in ("says_yes", "says_no", "cancels", "wants_person") if getattr(pressed, name)}
    assert means == {meant}
    assert not pressed.does_not_know


def test_value_is_the_chosen_option_or_the_words() -> None:
    chosen = [{"entity": "valor", "value": "nacimiento"}]
    assert turn('/elegir{"valor": "nacimiento"}', "elegir", 1.0, chosen).value == "nacimiento"
    assert turn("la de nacimiento", "elegir", 1.0, chosen).value == "la de nacimiento"
    assert turn("/afirmar", "afirmar", 1.0).value == "/afirmar"


def test_an_entity_counts_only_when_it_is_one() -> None:
    places = [{"entity": "municipio", "value": "Hermosillo"}, {"entity": "municipio", "value": "Cajeme"}]
    assert turn("de Hermosillo a Cajeme", entities=places).entity("municipio") is None
    assert turn("en Hermosillo", entities=places[:1]).entity("municipio") == "Hermosillo"
    assert turn("en Hermosillo", entities=[places[0], places[0]]).entity("municipio") == "Hermosillo"


# Folios and access codes.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AC-2026-000123-K", "AC-2026-000123-K"),
        ("ac-2026-000123-k", "ac-2026-000123-k"),
        ("mi folio es AC-2026-000123-K.", "AC-2026-000123-K"),
        ("AC 2026 000123 K", "AC 2026 000123 K"),
        ("ac2026000123k", "ac2026000123k"),
        ("AC-2026-123-K", "AC-2026-123-K"),
        ("A C 2026 000123 K gracias", "A C 2026 000123 K"),
        ("AC–2026–000123–K", "AC–2026–000123–K"),
        ("AC: 2026-000123-K", "AC: 2026-000123-K"),
        ("Ac-2O26-OOO123-k", "Ac-2O26-OOO123-k"),
        ("el ac.2026.000123.k como va", "ac.2026.000123.k"),
    ],
)
def test_a_folio_is_found_as_people_write_it(text: str, found: str) -> None:
    assert folio_in(turn(text)) == found


@pytest.mark.parametrize(
    "text",
    ["mi folio", "AC", "000123", "la calle Aconchi 2026", "6621234567", "acuérdese", "AC-26", "PAC-2026-000123-K",
     "VECJ880326HSRLRN05", "7KQ2M9TX", "/consultar_folio"],
)  # fmt: skip
def test_what_is_no_folio_is_not_taken_for_one(text: str) -> None:
    assert folio_in(turn(text)) is None


def test_a_button_carries_no_typed_folio() -> None:
    assert folio_in(turn('/elegir{"valor": "AC-2026-000123-K"}', "elegir", 1.0)) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("7KQ2M9TX", "7KQ2M9TX"),
        ("7kq2 m9tx", "7kq2m9tx"),
        ("7KQ2-M9TX", "7KQ2M9TX"),
        ("la clave es 7KQ2M9TX", "7KQ2M9TX"),
        ("folio AC-2026-000123-K clave 7KQ2M9TX", "7KQ2M9TX"),
        ("para este AC-2026-000123-K la clave es 7KQ2M9TX", "7KQ2M9TX"),
        ("7KQ2M9TX del AC-2026-000123-K", "7KQ2M9TX"),
    ],
)
def test_an_access_code_is_found_beside_its_folio(text: str, code: str) -> None:
    assert _code_in(turn(text)) == code


@pytest.mark.parametrize(
    "text", ["AC-2026-000123-K", "no la tengo", "para este", "mercedes", "7KQ2", "7KQ2M9TXX", "6621234567", "1234"]
)
def test_words_and_numbers_are_not_access_codes(text: str) -> None:
    assert _code_in(turn(text)) is None


# Whether a request tells its story.


@pytest.mark.parametrize(
    "text",
    [
        "quiero reportar una fuga de agua en la calle Reforma",
        "kiero reportar q ay un bache bien grandote afuera de mi casa",
        "no ha pasado el camión de la basura en dos semanas",
        "necesito una silla de ruedas para mi mamá que está enferma",
    ],
)
def test_a_request_that_tells_its_story_is_kept(text: str) -> None:
    assert tells_something(text)


@pytest.mark.parametrize(
    "text",
    [
        "quiero registrar una petición",
        "buenas tardes quisiera hacer una solicitud por favor",
        "OCUPO PONER UNA QUEJA",
        "me gustaría solicitar una audiencia con el gobernador",
        "hay un bache",
        "fuga de agua",
    ],
)
def test_a_bare_request_is_no_story(text: str) -> None:
    assert not tells_something(text)
