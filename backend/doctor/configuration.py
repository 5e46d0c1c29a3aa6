"""The settings themselves: whether they are all there, strong, and fit for a public office."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from backend.doctor.findings import Finding, Installation, broken, good, warning
from backend.settings import Settings

NAME = "configuración"
LEAST_LENGTH, LEAST_DIFFERENT = 32, 10
_PLACEHOLDERS = ("change", "cambi", "example", "ejemplo", "secret", "password", "12345678")
#: A server's address holds a password that is the server's business.
_NO_KEYS = ("smtp_url", "redis_url")
_GENERATE = "Genere otro: openssl rand -base64 32"


def of_errors(error: ValidationError) -> Iterator[Finding]:
    """Settings that are missing or cannot be understood, by name; their values are not repeated."""
    for problem in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in problem["loc"]).upper()
        if problem["type"] == "missing":
            yield broken(NAME, f"Falta {name}.", f"Póngalo en el entorno. {_meaning(name)}".strip())
        else:
            told = f"{name} no tiene un valor válido." if name else str(problem["msg"]).removeprefix("Value error, ")
            yield broken(NAME, told, f"Corríjalo. {_meaning(name)}".strip())


def _meaning(name: str) -> str:
    field = Settings.model_fields.get(name.lower())
    return f"({field.description})" if field is not None else ""


def examine(found: Installation) -> Iterator[Finding]:
    """Everything that can be judged without asking anybody."""
    yield from _secrets(found)
    yield from _spelling(found.environment)
    yield from _addresses(found)
    settings = found.settings
    if "*" in settings.trusted_proxies:
        yield broken(
            NAME,
            "TRUSTED_PROXIES acepta X-Forwarded-For de cualquiera: los límites por dirección no protegen.",
            "Ponga solo las direcciones de su proxy, separadas por comas.",
        )
    stand_ins = [name for name in ("twilio_api_url", "telegram_api_url") if getattr(settings, name)]
    if stand_ins and not found.is_development:
        names = " y ".join(name.upper() for name in stand_ins)
        yield broken(NAME, f"{names} manda los mensajes a un servidor de pruebas.", "Quítelo del entorno.")
    if settings.webhooks_to_loopback and not found.is_development:
        yield broken(NAME, "WEBHOOKS_TO_LOOPBACK deja llamar a este mismo equipo.", "Quítelo del entorno.")
    if found.is_development:
        yield warning(
            NAME,
            "Se usa la base de datos incluida y los secretos de desarrollo.",
            "Está bien para probar. Para dar servicio, siga docs/operations.md, «Install».",
        )


def _secrets(found: Installation) -> Iterator[Finding]:
    values: dict[str, str] = {}
    for name in Settings.model_fields:
        value = getattr(found.settings, name)
        if isinstance(value, SecretStr) and name not in _NO_KEYS:
            values[name.upper()] = value.get_secret_value()
    weak = [name for name, value in values.items() if _is_weak(value)]
    for name in weak:
        yield broken(
            "secretos", f"{name} es débil: menos de {LEAST_LENGTH} caracteres, o fáciles de adivinar.", _GENERATE
        )
    repeated = sorted(name for name, value in values.items() if list(values.values()).count(value) > 1)
    if repeated:
        yield broken("secretos", f"{', '.join(repeated)} son el mismo: quien conoce uno los conoce todos.", _GENERATE)
    if not weak and not repeated:
        yield good("secretos", f"{len(values)} secretos, largos y distintos.")


def _is_weak(value: str) -> bool:
    is_short = len(value) < LEAST_LENGTH or len(set(value)) < LEAST_DIFFERENT
    return is_short or any(word in value.lower() for word in _PLACEHOLDERS)


def _spelling(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Names in the environment that are nearly ours: a misspelt setting is silently none."""
    ours = [name.upper() for name in Settings.model_fields]
    for name in sorted(set(environment) - set(ours)):
        meant = get_close_matches(name, ours, n=1, cutoff=0.85)
        if meant and meant[0] not in environment:
            yield warning(NAME, f"{name} no es de Chat Sonora.", f"¿Quiso poner {meant[0]}?")


def _addresses(found: Installation) -> Iterator[Finding]:
    settings = found.settings
    address = urlsplit(settings.base_url)
    if address.scheme != "https":
        yield Finding(
            "dirección pública",
            found.grave,
            "La dirección pública no es https: los proveedores no llaman a ella y lo escrito viaja sin cifrar.",
            "Ponga PUBLIC_URL=https://… con el dominio que usa la ciudadanía.",
        )
    for origin in settings.widget_origins:
        if not origin.startswith("https://") and not found.is_development:
            yield broken(NAME, f"WIDGET_ORIGINS acepta {origin}, que no es https.", "Deje solo orígenes https://….")
