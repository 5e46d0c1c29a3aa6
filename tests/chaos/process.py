"""One process of the product for the chaos tests, forked by `tests.chaos.nursery`.

As `python -m backend web|worker`, with crash points put around its functions, the vendors' times made short (they
run fast here) and, where CHAOS_REMOVED names one, a protection taken out. None of this is in the product.
"""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

import backend.worker as worker_module
from backend import middleware
from backend.app import create_app
from backend.messaging import reconciliation
from backend.outbox import service as outbox
from backend.settings import Settings
from backend.webhooks import routes as webhook_routes
from channels import telegram, twilio_api
from channels.manners import MANNERS
from tests.chaos import points, removals
from tests.chaos.replacing import replace_function

#: Telegram's stand-in lets its time pass so much faster than ours.
TELEGRAM_SPEED = 20


def _make_times_short() -> None:
    """What waits for a vendor's or a dead process's minutes waits seconds here."""
    # A lease outlasts a send here too, on a slow machine: else two dispatchers send the same.
    twilio_api.SEND_SECONDS = telegram.SEND_SECONDS = 6.0
    outbox.VENDOR_LEASE = timedelta(seconds=20)
    outbox.UNCERTAIN_GRACE = timedelta(seconds=2)
    reconciliation.CATCH_UP_EVERY = timedelta(seconds=2)
    reconciliation.GRACE = timedelta(seconds=6)
    middleware.ANSWER_SECONDS, webhook_routes.HOLD_SECONDS = 4.0, 2.0
    MANNERS["telegram"] = replace(MANNERS["telegram"], chat_pause=1 / TELEGRAM_SPEED)

    def make(original: Any) -> Any:
        def chores(self: worker_module.Worker) -> list[worker_module.Chore]:
            return [replace(chore, every=1.0) if chore.name == "reconciliation" else chore for chore in original(self)]

        return chores

    replace_function("backend.worker", "Worker.chores", make)


def main(part: str) -> None:
    """Be a web process or a worker, with what the environment says."""
    folder = Path(os.environ["CHAOS_DIR"])
    removed = os.environ.get("CHAOS_REMOVED", "")
    settings = Settings()
    _make_times_short()
    points.put_up(folder)
    if removed:
        settings = removals.remove(removed, settings)
    if part == "worker":
        asyncio.run(worker_module.run(settings))
        return
    app: ASGIApp = points.DiesBeforeAnswering(create_app(settings), folder)
    if removed == removals.COMMIT_FIRST:
        app = removals.AnswersFirst(app)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=3,
    )
