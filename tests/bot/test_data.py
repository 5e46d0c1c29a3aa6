"""What the assistant is made of agrees with itself: intents, examples, rules, and what citizens read."""

import ast
import json
import re
from collections import Counter

import pytest

from backend.text import fold
from bot.actions.correction import TITLES
from bot.actions.kinds import KINDS
from bot.actions.manners import _REPEATS, OTHERWISE
from bot.components.requests import REQUESTS
from tests.bot import wording

#: Fixed by the shared design, section 6.
INTENTS = [
    "saludar", "despedirse", "agradecer", "afirmar", "negar", "cancelar", "corregir", "ayuda", "hablar_con_persona",
    "registrar_peticion", "registrar_queja", "registrar_sugerencia", "registrar_felicitacion", "solicitar_audiencia",
    "solicitar_apoyo_social", "solicitar_asesoria_juridica", "tramite_registro_civil", "carta_no_antecedentes",
    "informacion_publica", "consultar_folio", "agregar_informacion", "horario_ubicacion", "aviso_privacidad",
    "derechos_arco", "emergencia", "queja_del_servicio", "fuera_de_alcance",
]  # fmt: skip

RESPONSES = wording.responses()
_INFORMAL = re.compile(r"\b(?:tú|tu|tus|te|ti|contigo|puedes|quieres|tienes|necesitas|escribe|dime|oye|mira)\b", re.I)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

_REACHED = {"le_comunico", "cerrado"}
#: Responses named in code by what follows the last underscore.
_FAMILIES = {
    "utter_pregunta_": set(TITLES),
    "utter_inicio_": {*KINDS.values(), "derechos_arco"},
    "utter_pendiente_": set(REQUESTS),
    "utter_en_": _REACHED,
    "utter_lengua_": _REACHED,
}


# Intents and examples.


@pytest.mark.parametrize("intent", INTENTS)
def test_each_intent_of_the_design_exists_and_has_eighty_examples(intent: str) -> None:
    assert intent in wording.intents()
    assert sum(1 for name, _ in wording.examples() if name == intent) >= 80


def test_examples_are_only_of_intents_of_the_domain() -> None:
    assert {name for name, _ in wording.examples()} == set(wording.intents())


def test_no_intent_is_declared_twice() -> None:
    assert [name for name, times in Counter(wording.intents()).items() if times > 1] == []


def test_no_example_is_there_twice() -> None:
    """Nor under two intents: accents and capitals are folded before they are learned."""
    places: dict[str, list[str]] = {}
    for intent, text in wording.examples():
        places.setdefault(fold(text), []).append(intent)
    assert {text: names for text, names in places.items() if len(names) > 1} == {}


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", fold(text)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("agradecer", "registrar_felicitacion"), ("agregar_informacion", "consultar_folio"),
        ("aviso_privacidad", "derechos_arco"), ("cancelar", "negar"), ("corregir", "derechos_arco"),
        ("hablar_con_persona", "solicitar_audiencia"), ("horario_ubicacion", "informacion_publica"),
        ("queja_del_servicio", "registrar_queja"), ("registrar_peticion", "registrar_queja"),
        ("registrar_peticion", "registrar_sugerencia"), ("solicitar_apoyo_social", "registrar_peticion"),
        ("fuera_de_alcance", "tramite_registro_civil"),
    ],
)  # fmt: skip
def test_confusable_intents_have_near_misses(one: str, other: str) -> None:
    """Examples that share a good part of their words with one that means something else."""
    texts: dict[str, list[set[str]]] = {one: [], other: []}
    for intent, text in wording.examples():
        if intent in texts and len(_words(text)) >= 2:
            texts[intent].append(_words(text))
    near = [mine for mine in texts[one] if any(len(mine & theirs) >= len(mine | theirs) / 3 for theirs in texts[other])]
    assert len(near) >= 3


# Rules.


def test_every_intent_opens_exactly_one_rule() -> None:
    opened = Counter(step["intent"] for rule in wording.rules() for step in rule["steps"] if "intent" in step)
    assert opened == Counter({*wording.intents(), "nlu_fallback"})


def test_every_form_has_a_rule_for_its_end() -> None:
    ended = [
        step["action"] for rule in wording.rules() if "condition" in rule for step in rule["steps"] if "action" in step
    ]
    assert sorted(set(ended) - {"action_listen"}) == sorted(wording.forms())


def test_actions_of_rules_domain_and_code_are_the_same() -> None:
    in_rules = {step["action"] for rule in wording.rules() for step in rule["steps"] if "action" in step}
    custom = {name for name in in_rules if name.startswith("action_")} - {"action_listen"}
    in_code = set(re.findall(r'"(action_(?!listen)\w+)"', "\n".join(wording.sources().values())))
    validators = {f"validate_{form}" for form in wording.forms()}
    assert custom <= wording.declared_actions()
    assert wording.declared_actions() == in_code | validators


# Responses.


def used_responses() -> set[str]:
    in_rules = {step["action"] for rule in wording.rules() for step in rule["steps"] if "action" in step}
    named = set(re.findall(r"\butter_\w+", "\n".join(wording.sources().values()))) - {"utter_message"}
    families = {f"{family}{ending}" for family, endings in _FAMILIES.items() for ending in endings}
    used = {name for name in in_rules if name.startswith("utter_")} | (named - set(_FAMILIES)) | families
    return used | {f"{name}{OTHERWISE}" for name in used if f"{name}{OTHERWISE}" in RESPONSES}


def test_every_response_used_exists() -> None:
    assert used_responses() - set(RESPONSES) == set()


def test_every_response_is_used() -> None:
    assert set(RESPONSES) - used_responses() == set()


def given_values() -> dict[str, set[str]]:
    """For each response named outright in a call of the code, the values that every such call gives."""
    given: dict[str, set[str]] = {}
    for source in wording.sources().values():
        for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
            values = {keyword.arg for keyword in call.keywords if keyword.arg}
            for name in _named_in(call):
                given[name] = given[name] & values if name in given else values
    return given


def _named_in(call: ast.Call) -> list[str]:
    """Response names in a `say`, `say_with` or `utter_message`; either one of a conditional expression."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in {"say", "say_with", "utter_message"}:
        return []
    where = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "response")]
    found = [node.value for arg in where for node in ast.walk(arg) if isinstance(node, ast.Constant)]
    return [name for name in found if isinstance(name, str) and name.startswith("utter_")]


def test_every_placeholder_is_given_by_the_code() -> None:
    given = given_values()
    # Named through a variable.
    given["utter_registrada"] = given["utter_ya_registrada"] = {"folio", "clave"}
    given |= {name: {"texto"} for name in _REPEATS}
    given |= {f"utter_{tongue}_{said}": {"lengua", "apertura"} for tongue in ("en", "lengua") for said in _REACHED}
    lacking = {
        name: sorted(set(_PLACEHOLDER.findall(variation["text"])) - given.get(name.removesuffix(OTHERWISE), set()))
        for name, variation in RESPONSES.items()
    }
    assert {name: values for name, values in lacking.items() if values} == {}


def test_each_response_has_one_wording() -> None:
    """The tests, and the reviewers, read the only one."""
    many = [name for name, variations in wording.domain()["responses"].items() if len(variations) != 1]
    assert many == []


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_speaks_with_usted_calmly_and_briefly(name: str) -> None:
    said = [RESPONSES[name]["text"], *(button["title"] for button in RESPONSES[name].get("buttons", []))]
    for text in said:
        assert _INFORMAL.search(text) is None, text
        assert text.count("!") <= 1, text
        assert len(text) <= 350, text
        assert not re.search(r"\b[A-ZÁÉÍÓÚÑ]{5,}\b", text), text


@pytest.mark.parametrize("name", sorted(name for name in RESPONSES if RESPONSES[name].get("buttons")))
def test_buttons_speak_as_intents_of_the_domain(name: str) -> None:
    for button in RESPONSES[name]["buttons"]:
        match = re.fullmatch(r"/(\w+)(\{.*\})?", button["payload"])
        assert match is not None, button
        assert match[1] in wording.intents(), button
        assert isinstance(json.loads(match[2] or "{}"), dict), button


def test_buttons_of_a_response_differ() -> None:
    for name, variation in RESPONSES.items():
        titles = [button["title"] for button in variation.get("buttons", [])]
        assert len(titles) == len(set(titles)), name
