"""Conversation files: a citizen's side of a talk, and what must come of it. See README.md for the format."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.end_to_end.citizen import Citizen
from tests.end_to_end.product import Product
from tests.end_to_end.speaker import Speaker

_FOLIO = re.compile(r"\bAC-\d{4}-\d{6}-[0-9A-Z]\b")
_CODE = re.compile(r"(?i)(?:clave|c[oó]digo)[^:\n]{0,40}:\s*\**([A-Z0-9]{4}-?[A-Z0-9]{4})\b")
_STEP_KEYS = {
    "citizen", "press", "attach", "bot", "bot_not", "owner", "new_session", "bot_session", "agent", "office", "anyone",
    "petition_goes",
}  # fmt: skip

#: The smallest PNG there is, for `attach: foto`.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


class ConversationError(AssertionError):
    """A conversation went another way; says where, and what was said."""


@dataclass
class Script:
    """A conversation file, read."""

    path: Path
    title: str
    rule: str
    steps: list[dict[str, Any]]
    office: str = "open"
    petition: dict[str, Any] | None = None
    no_petition: bool = False

    @property
    def moves_office(self) -> bool:
        """Whether the office opens or closes meanwhile, which others would notice."""
        return any("office" in step for step in self.steps)


def load(path: Path) -> Script:
    """Read a file. Raises ValueError where it has a key that means nothing."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for number, step in enumerate(content["steps"], 1):
        unknown = set(step) - _STEP_KEYS
        if unknown:
            raise ValueError(f"{path.name}, step {number}: unknown {sorted(unknown)}")
    return Script(
        path=path,
        title=content["title"],
        rule=content.get("rule", ""),
        steps=content["steps"],
        office=content.get("office", "open"),
        petition=content.get("petition"),
        no_petition=content.get("no_petition", False),
    )


@dataclass
class Talk:
    """One run of a script against a running product, whose office is as the script wants it at the start."""

    script: Script
    product: Product
    client: httpx.Client
    staff: httpx.Client
    values: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    sessions: list[Speaker] = field(default_factory=list)
    #: A citizen on another channel; without it, on the web chat.
    new_citizen: Callable[[], Speaker] | None = None

    def run(self) -> None:
        self._open()
        for number, step in enumerate(self.script.steps, 1):
            self._step(number, step)
        self._check_petition()

    @property
    def citizen(self) -> Speaker:
        return self.sessions[-1]

    def _open(self) -> None:
        citizen = self.new_citizen() if self.new_citizen else Citizen(self.client)
        self.sessions.append(citizen.open())

    def _step(self, number: int, step: dict[str, Any]) -> None:
        if step.get("new_session"):
            self._open()
        if "office" in step:
            self.product.set_office(step["office"])
        if step.get("bot_session") == "expired":
            self.product.expire_bot_sessions([session.session_id for session in self.sessions])
        if "agent" in step:
            self._agent(step["agent"])
        for change in step.get("petition_goes", ()):
            self._change(number, change)
        replies = self._act(number, step)
        said = "\n".join(message["text"] for message in replies)
        offered = " ".join(button["title"] for message in replies for button in message["buttons"])
        self._remember(said)
        for pattern in _listed(step.get("bot")):
            if not re.search(self._fill(pattern), f"{said}\n{offered}", re.IGNORECASE | re.DOTALL):
                raise self._error(number, f"nothing matches {pattern!r}")
        for pattern in _listed(step.get("bot_not")):
            if re.search(self._fill(pattern), said, re.IGNORECASE | re.DOTALL):
                raise self._error(number, f"{pattern!r} should not have been said")
        if "owner" in step and self.citizen.owner != step["owner"]:
            raise self._error(number, f"owner is {self.citizen.owner}, not {step['owner']}")

    def _act(self, number: int, step: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            if "citizen" in step:
                text = self._fill(str(step["citizen"]))
                self.said.append(f"> {text}")
                replies = self.citizen.say(text)
            elif "press" in step:
                self.said.append(f"> [{step['press']}]")
                replies = self.citizen.press(str(step["press"]))
            elif "attach" in step:
                self.said.append(f"> (archivo {step['attach']})")
                replies = self.citizen.show(f"{step['attach']}.png", PNG)
            else:
                replies = self.citizen.replies()
        except (TimeoutError, AssertionError, httpx.HTTPStatusError) as error:
            raise self._error(number, str(error)) from error
        for message in replies:
            titles = "".join(f" [{button['title']}]" for button in message["buttons"])
            self.said.append(f"{message['author']}: {message['text']}{titles}")
        return replies

    def _agent(self, action: dict[str, str]) -> None:
        """What a member of staff does, through the console's own endpoints."""
        base = f"/api/console/conversations/{self.citizen.session_id}"
        for verb, value in action.items():
            body: dict[str, Any] = {
                "take": {},
                "reply": {"text": value, "idempotency_key": uuid.uuid4().hex},
                "note": {"text": value, "idempotency_key": uuid.uuid4().hex},
                "return-to-bot": {},
                "close": {"reason": value, "note": ""},
            }[verb]
            self.said.append(f"(agent {verb} {value})")
            self.staff.post(f"{base}/{verb}", json=body).raise_for_status()

    def _change(self, number: int, change: dict[str, str]) -> None:
        """Staff change the petition's status on its page."""
        self.said.append(f"(petition goes to {change['status']})")
        address = f"/consola/peticiones/{self.values['folio']}/estado"
        answer = self.staff.post(address, data={"reason": "Prueba", **change})
        if answer.status_code != 303:
            raise self._error(number, f"the change of status was answered {answer.status_code}")

    def _remember(self, said: str) -> None:
        folio, code = _FOLIO.search(said), _CODE.search(said)
        if folio and code:
            self.values["folio"], self.values["clave"] = folio[0], code[1]

    def _fill(self, text: str) -> str:
        for name, value in self.values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _check_petition(self) -> None:
        filed = self.product.execute(
            "SELECT folio FROM petition WHERE conversation_id::text = ANY(%s)",
            [session.session_id for session in self.sessions],
        )
        if self.script.no_petition and filed:
            raise self._error(0, f"a petition was filed: {filed}")
        if self.script.petition is None:
            return
        if len(filed) != 1:
            raise self._error(0, f"{len(filed)} petitions were filed, not 1")
        answer = self.staff.get(f"/api/petitions/{filed[0][0]}")
        answer.raise_for_status()
        found = flatten(answer.json())
        for name, wanted in self.script.petition.items():
            value = found.get(name)
            matches = (
                re.search(str(wanted)[1:], str(value), re.IGNORECASE)
                if str(wanted).startswith("~")
                else (str(value) == str(wanted))
            )
            if not matches:
                raise self._error(0, f"petition's {name} is {value!r}, not {wanted!r}")

    def _error(self, number: int, what: str) -> ConversationError:
        transcript = "\n".join(f"    {line}" for line in self.said)
        where = f"step {number}" if number else "at the end"
        return ConversationError(f"{self.script.path.name} ({self.script.title}), {where}: {what}\n{transcript}")


def flatten(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"person": {"full_name": …}}` as `{"person.full_name": …}`."""
    result: dict[str, Any] = {}
    for name, part in value.items():
        if isinstance(part, dict):
            result |= flatten(part, f"{prefix}{name}.")
        else:
            result[f"{prefix}{name}"] = part
    return result


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
