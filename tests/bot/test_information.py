"""How the service works, as it is asked."""

import pytest

from tests.bot.office import Office
from tests.bot.talk import Talk
from tests.bot.test_petition import STORY, telling


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("¿cuánto tardan en contestar?", "plazo"),
        ("¿y me van a avisar?", "avisos"),
        ("cómo sabré si ya lo arreglaron", "avisos"),
        ("¿tiene algún costo?", "costo"),
        ("¿puedo mandar fotos?", "pruebas"),
        ("¿tengo que llevar papeles o por aquí se puede?", "presencia"),
        ("¿puedo registrar varias peticiones?", "varias"),
        ("¿quién revisa las peticiones?", "despues"),
    ],
)
async def test_each_question_has_its_answer(office: Office, talk: Talk, asked: str, answer: str) -> None:
    assert (await talk.say(asked, "como_funciona")).names == [f"utter_servicio_{answer}"]


async def test_it_is_answered_in_the_midst_of_a_petition_which_goes_on(office: Office, talk: Talk) -> None:
    telling(office, talk, narrativa=STORY)
    replies = await talk.say("¿puedo mandar fotos?", "como_funciona")
    assert replies.names == ["utter_servicio_pruebas", "utter_pregunta_municipio"]
    assert office.done("draft/answer") == 0
