"""Somebody's telephone, e-mail and CURP, told in every way there is: afterwards nothing that lies there tells them.

What docs/adr/0026 leaves readable is listed here: a column more is a failure.
"""

import csv
import io
import json
import logging
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg.sql import SQL
from pydantic import SecretStr

from backend import clock
from backend.agents.models import Role
from backend.app import create_app
from backend.imports import jobs
from backend.settings import Settings
from tests.channels.conftest import Office, office, post_signed, sms, telegram, twilio, whatsapp
from tests.fakes.handles import TwilioServer
from tests.internal_api.conftest import Actions
from tests.redis_server import RedisServer, redis_server
from tests.staff import BASE, Staff, add_staff, browser, sign_in

__all__ = ["office", "redis_server", "sms", "telegram", "twilio", "whatsapp"]

DIGITS = "6629081726"
ADDRESS = "203.0.113.77"
PHONE, EMAIL, CURP = f"+52{DIGITS}", "zutano.plantado@correo.example", "PAZZ800101HSRLXT06"
#: As values are, as they are searched for, and as JSON or a form holds them.
TRACES = (DIGITS, DIGITS[::-1], "662 908 1726", EMAIL, "zutano.plantado%40correo.example", CURP)
#: What tells one of them all the same, and why: docs/adr/0026.
READABLE = {"message.text"}
_COLUMNS = """
SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
"""


@pytest.fixture
def settings(settings: Settings, redis_server: RedisServer) -> Settings:
    return settings.model_copy(update={"redis_url": SecretStr(redis_server.url)})


def _dump(url: str) -> dict[str, str]:
    """Every column of every table, as a dump writes it; sealed bytes as text too, should they be no ciphertext."""
    with psycopg.connect(url) as connection:
        dumped = {}
        for table, column in connection.execute(_COLUMNS).fetchall():
            with connection.cursor().copy(f'COPY (SELECT "{column}" FROM "{table}") TO STDOUT') as copy:
                dumped[f"{table}.{column}"] = b"".join(bytes(part) for part in copy).decode()
        return dumped


def _server_log(url: str) -> str:
    """What PostgreSQL itself wrote, of a row and a statement that it refused as well."""
    with psycopg.connect(url, autocommit=True) as connection:
        for refused in (
            SQL("INSERT INTO message (text) VALUES ({})").format(EMAIL),
            SQL("SELECT {} FROM nowhere_at_all").format(CURP),
        ):
            with pytest.raises((psycopg.errors.NotNullViolation, psycopg.errors.UndefinedTable)):
                connection.execute(refused)
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    return (Path(folder) / "log").read_text(encoding="utf-8", errors="replace")


def _told(text: str) -> list[str]:
    """What of the planted values a text tells, in whatever case, plain or as hexadecimal bytes."""
    folded = text.casefold()
    return [trace for trace in TRACES if trace.casefold() in folded or trace.encode().hex() in folded]


async def _chat(office: Office, app: FastAPI, server: TwilioServer, account: object) -> None:
    citizen = server.citizen(f"+521{DIGITS}")
    citizen.send_text("hola")
    citizen.send_text(f"mi correo es {EMAIL}, mi CURP {CURP} y mi teléfono {DIGITS}")
    server.settle()
    await office.work()
    server.settle()
    unreadable = {"From": f"whatsapp:{PHONE}", "To": server.whatsapp_number, "AccountSid": server.account_sid}
    await post_signed(office, account, server, unreadable)  # type: ignore[arg-type]
    (conversation,) = await office.conversations()
    actions = Actions(browser(app), conversation.id)
    told = {"municipio": "Hermosillo", "nombre": "Zutano Plantado", "curp": CURP, "tipo_acta": "nacimiento"}
    for contact, said in ((PHONE, "Necesito mi acta de nacimiento"), (EMAIL, "Mi acta dice mal el apellido")):
        body = {"kind": "registro_civil", "fields": {**told, "contacto": contact, "narrativa": said}}
        assert (await actions.post("draft", body)).json()["missing"] == []
        assert (await actions.post("draft/file")).status_code == 200
    assert (await actions.post("callback", {"name": "Zutano", "phone": DIGITS})).json()["accepted"]


async def _capture(staff: Staff) -> None:
    typed = {"narrativa": "No hay luz en la calle desde hace días", "municipio": "Hermosillo", "colonia": "Centro",
             "nombre": "Zutano Plantado", "telefono": DIGITS, "correo": EMAIL, "curp": CURP}  # fmt: skip
    body = {"key": "0" * 32, "kind": "peticion", "channel": "presencial", "typed": typed}
    answer = await staff.post("/api/console/capture", body)
    assert answer.status_code in (200, 201), answer.text


async def _call(staff: Staff) -> None:
    begun = await staff.submit("/consola/llamadas/iniciar", telefono=DIGITS)
    call = begun.headers["location"].rsplit("/", 1)[1]
    typed = {"telefono": DIGITS, "nombre": "Zutano", "notas": "", "resultado": "atendida", "proposito": "informacion"}
    assert (await staff.post(f"/api/console/calls/{call}/answer")).status_code == 204
    assert (await staff.post(f"/api/console/calls/{call}/end", {"typed": typed})).status_code == 200
    moment = f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}"
    times = dict.fromkeys(("inicio", "contesto", "termino"), moment)
    corrected = {**typed, **times, "telefono": "6629081727", "motivo": "Se dictó mal"}
    assert (await staff.submit(f"/consola/llamadas/{call}/corregir", **corrected)).status_code == 303


async def _import(staff: Staff, office: Office, folder: Path) -> None:
    sheet = io.StringIO()
    csv.writer(sheet).writerows(
        [["nombre", "telefono", "correo", "curp", "narrativa", "municipio"],
         ["Zutano Plantado", DIGITS, EMAIL, CURP, "Pide que se construya una barda en la escuela", "Hermosillo"]]
    )  # fmt: skip
    answer = await staff.client.post(
        "/consola/importaciones",
        data={"csrf_token": staff.csrf},
        files={"file": ("gira.csv", sheet.getvalue().encode())},
        headers={"Origin": BASE},
    )
    batch = answer.headers["location"]
    columns = dict(zip((f"columna_{at}" for at in range(6)), sheet.getvalue().splitlines()[0].split(","), strict=True))
    assert (await staff.submit(f"{batch}/columnas", tipo="peticion", medio="gira", **columns)).status_code == 303
    await jobs.advance_due(office.database, folder)
    await staff.submit(f"{batch}/registrar", repetidas="si")
    await jobs.advance_due(office.database, folder)


async def _look_up(app: FastAPI, folio: str) -> None:
    """A folio's code is guessed from somebody's address."""
    transport = httpx.ASGITransport(app=app, client=(ADDRESS, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE}) as citizen:
        answer = await citizen.post("/folio", data={"folio": folio, "clave": "AAAA-2222"})
    assert answer.status_code != 429, answer.text


async def test_what_was_planted_everywhere_is_readable_nowhere(
    office: Office,
    twilio: TwilioServer,
    whatsapp: object,
    redis_server: RedisServer,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    app = create_app(office.settings)
    await add_staff(office.database, "hilda", Role.HEAD)
    hilda = await sign_in(app, "hilda")
    with redis_server.overheard() as overheard:
        await _chat(office, app, twilio, whatsapp)
        await _capture(hilda)
        await _call(hilda)
        await _import(hilda, office, jobs.folder_of(office.settings.var_dir))
        with psycopg.connect(office.settings.database_url) as connection:
            folios = [row[0] for row in connection.execute("SELECT folio FROM petition").fetchall()]
        await _look_up(app, folios[0])
    waiting = {"MessageSid": "SMwaits", "From": f"whatsapp:{PHONE}", "Body": EMAIL}
    await post_signed(office, whatsapp, twilio, waiting)  # type: ignore[arg-type] # accepted, and read by nobody
    found = {column: told for column, text in _dump(office.settings.database_url).items() if (told := _told(text))}
    assert set(found) == READABLE, json.dumps(found, indent=1)
    files = [path for path in office.settings.var_dir.rglob("*") if path.is_file()]
    told = [path.parent.name for path in files if _told(path.read_bytes().decode(errors="replace"))]
    assert told == ["imports"]  # the spreadsheet as it was uploaded
    written = "".join([*capfd.readouterr(), *(record.getMessage() for record in caplog.records)])
    assert _told(written) == []
    logged = _server_log(office.settings.database_url)
    assert _told(logged) == []
    assert "violates not-null constraint" in logged and "nowhere_at_all" in logged
    shared = redis_server.content() + " ".join(overheard)
    assert _told(shared) == []
    assert [value for value in (ADDRESS, *folios) if value in shared] == []
    for use in ("PUBLISH", "limits:LIMITER/folio-code/", "limits:LIMITER/folio-page-address/"):
        assert use in shared, use
    # Each way was taken: what nobody told would be found nowhere either.
    with psycopg.connect(office.settings.database_url) as connection:
        tables = ("petition", "interaction", "interaction_change", "call_reason", "import_row")
        tables += ("unreadable_webhook", "arrival")
        rows = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables}
    assert all(row and row[0] for row in rows.values()), rows
    assert rows["petition"] == (4,)
