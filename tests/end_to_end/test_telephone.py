"""The citizen of conversation files on a telephone, against an office of a few lines."""

from collections.abc import Iterator

import pytest
from twilio.rest.content.v1.content import ContentList

from tests.end_to_end.conversation import PNG
from tests.end_to_end.telephone import Standing, TelephoneCitizen
from tests.fakes.handles import TwilioServer
from tests.fakes.running import running_twilio
from tests.fakes.twilio_client import client_of


class SmallOffice:
    """Busy as often as it was told; then it answers with a text, or with buttons."""

    def __init__(self, server: TwilioServer) -> None:
        self.server = server
        self.client = client_of(server)
        self.busy = 0
        #: More than anybody here writes.
        self.messages = 1_000
        self.answers: list[tuple[str, list[str]]] = []

    def standing(self, citizen_id: str) -> Standing:
        self.server.settle()
        if self.busy:
            self.busy -= 1
            return Standing("7", "bot", True, self.messages)
        while self.answers:
            self._send(citizen_id, *self.answers.pop(0))
        return Standing("7", "bot", False, self.messages)

    def _send(self, to: str, text: str, titles: list[str]) -> None:
        what = {"body": text}
        if titles:
            actions = [{"type": "QUICK_REPLY", "title": title, "id": f"/{title}"} for title in titles]
            request = {"language": "es_MX", "types": {"twilio/quick-reply": {"body": text, "actions": actions}}}
            content = self.client.content.v1.contents.create(ContentList.ContentCreateRequest(request))
            what = {"content_sid": str(content.sid)}
        self.client.messages.create(from_=self.server.whatsapp_number, to=to, **what)


@pytest.fixture
def office() -> Iterator[SmallOffice]:
    with running_twilio() as server:
        yield SmallOffice(server)


@pytest.fixture
def citizen(office: SmallOffice) -> TelephoneCitizen:
    telephone = office.server.citizen("+5216621234567")
    return TelephoneCitizen(telephone, office).open()


def texts(citizen: TelephoneCitizen) -> list[str]:
    """What the office has heard."""
    return [message.text for message in citizen.telephone.conversation if message.from_citizen]


def test_hears_each_answer_once_when_the_office_is_done(office: SmallOffice, citizen: TelephoneCitizen) -> None:
    office.busy, office.answers = 2, [("Buenas", []), ("¿Qué necesita?", [])]
    assert [message["text"] for message in citizen.say("Hola")] == ["Buenas", "¿Qué necesita?"]
    assert citizen.replies() == []
    assert (citizen.session_id, citizen.owner) == ("7", "bot")


def test_presses_the_latest_button_even_cut_short(office: SmallOffice, citizen: TelephoneCitizen) -> None:
    office.answers = [("¿Acepta?", ["Acepto el aviso de…", "No acepto"])]
    citizen.say("Hola")
    citizen.press("Acepto el aviso de privacidad")
    assert texts(citizen) == ["Hola", "Acepto el aviso de…"]
    with pytest.raises(AssertionError, match="no button 'Cancelar'"):
        citizen.press("Cancelar")


def test_types_the_number_where_there_are_no_buttons(office: SmallOffice, citizen: TelephoneCitizen) -> None:
    office.answers = [("¿De qué se trata?\n1. Una petición\n2. Otro asunto", [])]
    citizen.say("Hola")
    citizen.press("otro asunto")
    assert texts(citizen) == ["Hola", "2"]


def test_shows_a_photo(office: SmallOffice, citizen: TelephoneCitizen) -> None:
    office.answers = [("Recibí su foto.", [])]
    assert [message["text"] for message in citizen.show("foto.png", PNG)] == ["Recibí su foto."]
    media = citizen.telephone.conversation[0].media
    assert media is not None and media.content_type == "image/png"


def test_gives_up_on_an_office_that_is_never_done(office: SmallOffice, citizen: TelephoneCitizen) -> None:
    office.busy = 1_000
    with pytest.raises(TimeoutError, match="no reply within"):
        citizen.replies(seconds=0.3)


def test_waits_until_the_office_has_what_was_written(office: SmallOffice, citizen: TelephoneCitizen) -> None:
    office.messages = 0
    citizen.telephone.send_text("Hola")
    citizen.sent = 1
    with pytest.raises(TimeoutError, match="no reply within"):
        citizen.replies(seconds=0.3)
    office.messages = 1
    assert citizen.replies() == []
