"""Stand-ins for a test: served from a thread, on a free port of loopback."""

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from tests.fakes.clock import VendorClock
from tests.fakes.handles import TelegramServer, TwilioServer
from tests.fakes.link import CuttableProtocol
from tests.fakes.telegram_server.app import create_telegram
from tests.fakes.twilio_server.app import create_twilio
from tests.fakes.twilio_server.state import Account

START_SECONDS = 20
HOST = "127.0.0.1"

TWILIO_SID = "AC" + "0123456789abcdef" * 2
TELEGRAM_TOKEN = "123456789:AAE-stand-in_for_tests_0123456789abc"


def bind(port: int = 0) -> socket.socket:
    """A socket on loopback; port 0: a free one."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound


def server_of(app: FastAPI) -> uvicorn.Server:
    """A server whose connections can be cut."""
    config = uvicorn.Config(
        app, http=CuttableProtocol, ws="none", log_level="warning", timeout_graceful_shutdown=1, loop="asyncio"
    )
    return uvicorn.Server(config)


@contextmanager
def serving(app: FastAPI, bound: socket.socket) -> Iterator[None]:
    """Serve an application from a thread for as long as the block lasts."""
    server = server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("the stand-in did not start")
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        bound.close()


def url_of(bound: socket.socket) -> str:
    return f"http://{HOST}:{bound.getsockname()[1]}"


@contextmanager
def running_twilio(
    *, webhook_url: str = "", sms_webhook_url: str = "", fallback_url: str = "", speed: float = 20, port: int = 0
) -> Iterator[TwilioServer]:
    """A stand-in for Twilio. `speed`: how many of its seconds pass in one of ours."""
    account = Account(
        TWILIO_SID,
        secrets.token_hex(16),
        webhook_url=webhook_url,
        sms_webhook_url=sms_webhook_url,
        fallback_url=fallback_url,
    )
    bound = bind(port)
    app = create_twilio(account, VendorClock(speed), base_url=url_of(bound))
    with (
        serving(app, bound),
        TwilioServer(
            url_of(bound),
            account_sid=account.sid,
            auth_token=account.token,
            whatsapp_number=account.whatsapp_number,
            sms_number=account.sms_number,
            voice_number=account.voice_number,
        ) as server,
    ):
        yield server


@contextmanager
def running_telegram(*, token: str = TELEGRAM_TOKEN, speed: float = 20, port: int = 0) -> Iterator[TelegramServer]:
    """A stand-in for Telegram. The bot sets its webhook itself, by `setWebhook`."""
    bound = bind(port)
    app = create_telegram(token, VendorClock(speed))
    with serving(app, bound), TelegramServer(url_of(bound), token=token) as server:
        yield server
