"""GeoReport v2's addresses. Reading requests needs a key here too: a folio's status is nobody else's business."""

import enum
import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from backend.agents.auth import Caller, caller_of, of_token
from backend.agents.models import Scope
from backend.db import Tx
from backend.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from backend.integrations.idempotency import Once, once
from backend.limits import RateLimiter
from backend.open311 import service
from backend.open311.rendering import answer
from backend.registry import petitions
from backend.settings import Settings
from backend.text import strip_control

#: What the discovery document says of this interface; moves when it does.
CHANGESET = "2026-11-21T00:00:00-07:00"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
JURISDICTION = "sonora.gob.mx"
READS_PER_MINUTE, WRITES_PER_MINUTE = 300, 60
_ATTRIBUTE = re.compile(r"^attribute\[([^\[\]]{1,60})\](?:\[\])?$")
_MOST_PAGES = 10_000


class Form(enum.StrEnum):
    JSON = "json"
    XML = "xml"


class JurisdictionNotFound(NotFound):
    message = "jurisdiction_id no encontrado."


class KeyRefused(Forbidden):
    message = "api_key falta o no es válida."


_ERRORS: dict[int | str, dict[str, Any]] = {
    code: {
        "description": description,
        "content": {
            "application/json": {"example": [{"code": code, "description": "…"}]},
            "text/xml": {"example": f"<errors><error><code>{code}</code><description>…</description></error></errors>"},
        },
    }
    for code, description in (
        (400, "What is wrong is in the description."),
        (403, "The key is missing, wrong, or lacks the scope."),
        (404, "No such jurisdiction, service or request."),
        (429, "Too many requests; wait `Retry-After` seconds."),
        (503, "Away for a moment; try again."),
    )
}
_FORMS: dict[str, Any] = {"content": {"application/json": {}, "text/xml": {}}, "description": "As the standard has it."}


async def _limit(request: Request) -> None:
    limiter: RateLimiter = request.app.state.limiter
    is_read = request.method == "GET"
    host = request.client.host if request.client else ""
    await limiter.check(
        "open311-read" if is_read else "open311-write", host, READS_PER_MINUTE if is_read else WRITES_PER_MINUTE
    )


async def _jurisdiction(request: Request) -> None:
    """Ours is the only one, so that it need not be said."""
    given = request.query_params.get("jurisdiction_id") or (await _fields(request)).get("jurisdiction_id")
    if given and given != JURISDICTION:
        raise JurisdictionNotFound


router = APIRouter(
    prefix="/open311",
    tags=["open311"],
    responses={200: _FORMS, **_ERRORS},
    dependencies=[Depends(_limit), Depends(_jurisdiction)],
    default_response_class=Response,
)


async def _fields(request: Request) -> dict[str, str]:
    """The body's form, without what is no text. Raises InvalidInput for any other body."""
    if request.method == "GET":
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise InvalidInput("Envíe los datos como formulario (application/x-www-form-urlencoded).")
    await request.body()  # kept, so that idempotency can read it too
    form = await request.form()
    return {name: strip_control(value).strip() for name, value in form.items() if not isinstance(value, UploadFile)}


def _with_key(scope: Scope) -> object:
    async def check(request: Request, tx: Tx, fields: Annotated[dict[str, str], Depends(_fields)]) -> Caller:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = fields.get("api_key") or request.query_params.get("api_key")
        given = given or (bearer.strip() if scheme.lower() == "bearer" else "")
        try:
            return caller_of(request, await of_token(request, tx, given), scope)
        except (Unauthenticated, Forbidden, NotFound) as refused:
            raise KeyRefused from refused

    return Depends(check)


Reader = Annotated[Caller, _with_key(Scope.READ)]
Writer = Annotated[Caller, _with_key(Scope.WRITE)]
Fields = Annotated[dict[str, str], Depends(_fields)]


@router.get("/discovery.{form}")
@router.get("/v2/discovery.{form}", include_in_schema=False)
async def discovery(request: Request, form: Form) -> Response:
    """Where the interface is, and in which forms it answers."""
    settings: Settings = request.app.state.settings
    told = {
        "changeset": CHANGESET,
        "contact": "Departamento de Call Center y Chat Sonora, Gobierno del Estado de Sonora",
        "key_service": "La administración del sistema da las llaves (api_key), en Integraciones.",
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": f"{settings.base_url}/open311/v2",
                "changeset": CHANGESET,
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
    return answer(form, "discovery", told)


@router.get("/v2/services.{form}")
async def list_services(tx: Tx, form: Form) -> Response:
    """What may be asked for."""
    return answer(form, "services", await service.services(tx))


@router.get("/v2/services/{service_code}.{form}")
async def read_definition(tx: Tx, service_code: Annotated[str, Path(max_length=60)], form: Form) -> Response:
    """What a service asks for besides place and description."""
    return answer(form, "service_definition", await service.definition(tx, service_code))


@router.get("/v2/requests.{form}", openapi_extra={"parameters": [
    {"name": name, "in": "query", "schema": schema} for name, schema in (
        ("api_key", {"type": "string"}), ("jurisdiction_id", {"type": "string", "enum": [JURISDICTION]}),
        ("service_request_id", {"type": "string", "description": "Folios, comma-separated; overrides the rest."}),
        ("service_code", {"type": "string", "description": "Comma-separated."}),
        ("start_date", {"type": "string", "format": "date-time"}),
        ("end_date", {"type": "string", "format": "date-time"}),
        ("status", {"type": "string", "description": "`open`, `closed` or both, comma-separated."}),
        ("page", {"type": "integer", "minimum": 1, "maximum": _MOST_PAGES}),
        ("page_size", {"type": "integer", "minimum": 1, "maximum": service.MOST}))]})  # fmt: skip
async def list_requests(request: Request, tx: Tx, caller: Reader, form: Form) -> Response:
    """Requests of ninety days at most, newest first."""
    found = await service.requests(tx, _query(request), sees_persons=caller.sees_persons)
    return answer(form, "service_requests", found)


def _query(request: Request) -> service.Query:
    statuses = _several(request, "status")
    if not set(statuses) <= {"open", "closed"}:
        raise InvalidInput("status debe ser open o closed.")
    return service.Query(
        ids=_several(request, "service_request_id"),
        service_codes=_several(request, "service_code"),
        statuses=statuses,
        start=_moment(request, "start_date"),
        end=_moment(request, "end_date"),
        page=_number(request, "page", 1, _MOST_PAGES),
        page_size=_number(request, "page_size", service.MOST, service.MOST),
    )


def _several(request: Request, name: str) -> list[str]:
    """A parameter's values: repeated, comma-separated, or both. An empty one is as none."""
    given = ",".join(request.query_params.getlist(name)).replace("\0", "")
    values = [one.strip() for one in given.split(",") if one.strip()]
    if len(values) > service.MOST:
        raise InvalidInput(f"{name}: son demasiados valores.")
    return values


def _moment(request: Request, name: str) -> datetime | None:
    given = request.query_params.get(name, "").strip()
    if not given:
        return None
    try:
        # A plus that was not encoded arrives as a space.
        moment = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError as error:
        raise InvalidInput(f"{name} debe ser una fecha como 2026-01-01T00:00:00Z.") from error
    if moment.tzinfo is None:
        raise InvalidInput(f"{name} debe decir su zona horaria, como 2026-01-01T00:00:00Z.")
    return moment


def _number(request: Request, name: str, usual: int, most: int) -> int:
    given = request.query_params.get(name, "").strip()
    if not given:
        return usual
    if not (given.isascii() and given.isdigit() and len(given) < 7 and 1 <= int(given) <= most):
        raise InvalidInput(f"{name} debe ser un número de 1 a {most}.")
    return int(given)


@router.get("/v2/requests/{service_request_id}.{form}")
async def read_request(
    tx: Tx, caller: Reader, service_request_id: Annotated[str, Path(max_length=60)], form: Form
) -> Response:
    """One request, by its folio."""
    return answer(
        form, "service_requests", [await service.one(tx, service_request_id, sees_persons=caller.sees_persons)]
    )


@router.get("/v2/tokens/{token}.{form}")
async def read_token(tx: Tx, caller: Reader, token: Annotated[str, Path(max_length=60)], form: Form) -> Response:
    """A token's request. Every service is `realtime`, so that a folio is its own token."""
    found = await service.one(tx, token, sees_persons=False)
    return answer(form, "service_requests", [{"service_request_id": found["service_request_id"], "token": token}])


@router.post("/v2/requests.{form}", openapi_extra={"requestBody": {"required": True, "content": {
    "application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["api_key", "service_code"],
        "properties": {name: {"type": "string"} for name in (
            "api_key", "jurisdiction_id", "service_code", "lat", "long", "address_string", "address_id", "email",
            "device_id", "account_id", "first_name", "last_name", "phone", "description", "media_url",
            "attribute[municipio]", "attribute[colonia]", "attribute[tipo]")}}}}}})  # fmt: skip
async def file_request(request: Request, tx: Tx, caller: Writer, form: Form, fields: Fields, intent: Once) -> Response:
    """File a petition. `service_request_id` is its folio."""
    asked = _asked(fields)
    settings: Settings = request.app.state.settings

    async def effect() -> Response:
        return await _filed(tx, asked, caller, settings, form)

    return await once(tx, intent, caller.user, effect)


async def _filed(tx: AsyncSession, asked: service.Asked, caller: Caller, settings: Settings, form: Form) -> Response:
    petition = await service.file(tx, asked, caller.user)
    code = petitions.code_of(petition, settings.key)
    notice = (
        f"Folio {petition.folio}, clave de acceso {code}. Con ambos la persona puede preguntar por su petición en el "
        "chat del Gobierno de Sonora. La clave no se vuelve a mostrar."
    )
    told = {"service_request_id": petition.folio, "service_notice": notice, "account_id": None}
    return answer(form, "service_requests", [told])


def _asked(fields: dict[str, str]) -> service.Asked:
    """The form in our words. Raises InvalidInput naming the field."""
    code = fields.get("service_code", "")
    if not code:
        raise InvalidInput("service_code es obligatorio.")
    lat, long = _degrees(fields, "lat", 90), _degrees(fields, "long", 180)
    address = fields.get("address_string", "")
    if (lat is None) != (long is None):
        raise InvalidInput("lat y long van juntos.")
    if lat is None and not address:
        raise InvalidInput("Diga el lugar: lat y long, o address_string.")
    media_url = fields.get("media_url", "")
    if media_url and (len(media_url) > 500 or not media_url.startswith(("https://", "http://"))):
        raise InvalidInput("media_url debe ser una dirección http(s) de hasta 500 letras.")
    matches = ((_ATTRIBUTE.match(name), value) for name, value in fields.items())
    return service.Asked(
        service_code=code,
        description=fields.get("description", ""),
        attributes={match[1]: value for match, value in matches if match},
        lat=lat,
        long=long,
        address=address,
        name=" ".join(part for part in (fields.get("first_name"), fields.get("last_name")) if part),
        phone=fields.get("phone", ""),
        email=fields.get("email", ""),
        media_url=media_url,
    )


def _degrees(fields: dict[str, str], name: str, most: int) -> float | None:
    given = fields.get(name, "")
    if not given:
        return None
    if not re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{1,20})?", given, re.ASCII) or abs(float(given)) > most:
        raise InvalidInput(f"{name} debe ser un número de grados en WGS84.")
    return float(given)
