"""The citizens' telephones: what they write goes to the office's webhook, what they get is shown."""

import asyncio
from collections import defaultdict

from tests.fakes.conversation import (
    ButtonView,
    CitizenMessage,
    CitizenView,
    Kind,
    MediaView,
    MessageView,
    NewCitizen,
    NoSuch,
    SentView,
    choose,
)
from tests.fakes.twilio_server import inbound
from tests.fakes.twilio_server.outbound import Outbound
from tests.fakes.twilio_server.state import Citizen, Media, Message, TwilioState, sid
from tests.fakes.twilio_server.webhooks import Webhooks

#: Kinds that neither WhatsApp nor SMS has.
_ABSENT = {Kind.POLL}


class TwilioTelephones:
    """Implements `tests.fakes.conversation.Telephones`."""

    def __init__(self, state: TwilioState, webhooks: Webhooks, outbound: Outbound) -> None:
        self._state = state
        self._webhooks = webhooks
        self._outbound = outbound
        self._order: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        #: Where the office finds media: the stand-in's own address, or what takes its place.
        self.media_base_url = ""

    def add(self, citizen: NewCitizen) -> CitizenView:
        return _view(self._state.add(citizen))

    def citizens(self) -> list[CitizenView]:
        return [_view(citizen) for citizen in self._state.citizens.values()]

    def conversation(self, citizen_id: str) -> list[MessageView]:
        citizen = self._state.citizen(citizen_id)
        return [_message_view(message) for message in self._state.conversation(citizen)]

    def say(self, citizen_id: str, message: CitizenMessage) -> SentView:
        citizen = self._state.citizen(citizen_id)
        if message.kind in _ABSENT:
            raise NoSuch(f"a citizen can not send {message.kind.value} here")
        kind = Kind.LOCATION if message.kind is Kind.VENUE else message.kind
        said = message.model_copy(update={"kind": kind})
        return self._receive(citizen, said, inbound.media_of(said, citizen))

    def press(self, citizen_id: str, title: str, message_id: str | None) -> SentView:
        citizen = self._state.citizen(citizen_id)
        offered = [(message.sid, button) for message in self._state.conversation(citizen) for button in message.buttons]
        owner, button = choose(offered, title, message_id)
        return self._receive(citizen, CitizenMessage(text=button.title), [], (self._state.messages[owner], button))

    def set_blocked(self, citizen_id: str, blocked: bool) -> CitizenView:
        """WhatsApp does not tell the office of a block: its messages stop arriving, and nothing more is heard."""
        citizen = self._state.citizen(citizen_id)
        citizen.unreachable = 63024 if blocked and citizen.is_whatsapp else 30003 if blocked else None
        return _view(citizen)

    def actions(self, citizen_id: str) -> list[str]:
        return self._state.citizen(citizen_id).actions

    def is_idle(self) -> bool:
        return self._state.under_way == 0 and self._state.calls_are_idle()

    def replay(self, message_sid: str, times: int) -> None:
        """Send an inbound message's webhook again, as a retry would."""
        message = self._state.messages.get(message_sid)
        if message is None or not message.webhook:
            raise NoSuch(f"no inbound message {message_sid!r}")
        for _ in range(times):
            self._outbound.start(self._post(message, self._state.citizen(message.from_)))

    def _receive(
        self,
        citizen: Citizen,
        said: CitizenMessage,
        media: list[Media],
        pressed: tuple[Message, ButtonView] | None = None,
    ) -> SentView:
        account, now = self._state.account, self._state.clock.now()
        office = account.whatsapp_number if citizen.is_whatsapp else account.sms_number
        message_sid = sid("MM" if media else "SM")
        message = Message(message_sid, citizen.address, office, said.text, "inbound", now, "received", media)
        form = inbound.form_of(message, citizen, account, said, self.media_base_url)
        if pressed:
            form = inbound.pressed(form, *pressed)
        elif said.reply_to in self._state.messages:
            form = inbound.replied(form, self._state.messages[said.reply_to])
        message.webhook = form
        self._state.messages[message_sid] = message
        citizen.last_wrote = now
        if not citizen.is_whatsapp:
            self._mind_opt_out(citizen, said.text)
        for _ in range(1 + self._state.faults.settings.duplicate_webhooks):
            self._outbound.start(self._post(message, citizen))
        return SentView(id=message_sid)

    @staticmethod
    def _mind_opt_out(citizen: Citizen, text: str) -> None:
        word = text.strip().casefold()
        if word in inbound.STOP_WORDS:
            citizen.opted_out = True
        elif word in inbound.START_WORDS:
            citizen.opted_out = False

    async def _post(self, message: Message, citizen: Citizen) -> None:
        account = self._state.account
        url = account.webhook_url if citizen.is_whatsapp else account.sms_webhook_url
        if url:
            async with self._order[citizen.address]:
                await self._webhooks.post_message(message.webhook, url)


def _view(citizen: Citizen) -> CitizenView:
    return CitizenView(id=citizen.address, name=citizen.name, blocked=citizen.unreachable is not None)


def _message_view(message: Message) -> MessageView:
    media = None
    if message.media:
        first = message.media[0]
        media = MediaView(
            url=f"/_cdn/{message.sid}/{first.sid}", content_type=first.content_type, filename=first.filename
        )
    location = f"{message.webhook['Latitude']}, {message.webhook['Longitude']}" if "Latitude" in message.webhook else ""
    return MessageView(
        id=message.sid,
        from_citizen=message.direction == "inbound",
        text=message.body or location,
        buttons=message.buttons,
        list_title=message.list_title,
        media=media,
        status=message.status,
        error=str(message.error_code or ""),
        at=message.created.isoformat(),
        template=message.content_sid if message.is_template else "",
    )
