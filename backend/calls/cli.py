"""Calls from the command line, for a timer: `python -m backend calls …`."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from backend.calls.cdr import jobs, service
from backend.calls.cdr.layout import ASTERISK_NAME
from backend.calls.cdr.models import CdrState, LegState
from backend.calls.cdr.service import Progress
from backend.db import Database
from backend.environment import command_settings
from backend.errors import ChatSonoraError
from backend.imports import service as files
from backend.imports.jobs import folder_of

app = typer.Typer(no_args_is_help=True, help="Llamadas.")

_CHUNK = 1024 * 1024
_TOLD = {
    LegState.NEW: "nuevas",
    LegState.CHANGED: "con cambios",
    LegState.KNOWN: "ya estaban",
    LegState.BY_HAND: "ya las había anotado el personal",
    LegState.INTERNAL: "internas, no se registran",
    LegState.SERVICE: "al propio conmutador, no se registran",
}


@app.callback()
def calls() -> None:
    """Llamadas."""


@app.command("import")
def import_records(
    file: Annotated[Path, typer.Argument(help="CSV o XLSX del conmutador.", exists=True, dir_okay=False)],
    mapping: Annotated[str, typer.Option(help="La forma de lectura guardada en la consola.")] = ASTERISK_NAME,
) -> None:
    """Import a telephone exchange's call records; a second time, the same file changes nothing."""
    with command_settings(os.environ) as settings:
        try:
            told, problem = asyncio.run(_import(settings.database_url, folder_of(settings.var_dir), file, mapping))
        except ChatSonoraError as error:
            typer.echo(error.text, err=True)
            raise typer.Exit(1) from error
    if problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1)
    typer.echo(told)


async def _import(database_url: str, folder: Path, file: Path, mapping: str) -> tuple[str, str]:
    """The report, and what went wrong with the file as a whole."""
    kept = await files.keep(folder, file.name, _chunks(file))
    first = service.first_rows(folder / kept.sha256)
    database = Database(database_url)
    try:
        async with database.transaction() as session:
            made = await service.begin(session, kept, first[0], user_id=None, mapping=mapping)
            made.is_automatic = True
        while made.finished_at is None:  # the server's worker may have taken a part of it
            await jobs.advance(database, folder, made.id)
            async with database.transaction() as session:
                made = await service.get(session, made.id)
            await asyncio.sleep(0.1)
        async with database.transaction() as session:
            return _report(await service.progress(session, made)), (
                made.problem if made.state is CdrState.FAILED else ""
            )
    finally:
        await database.close()


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk


def _report(progress: Progress) -> str:
    lines = [f"Renglones: {progress.total}"]
    lines += [f"Llamadas {text}: {progress.calls[state]}" for state, text in _TOLD.items() if state in progress.calls]
    if wrong := progress.rows.get(LegState.INVALID):
        lines.append(f"Renglones con errores, sin registrar: {wrong}")
    return "\n".join(lines)
