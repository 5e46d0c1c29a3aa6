"""Which processes `make run` consists of, with what each is told: commands, environments, models."""

import asyncio
import json
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from psycopg.conninfo import conninfo_to_dict

from backend.environment import var_dir

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Child:
    """A process that must run. `restarts` slow down when it dies again and again.

    `health`: where it says that it is ready. `inherits`: file descriptors that are handed down to it.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    health: str = ""
    inherits: tuple[int, ...] = ()
    #: Runs the model in use, and another when another is.
    takes_models: bool = False
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    started_at: float = field(default=0.0)

    def use(self, model: Path) -> bool:
        """Start with `model` from the next time on; False if it does already."""
        place = self.command.index("--model") + 1
        was, self.command[place] = self.command[place], str(model)
        return was != str(model)


def port_of(url: str) -> str:
    return str(httpx.URL(url.strip()).port)


def children(environment: dict[str, str], model: Path, listener: socket.socket) -> list[Child]:
    """What runs, in the order in which it is started. The webs share `listener`: while one lives nobody is refused."""
    bot_python = str(ROOT / ".venv-bot" / "bin" / "python")
    bot = bot_environment(environment) | bot_database(environment["DATABASE_URL"])
    actions_port = port_of(environment["ACTIONS_URL"])
    return [
        *_backends(environment, listener.fileno()),
        Child(
            "actions",
            [bot_python, "-m", "rasa_sdk", "--actions", "bot.actions", "--port", actions_port],
            bot,
        ),
        *_bots(environment, bot, model),
    ]


def bot_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What Rasa and its actions are told, but for their database."""
    return {
        # The bot reads no sealed column, and asks nothing of Redis.
        **{name: value for name, value in environment.items() if not name.startswith(("FIELD_KEY", "REDIS_URL"))},
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        # One message is too little to share: threads only wait for each other.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        # The action server listens everywhere unless told otherwise.
        "SANIC_HOST": "127.0.0.1",
    }


def _backends(environment: dict[str, str], listener: int) -> list[Child]:
    """Webs and workers. On one machine each tells its measures on a port of its own, one after another."""
    webs, workers = (int(environment.get(name, "1")) for name in ("WEB_PROCESSES", "WORKER_PROCESSES"))
    wanted = [(_numbered("web", number), "web") for number in range(webs)]
    wanted += [(_numbered("worker", number), "worker") for number in range(workers)]
    made = []
    for place, (name, command) in enumerate(wanted):
        own = {"METRICS_PORT": str(int(environment["METRICS_PORT"]) + place)} if "METRICS_PORT" in environment else {}
        inherits = (listener,) if command == "web" else ()
        own |= {"WEB_FD": str(listener)} if inherits else {}
        made.append(Child(name, [sys.executable, "-m", "backend", command], environment | own, inherits=inherits))
    return made


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number + 1}" if number else name


def _bots(environment: dict[str, str], told: dict[str, str], model: Path) -> list[Child]:
    """A bot at each of its addresses; and with the settings SECOND_MODEL and SECOND_MODEL_SHARE, others beside them."""
    bots = [
        _rasa(_numbered("rasa", number), url, model, told, takes_models=True)
        for number, url in enumerate(environment["RASA_URL"].split(","))
    ]
    version = environment.get("SECOND_MODEL")
    if "SECOND_RASA_URL" in environment and version:
        second = model_path(environment, version)
        if not second.is_file():
            raise SystemExit(f"No hay un modelo {version} (SECOND_MODEL); vea: make models")
        bots += [
            _rasa(_numbered("rasa-second", number), url, second, told)
            for number, url in enumerate(environment["SECOND_RASA_URL"].split(","))
        ]
    return bots


def _rasa(name: str, url: str, model: Path, environment: dict[str, str], *, takes_models: bool = False) -> Child:
    command = [
        str(ROOT / ".venv-bot" / "bin" / "python"), "-m", "bot.serve", "--interface", "127.0.0.1",
        "--port", port_of(url), "--model", str(model),
        "--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml",
    ]  # fmt: skip
    health = f"{url.strip()}/webhooks/chat_sonora/"
    return Child(name, command, environment, health=health, takes_models=takes_models)


def model_path(environment: Mapping[str, str], version: str) -> Path:
    return var_dir(environment) / "models" / f"{version}.tar.gz"


def model_in_use(environment: Mapping[str, str]) -> Path | None:
    """The model that `bot/registry.py` says is in use, or None."""
    path = var_dir(environment) / "models" / "current.json"
    if not path.is_file():
        return None
    model = model_path(environment, str(json.loads(path.read_text(encoding="utf-8"))["version"]))
    return model if model.is_file() else None


def bot_database(database_url: str) -> dict[str, str]:
    """The tracker store's variables (bot/endpoints.yml): the same database, in the schema `rasa`."""
    parts = {key: str(value) for key, value in conninfo_to_dict(database_url).items() if value}
    return {
        "POSTGRESQL_SCHEMA": "rasa",
        "RASA_TRACKER_URL": database_url,
        "RASA_DB_HOST": parts.get("host", "localhost"),
        "RASA_DB_PORT": parts.get("port", "5432"),
        "RASA_DB_NAME": parts.get("dbname", "postgres"),
        "RASA_DB_USER": parts.get("user", "postgres"),
        "RASA_DB_PASSWORD": parts.get("password", ""),
    }
