"""What a story tells of its teller."""

import pytest

from bot.actions.told import name_alone, told_in


@pytest.mark.parametrize(
    ("story", "told"),
    [
        ("no hay agua en toda la colonia desde el domingo", {}),
        ("no hay agua en la colonia y hay niños", {}),
        ("un bache en la colonia Pitic, escriba a ana@correo.mx", {"colonia": "Pitic", "contacto": "ana@correo.mx"}),
        ("soy de navojoa, 642 123 4567", {"municipio": "Navojoa", "contacto": "+526421234567"}),
        ("llame al 642 123 4567 o escriba a ana@correo.mx", {"contacto": "+526421234567"}),
    ],
)
def test_only_what_it_names_is_told(story: str, told: dict[str, str]) -> None:
    assert told_in(story) == told


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("Ana Soto Ruiz, 662 111 2233", "Ana Soto Ruiz"),
        ("662 111 2233", "662 111 2233"),
        ("Ana Soto", "Ana Soto"),
    ],
)
def test_a_name_comes_without_what_came_with_it(answer: str, name: str) -> None:
    assert name_alone(answer) == name


@pytest.mark.parametrize(
    ("story", "municipality"),
    [("no hay agua en bacobampo", "Etchojoa"), ("vivo en la doce", "Hermosillo"), ("soy Esperanza Ruiz Cota", None)],
)
def test_a_town_tells_its_municipality(story: str, municipality: str | None) -> None:
    assert told_in(story).get("municipio") == municipality
