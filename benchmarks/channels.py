"""The same webhooks against Rasa's stock Twilio and Telegram channels and ours: `python -m benchmarks.channels`.

Bursts, repeats, edits, photos, `¡` and forgeries, 8 calls at once, over real HTTP. The stock channels run in the
bot's environment with a recording agent (`benchmarks.stock_channels`); ours is the served application with a database
of its own. Neither needs a model. Prints, and writes to benchmarks/results/channels.md:

lost: nothing of it was kept (of a photo, the photo); doubled: further messages made of one (a correction taken for
another message too); corrupted: what was written is not among what was kept; forged: calls without a true signature
or secret that were taken.
"""

import asyncio
import random
import re
import socket
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from backend.app import create_app
from backend.catalog import service as catalog
from backend.conversations.models import InboundMedia, Message
from backend.db import Database, in_transaction
from backend.embedded import EmbeddedPostgres
from backend.messaging.adapters import Adapters
from backend.messaging.credentials import seal
from backend.messaging.models import ChannelAccount
from backend.migrate import migrate
from backend.settings import Settings
from backend.webhooks.reading import ArrivalReader
from benchmarks.field_key import use_key_of
from tests.fakes.running import bind, serving, url_of

ROOT = Path(__file__).resolve().parents[1]
TOKEN, SECRET = "f" * 32, "benchmark-secret_0123456789"
AT_ONCE, SEED = 8, 20261121
VENDORS = ("whatsapp", "telegram")
Kept = dict[int, list[str]]


@dataclass(frozen=True)
class Call:
    """One webhook. `number` marks what it says; a photo's is its sender."""

    number: int
    kind: str
    content: dict[str, Any]

    @property
    def is_forged(self) -> bool:
        return self.kind == "forged"


def recorded(vendor: str) -> list[list[Call]]:
    """What happens, in rounds: an edit comes after what it corrects."""
    texts = [
        Call(number, "text", _said(vendor, number, f"¡Hola! Mensaje {number} ¿está bien?")) for number in range(60)
    ]
    photos = [Call(number, "photo", _photo(vendor, number)) for number in range(100, 110)]
    forged = [Call(number, "forged", _said(vendor, number, f"Mensaje {number}")) for number in range(200, 220)]
    edits = [Call(number, "edit", _edited(number)) for number in range(10)] if vendor == "telegram" else []
    return [texts + photos + forged, edits]


def expected(vendor: str) -> dict[int, str]:
    """Each genuine message as it must be kept in the end; a photo as the word."""
    texts = {number: f"¡Hola! Mensaje {number} ¿está bien?" for number in range(60)}
    if vendor == "telegram":
        texts |= {number: f"¡Hola! Mensaje {number}, corregido" for number in range(10)}
    return texts | dict.fromkeys(range(100, 110), "photo")


def _said(vendor: str, number: int, text: str) -> dict[str, Any]:
    if vendor == "telegram":
        return {"update_id": number, "message": _telegram_message(number, text=text)}
    return {**_twilio_message(number), "Body": text, "NumMedia": "0"}


def _photo(vendor: str, number: int) -> dict[str, Any]:
    if vendor == "telegram":
        size = {"file_id": f"f{number}", "file_unique_id": f"u{number}", "width": 9, "height": 9}
        return {"update_id": number, "message": _telegram_message(number, photo=[size])}
    media = {"MediaUrl0": f"https://api.twilio.com/media/{number}", "MediaContentType0": "image/jpeg"}
    return {**_twilio_message(number), "Body": "", "NumMedia": "1", **media}


def _edited(number: int) -> dict[str, Any]:
    text = f"¡Hola! Mensaje {number}, corregido"
    return {"update_id": 1000 + number, "edited_message": _telegram_message(number, text=text, edit_date=1_700_000_060)}


def _twilio_message(number: int) -> dict[str, str]:
    return {"MessageSid": f"SM{number:032}", "From": f"whatsapp:+526620000{_person(number):03}"}


def _telegram_message(number: int, **content: Any) -> dict[str, Any]:
    person = {"id": 5000 + _person(number), "first_name": "Vecina"}
    chat, sender = {**person, "type": "private"}, {**person, "is_bot": False}
    return {"message_id": number + 1, "date": 1_700_000_000, "chat": chat, "from": sender, **content}


def _person(number: int) -> int:
    """Bursts of some people; each photo has a sender of its own."""
    return number % 6 if number < 100 else number


def _request(vendor: str, url: str, call: Call) -> dict[str, Any]:
    if vendor == "telegram":
        secret = "wrong" if call.is_forged else SECRET
        return {"json": call.content, "headers": {"x-telegram-bot-api-secret-token": secret}}
    token = "0" * 32 if call.is_forged else TOKEN
    signature = RequestValidator(token).compute_signature(url, call.content)
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    return {"content": urlencode(call.content), "headers": headers}


async def replay(vendor: str, url: str) -> None:
    """Make every call one to four times, shuffled, eight at once."""
    chance, room = random.Random(SEED), asyncio.Semaphore(AT_ONCE)

    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:

        async def make(call: Call) -> None:
            async with room:
                await client.post(url, **_request(vendor, url, call))

        for calls in recorded(vendor):
            repeated = [call for call in calls for _ in range(chance.randint(1, 4))]
            chance.shuffle(repeated)
            await asyncio.gather(*map(make, repeated))


def judged(vendor: str, kept: Kept) -> dict[str, int]:
    """What became of it all."""
    wanted = expected(vendor)
    return {
        "genuine": len(wanted),
        "lost": sum(not kept.get(number) for number in wanted),
        "doubled": sum(max(len(kept.get(number, [])) - 1, 0) for number in wanted),
        "corrupted": sum(bool(kept.get(number)) and text not in kept[number] for number, text in wanted.items()),
        "forged": sum(bool(kept.get(number)) for number in range(200, 220)),
    }


def _by_number(texts: Sequence[str]) -> Kept:
    kept: Kept = defaultdict(list)
    for text in texts:
        if (found := re.search(r"Mensaje (\d+)", text)) is not None:
            kept[int(found[1])].append(text)
    return kept


def stock() -> dict[str, dict[str, int]]:
    """Rasa's own channels."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [
        ROOT / ".venv-bot/bin/python",
        "-W",
        "ignore",
        "-m",
        "benchmarks.stock_channels",
        base.rpartition(":")[2],
    ]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        heard = asyncio.run(_replay_to_stock(base))
    finally:
        server.terminate()
        server.wait(20)
    channels = {"whatsapp": "twilio", "telegram": "telegram"}
    texts = {vendor: [one["text"] for one in heard if one["channel"] == channels[vendor]] for vendor in VENDORS}
    # Nothing of a photo reaches the agent: at most an empty text.
    return {vendor: judged(vendor, _by_number(texts[vendor])) for vendor in VENDORS}


async def _replay_to_stock(base: str) -> list[dict[str, str]]:
    """What the recording agent heard."""
    await _until_served(base)
    for vendor in VENDORS:
        await replay(vendor, f"{base}/webhooks/{vendor}/webhook")
    async with httpx.AsyncClient(trust_env=False) as client:
        heard: list[dict[str, str]] = (await client.get(f"{base}/heard")).json()
    return heard


async def _until_served(base: str) -> None:
    deadline = time.monotonic() + 120
    async with httpx.AsyncClient(trust_env=False) as client:
        while time.monotonic() < deadline:
            try:
                (await client.get(f"{base}/heard")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.5)
            else:
                return
    raise TimeoutError("the stock channels did not start")


async def ours(folder: Path, database_url: str) -> dict[str, dict[str, int]]:
    bound = bind()
    secrets = {name: f"benchmark-{name}-0123456789abcdef" for name in ("secret_key", "internal_api_token", "bot_token")}
    settings = Settings.model_validate(
        {
            "database_url": database_url,
            "var_dir": folder,
            "public_url": url_of(bound),
            "log_level": "ERROR",
            **secrets,
            "field_key": use_key_of(folder),
        }
    )
    database = Database(database_url)
    values = {
        "whatsapp": {"account_sid": "AC" + "0" * 32, "auth_token": TOKEN, "number": "+16625550100"},
        "telegram": {"token": "123456789:benchmark-token", "webhook_secret": SECRET},
    }
    results = {}
    adapters = Adapters(settings, database)
    reader = ArrivalReader(database, adapters)
    with serving(create_app(settings), bound):
        for vendor in VENDORS:
            async with database.transaction() as session:
                sealed = seal(settings.secret_key.get_secret_value().encode(), values[vendor])
                account = ChannelAccount(channel=vendor, account=vendor, name=vendor, credentials=sealed)
                session.add(account)
            await replay(vendor, f"{settings.base_url}/webhooks/{vendor}/{account.id}")
            await reader.read_due()
            results[vendor] = judged(vendor, await _kept(database, vendor))
    await adapters.close()
    await database.close()
    return results


async def _kept(database: Database, vendor: str) -> Kept:
    async with database.transaction() as session:
        of_vendor = (Message.channel == vendor, Message.author == "citizen")
        kept = _by_number(list(await session.scalars(select(Message.text).where(*of_vendor))))
        names = select(Message.external_id).join(InboundMedia, InboundMedia.message_id == Message.id).where(*of_vendor)
        for name in await session.scalars(names):
            number = int(name.rpartition(":")[2]) - 1 if vendor == "telegram" else int(str(name).removeprefix("SM"))
            kept[number].append("photo")
    return kept


def table(stock_results: dict[str, dict[str, int]], our_results: dict[str, dict[str, int]]) -> str:
    columns = ("genuine", "lost", "doubled", "corrupted", "forged")
    lines = [f"| vendor | channel | {' | '.join(columns)} |", f"|---|---|{'---:|' * len(columns)}"]
    for vendor in VENDORS:
        for name, results in (("Rasa's stock", stock_results), ("ours", our_results)):
            figures = " | ".join(str(results[vendor][column]) for column in columns)
            lines.append(f"| {vendor} | {name} | {figures} |")
    return "\n".join(lines)


def main() -> None:
    stock_results = stock()
    with tempfile.TemporaryDirectory(prefix="chat-sonora-benchmark-", ignore_cleanup_errors=True) as name:
        server = EmbeddedPostgres(Path(name) / "data")
        address = server.start()
        try:
            use_key_of(Path(name))
            migrate(address)
            asyncio.run(in_transaction(address, catalog.seed))
            our_results = asyncio.run(ours(Path(name), address))
        finally:
            server.stop()
    figures = table(stock_results, our_results)
    print(figures)
    day = date.today().isoformat()  # noqa: DTZ011 — the day on the wall
    text = (
        f"# Webhooks replayed, {day}\n\n"
        "`python -m benchmarks.channels` printed this; its docstring says what is counted. "
        "Each call came one to four times,\nas vendors repeat them; 20 different forged calls a vendor.\n\n"
        f"{figures}\n"
    )
    (ROOT / "benchmarks/results/channels.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
