"""The command line: `python -m backend …`."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from backend.agents.cli import app as users
from backend.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Chat Sonora.", pretty_exceptions_enable=False)
app.add_typer(users, name="users")


@app.command()
def run(model: Annotated[Path, typer.Option(help="The trained model.")]) -> None:
    """Serve everything until Ctrl-C (what `make run` does)."""
    from backend.supervisor import serve

    raise typer.Exit(asyncio.run(serve(dict(os.environ), model)))


@app.command()
def web() -> None:
    """Serve chat, console and API."""
    import uvicorn

    from backend.app import create_app

    settings = Settings()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=3,
    )


@app.command()
def worker() -> None:
    """Advance conversations and dispatch the outbox."""
    from backend import worker as worker_module

    asyncio.run(worker_module.run(Settings()))


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date and add what the catalogs lack."""
    from backend.environment import command_settings
    from backend.migrate import migrate
    from backend.supervisor import prepare

    with command_settings(os.environ) as settings:
        migrate(settings.database_url)
        asyncio.run(prepare(settings))


if __name__ == "__main__":
    app()
