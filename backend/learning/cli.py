"""Labelled messages from the command line: `python -m backend export-labels`."""

import asyncio
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from backend import clock
from backend.db import in_transaction
from backend.environment import command_settings, var_dir
from backend.learning import exporting, formats


def export_labels(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Solo lo etiquetado desde ese día.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Carpeta; por omisión VAR_DIR/labels, donde mide make train.")
    ] = None,
) -> None:
    """Write what staff labelled: examples to learn from, and rows held out to measure. Masked."""
    folder = out or var_dir(os.environ) / "labels"
    moment = since.replace(tzinfo=clock.HERMOSILLO) if since is not None else None
    with command_settings(os.environ) as settings:
        found = asyncio.run(in_transaction(settings.database_url, lambda session: exporting.examples(session, moment)))
    counts = formats.write(found, folder)
    for name, count in counts.items():
        typer.echo(f"{folder / name}: {count}")
