"""Answers as citizens type them, in their normal form."""

import pytest

from backend.catalog import service as catalog
from backend.db import Database
from backend.registry import intake
from backend.registry.models import PetitionKind

CURP = "BOXW310820HNERXN09"


async def _check(database: Database, field: str, text: str) -> intake.Checked:
    async with database.transaction() as session:
        return await intake.check(session, field, text)


@pytest.mark.parametrize(
    "typed",
    [
        "6621234567",
        "662 123 4567",
        "(662) 123-45-67",
        "+52 662 123 4567",
        "526621234567",
        "5216621234567",
        "+52 1 662 123 4567",
        "044 662 123 4567",
        "0456621234567",
        "01 662 123 4567",
        "mi tel es 662-123-4567 gracias",
        "es el 6621234567 después de las 5",
    ],
)
async def test_a_mexican_phone_in_any_of_its_forms_is_one_number(database: Database, typed: str) -> None:
    assert (await _check(database, "contacto", typed)).value == "+526621234567"
    assert (await _check(database, "telefono", typed)).value == "+526621234567"


async def test_a_phone_of_arizona_is_kept_as_one_of_arizona(database: Database) -> None:
    assert (await _check(database, "contacto", "+1 520 555 1234")).value == "+15205551234"


@pytest.mark.parametrize("typed", ["662123456", "66212345678", "0000000000", "1234567890"])
async def test_what_is_no_phone_is_refused(database: Database, typed: str) -> None:
    checked = await _check(database, "contacto", typed)
    assert (checked.value, checked.problem) == (None, "not_a_phone")


@pytest.mark.parametrize(
    "typed",
    [
        "no tengo",
        "No tengo.",
        "no tengo teléfono",
        "no cuento con correo",
        "ninguno",
        "no",
        "NO TENGO",
        "ya no quiero dar más datos",
        "prefiero no dar mi número",
        "mejor anónimo",
    ],
)
async def test_having_no_contact_is_an_answer(database: Database, typed: str) -> None:
    assert (await _check(database, "contacto", typed)).value == intake.SKIPPED


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("no tengo correo, mi teléfono es 662 123 4567", "+526621234567"),
        ("no tengo teléfono pero sí correo: ana@example.com", "ana@example.com"),
    ],
)
async def test_lacking_one_contact_does_not_lose_the_other(database: Database, typed: str, kept: str) -> None:
    assert (await _check(database, "contacto", typed)).value == kept


async def test_an_email_is_found_in_its_sentence_and_kept_in_lower_case(database: Database) -> None:
    assert (await _check(database, "contacto", "es Ana.Soto@Example.COM, gracias")).value == "ana.soto@example.com"
    assert (await _check(database, "contacto", "ana @ gmail. com")).value == "ana@gmail.com"
    assert (await _check(database, "contacto", "ana@ejemplo")).problem == "not_an_email"
    assert (await _check(database, "contacto", "mañana le digo")).problem == "not_a_contact"


@pytest.mark.parametrize("typed", [CURP, CURP.lower(), "BOXW 310820 HNERXN09", f"mi curp es {CURP}", f"{CURP}."])
async def test_a_curp_is_found_however_it_is_typed(database: Database, typed: str) -> None:
    assert (await _check(database, "curp", typed)).value == CURP


@pytest.mark.parametrize(
    "typed",
    [CURP[:-1] + "8", CURP[:-1], "BOXW311320HNERXN09", "BOXW310820HZZRXN09", "no me la sé toda"],
    ids=["check digit", "short", "month 13", "no such state", "words"],
)
async def test_a_wrong_curp_is_refused(database: Database, typed: str) -> None:
    checked = await _check(database, "curp", typed)
    assert (checked.value, checked.problem) == (None, "bad_curp")


@pytest.mark.parametrize(
    "typed", ["no la tengo", "No la tengo a la mano.", "no tengo", "después", "no quiero dar mi curp"]
)
async def test_a_curp_may_be_left_for_later(database: Database, typed: str) -> None:
    assert (await _check(database, "curp", typed)).value == intake.SKIPPED


async def test_every_municipality_is_known_by_its_own_name(database: Database) -> None:
    async with database.transaction() as session:
        wrong = {
            name: checked
            for place in await catalog.municipalities(session)
            for name in (place.name, place.name.upper(), f"{place.name}, Sonora", f"vivo en {place.name}")
            if (checked := await intake.check(session, "municipio", name)).value != place.id
        }
    assert wrong == {}


async def test_every_nickname_leads_to_its_municipality(database: Database) -> None:
    async with database.transaction() as session:
        wrong = {
            alias: checked
            for place in await catalog.municipalities(session)
            for alias in place.aliases
            if (checked := await intake.check(session, "municipio", alias)).value != place.id
        }
    assert wrong == {}


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("hermosillo", "26030"),
        ("HERMOSILO", "26030"),
        ("obregon", "26018"),
        ("Cd. Obregón", "26018"),
        ("guaymas sonora", "26029"),
        ("soy de nogales", "26043"),
        ("en la calle obregon de navojoa", "26042"),
        ("colonia centro navojoa", "26042"),
    ],
)
async def test_a_municipality_is_known_by_nickname_and_close_spelling(database: Database, typed: str, key: str) -> None:
    assert (await _check(database, "municipio", typed)).value == key


async def test_a_doubtful_municipality_is_asked_about_and_not_assumed(database: Database) -> None:
    doubtful = await _check(database, "municipio", "hermociyo")
    assert (doubtful.value, doubtful.problem) == (None, "did_you_mean")
    assert doubtful.suggestion is not None
    assert doubtful.suggestion.title == "Hermosillo"


@pytest.mark.parametrize(
    "typed",
    ["Guadalajara", "xyz", "¿?", "la casa de mi tía", "se tira el agua en la calle Álvaro Obregón"],
)
async def test_a_place_that_is_not_in_sonora_is_refused(database: Database, typed: str) -> None:
    checked = await _check(database, "municipio", typed)
    assert (checked.value, checked.problem, checked.suggestion) == (None, "unknown_municipality", None)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Me llamo Juan Pérez", "Juan Pérez"),
        ("mi nombre completo es María del Carmen O'Brien", "María del Carmen O'Brien"),
        ("hola, soy Ana Luz", "Ana Luz"),
        ("Centro Comunitario La Esperanza", "Centro Comunitario La Esperanza"),
        ("soy Elena Sordo", "Elena Sordo"),
        ("juan pérez lópez", "Juan Pérez López"),
        ("JUAN PÉREZ", "Juan Pérez"),
        ("Noé Ramírez", "Noé Ramírez"),
        ("Esmeralda Ruiz", "Esmeralda Ruiz"),
        ("Soila Vaca\u0000", "Soila Vaca"),
        ("Yo soy Laura Ibarra", "Laura Ibarra"),
        ("Laura Ibarra, muchas gracias", "Laura Ibarra"),
        ("Juana Ibarra es todo", "Juana Ibarra"),
        ("Ella García", "Ella García"),
        ("Vecinos de la colonia Modelo", "Vecinos de la colonia Modelo"),
        ("Municipio de Bácum", "Municipio de Bácum"),
        ("María de la Luz Prieto Sierra", "María de la Luz Prieto Sierra"),
        (
            "María de los Ángeles Gutiérrez y Valenzuela de la Torre",
            "María de los Ángeles Gutiérrez y Valenzuela de la Torre",
        ),
    ],
)
async def test_a_name_is_kept_without_what_introduces_it(database: Database, typed: str, name: str) -> None:
    assert (await _check(database, "nombre", typed)).value == name


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("prefiero no decirlo", "name_refused"),
        ("anónimo", "name_refused"),
        ("no", "name_refused"),
        ("Jo", "not_a_name"),
        ("es todo", "not_a_name"),
        ("yo soy su nieta", "not_a_name"),
        ("soy mi mamá", "not_a_name"),
        ("el municipio es Etchojoa", "not_a_name"),
        ("quiero otra cosa", "not_a_name"),
        ("Centro", "not_a_name"),
        ("soy sorda", "not_a_name"),
        ("soy la mamá de un niño", "not_a_name"),
        ("por el Itson", "not_a_name"),
        ("el de siempre", "not_a_name"),
        ("ta bien mandela", "not_a_name"),
        ("colonia Las Quintas", "not_a_name"),
        ("sí", "not_a_name"),
        ("juan 2", "not_a_name"),
        ("ana@example.com", "not_a_name"),
        ("uno dos tres cuatro cinco seis siete ocho nueve", "not_a_name"),
        ("es para la señora de la casa de la esquina", "not_a_name"),
        ("a" * 121, "too_long"),
        ("   ", "empty"),
    ],
)
async def test_what_is_no_name_is_refused_with_its_reason(database: Database, typed: str, problem: str) -> None:
    checked = await _check(database, "nombre", typed)
    assert (checked.value, checked.problem) == (None, problem)


@pytest.mark.parametrize(
    "typed", ["sí", "si, anónima", "1", "que sea anónima", "sin mi nombre", "no quiero dar mi nombre"]
)
async def test_a_complaint_is_anonymous_for_who_asks_so(database: Database, typed: str) -> None:
    assert (await _check(database, "anonimo", typed)).value == "si"


@pytest.mark.parametrize(
    "typed",
    [
        "no",
        "2",
        "No, doy mis datos",
        "doy mi nombre",
        "no quiero que sea anónima",
        "no quiero anónimo",
        "prefiero que no",
    ],
)
async def test_a_complaint_carries_the_name_for_who_wants_it(database: Database, typed: str) -> None:
    assert (await _check(database, "anonimo", typed)).value == "no"


async def test_a_doubt_about_anonymity_is_asked_again_with_the_options(database: Database) -> None:
    checked = await _check(database, "anonimo", "tal vez")
    assert (checked.value, checked.problem, checked.options) == (None, "not_an_option", intake.OPTIONS["anonimo"])


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("acta de nacimiento", "nacimiento"), ("2", "matrimonio"), ("Defunción", "defuncion"), ("divorciada", "divorcio")],
)
async def test_a_certificate_may_be_chosen_or_typed(database: Database, typed: str, kind: str) -> None:
    assert (await _check(database, "tipo_acta", typed)).value == kind


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Colonia Centro", "Centro"),
        ("Fracc. Las Lomas", "Las Lomas"),
        ("no aplica", intake.SKIPPED),
        ("Ejido 2", "Ejido 2"),
    ],
)
async def test_a_neighbourhood_is_kept_by_its_name(database: Database, typed: str, kept: str) -> None:
    assert (await _check(database, "colonia", typed)).value == kept


@pytest.mark.parametrize(
    ("typed", "problem"),
    [("agua", "too_short"), ("!!!!!!!!!!!!!!", "too_short"), ("a" * 4001, "too_long"), ("\0", "empty")],
)
async def test_a_narrative_needs_words_and_an_end(database: Database, typed: str, problem: str) -> None:
    assert (await _check(database, "narrativa", typed)).problem == problem


async def test_a_narrative_keeps_its_lines(database: Database) -> None:
    assert (
        await _check(database, "narrativa", " No hay agua.\nDesde el lunes. ")
    ).value == "No hay agua.\nDesde el lunes."


@pytest.mark.parametrize("kind", list(PetitionKind))
def test_every_kind_asks_only_what_has_a_question_and_a_check(kind: PetitionKind) -> None:
    fields = intake.fields_of(kind, {})
    assert fields
    assert set(fields) <= set(intake.QUESTIONS)
    assert set(fields) <= set(intake.FIELD_TEXTS)
    assert kind in intake.KIND_TEXTS


async def test_every_problem_has_words(database: Database) -> None:
    """Nothing passes every check and nothing is refused without a sentence for the citizen."""
    awkward = ["", "?", "no", "x" * 5000, "12", "a@b", "???????", "Guadalajara", "hermosiyyo"]
    async with database.transaction() as session:
        found = {
            checked.problem
            for field in (*intake.QUESTIONS, "telefono", "correo")
            for typed in awkward
            if (checked := await intake.check(session, field, typed)).problem is not None
        }
    assert len(found) > 8
    assert found <= set(intake.PROBLEMS)


def test_an_anonymous_complaint_asks_for_neither_name_nor_contact() -> None:
    named = intake.fields_of(PetitionKind.QUEJA, {"anonimo": "no"})
    hidden = intake.fields_of(PetitionKind.QUEJA, {"anonimo": "si"})
    assert set(named) - set(hidden) == {"nombre", "contacto"}
