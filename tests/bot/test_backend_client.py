"""The backend as the actions reach it: idempotency keys, and what its failures become."""

from collections.abc import Callable

import httpx
import pytest

from bot.actions import backend_client
from bot.actions.backend_client import BackendClient, BackendError
from tests.bot.office import Office
from tests.bot.talk import Talk


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError("cut", request=request)


def late(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("late", request=request)


FAILURES = {
    "500": lambda _: httpx.Response(500, json={"error": "internal"}),
    "404": lambda _: httpx.Response(404, json={"error": "not found"}),
    "422": lambda _: httpx.Response(422, json={"detail": []}),
    "401": lambda _: httpx.Response(401),
    "no json": lambda _: httpx.Response(200, text="<html>"),
    "503": lambda _: httpx.Response(503, json={"error": "unavailable"}),
    "refused": refused,
    "cut": cut,
    "late": late,
}


@pytest.mark.parametrize("kind", FAILURES)
async def test_every_failure_is_a_backend_error_that_names_no_one(
    office: Office, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend_client, "PATIENCE_SECONDS", 0.0)
    office.failure = FAILURES[kind]
    async with office.client() as http:
        with pytest.raises(BackendError) as error:
            await BackendClient(http, "secret-conversation", "m1").answer("nombre", "María López")
    assert "María" not in str(error.value) and "secret-conversation" not in str(error.value)
    assert error.value.__cause__ is not None


@pytest.mark.parametrize("kind", ["503", "refused", "cut"])
async def test_a_backend_that_is_back_at_once_was_never_away(office: Office, kind: str) -> None:
    """A web that is killed, a database that restarts: Rasa would lose what the action says, and go on without."""
    fails = FAILURES[kind]

    def fail_once(request: httpx.Request) -> httpx.Response:
        office.failure = None
        return fails(request)

    office.failure = fail_once
    async with office.client() as http:
        await BackendClient(http, "c1", "m1").open_draft("peticion", {})
    assert [key for _, key in office.effects] == ["m1:draft:1"]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("quiero registrar una petición", "registrar_peticion"),
        ("cómo va mi folio", "consultar_folio"),
        ("quiero hablar con una persona", "hablar_con_persona"),
        ("hay una balacera", "emergencia"),
        ("a qué hora abren", "horario_ubicacion"),
    ],
)
async def test_an_action_without_its_backend_fails_whole(office: Office, talk: Talk, text: str, intent: str) -> None:
    """Not with half an answer: the channel answers 500, and the backend takes over."""
    office.failure = FAILURES["500"]
    with pytest.raises(BackendError):
        await talk.say(text, intent)
    assert talk.form is None and talk.slots == {}


@pytest.mark.parametrize("form", ["peticion_form", "folio_form", "llamada_form"])
async def test_a_form_without_its_backend_stays_open(office: Office, talk: Talk, form: str) -> None:
    office.failure = FAILURES["late"]
    talk.form = form
    with pytest.raises(BackendError):
        await talk.say("Rosa Buitimea")
    assert talk.form == form


async def test_greetings_need_no_backend(office: Office, talk: Talk) -> None:
    office.failure = FAILURES["refused"]
    assert (await talk.say("hola", "saludar")).names == ["utter_saludo"]


async def test_each_effect_has_a_key_and_a_repeated_turn_has_the_same_keys(office: Office) -> None:
    async def effects_of(message_id: str, client: Callable[[], httpx.AsyncClient]) -> list[str]:
        office.effects.clear()
        async with client() as http:
            backend = BackendClient(http, "c1", message_id)
            await backend.open_draft("peticion", {})
            await backend.answer("narrativa", "hay un bache enorme")
            await backend.answer("narrativa", "hay un bache enorme")
        return [key for _, key in office.effects]

    once = await effects_of("m1", office.client)
    assert len(set(once)) == 3
    assert await effects_of("m1", office.client) == once
    assert not set(await effects_of("m2", office.client)) & set(once)
