"""What answers: the database, the product itself, the bot, mail and the vendors."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiosmtplib
import httpx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend import clock
from backend.doctor.findings import Finding, Installation, broken, good, warning
from backend.mail.smtp import BadSmtpUrl, parse
from backend.messaging import accounts
from backend.messaging.adapters import Adapters, webhook_address
from backend.messaging.models import ChannelAccount, ReceiveMode
from backend.messaging.setup import WebhookChannel
from backend.migrate import head, is_known
from backend.monitoring import queues
from backend.telephony.lines import Lines
from channels.catalogue import VOICE
from channels.port import ChannelRefused

LEAST_VERSION = 140_000
MOST_SKEW = 2.0
_LOGGED = text("SELECT name, setting FROM pg_settings WHERE name = ANY (:names)")
#: What PostgreSQL may be set to, the best first, lest it write rows or statements, and what people said, into its log.
_TELLS_NOTHING = {
    "log_error_verbosity": ("terse",),
    "log_min_error_statement": ("panic", "fatal"),
    "log_statement": ("none", "ddl"),
    "log_min_duration_statement": ("-1",),
}
_PATIENCE = 5.0


async def database(found: Installation) -> AsyncIterator[Finding]:
    """Reachable, new enough, migrated, and of one mind with us about the time."""
    try:
        async with asyncio.timeout(_PATIENCE), found.database.transaction() as session:
            asked = clock.now()
            row = (
                await session.execute(
                    text(
                        "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
                        " current_setting('server_encoding'), clock_timestamp(), to_regclass('public.alembic_version')"
                    )
                )
            ).one()
            answered = clock.now()
            has_tables = row[4] is not None
            query = text("SELECT version_num FROM public.alembic_version")
            revision = str(await session.scalar(query) or "") if has_tables else ""
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        mend = "Revise que el servidor esté en marcha y que DATABASE_URL tenga su dirección, usuario y contraseña."
        yield broken("base de datos", f"No responde ({kind}).", mend)
        return
    if row[0] < LEAST_VERSION:
        yield broken("base de datos", f"PostgreSQL {row[1]} es muy antiguo.", "Use la versión 14 o una más nueva.")
    if row[2] != "UTF8":
        yield broken("base de datos", f"Guarda el texto en {row[2]}.", "Créela con ENCODING 'UTF8'.")
    yield _skew(asked, answered, row[3])
    yield _revision(revision)


def _skew(asked: datetime, answered: datetime, theirs: datetime) -> Finding:
    ahead = max((asked - theirs).total_seconds(), (theirs - answered).total_seconds(), 0.0)
    if ahead > MOST_SKEW:
        told = f"El reloj de este equipo y el de la base de datos difieren {ahead:.0f} s: plazos y turnos saldrían mal."
        return broken("reloj", told, "Active la sincronización (timedatectl set-ntp true) en los dos equipos.")
    return good("reloj", "De acuerdo con el de la base de datos.")


def _revision(revision: str) -> Finding:
    if revision == head():
        return good("base de datos", f"Responde; esquema al día ({revision}).")
    if revision and not is_known(revision):
        told = f"El esquema ({revision}) es de una versión más nueva que esta."
        return warning("base de datos", told, "Instale la versión nueva, o regrese el esquema: docs/operations.md.")
    told = f"El esquema ({revision or 'vacío'}) no es el de esta versión ({head()})."
    return broken("base de datos", told, "python -m backend migrate")


async def database_log(found: Installation) -> AsyncIterator[Finding]:
    """The database's own log tells of no person."""
    async with found.database.transaction() as session:
        seen = (await session.execute(_LOGGED, {"names": list(_TELLS_NOTHING)})).all()
    loud = {name: setting for name, setting in seen if setting not in _TELLS_NOTHING[name]}
    if not loud:
        yield good("bitácora de PostgreSQL", "No escribe lo que dicen las personas.")
        return
    told = ", ".join(f"{name} = {setting}" for name, setting in sorted(loud.items()))
    mend = "; ".join(f"ALTER SYSTEM SET {name} = '{_TELLS_NOTHING[name][0]}'" for name in sorted(loud))
    yield warning(
        "bitácora de PostgreSQL",
        f"Escribe filas o consultas enteras, con datos de personas: {told}.",
        f"Como superusuario: {mend}; SELECT pg_reload_conf();",
    )


async def work(found: Installation) -> AsyncIterator[Finding]:
    """Nothing waits that should have been done."""
    async with found.database.snapshot() as session:
        states = await queues.look(session)
    stuck = [queue for queue in states if queue.is_stuck]
    for queue in stuck:
        told = f"«{queue.name}» está detenida: {queue.waiting} esperan, con {queue.overdue / 60:.0f} min de retraso."
        yield broken("colas", told, "Revise que el worker esté en marcha; docs/operations.md, «A queue grows».")
    unreadable = next(queue for queue in states if queue.name == "unreadable_webhooks")
    if unreadable.waiting:
        told = f"{unreadable.waiting} avisos de proveedores no se pudieron leer; se guardaron completos."
        yield warning("colas", told, "En la consola: Canales, la cuenta, Conciliación, «Volver a leer».")
    if not stuck:
        yield good("colas", f"{sum(queue.waiting for queue in states)} pendientes, ninguno con retraso.")


async def web(found: Installation) -> AsyncIterator[Finding]:
    """The port is ours, or free; and the address that citizens use leads here."""
    settings = found.settings
    async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
        if await _is_ours(client, f"http://{_host(settings.host)}:{settings.port}"):
            yield good("puerto", f"El producto responde en el puerto {settings.port}.")
        elif _is_free(settings.host, settings.port):
            yield warning("puerto", f"El producto no está en marcha en el puerto {settings.port}.", "Inícielo.")
        else:
            yield broken(
                "puerto", f"Otro programa usa el puerto {settings.port}.", "Deténgalo, o elija otro: PORT=8001"
            )
        if urlsplit(settings.base_url).scheme == "https":
            if await _is_ours(client, settings.base_url):
                yield good("dirección pública", f"{settings.base_url} llega aquí.")
            else:
                mend = "Revise el nombre en el DNS, el certificado y el proxy (deploy/caddy o deploy/nginx)."
                yield broken("dirección pública", f"{settings.base_url} no llega al producto.", mend)


async def _is_ours(client: httpx.AsyncClient, address: str) -> bool:
    try:
        answer = await client.get(f"{address}/health/live")
        return answer.status_code == httpx.codes.OK and answer.json() == {"status": "ok"}
    except (httpx.HTTPError, ValueError):
        return False


def _host(host: str) -> str:
    """Where to ask for what listens on `host`."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    loopback = "127.0.0.1" if address.version == 4 else "[::1]"
    return loopback if address.is_unspecified else host


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


async def bot(found: Installation) -> AsyncIterator[Finding]:
    """Each process of the bot and its actions, where this environment says where; `make run` keeps that to itself."""
    actions = urlsplit(found.environment.get("ACTIONS_URL", ""))
    asked = [("acciones", f"{actions.scheme}://{actions.netloc}/health")] if actions.netloc else []
    if "RASA_URL" in found.environment:
        rasas = (*found.settings.rasa_url, *found.settings.second_rasa_url)
        asked += [("bot", f"{url}/webhooks/chat_sonora/") for url in rasas]
    async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
        for name, address in asked:
            try:
                is_well = (await client.get(address)).status_code == httpx.codes.OK
            except httpx.HTTPError:
                is_well = False
            if is_well:
                yield good(name, f"Responde en {urlsplit(address).netloc}.")
            else:
                mend = "Revise su servicio; docs/operations.md, «The bot is down». Mientras, el guion toma peticiones."
                yield broken(name, f"No responde en {address}.", mend)


async def mail(found: Installation) -> AsyncIterator[Finding]:
    """The mail server takes our name and password."""
    url = found.settings.smtp_url
    if url is None:
        yield warning("correo", "Está apagado: los enlaces no reciben avisos.", "Ponga SMTP_URL y MAIL_FROM.")
        return
    try:
        server = parse(url.get_secret_value())
        async with server.client(_PATIENCE) as client:
            await client.noop()
    except BadSmtpUrl as error:
        yield broken("correo", "SMTP_URL no se entiende.", str(error))
    except (aiosmtplib.SMTPException, OSError) as error:
        mend = "Revise servidor, puerto, usuario y contraseña de SMTP_URL, y que el cortafuegos deje salir."
        yield broken("correo", f"El servidor {server.host}:{server.port} no aceptó ({type(error).__name__}).", mend)
    else:
        yield good("correo", f"{server.host}:{server.port} responde.")


async def channels(found: Installation) -> AsyncIterator[Finding]:
    """Every account that is on: its vendor knows us, and calls the right address."""
    adapters, lines = Adapters(found.settings, found.database), Lines(found.settings)
    async with found.database.transaction() as session:
        listed = [account for account in await accounts.listed(session) if account.is_on]
    try:
        for account in listed:
            async for finding in _account(found, adapters, lines, account):
                yield finding
    finally:
        await adapters.close()
        await lines.close()


async def _account(
    found: Installation, adapters: Adapters, lines: Lines, account: ChannelAccount
) -> AsyncIterator[Finding]:
    name = f"canal {account.channel} «{account.name}»"
    adapter = await (lines if account.channel == VOICE.name else adapters).open(account)
    if adapter is None:
        told = "Sus credenciales no se pueden leer: se guardaron con otra SECRET_KEY."
        yield broken(name, told, "Restituya esa clave, o captúrelas de nuevo en la consola: Canales.")
        return
    try:
        await adapter.check()
        if isinstance(adapter, WebhookChannel) and account.receive_mode is ReceiveMode.WEBHOOK:
            registered, _, complaint = await adapter.webhook_problem()
            if registered != webhook_address(found.settings, account):
                told = "El proveedor llama a otra dirección: los mensajes no llegan aquí."
                yield broken(name, told, "En la consola: Canales, la cuenta, «Registrar webhook».")
            elif complaint:
                yield warning(name, f"El proveedor se queja: {complaint}", "Revise la dirección pública y el proxy.")
    except ChannelRefused as refused:
        yield broken(name, refused.text, "Revise la cuenta en la consola: Canales.")
        return
    yield good(name, "El proveedor nos reconoce.")
