"""Serve both stand-ins, to try the channels by hand: `python -m tests.fakes.serve`.

Prints their addresses, the credentials they take and the citizen's page of each; Ctrl-C ends them.
The product's webhooks are its documented paths under `--webhook-base`; Telegram's is set by the product itself.
"""

import argparse
import os
import threading
from contextlib import ExitStack

from tests.fakes.clock import VendorClock
from tests.fakes.running import TELEGRAM_TOKEN, TWILIO_SID, bind, serving, url_of
from tests.fakes.telegram_server.app import create_telegram
from tests.fakes.twilio_server.app import create_twilio
from tests.fakes.twilio_server.state import Account


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.serve", description=__doc__)
    parser.add_argument("--twilio-port", type=int, default=8601)
    parser.add_argument("--telegram-port", type=int, default=8602)
    parser.add_argument("--webhook-base", default="http://localhost:8000", help="where the product is")
    parser.add_argument("--whatsapp-path", default="/webhooks/whatsapp/1", help="of the inbound webhook")
    parser.add_argument("--sms-path", default="", help="of the inbound webhook for SMS; empty: none")
    parser.add_argument("--voice-path", default="", help="of the voice number's account, without the step; empty: none")
    parser.add_argument("--twilio-sid", default=TWILIO_SID)
    parser.add_argument("--twilio-token", default=os.environ.get("STAND_IN_TWILIO_TOKEN", "0" * 32))
    parser.add_argument("--telegram-token", default=TELEGRAM_TOKEN)
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the vendors' time runs")
    return parser.parse_args()


def main() -> None:
    given = _arguments()
    base = given.webhook_base.rstrip("/")
    account = Account(given.twilio_sid, given.twilio_token, webhook_url=base + given.whatsapp_path)
    account.sms_webhook_url = base + given.sms_path if given.sms_path else ""
    if given.voice_path:
        account.voice_url, account.voice_status_url = (f"{base}{given.voice_path}/{to}" for to in ("entrada", "estado"))
    with ExitStack() as stack:
        twilio, telegram = bind(given.twilio_port), bind(given.telegram_port)
        stack.enter_context(serving(create_twilio(account, VendorClock(given.speed), base_url=url_of(twilio)), twilio))
        stack.enter_context(serving(create_telegram(given.telegram_token, VendorClock(given.speed)), telegram))
        lines = (
            f"Twilio    {url_of(twilio)}    página: {url_of(twilio)}/_citizen",
            f"          cuenta {account.sid}, token {account.token}",
            f"          WhatsApp {account.whatsapp_number}, SMS {account.sms_number}; avisa a {account.webhook_url}",
            f"          Teléfonos de prueba: {url_of(twilio)}/_telephone",
            f"Telegram  {url_of(telegram)}    página: {url_of(telegram)}/_citizen",
            f"          token {given.telegram_token}; avisa a donde diga setWebhook",
            "Listo. Ctrl-C termina.",
        )
        print(*lines, sep="\n", flush=True)  # noqa: T201 - its output is for a person at a terminal
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("Terminado.")  # noqa: T201


if __name__ == "__main__":
    main()
