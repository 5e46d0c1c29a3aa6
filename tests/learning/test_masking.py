"""Planted personal data must not come through; what carries the meaning must."""

import pytest

from backend.learning.masking import STAND_INS, mask, stand_ins

PLANTED = [
    ("me llamo Rosaura Félix Gámez y no tengo agua", ["Rosaura", "Félix", "Gámez"], "no tengo agua"),
    ("me llamo rosaura felix gamez y no tengo agua", ["rosaura", "felix", "gamez"], "no tengo agua"),
    ("ME LLAMO ROSAURA FELIX GAMEZ Y QUIERO UNA BECA", ["ROSAURA", "FELIX", "GAMEZ"], "QUIERO UNA BECA"),
    ("hola soy juan carlos de la cruz quiero mi acta", ["juan", "carlos", "cruz"], "quiero mi acta"),
    ("Soy Lupita, vecina de la colonia", ["Lupita"], "vecina de la colonia"),
    ("mi nombre es Ma. Guadalupe Peña Ruiz.", ["Guadalupe", "Peña", "Ruiz"], "mi nombre es"),
    ("el acta está a nombre de pedro quihuis, la ocupo", ["pedro", "quihuis"], "la ocupo"),
    ("me atendió la señora Irma Robles muy mal", ["Irma", "Robles"], "muy mal"),
    ("mi hijo Brayan necesita lentes", ["Brayan"], "necesita lentes"),
    ("Gracias. Rosa Valle", ["Rosa", "Valle"], "Gracias"),
    ("quiero el acta de ROSA IBARRA LOPEZ por favor", ["ROSA", "IBARRA", "LOPEZ"], "quiero el acta"),
    ("Hola Ana Cruz aquí", ["Ana", "Cruz"], "aquí"),
    ("le debe dinero a Martín Bojórquez Soto", ["Martín", "Bojórquez", "Soto"], "le debe dinero"),
    ("mi cel es 662 123 4567 llámenme", ["123", "4567"], "mi cel es"),
    ("márqueme al (644) 414-23-45 por favor", ["414", "23-45"], "márqueme al"),
    ("mi numero +52 1 6621234567", ["6621234567"], "mi numero"),
    ("cel 66.21.23.45.67 urge", ["21.23"], "urge"),
    ("es el seis seis dos uno dos tres cuatro cinco seis siete", ["dos tres cuatro"], "es el"),
    ("mi casa 2123456", ["2123456"], "mi casa"),
    ("mi curp es gome800101hsrmrn09 para el acta", ["gome800101"], "para el acta"),
    ("CURP GOME800101HSRMRN01 mal escrita", ["GOME800101"], "mal escrita"),
    ("rfc GOME800101AB1", ["GOME800101"], "rfc"),
    ("escríbame a rosa.felix+agua@gmail.com gracias", ["rosa.felix", "gmail"], "gracias"),
    ("rosa felix arroba gmail punto com", ["felix arroba", "gmail"], ""),
    ("ana @ gmail. com", ["gmail"], ""),
    ("mi folio es ac 2026 123 k y la clave abcd-2345", ["2026", "abcd-2345"], "mi folio es"),
    ("folio AC-2026-000123-X", ["000123"], "folio"),
    ("vivo en calle reforma 123 y no hay luz", ["reforma", "123"], "no hay luz"),
    ("hay un bache en la calle Benito Juárez frente a la escuela", ["Benito", "Juárez"], "frente a la escuela"),
    ("en calle 12 de octubre numero 45 hay fuga", ["octubre", "45"], "hay fuga"),
    ("blvd. Solidaridad #980 col centro", ["Solidaridad", "980"], "col centro"),
    ("manzana 4 lote 12 c.p. 83120", ["83120", "12"], ""),
    ("nací el 3 de mayo de 1961 quiero mi acta", ["3 de mayo", "1961"], "quiero mi acta"),
    ("mi fecha es 03/05/1961", ["1961"], "mi fecha es"),
    ("sigan a @rosafelix en face https://facebook.com/rosafelix", ["rosafelix"], "sigan a"),
    ("tarjeta 4152 3134 0000 1111", ["4152", "1111"], "tarjeta"),
    ("la patrulla placas VXY-123-A me chocó", ["VXY"], "me chocó"),
]  # fmt: skip

KEPT = [
    "hay un bache en mi calle",
    "la calle esta muy oscura y no pasa la basura",
    "soy de Navojoa y quiero reportar una fuga",
    "soy madre soltera y ocupo una beca",
    "soy adulto mayor",
    "quiero una audiencia con el gobernador",
    "cuanto gastó el Gobierno del Estado en 2024",
    "llevo 3 días sin agua y somos 20 familias",
    "quiero mi acta del Registro Civil en Ciudad Obregón",
    "el doctor no me quiso atender en el IMSS",
    "mi hijo necesita lentes",
    "NO HAY LUZ EN TODA LA COLONIA",
    "me cobraron $1,500 pesos de mordida",
    "¿a qué hora abren?",
]


@pytest.mark.parametrize(("text", "secrets", "meaning"), PLANTED)
def test_planted_data_do_not_come_through(text: str, secrets: list[str], meaning: str) -> None:
    masked = mask(text)
    assert [secret for secret in secrets if secret in masked] == []
    assert meaning in masked


@pytest.mark.parametrize("text", KEPT)
def test_what_names_nobody_stays_as_it_was(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("text", [text for text, _, _ in PLANTED] + KEPT)
def test_masking_again_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def test_stand_ins_leave_no_mask_and_are_invented() -> None:
    assert stand_ins(" ".join(STAND_INS)) == " ".join(STAND_INS.values())
    assert stand_ins(mask("me llamo Rosa, cel 6621234567")) == "me llamo Fulano de Tal, cel 662 000 0000"
