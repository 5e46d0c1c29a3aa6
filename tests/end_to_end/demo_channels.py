"""Try WhatsApp, SMS, Telegram and the telephone by hand, with no account at any vendor: `make demo-channels`.

Runs the product as `make run` does, both vendors' stand-ins beside it and the accounts registered between them;
prints the page on which one is a citizen. Ctrl-C stops it all. The arguments are the product's own; the stand-ins'
ports are DEMO_TWILIO_PORT and DEMO_TELEGRAM_PORT.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.end_to_end.product import ROOT, START_SECONDS, Product
from tests.end_to_end.stand_ins import StandIns, register, running_stand_ins, settings_of

STOP_SECONDS = 40


def main() -> int:
    """The product's exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    twilio_port = int(os.environ.get("DEMO_TWILIO_PORT") or 8601)
    telegram_port = int(os.environ.get("DEMO_TELEGRAM_PORT") or 8602)
    with running_stand_ins(speed=1, twilio_port=twilio_port, telegram_port=telegram_port) as both:
        product = subprocess.Popen(
            [sys.executable, "-m", "backend.run", *sys.argv[1:]],
            cwd=ROOT,
            env={**os.environ, **both.environment},
            start_new_session=True,  # Ctrl-C comes to us, and we stop it
        )
        try:
            if _is_ready(product):
                _join(both)
            return product.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            product.terminate()
            product.wait(STOP_SECONDS)


def _port() -> int:
    return int(os.environ.get("PORT") or 8000)


def _is_ready(product: subprocess.Popen[bytes]) -> bool:
    """Once the product answers, its bot too; False where it ends before."""
    deadline = time.monotonic() + START_SECONDS
    while product.poll() is None and time.monotonic() < deadline:
        try:
            answer = httpx.get(f"http://127.0.0.1:{_port()}/readyz", timeout=3)
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code == httpx.codes.OK and answer.json()["bot"]:
            return True
        time.sleep(0.25)
    return False


def _join(both: StandIns) -> None:
    var_dir = Path(os.environ.get("VAR_DIR") or "var").resolve()
    database_url = os.environ.get("DATABASE_URL") or Product(var_dir, _port(), Path()).database_url
    register(both, settings_of(both, var_dir, _port(), database_url))
    lines = (
        "Canales de ensayo: escriba como ciudadano en",
        f"  WhatsApp y SMS: {both.twilio.base_url}/_citizen",
        f"  Telegram: {both.telegram.base_url}/_citizen",
        f"  Teléfono: {both.twilio.base_url}/_telephone (los agentes timbran donde diga su usuario)",
        "Ctrl-C termina todo.",
    )
    print(*lines, sep="\n", flush=True)  # noqa: T201 - its output is for a person at a terminal


if __name__ == "__main__":
    sys.exit(main())
