"""`python -m backend doctor`."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from typing import Annotated

import structlog
import typer
from pydantic import ValidationError

from backend import logs
from backend.db import Database
from backend.doctor import configuration, places, services
from backend.doctor import redis as redis_checks
from backend.doctor.findings import Finding, Installation, State, broken
from backend.environment import command_settings, settings_from
from backend.settings import Settings

log = structlog.get_logger(__name__)

_LOCAL: tuple[Callable[[Installation], Iterator[Finding]], ...] = (configuration.examine, places.examine)
_ASKED: tuple[Callable[[Installation], AsyncIterator[Finding]], ...] = (
    services.database_log,
    services.work,
    services.web,
    services.bot,
    services.mail,
    services.channels,
    redis_checks.redis,
)
_MARKS = {State.GOOD: "  bien ", State.WARNING: " AVISO ", State.BROKEN: " FALLA "}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Para programas.")] = False) -> None:
    """Revisa la configuración y el entorno, y dice cómo corregir lo que falla."""
    logs.configure("WARNING", target=sys.stderr)
    found = diagnose(os.environ)
    is_well = all(one.state is not State.BROKEN for one in found)
    if as_json:
        typer.echo(
            json.dumps({"ok": is_well, "findings": [asdict(one) for one in found]}, ensure_ascii=False, indent=1)
        )
    else:
        for one in found:
            typer.echo(f"{_MARKS[one.state]} {one.name}: {one.told}")
            if one.mend:
                typer.echo(f"         → {one.mend}")
        typer.echo("Todo lo indispensable está bien." if is_well else "Hay fallas que corregir.")
    raise typer.Exit(0 if is_well else 1)


def diagnose(environment: Mapping[str, str]) -> list[Finding]:
    """Everything that is found. With DATABASE_URL it is judged as production, where nothing missing is made up."""
    is_development = not environment.get("DATABASE_URL")
    try:
        context = command_settings(environment) if is_development else nullcontext(settings_from(environment))
        with context as settings:
            return asyncio.run(_examine(environment, settings, is_development=is_development))
    except ValidationError as error:
        return list(configuration.of_errors(error))


async def _examine(environment: Mapping[str, str], settings: Settings, *, is_development: bool) -> list[Finding]:
    database = Database(settings.database_url)
    installation = Installation(environment, settings, database, is_development)
    try:
        found = [finding for check in _LOCAL for finding in check(installation)]
        base = [finding async for finding in services.database(installation)]
        found += base
        if any(one.state is State.BROKEN for one in base):
            asked: tuple[Callable[[Installation], AsyncIterator[Finding]], ...] = (services.web, services.bot)
        else:
            asked = _ASKED
        for findings in await asyncio.gather(*(_ask(check, installation) for check in asked)):
            found += findings
        return found
    finally:
        await database.close()


async def _ask(check: Callable[[Installation], AsyncIterator[Finding]], installation: Installation) -> list[Finding]:
    """What a check finds; one that fails itself is told, and does not take the others with it."""
    findings: list[Finding] = []
    name = getattr(check, "__name__", "revisión")
    try:
        async for finding in check(installation):
            findings.append(finding)
    except Exception as error:  # the outer loop: whatever it was is recorded
        log.warning("doctor_check_failed", check=name, error=type(error).__name__)
        mend = "Repita; si sigue, mande este renglón a quien mantiene el producto."
        findings.append(broken(name, f"La revisión misma falló ({type(error).__name__}).", mend))
    return findings
