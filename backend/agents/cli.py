"""Accounts from the command line: `python -m backend users …`."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service, sessions
from backend.agents.models import Role
from backend.db import in_transaction
from backend.environment import command_settings
from backend.errors import ChatSonoraError

app = typer.Typer(no_args_is_help=True, help="Cuentas del personal.")

Username = Annotated[str, typer.Argument(help="Nombre de usuario.")]


def _run(work: Callable[[AsyncSession], Awaitable[str]]) -> None:
    with command_settings(os.environ) as settings:
        try:
            typer.echo(asyncio.run(in_transaction(settings.database_url, work)))
        except ChatSonoraError as error:
            typer.echo(error.text, err=True)
            raise typer.Exit(1) from error


@app.command()
def create(
    username: Username,
    full_name: Annotated[str, typer.Option(help="Nombre completo, como lo leerá la ciudadanía.")] = "",
    role: Annotated[Role, typer.Option(help="liaison, auditor, analyst, head o admin.")] = Role.ANALYST,
    agency: Annotated[str | None, typer.Option(help="Con liaison: la clave de su dependencia, como cea.")] = None,
    password: Annotated[str | None, typer.Option(help="Si se omite, se crea una de un solo uso.")] = None,
) -> None:
    """Create an account."""

    async def work(session: AsyncSession) -> str:
        user, one_time = await service.create_user(
            session,
            username=username,
            full_name=full_name or username,
            role=role,
            password=password,
            agency_id=await service.agency_of_key(session, agency) if agency else None,
        )
        if one_time is None:
            return f"Usuario {user.username} creado."
        return f"Usuario {user.username} creado. Contraseña de un solo uso: {one_time}"

    _run(work)


@app.command("reset-password")
def reset_password(username: Username) -> None:
    """Give a new one-time password."""

    async def work(session: AsyncSession) -> str:
        user = await service.find_user(session, username)
        return f"Contraseña de un solo uso de {user.username}: {await service.reset_password(session, user)}"

    _run(work)


@app.command("reset-second-factor")
def reset_second_factor(username: Username) -> None:
    """Take away the second factor of somebody who lost their telephone."""

    async def work(session: AsyncSession) -> str:
        user = await service.find_user(session, username)
        await service.reset_second_factor(session, user.id, by=None)
        return f"{user.username} entra con su contraseña y puede activar otro segundo factor."

    _run(work)


@app.command("list")
def list_users() -> None:
    """List the accounts."""

    async def work(session: AsyncSession) -> str:
        users = await service.list_users(session)
        return "\n".join(
            f"{user.username}\t{user.role}\t{'activo' if user.is_active else 'inactivo'}\t{user.full_name}"
            for user in users
        )

    _run(work)


@app.command()
def disable(username: Username) -> None:
    """Disable an account; its sessions and tokens end at once."""
    _set_active(username, is_active=False)


@app.command()
def enable(username: Username) -> None:
    """Enable an account again."""
    _set_active(username, is_active=True)


@app.command()
def token(username: Username, name: Annotated[str, typer.Option(help="Para qué es.")] = "cli") -> None:
    """Issue a bearer token for programs; it is printed once."""

    async def work(session: AsyncSession) -> str:
        return await sessions.issue_token(session, await service.find_user(session, username), name)

    _run(work)


def _set_active(username: str, *, is_active: bool) -> None:
    async def work(session: AsyncSession) -> str:
        user = await service.find_user(session, username)
        await service.set_active(session, user, is_active=is_active)
        return f"Usuario {user.username} {'activo' if is_active else 'inactivo'}."

    _run(work)
