"""Danger to life is recognised as people write it; ordinary petitions are not."""

import pytest

from backend.assistant.emergency import EMERGENCY_TEXT, is_emergency

DANGER = [
    "mi marido me esta golpeando",
    "Mi esposo me golpea y tengo miedo",
    "me quiero matar",
    "un maestro de la secundaria toca a las niñas",
    "el profe manosea a los alumnos",
    "abusaron de mi hija",
    "desapareció mi sobrina",
    "hay un bebé en la basura",
    "ya no aguanto, ya no quiero seguir aquí",
    "ya no quiero vivir",
    "ME VOY A SUICIDAR",
    "ya no le hayo sentido a seguir aqui",
    "mejor me muero",
    "hay una balacera en mi colonia",
    "se estan metiendo a mi casa",
    "auxilio",
    "manden una ambulancia por favor",
    "hubo un choque y hay heridos en la carretera",
    "atropellaron a un niño",
    "mi mamá no respira",
    "huele mucho a gas en el edificio",
    "se está quemando la casa de mi vecino",
    "un hombre armado anda afuera de la escuela",
    "me tienen encerrada y me golpean",
    "me amenazó de muerte mi ex",
    "mi hija se tomó pastillas",
    "secuestraron a mi hermano",
    "está dando a luz y no llega nadie",
    "unos tipos me piden cuota para dejarme trabajar",
    "mi vecino le pega a su mujer",
    "le pega a los niños y a su perro",
]
ORDINARY = [
    "mi vecino le pega a su perro",
    "hay una fuga de agua en mi calle",
    "cuándo les toca a los niños su vacuna",
    "desapareció mi perro",
    "¿cuándo le toca a mi hija la beca?",
    "hay pañales de bebé y basura en el canal",
    "ya no aguanto el ruido, no quiero seguir aquí esperando",
    "ya no quiero seguir aquí",
    "quiero pedir una pipa de agua",
    "no hay luz en mi colonia",
    "necesito mi acta de nacimiento",
    "quiero que pase más seguido la vigilancia",
    "el camión no pasa desde hace tres días",
    "necesito apoyo para medicinas de mi mamá",
    "me urge un apoyo para la despensa",
    "quiero felicitar a la señorita que me atendió",
    "me muero de calor en la escuela no sirve el aire",
    "no le veo caso a seguir esperando mi folio",
    "cómo va mi folio",
    "hola buenas tardes",
    "hay un bache enorme en la calle",
    "murió mi papá y necesito el acta de defunción",
    "en la escuela le piden cuota a mi hija y no la dejan entrar",
    "el tipo de piso de la plaza está roto",
]


@pytest.mark.parametrize("text", DANGER)
def test_danger_is_recognised(text: str) -> None:
    assert is_emergency(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_matter_is_not_an_emergency(text: str) -> None:
    assert not is_emergency(text)


@pytest.mark.parametrize("line", ["911", "089", "075", "800 911 2000"])
def test_who_is_in_danger_is_told_where_to_call(line: str) -> None:
    assert line in EMERGENCY_TEXT
