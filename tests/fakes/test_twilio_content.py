"""Templates and buttons: the Content API through Twilio's own library, and the channel's limits."""

import json
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from tests.fakes.conftest import Office
from tests.fakes.handles import TwilioCitizen, TwilioServer
from tests.fakes.twilio_client import client_of


@pytest.fixture
def client(twilio: TwilioServer) -> Client:
    return client_of(twilio)


@pytest.fixture
def citizen(twilio: TwilioServer) -> TwilioCitizen:
    citizen = twilio.citizen("+5216621234567")
    citizen.send_text("Hola")
    return citizen


def create(client: Client, kind: str, definition: dict[str, Any], variables: dict[str, str] | None = None) -> str:
    """A content of one type; its sid."""
    request = {
        "friendly_name": "prueba",
        "language": "es_MX",
        "variables": variables or {},
        "types": {kind: definition},
    }
    return str(client.content.v1.contents.create(ContentList.ContentCreateRequest(request)).sid)


def quick_reply(titles: list[str], body: str = "Elija") -> dict[str, Any]:
    return {"body": body, "actions": [{"type": "QUICK_REPLY", "title": title, "id": f"/{title}"} for title in titles]}


def list_picker(count: int, **changes: str) -> dict[str, Any]:
    items = [{"item": f"Opción {n}", "id": f"/opcion{n}", "description": "Detalle", **changes} for n in range(count)]
    return {"body": "Elija", "button": "Ver opciones", "items": items}


def send(client: Client, server: TwilioServer, citizen: TwilioCitizen, sid: str, **variables: str) -> Any:
    what = {"content_variables": json.dumps(variables)} if variables else {}
    message = client.messages.create(from_=server.whatsapp_number, to=citizen.id, content_sid=sid, **what)
    server.settle()
    return client.messages(message.sid).fetch()


def approve(client: Client, server: TwilioServer, sid: str, name: str = "aviso_de_folio") -> None:
    request = ApprovalCreateList.ContentApprovalRequest({"name": name, "category": "UTILITY"})
    assert client.content.v1.contents(sid).approval_create.create(request).status == "received"
    server.decide(sid)


def test_buttons_of_a_session(client: Client, twilio: TwilioServer, citizen: TwilioCitizen, office: Office) -> None:
    sid = create(client, "twilio/quick-reply", quick_reply(["Sí", "No", "Persona"]))
    assert send(client, twilio, citizen, sid).status == "read"
    citizen.press("persona")
    twilio.settle()
    form = office.forms("/whatsapp")[-1]
    assert (form["ButtonText"], form["ButtonPayload"], form["Body"], form["MessageType"]) == (
        "Persona", "/Persona", "Persona", "button",
    )  # fmt: skip
    assert form["OriginalRepliedMessageSid"] == citizen.received[-1].id


def test_a_fourth_button_needs_approval(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    sid = create(client, "twilio/quick-reply", quick_reply(["1", "2", "3", "4"]))
    assert send(client, twilio, citizen, sid).error_code == 63005
    approve(client, twilio, sid)
    assert send(client, twilio, citizen, sid).status == "read"


def test_a_list_of_ten(client: Client, twilio: TwilioServer, citizen: TwilioCitizen, office: Office) -> None:
    sid = create(client, "twilio/list-picker", list_picker(10))
    assert send(client, twilio, citizen, sid).status == "read"
    assert citizen.received[-1].list_title == "Ver opciones"
    citizen.press("Opción 7")
    twilio.settle()
    form = office.forms("/whatsapp")[-1]
    assert (form["ListId"], form["ListTitle"], form["MessageType"]) == ("/opcion7", "Opción 7", "interactive")


def test_a_list_lives_in_a_session_alone(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    sid = create(client, "twilio/list-picker", list_picker(2))
    with pytest.raises(TwilioRestException):
        approve(client, twilio, sid)
    citizen.close_window()
    assert send(client, twilio, citizen, sid).error_code == 63016


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("twilio/quick-reply", quick_reply(["x" * 21])),
        ("twilio/quick-reply", quick_reply([str(n) for n in range(11)])),
        ("twilio/quick-reply", quick_reply(["Sí"], body="x" * 1025)),
        ("twilio/quick-reply", quick_reply(["Sí", "Sí"])),
        ("twilio/list-picker", list_picker(11)),
        ("twilio/list-picker", list_picker(1, item="x" * 25)),
        ("twilio/list-picker", list_picker(1, description="x" * 73)),
        ("twilio/list-picker", {**list_picker(1), "button": "x" * 21}),
        ("twilio/list-picker", list_picker(2, id="igual")),
    ],
)
def test_the_limits_of_a_content(client: Client, kind: str, definition: dict[str, Any]) -> None:
    with pytest.raises(TwilioRestException) as raised:
        create(client, kind, definition)
    assert raised.value.status == 400


def test_the_limits_hold_for_what_variables_make_of_it(
    client: Client, twilio: TwilioServer, citizen: TwilioCitizen
) -> None:
    sid = create(client, "twilio/quick-reply", quick_reply(["Sí"], body="{{1}}"))
    assert send(client, twilio, citizen, sid, **{"1": "x" * 1024}).status == "read"
    assert send(client, twilio, citizen, sid, **{"1": "x" * 1025}).error_code == 63021


def test_an_approved_template_passes_outside_the_window(
    client: Client, twilio: TwilioServer, citizen: TwilioCitizen
) -> None:
    sid = create(client, "twilio/text", {"body": "Su folio {{1}} avanzó: «{{2}}»."}, {"1": "AC-1", "2": "turnada"})
    citizen.close_window()
    assert send(client, twilio, citizen, sid).error_code == 63016
    approve(client, twilio, sid)
    assert send(client, twilio, citizen, sid, **{"2": 'en "atención"'}).status == "read"
    assert citizen.received[-1].text == 'Su folio AC-1 avanzó: «en "atención"».'
    assert citizen.received[-1].template == sid


@pytest.mark.parametrize(
    "variables", ["no es JSON", '["x"]', '{"1": ""}', '{"1": null}', '{"2": "x"}', '{"1": "a\\nb"}']
)
def test_wrong_variables(client: Client, twilio: TwilioServer, citizen: TwilioCitizen, variables: str) -> None:
    sid = create(client, "twilio/text", {"body": "Su folio es {{1}}."})
    approve(client, twilio, sid)
    with pytest.raises(TwilioRestException) as raised:
        client.messages.create(
            from_=twilio.whatsapp_number, to=citizen.id, content_sid=sid, content_variables=variables
        )
    assert raised.value.code == 21656


def test_approval_takes_its_time_and_can_be_refused(client: Client, twilio: TwilioServer) -> None:
    sid = create(client, "twilio/text", {"body": "Aviso"})
    status = client.content.v1.contents(sid).approval_fetch
    assert status().fetch().whatsapp["status"] == "unsubmitted"
    twilio.faults(approval_seconds=10_000)
    approve(client, twilio, sid)
    assert status().fetch().whatsapp["status"] == "approved"
    twilio.decide(sid, "rejected")
    assert status().fetch().whatsapp["status"] == "rejected"


def test_contents_are_listed_and_deleted(client: Client) -> None:
    sids = [create(client, "twilio/text", {"body": f"Aviso {n}"}) for n in range(3)]
    assert [content.sid for content in client.content.v1.contents.list(page_size=2)] == sids[::-1]
    assert client.content.v1.contents(sids[0]).delete()
    with pytest.raises(TwilioRestException) as raised:
        client.content.v1.contents(sids[0]).fetch()
    assert raised.value.status == 404
