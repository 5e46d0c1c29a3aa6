"""A spreadsheet of many rows through the worker's reading and filing: its time, and the memory it takes.

`.venv/bin/python -m benchmarks.imports [ROWS]` (50,000 unless told), on a throw-away database. Writes
benchmarks/results/imports.md.
"""

import asyncio
import csv
import os
import random
import resource
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from backend.agents import service as agents
from backend.agents.models import Role
from backend.catalog import service as catalog
from backend.db import Database, in_transaction
from backend.embedded import EmbeddedPostgres
from backend.imports import jobs, reading
from backend.imports import service as imports
from backend.imports.models import ImportBatch
from backend.migrate import migrate
from backend.registry.models import EntryChannel, PetitionKind
from benchmarks.field_key import use_key_of

RESULTS = Path(__file__).parent / "results" / "imports.md"
ROWS = 50_000
TOLD = """# A spreadsheet through the worker

{rows:,} rows ({size:.1f} MB of CSV) on a throw-away database; load average {load:.1f} on {cores} cores.
Taken by `python -m benchmarks.imports`.

| step | time |
|---|---|
| every row read and checked | {checked:.0f} s |
| every row filed: person, folio, due date, history, search | {filed:.0f} s ({each:.1f} ms each) |

The process took {before} MB before and {memory} MB at most.
"""
_WORDS = ("agua", "luz", "calle", "bache", "parque", "escuela", "camión", "basura", "drenaje", "poste", "clínica")
_PLACES = ("Hermosillo", "Cd. Obregón", "Nogales", "Guaymas", "Navojoa", "Caborca", "Agua Prieta")


def write(path: Path, rows: int) -> None:
    """A file of invented petitions, the same every time."""
    chance = random.Random(1)
    with path.open("w", newline="", encoding="utf-8") as target:
        sheet = csv.writer(target)
        sheet.writerow(["Nombre", "Teléfono", "Asunto", "Municipio", "Colonia", "CP"])
        for number in range(rows):
            family = "".join(chance.choices("abcdefghijklm", k=7)).title()
            name = f"{chance.choice(('Ana', 'Luis', 'Rosa'))} {family} Ruiz"
            said = "Solicita " + " ".join(chance.choices(_WORDS, k=18))
            sheet.writerow([name, f"662{1_000_000 + number}", said, chance.choice(_PLACES), "Centro", "83000"])


async def _bytes(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(1 << 20):
            yield chunk


async def _begin(database: Database, folder: Path, source: Path) -> ImportBatch:
    kept = await imports.keep(folder, source.name, _bytes(source))
    async with database.transaction() as session:
        await agents.create_user(
            session, username="hilda", full_name="Hilda", role=Role.HEAD, password=secrets.token_urlsafe()
        )
        user = await agents.find_user(session, "hilda")
        batch = await imports.begin(session, kept, reading.headers(folder / kept.sha256), user_id=user.id)
        await imports.map_columns(
            session, batch, dict(batch.mapping), kind=PetitionKind.PETICION, channel=EntryChannel.GIRA
        )
        return batch


async def measure(url: str, folder: Path, rows: int) -> None:
    use_key_of(folder)
    await asyncio.to_thread(migrate, url)
    await in_transaction(url, catalog.seed)
    database = Database(url)
    source = folder / "peticiones.csv"
    write(source, rows)
    batch = await _begin(database, folder, source)
    before = _memory()
    print(f"{rows} rows, {source.stat().st_size / 1e6:.1f} MB; {before} MB before", flush=True)
    began = time.monotonic()
    await jobs.advance_due(database, folder)
    checked = time.monotonic() - began
    print(f"checked in {checked:.0f} s; {_memory()} MB at most", flush=True)
    async with database.transaction() as session:
        await imports.confirm(session, await imports.get(session, batch.id, for_update=True), with_repeated=True)
    began = time.monotonic()
    await jobs.advance_due(database, folder)
    filed = time.monotonic() - began
    print(f"filed in {filed:.0f} s; {_memory()} MB at most", flush=True)
    await database.close()
    RESULTS.write_text(
        TOLD.format(
            rows=rows, size=source.stat().st_size / 1e6, checked=checked, filed=filed, each=filed / rows * 1000,
            before=before, memory=_memory(), load=os.getloadavg()[0], cores=os.cpu_count(),
        ),
        encoding="utf-8",
    )  # fmt: skip


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="chat-sonora-imports-", ignore_cleanup_errors=True) as name:
        server = EmbeddedPostgres(Path(name) / "data")
        try:
            asyncio.run(measure(server.start(), Path(name), int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
        finally:
            server.stop()
