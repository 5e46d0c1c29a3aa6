"""The audit trail from the command line: `python -m backend audit …`."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from backend.audit import anchoring, chain
from backend.audit.chain import Head, Verdict
from backend.db import in_transaction
from backend.environment import command_settings

app = typer.Typer(no_args_is_help=True, help="La bitácora de auditoría.")


@app.callback()
def _trail() -> None:
    """La bitácora de auditoría."""


@app.command()
def verify(
    anchor: Annotated[
        Path | None,
        typer.Option(help="Anclas guardadas fuera (el archivo, o el texto del correo); si se omite, VAR_DIR/audit."),
    ] = None,
) -> None:
    """Walk the chain from its first row; fails naming the first row that is not what was written."""
    with command_settings(os.environ) as settings:
        anchors = _anchors_of(anchor) if anchor else anchoring.kept_anchors(settings.var_dir)
        verdict = asyncio.run(_verdict(settings.database_url, anchors))
    typer.echo(f"Movimientos comprobados: {verdict.head.seq}. Anclas: {len(anchors)}. Huella: {verdict.head.hash}")
    typer.echo("La bitácora está íntegra." if verdict.problem is None else f"ALTERADA. {verdict.problem}")
    raise typer.Exit(0 if verdict.is_whole else 1)


def _anchors_of(path: Path) -> list[Head]:
    try:
        found = chain.anchors_of(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise typer.BadParameter(f"No se puede leer {path}.") from error
    if not found:
        raise typer.BadParameter(f"En {path} no hay ninguna ancla.")
    return found


async def _verdict(database_url: str, anchors: list[Head]) -> Verdict:
    return await in_transaction(database_url, lambda session: chain.verify(session, anchors=anchors))
