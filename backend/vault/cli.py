"""`python -m backend keys …`: what seals personal data, and changing it while the product works."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import typer

from backend.db import Database
from backend.environment import command_settings
from backend.models import metadata
from backend.vault import kek, ring, rotation

app = typer.Typer(no_args_is_help=True, help="Llaves con las que se cifran los datos personales.")


def _with_database(work: Callable[[Database], Awaitable[None]]) -> None:
    async def run(database_url: str) -> None:
        database = Database(database_url)
        try:
            await work(database)
        finally:
            await database.close()

    with command_settings(os.environ) as settings:
        asyncio.run(run(settings.database_url))


@app.command()
def new() -> None:
    """Hacer una llave para FIELD_KEY. Guárdela aparte de la base y de sus respaldos."""
    typer.echo(kek.new_key())


@app.command()
def status() -> None:
    """Qué llaves hay, cuántos valores cifra cada una y con qué FIELD_KEY se abren."""

    async def tell(database: Database) -> None:
        async with database.transaction() as session:
            for key in await rotation.status(session, metadata):
                state = f"retirada el {key.retired_at:%Y-%m-%d %H:%M} UTC" if key.retired_at else "en uso"
                count = "" if key.values is None else f", {key.values} valores"
                typer.echo(f"{key.id} ({key.purpose.value}): {state}{count}, FIELD_KEY {key.wrapped_by}")

    _with_database(tell)


@app.command()
def rotate(
    resume: bool = typer.Option(False, "--resume", help="Terminar un cambio anterior, sin hacer otra llave."),
) -> None:
    """Hacer otra llave de datos y volver a cifrar todo con ella, con el producto en marcha."""

    async def turn(database: Database) -> None:
        if not resume:
            await rotation.new_key(database)
        count = await rotation.reseal_all(
            database,
            metadata,
            tell=rotation.progress(typer.echo),
            pause=lambda: asyncio.sleep(ring.STALE_AFTER + 1),
        )
        typer.echo(f"Se volvieron a cifrar {count} valores.")

    _with_database(turn)


@app.command()
def rewrap() -> None:
    """Envolver las llaves de datos con la FIELD_KEY nueva; la anterior va en FIELD_KEY_PREVIOUS."""

    async def wrap(database: Database) -> None:
        typer.echo(f"Llaves envueltas con la FIELD_KEY nueva: {await rotation.rewrap(database)}.")

    _with_database(wrap)
