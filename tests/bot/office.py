"""A stand-in for the backend's internal API: what the actions ask is checked, kept, and answered by simple rules."""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from tests.bot.shapes import checked

OWN_FOLIO = "AC-2026-000123-K"
OTHERS_FOLIO, OTHERS_CODE = "AC-2026-000777-3", "7KQ2M9TX"
NOTICE = "(aviso corto)"
EMERGENCY = "(llame al 911)"

_ORDER = {
    "queja": ("narrativa", "municipio", "colonia", "anonimo", "nombre", "contacto"),
    "registro_civil": ("tipo_acta", "narrativa", "municipio", "nombre", "curp", "contacto"),
    "derechos_arco": ("narrativa", "nombre", "contacto"),
}
_COMMON = ("narrativa", "municipio", "colonia", "nombre", "contacto")
_OPTIONS = {
    "tipo_acta": [{"title": "Nacimiento", "value": "nacimiento"}, {"title": "Defunción", "value": "defuncion"}],
    "anonimo": [{"title": "Sí, anónima", "value": "si"}, {"title": "No, doy mis datos", "value": "no"}],
}
_PLACES = {"hermosillo": "26030", "navojoa": "26042", "magdalena": "26036"}
_SHOWN = {"26030": "Hermosillo", "26042": "Navojoa", "26036": "Magdalena"}

#: A complete petition, as it is kept.
COMPLETE = {
    "narrativa": "el semáforo no sirve desde el lunes",
    "municipio": "26030",
    "colonia": "Centro",
    "nombre": "María López Ruiz",
    "contacto": "+526621234567",
}


class Office:
    """The backend as one conversation sees it."""

    def __init__(self) -> None:
        self.consent = False
        self.name: str | None = None
        self.phone: str | None = None
        self.person_available = True
        self.waiting = 0
        self.office_phone = ""
        self.kind: str | None = None
        self.fields: dict[str, str] = {}
        self.awaiting: str | None = None
        self.own: list[str] = []
        self.filed: list[dict[str, str]] = []
        self.calls: list[dict[str, str]] = []
        self.added: list[tuple[str, str]] = []
        self.attempts = 0
        #: A neighbour's petition that the draft repeats, and whether it can still be joined when it comes to that.
        self.offer: dict[str, Any] | None = None
        self.can_join = True
        self.joined: list[dict[str, str]] = []
        #: The notice of a conclusion that waits for the citizen's word.
        self.question_id: str | None = None
        self.effects: list[tuple[str, str]] = []
        self.reads = 0
        #: When set, answers instead of everything.
        self.failure: Callable[[httpx.Request], httpx.Response] | None = None

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url="http://backend/internal")

    def open_draft(self, kind: str = "peticion", awaiting: str | None = None, **fields: str) -> None:
        """A petition in hand."""
        self.kind, self.fields = kind, dict(fields)
        self.awaiting = awaiting or (self._missing() or [None])[0]

    def done(self, name: str) -> int:
        """How often an effect was asked for."""
        return sum(1 for effect, _ in self.effects if effect == name)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.failure is not None:
            return self.failure(request)
        path = request.url.path.removeprefix("/internal/")
        if request.method == "GET":
            self.reads += 1
            if path == "texts/emergency":
                return httpx.Response(200, json=checked("Text", {"text": EMERGENCY}))
            if path == "office":
                return httpx.Response(200, json=checked("OfficeOut", self._hours()))
            return httpx.Response(200, json=checked("Context", self._context()))
        effect = path.split("/", 2)[2]
        key, body = request.headers["Idempotency-Key"], json.loads(request.content)
        assert key not in {used for _, used in self.effects}, "an idempotency key used twice"
        self.effects.append((effect, key))
        return httpx.Response(200, json=self._effect(effect, body))

    def _effect(self, effect: str, body: dict[str, Any]) -> dict[str, Any]:
        asked, handle, answered = {
            "consent": ("Consent", self._consent, "Consent"),
            "draft": ("DraftIn", self._open, "DraftOut"),
            "draft/answer": ("AnswerIn", self._hear, "AnswerOut"),
            "draft/clear": ("FieldIn", self._clear, "DraftOut"),
            "draft/cancel": (None, self._cancel, "Text"),
            "draft/file": (None, self._file, "FiledOut"),
            "draft/offer": (None, lambda _: {"offer": self.offer}, "OfferOut"),
            "draft/decline": (None, self._decline, "Text"),
            "draft/join": (None, self._join, "JoinedOut"),
            "status": ("FolioIn", self._look_up, "LookupOut"),
            "information": ("InformationIn", self._add, "LookupOut"),
            "callback": ("CallbackIn", self._callback, "CallbackOut"),
        }[effect]
        return checked(answered, handle(checked(asked, body) if asked else body))

    def _context(self) -> dict[str, Any]:
        return {
            "channel": "web",
            "consent": self.consent,
            "known_name": self.name,
            "known_phone": self.phone,
            "draft": self._draft() if self.kind else None,
            "petitions": [{"folio": folio, "kind_text": "Petición", "status_text": "Recibida"} for folio in self.own],
            "privacy_notice": NOTICE,
            "privacy_url": "http://backend/aviso-de-privacidad",
        }

    def _hours(self) -> dict[str, Any]:
        return {
            "open": self.person_available,
            "person_available": self.person_available,
            "waiting": self.waiting,
            "hours_text": "de lunes a viernes, de 8:00 a 15:00",
            "next_opening_text": "el lunes a las 8:00",
            "address": "Palacio de Gobierno",
            "phone": self.office_phone,
        }

    def _missing(self) -> list[str]:
        order = _ORDER.get(self.kind or "", _COMMON)
        anonymous = self.fields.get("anonimo") == "si"
        asked = [name for name in order if not (anonymous and name in {"nombre", "contacto"})]
        return [name for name in asked if name not in self.fields]

    def _draft(self) -> dict[str, Any]:
        missing = self._missing()
        return {
            "id": str(uuid.UUID(int=7)),
            "kind": self.kind,
            "kind_text": "Petición",
            "state": "open",
            "fields": self.fields,
            "shown": {name: _SHOWN.get(value, value) for name, value in self.fields.items()},
            "awaiting": self.awaiting,
            "missing": missing,
            "next": {"name": missing[0], "options": _OPTIONS.get(missing[0], [])} if missing else None,
            "summary": "" if missing else "\n".join(f"{name}: {value}" for name, value in self.fields.items()),
            "attachments": 0,
        }

    def _consent(self, body: dict[str, Any]) -> dict[str, Any]:
        self.consent = body["accepted"]
        return body

    def _open(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.kind is None:
            self.fields = {}
        self.kind = body["kind"]
        for name, raw in body["fields"].items():
            value, _ = self._check(name, raw)
            if value is not None:
                self.fields.setdefault(name, value)
        self.awaiting = (self._missing() or [None])[0]
        return self._draft()

    def _hear(self, body: dict[str, Any]) -> dict[str, Any]:
        value, problem = self._check(body["field"], body["text"])
        if value is not None:
            self.fields[body["field"]] = value
            self.awaiting = (self._missing() or [None])[0]
        suggestion = {"title": "Navojoa", "value": "Navojoa"} if problem == "did_you_mean" else None
        return {
            "accepted": value is not None,
            "problem": problem,
            "problem_text": f"({problem})" if problem else None,
            "suggestion": suggestion,
            "options": _OPTIONS.get(body["field"], []) if problem == "not_an_option" else [],
            "draft": self._draft(),
        }

    def _check(self, field: str, text: str) -> tuple[str | None, str | None]:
        word, digits = text.strip().lower(), "".join(char for char in text if char.isdigit())
        if field == "narrativa":
            return (text, None) if sum(char.isalpha() for char in text) >= 10 else (None, "too_short")
        if field == "municipio":
            problem = "did_you_mean" if word == "navohoa" else "unknown_municipality"
            place = next((key for name, key in _PLACES.items() if name in re.findall(r"\w+", word)), None)
            return (place, None) if place else (None, problem)
        if field in _OPTIONS:
            chosen = next((option["value"] for option in _OPTIONS[field] if option["value"] in word.split()), None)
            return (chosen, None) if chosen else (None, "not_an_option")
        if field == "nombre":
            if word.startswith(("no", "prefiero")):
                return None, "name_refused"
            return (None, "not_a_name") if digits or len(word) < 3 or len(word.split()) > 8 else (text, None)
        if field == "contacto":
            if word == "no tengo":
                return "omitido", None
            if "@" in word:
                return word, None
            return (f"+52{digits[-10:]}", None) if len(digits) in {10, 12} else (None, "not_a_contact")
        if field == "curp":
            if word == "no la tengo":
                return "omitido", None
            return (word.upper(), None) if len(word) == 18 else (None, "bad_curp")
        return text, None

    def _clear(self, body: dict[str, Any]) -> dict[str, Any]:
        self.fields.pop(body["field"], None)
        self.awaiting = body["field"]
        return self._draft()

    def _cancel(self, _: dict[str, Any]) -> dict[str, Any]:
        self.kind, self.fields, self.awaiting = None, {}, None
        return {"text": ""}

    def _file(self, _: dict[str, Any]) -> dict[str, Any]:
        assert self.kind and not self._missing(), "only a complete petition is filed"
        repeated = self.fields in self.filed
        self.filed += [] if repeated else [self.fields]
        self._cancel({})
        self.own = [OWN_FOLIO]
        return {"folio": OWN_FOLIO, "access_code": "ABCD2345", "repeated": repeated}

    def _decline(self, _: dict[str, Any]) -> dict[str, Any]:
        self.offer = None
        return {"text": ""}

    def _join(self, _: dict[str, Any]) -> dict[str, Any]:
        assert self.offer is not None, "only what was offered is joined"
        if not self.can_join:
            return {"folio": None, "people": 0}
        self.joined.append(self.fields)
        self._cancel({})
        self.own = [OTHERS_FOLIO]
        return {"folio": OTHERS_FOLIO, "people": self.offer["people"] + 1}

    def _look_up(self, body: dict[str, Any]) -> dict[str, Any]:
        folio = body["folio"].strip().upper()
        if not folio.startswith("AC-") or len(folio) != len(OWN_FOLIO):
            return {"result": "malformed", "petition": None}
        if folio in self.own or (folio, (body["access_code"] or "").upper()) == (OTHERS_FOLIO, OTHERS_CODE):
            return {"result": "found", "petition": self._petition(folio)}
        if not body["access_code"]:
            return {"result": "needs_code", "petition": None}
        self.attempts += 1
        return {"result": "blocked" if self.attempts > 5 else "not_found", "petition": None}

    def _petition(self, folio: str) -> dict[str, str | None]:
        return {
            "folio": folio,
            "kind_text": "Petición",
            "status": "recibida",
            "status_text": "Recibida",
            "explanation": "La revisará una persona.",
            "updated_text": "20/11/2026",
            "question_id": self.question_id,
        }

    def _add(self, body: dict[str, Any]) -> dict[str, Any]:
        found = self._look_up(body)
        if found["petition"]:
            self.added.append((found["petition"]["folio"], body["text"]))
        return found

    def _callback(self, body: dict[str, Any]) -> dict[str, Any]:
        _, problem = self._check("nombre", body["name"])
        if problem is None and sum(char.isdigit() for char in body["phone"]) != 10:
            problem = "not_a_phone"
        if problem is None:
            self.calls.append({"name": body["name"], "phone": body["phone"]})
        return {"accepted": problem is None, "problem": problem, "problem_text": f"({problem})" if problem else None}
