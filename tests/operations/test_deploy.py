"""What is deployed: by its schemas, and by what the product really has."""

import configparser
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import typer
import yaml
from click import Command, Group

from backend.__main__ import app as commands
from backend.app import create_app
from backend.settings import Settings
from tests.all_routes import all_routes

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = [path for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")) if path.name != "kustomization.yaml"]
#: The bot's own, and what another part of the product reads.
OTHERS = {"INTERNAL_API_URL", "ACTIONS_URL", "POSTGRESQL_SCHEMA", "RASA_TRACKER_URL", "REDIS_PASSWORD"}


def _documents() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from yaml.safe_load_all(path.read_text("utf-8"))


def _pods() -> Iterator[dict[str, Any]]:
    for document in _documents():
        spec = document.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield spec["template"]["spec"]


def test_manifests_are_what_kubernetes_expects() -> None:
    kinds = set()
    for document in _documents():
        kubernetes_validate.validate(document, "1.35", strict=True)
        kinds.add(document["kind"])
    assert {"Deployment", "StatefulSet", "Job", "CronJob", "Ingress", "NetworkPolicy", "PodDisruptionBudget"} <= kinds
    listed = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text("utf-8"))["resources"]
    assert {*listed, "secrets.example.yaml"} == {path.name for path in MANIFESTS}


def test_nothing_runs_as_root_or_writes_where_it_must_not() -> None:
    pods = list(_pods())
    assert len(pods) == 7
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def test_the_compose_file_is_one_and_publishes_the_proxy_alone() -> None:
    schema = json.loads(
        files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text("utf-8")
    )
    compose = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text("utf-8"))
    jsonschema.validate(compose, schema)
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["proxy"]
    assert compose["networks"]["back"]["internal"] is True
    given = set(re.findall(r"\$\{(\w+)", json.dumps(compose)))
    offered = set(re.findall(r"^(\w+)=", (DEPLOY / "compose/example.env").read_text("utf-8"), re.MULTILINE))
    assert given <= offered


def test_settings_that_are_given_exist() -> None:
    ours = {name.upper() for name in Settings.model_fields} | OTHERS
    compose = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text("utf-8"))
    named = set(compose["services"]["web-1"]["environment"]) | set(compose["services"]["backup"]["environment"])
    for document in _documents():
        named |= set(document.get("data") or {}) | set(document.get("stringData") or {})
    example = (DEPLOY / "systemd/environment.example").read_text("utf-8")
    named |= set(re.findall(r"^#?\s*(\w+)=", example, re.MULTILINE))
    assert {name for name in named if name not in ours and not name.startswith("RASA_DB_")} == set()


def test_probes_and_proxies_ask_for_what_is_there(settings: Settings) -> None:
    known = {route.path for route in all_routes(create_app(settings))}
    for pod in _pods():
        for container in pod["containers"]:
            for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
                path = container.get(kind, {}).get("httpGet", {}).get("path")
                assert path is None or path in known | {"/health", "/webhooks/chat_sonora/"}, path
    ingress = yaml.safe_load((DEPLOY / "kubernetes/ingress.yaml").read_text("utf-8"))
    let_in = [one["path"] for one in ingress["spec"]["rules"][0]["http"]["paths"]]
    outside = ("/api", "/consola", "/webhooks", "/folio", "/media", "/open311")
    assert set(outside) <= set(let_in)
    assert not [path for path in let_in if path.startswith(("/internal", "/metrics", "/readyz", "/health/ready"))]
    nginx = (DEPLOY / "nginx/chat-sonora.conf").read_text("utf-8")
    streams = re.search(r"location ~ (\(\S+)", nginx)
    assert streams is not None
    for path in ("/api/chat/stream", "/consola/tablero/en-vivo"):
        assert path in known
        assert re.search(streams[1], path)


def test_every_rasa_that_conversations_may_be_pinned_to_is_there() -> None:
    config, rasas = (
        next(one for one in _documents() if (one["kind"], one["metadata"]["name"]) == wanted)
        for wanted in (("ConfigMap", "chat-sonora"), ("StatefulSet", "rasa"))
    )
    assert rasas["spec"]["serviceName"] == "rasa"
    addresses = [f"http://rasa-{number}.rasa:5005" for number in range(rasas["spec"]["replicas"])]
    assert config["data"]["RASA_URL"].split(",") == addresses
    compose = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text("utf-8"))["services"]
    addresses = [f"http://{name}:5005" for name in compose if name.startswith("rasa-")]
    assert compose["worker"]["environment"]["RASA_URL"].split(",") == addresses


def _command(words: list[str]) -> Command | None:
    """The command that these words name, as far as they name one."""
    found: Command = typer.main.get_command(commands)
    for word in words:
        if not isinstance(found, Group):
            break
        inner = found.commands.get(word)
        if inner is None:
            return found if found.invoke_without_command and found.params else None
        found = inner
    return found


def _said_commands(text: str) -> Iterator[list[str]]:
    for match in re.finditer(r"python -m backend ([^`\n]+)", text):
        yield [word for word in match[1].split() if not word.startswith("-")]


def test_every_command_that_the_documents_name_exists() -> None:
    text = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    said, made = list(_said_commands(text)), set(re.findall(r"`make ([a-z-]+)", text))
    assert len(said) > 20, "nothing was looked at"
    assert [words for words in said if _command(words) is None] == []
    assert made
    assert made <= targets, made - targets


def test_units_run_commands_that_exist() -> None:
    units = sorted((DEPLOY / "systemd").glob("*.service"))
    assert len(units) == 5
    commands_said: list[list[str]] = []
    for path in units:
        unit = configparser.RawConfigParser(strict=False)
        unit.optionxform = str  # type: ignore[method-assign, assignment]
        unit.read_string(path.read_text("utf-8"))
        service = unit["Service"]
        assert (service["User"], service["ProtectSystem"], service["NoNewPrivileges"]) == (
            "chat-sonora",
            "strict",
            "yes",
        )
        commands_said += _said_commands(service["ExecStart"])
    assert len(commands_said) == 3
    assert [words for words in commands_said if _command(words) is None] == []
