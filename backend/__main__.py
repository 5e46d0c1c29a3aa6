"""The command line: `python -m backend …`."""

import asyncio
import os
from contextlib import suppress
from typing import Annotated

import typer

from backend.agents.cli import app as users
from backend.audit.cli import app as audit
from backend.backup.cli import app as backup
from backend.backup.cli import restore
from backend.calls.cli import app as calls
from backend.doctor.cli import doctor
from backend.learning.cli import export_labels
from backend.retention.cli import retention
from backend.settings import Settings
from backend.vault.cli import app as keys

app = typer.Typer(no_args_is_help=True, help="Chat Sonora.", pretty_exceptions_enable=False)
app.add_typer(users, name="users")
app.add_typer(calls, name="calls")
app.add_typer(backup, name="backup")
app.command("restore")(restore)
app.command("doctor")(doctor)
app.add_typer(keys, name="keys")
app.add_typer(audit, name="audit")
app.command("export-labels")(export_labels)
app.command("retention")(retention)


@app.command()
def web() -> None:
    """Serve chat, console and API."""
    import socket

    import uvicorn

    from backend import heap
    from backend.app import create_app
    from backend.monitoring import tracing

    settings = Settings()
    tracing.start(settings, "web")
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    heap.settle()
    with suppress(KeyboardInterrupt):
        server.run(None if settings.web_fd is None else [socket.socket(fileno=settings.web_fd)])
    tracing.stop()
    raise typer.Exit(0 if server.started else 3)


@app.command()
def worker() -> None:
    """Advance conversations and dispatch the outbox."""
    import uvloop

    from backend import worker as worker_module

    raise typer.Exit(uvloop.run(worker_module.run(Settings())))


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date and add what the catalogs lack."""
    from backend.environment import command_settings

    with command_settings(os.environ) as settings:
        _bring_up_to_date(settings)


def _bring_up_to_date(settings: Settings) -> None:
    from backend.migrate import migrate
    from backend.preparation import prepare

    migrate(settings.database_url)
    admin = asyncio.run(prepare(settings))
    if admin is not None:
        typer.echo(f"Primer administrador: usuario {admin[0]}, contraseña de un solo uso {admin[1]}")


@app.command("settings")
def list_settings() -> None:
    """List every setting, its default and its meaning."""
    for name, field in Settings.model_fields.items():
        default = "(required)" if field.is_required() else field.get_default(call_default_factory=True)
        typer.echo(f"{name.upper()} = {default}\n    {field.description}")


@app.command("lifecycle")
def draw_lifecycle() -> None:
    """Draw a petition's lifecycle, as docs/registry.md holds it."""
    from backend.registry.drawing import lifecycle_section

    typer.echo(lifecycle_section())


@app.command("reports-doc")
def define_reports() -> None:
    """Define every figure of the reports, as docs/reports.md holds them."""
    from backend.reports.documentation import definitions_section

    typer.echo(definitions_section())


@app.command("ledger-chats")
def record_chats() -> None:
    """Write into the ledger all chats that are not there yet: the worker does it too, bit by bit."""
    from backend.db import Database
    from backend.environment import command_settings
    from backend.ledger import chats

    async def record(database_url: str) -> int:
        database = Database(database_url)
        try:
            return await chats.look_after(database, budget_seconds=None)
        finally:
            await database.close()

    with command_settings(os.environ) as settings:
        typer.echo(f"Conversations told: {asyncio.run(record(settings.database_url))}")


@app.command("verify-informe")
def verify_informe(quarter: Annotated[str, typer.Argument(help="2026-T3")]) -> None:
    """Reckon the hashes of a quarter's closed editions anew; fails if one is not what was closed."""
    from backend.db import in_transaction
    from backend.environment import command_settings
    from backend.quarterly.checking import verify_quarter

    with command_settings(os.environ) as settings:
        found = asyncio.run(in_transaction(settings.database_url, lambda session: verify_quarter(session, quarter)))
    for number, verdict in found:
        typer.echo(f"Edición {number}: {'íntegra' if verdict.is_whole else 'ALTERADA'}, SHA-256 {verdict.reckoned}")
        for problem in verdict.problems:
            typer.echo(f"  {problem}")
    if not found:
        typer.echo("Ese trimestre no tiene ediciones cerradas.")
    raise typer.Exit(0 if found and all(verdict.is_whole for _, verdict in found) else 1)


@app.command("seed-demo")
def seed_demo() -> None:
    """Llena la base con datos inventados: personal, conversaciones y peticiones."""
    from backend.db import in_transaction
    from backend.demo.seeding import seed
    from backend.environment import command_settings

    with command_settings(os.environ) as settings:
        _bring_up_to_date(settings)
        seeded = asyncio.run(in_transaction(settings.database_url, seed))
    if seeded.password is None:
        typer.echo("Los datos de demostración ya estaban. Contraseñas: python -m backend users reset-password USUARIO")
        return
    typer.echo(f"Se agregaron {seeded.conversations} conversaciones y {seeded.petitions} peticiones inventadas.")
    typer.echo(f"Usuarios: {', '.join(seeded.usernames)}. Contraseña de todos: {seeded.password}")


if __name__ == "__main__":
    app()
