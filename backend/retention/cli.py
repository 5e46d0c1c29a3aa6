"""The round of retention from the command line: `python -m backend retention [--dry-run]`."""

import asyncio
import os
from typing import Annotated

import typer

from backend.conversations.files import FileStore
from backend.db import Database
from backend.environment import command_settings
from backend.imports.jobs import folder_of
from backend.retention import jobs
from backend.settings import Settings


def retention(
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Count what is due, and change nothing.")] = False,
) -> None:
    """Block and take away what the rules of retention say; the worker does it every night."""
    with command_settings(os.environ) as settings:
        counts = asyncio.run(_work(settings, is_dry=is_dry))
    if counts is None:
        typer.echo("Another round is under way: nothing was done.")
        raise typer.Exit(1)
    for name, count in counts.items():
        typer.echo(f"{count:>8}  {name}")
    typer.echo("Nothing was changed." if is_dry else "Done, and written on the audit trail.")


async def _work(settings: Settings, *, is_dry: bool) -> dict[str, int] | None:
    database = Database(settings.database_url)
    store = FileStore(settings.attachments_dir, max_bytes=settings.attachment_max_bytes)
    try:
        if is_dry:
            return await jobs.plan(database)
        return await jobs.run(jobs.Round(database, store, folder_of(settings.var_dir)))
    finally:
        await database.close()
