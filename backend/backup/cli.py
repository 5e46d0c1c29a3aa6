"""`python -m backend backup` and `restore`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from backend import clock
from backend.backup import keeping, making, restoring
from backend.backup.errors import BackupError
from backend.environment import command_settings

app = typer.Typer(help="Respaldos cifrados.", invoke_without_command=True)
_MEGABYTE = 1024 * 1024


def _refuse(error: BackupError) -> typer.Exit:
    typer.echo(error.text, err=True)
    return typer.Exit(1)


@app.callback()
def make(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option(help="Carpeta; si se omite, BACKUP_DIR.")] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Cuántos conservar; si se omite, BACKUP_KEEP.")] = None,
) -> None:
    """Respalda la base de datos, los archivos y el modelo, sin detener el servicio."""
    if context.invoked_subcommand is not None:
        return
    with command_settings(os.environ) as settings:
        try:
            made = making.make(settings, to, keep=keep)
        except BackupError as error:
            raise _refuse(error) from error
    manifest = made.manifest
    typer.echo(f"Respaldo: {made.path} ({made.size / _MEGABYTE:.1f} MB)")
    typer.echo(f"  {manifest.rows} renglones de {len(manifest.tables)} tablas, {len(manifest.files)} archivos.")
    typer.echo(f"  Contiene todo lo confirmado antes del {clock.local(manifest.moment):%d/%m/%Y %H:%M:%S}.")
    for path in made.let_go:
        typer.echo(f"  Se borró el más antiguo: {path.name}")
    typer.echo(f"  Compruébelo: python -m backend backup verify {made.path}")


@app.command("verify")
def verify(file: Annotated[Path, typer.Argument(help="El respaldo.")]) -> None:
    """Restaura un respaldo en una base de datos aparte, compara todo y la tira."""
    with command_settings(os.environ) as settings:
        try:
            proof = restoring.prove(file, making.passphrase_of(settings), pg_bin=settings.pg_bin)
        except BackupError as error:
            raise _refuse(error) from error
    typer.echo(f"{len(proof.manifest.tables)} tablas, {proof.manifest.rows} renglones: cuentas y huellas comparadas.")
    for name in proof.differences:
        typer.echo(f"  DISTINTA: {name}")
    if proof.missing:
        typer.echo(f"  Aviso: {len(proof.missing)} archivos que la base de datos nombra no están en el respaldo.")
    typer.echo("El respaldo es bueno." if proof.is_good else "El respaldo NO sirve: haga otro y avise a sistemas.")
    raise typer.Exit(0 if proof.is_good else 1)


@app.command("list")
def list_kept() -> None:
    """Los respaldos que hay en BACKUP_DIR, del más antiguo al más reciente."""
    with command_settings(os.environ) as settings:
        found = keeping.kept(settings.backups_dir)
        for one in found:
            size = one.path.stat().st_size / _MEGABYTE
            typer.echo(f"{clock.local(one.made_at):%d/%m/%Y %H:%M}  {size:.1f} MB  {one.path}")
        if not found:
            typer.echo(f"No hay respaldos en {settings.backups_dir}. Haga uno: python -m backend backup")


def restore(
    file: Annotated[Path, typer.Argument(help="El respaldo.")],
    replace: Annotated[bool, typer.Option("--replace", help="Aparta lo que la base de datos ya tenga.")] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Simulacro: apaga canales y webhooks, para que la copia no escriba a nadie.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="No pregunta.")] = False,
) -> None:
    """Restaura un respaldo en la base de datos configurada, que debe estar vacía y sin uso."""
    from backend.migrate import migrate

    with command_settings(os.environ) as settings:
        try:
            passphrase = making.passphrase_of(settings)
            found = restoring.plan(settings, file, passphrase, replace=replace)
            for step in found.steps:
                typer.echo(f"- {step}")
            for problem in found.problems:
                typer.echo(f"NO SE PUEDE: {problem}", err=True)
            if found.problems or not (yes or typer.confirm("¿Restaurar?")):
                raise typer.Exit(1)
            restoring.restore(settings, file, passphrase, replace=replace)
            if drill:
                restoring.silence(settings.database_url)
        except BackupError as error:
            raise _refuse(error) from error
        migrate(settings.database_url)
    typer.echo("Restaurado y comprobado. Inicie el producto y revise con: python -m backend doctor")
