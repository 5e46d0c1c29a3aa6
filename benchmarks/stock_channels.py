"""Rasa's stock Twilio and Telegram channels behind a recording agent; runs in the bot's environment.

`python -m benchmarks.stock_channels PORT`. No model: what the channels hand to the agent is what is measured.
Telegram's output is replaced by one that answers `getMe` as the vendor would: the stock one calls its servers.
"""

import logging
import sys
from types import SimpleNamespace
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.channels.telegram import TelegramInput
from rasa.core.channels.twilio import TwilioInput
from sanic import Sanic, response
from sanic.request import Request

BOT = "sonora_bot"
heard: list[dict[str, str]] = []


class _Telegram(TelegramInput):
    def get_output_channel(self) -> Any:
        async def get_me() -> SimpleNamespace:
            return SimpleNamespace(username=BOT)

        return SimpleNamespace(get_me=get_me)


async def _hear(message: UserMessage) -> None:
    heard.append({"sender": str(message.sender_id), "text": message.text or "", "channel": message.input_channel})


def main() -> None:
    logging.disable(logging.CRITICAL)
    app = Sanic("stock_channels", configure_logging=False)
    twilio = TwilioInput("AC" + "0" * 32, "0" * 32, "whatsapp:+16625550100")
    app.blueprint(twilio.blueprint(_hear), url_prefix="/webhooks/whatsapp")
    app.blueprint(_Telegram("1:x", BOT, "").blueprint(_hear), url_prefix="/webhooks/telegram")

    @app.get("/heard")
    async def tell(_: Request) -> Any:
        return response.json(heard)

    app.run(host="127.0.0.1", port=int(sys.argv[1]), access_log=False, debug=False)


if __name__ == "__main__":
    main()
