"""One turn as the actions see it: what was said, what was understood, and what is told back."""

import itertools
import logging
import re
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from backend.text import fold, sign_in_words
from bot.actions.backend_client import BackendClient, shared_http

logger = logging.getLogger(__name__)

CODE = re.compile(r"\b([2-9A-HJKMNP-TV-Z]{4})[\s-]?([2-9A-HJKMNP-TV-Z]{4})\b", re.IGNORECASE)

_YES = re.compile(
    r"^(?:si+|sip|simon|claro|acepto|aceptar|ok(?:ay|ey)?|va|vale|sale|dale|correcto|de acuerdo|esta bien|adelante|"
    r"asi es|afirmativo|por supuesto|como no|andale|orale|todo bien|registr(?:ar?|e)(?:l[ao])?|confirmo|"
    r"esta correcto)\b"
)
#: What the model takes for a yes binds nobody without one of these: it reads «depende», «mande» and «eh» so, too.
_AGREES = re.compile(
    r"\b(?:[sz]i+p?(?! no\b)|sip?s|see+|yes|yep|ok\w*|[sc]imon+|acept\w+|acuerdo|conform\w+|correct\w+|perfect\w+|"
    r"exact\w+|efectivamente|en efecto|arre+|fierro|(?:eso|esa?|asi) mer(?:[oa]|ito)|eso es|esa mera|a[jh]a|ei|uh huh|"
    r"proced\w+|autorizo|obvi[oa]?|claro|clarin|segur[oa]|supuesto|naturalmente|adelante|sobres|jalale|ech[ae]le|"
    r"pongale|dele|andele|bien|cabal|gusto|desde luego|sin duda|cierto|va+|de una|mande (?:la|lo)|juega|asi dejelo)\b"
)
_DOES_NOT_KNOW = re.compile(
    r"\bno (?:lo |la |me )?(?:se|acuerdo|recuerdo|tengo|traigo|encuentro|entiendo)\b|"
    r"\bse me (?:olvido|perdio)|\bperdi\b|\bolvide\b(?! (?:eso|todo)\b)"
)
_NO = re.compile(
    r"^(?:no+(?! (?:lo |la |me )?(?:se|acuerdo|recuerdo|entiendo)\b)|"
    r"nel|nop|nunca|negativo|para nada|tampoco|no acepto)\b"
)
_CANCEL = re.compile(
    r"^(?:(?:no,? )?(?:pos |pues |mejor |siempre )*ya no(?: quiero)?$|no (?:lo |la )?registr\w+|"
    r"cancel(?:ar?|en?|o)(?:l[ao])?\b|quiero cancelar|olvid(?:a|al[ao]|el[ao]|ate|ese)\b|"
    r"olvide (?:eso|todo)\b|dejalo|deja eso|mejor no|no quiero seguir|salir|"
    r"ya no quiero (?:seguir|registrar|nada)|me arrepenti|borra(?: todo)?$|empezar de nuevo)"
)
_WAITS = re.compile(
    r"^(?:(?:oiga|si|ok|ah|por favor),? )?(?:"
    r"(?:espere(?:me|se|nme)?|esperame|aguante(?:me)?|permita(?:me|nme)|"
    r"(?:deme |dame |nomas )?un (?:moment|minut|segund)\w+)"
    r"(?: (?:tantito|poquito|un \w+|por favor|porfa\w*|xfa\w*|si|oiga|senorita|joven|ahorita|pues))*$|"
    r"deje(?:me)? (?:le )?(?:busc|chec|revis)\w+\b|"
    r"ahorita (?:vuelvo|vengo|regreso|(?:le|lo|la|se lo) (?:digo|busco|mando|paso))\b)"
)
_SHORT_WAIT = 6
_PERSON = re.compile(
    r"\b(?:hablar|comunica\w*|comuniqu\w+|pas[ae]n?me|pasarme|me (?:pued\w+ )?pas(?:ar?|as|an) (?:con|a)|"
    r"(?:me|nos) atienda\w*|transfier\w+|contact\w+)\b.{0,25}\b(?:persona|alguien|humano|humana|agente|asesor\w*|"
    r"operador\w*|ejecutiv\w+|licenciad\w+|funcionari\w+|gente (?:real|de verdad))\b|"
    r"^(?:persona|humano|agente|asesor|operador)$"
)
_ASKS = re.compile(
    r"[?¿]|^(?:que|como|cuando|cuanto|cuanta|cual|donde|por que|para que|quien|a que hora|hasta que hora|y si|tienen|"
    r"puedo|es seguro)\b"
)


_HONORIFICS = {"don", "dona", "sr", "sra", "senor", "senora", "lic", "licenciado", "licenciada", "profe", "maestra",
               "maestro", "dr", "dra", "doctor", "doctora", "ing", "ingeniero", "ingeniera"}  # fmt: skip


def first_name(full: str) -> str:
    """How a person is spoken to by name: «Doña Cuca», «María»."""
    names = full.split()
    many = 2 if len(names) > 1 and fold(names[0]).strip(".") in _HONORIFICS else 1
    return " ".join(names[:many])


_SURE = 0.8
_SHORT_YES = 6
#: The value by which the button of a request offered again is told from the same button elsewhere.
OFFER = "pendiente"


def _events_since_heard(tracker: Tracker) -> int:
    return sum(1 for _ in itertools.takewhile(lambda event: event.get("event") != "user", reversed(tracker.events)))


class Turn:
    """The latest message of a conversation, with the tools to answer it."""

    def __init__(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
        client: BackendClient | None = None,
    ) -> None:
        self.dispatcher = dispatcher
        self.tracker = tracker
        self.domain = domain
        latest = tracker.latest_message or {}
        self.text: str = latest.get("text") or ""
        intent = latest.get("intent") or {}
        self.intent: str = intent.get("name") or ""
        self.confidence: float = float(intent.get("confidence") or 0.0)
        self.requests: list[dict[str, Any]] = latest.get("requests") or []
        self._found: list[dict[str, Any]] = latest.get("entities") or []
        metadata = latest.get("metadata") or {}
        heard = metadata.get("message_id") or latest.get("message_id")
        self.message_id = str(heard or f"start-{tracker.sender_id}")
        place = _events_since_heard(tracker) if heard else None
        self.backend = client or BackendClient(shared_http(), tracker.sender_id, self.message_id, place)
        #: What the request told of its matter, too little to be the whole story.
        self.begun: str | None = tracker.get_slot("asunto")
        self.takes_offer = False
        self._take_offer()

    def _take_offer(self) -> None:
        """«Sí» to a request offered again is that request, in the words in which it was first made."""
        offer = self.tracker.get_slot("ofrecido")
        if not offer or (self.tracker.active_loop or {}).get("name"):
            return
        is_its_button = self.is_button and self.intent == offer["intent"] and self.value == OFFER
        if is_its_button or (not self.is_button and self.intent == "afirmar" and self.words <= _SHORT_YES):
            self.takes_offer = True
            self.text, self.intent, self.confidence = offer["text"], offer["intent"], 1.0
            self.requests, self._found = [], offer["entities"]

    @property
    def request_text(self) -> str:
        """The words of what is handled now: the first request's, where the message makes several."""
        if not self.requests:
            return self.text
        first = self.requests[0]
        return self.text[first["start"] : first["end"]].strip()

    @property
    def language(self) -> str | None:
        """The language of a message that is not in Spanish."""
        return self.entity("idioma") if self.intent == "otro_idioma" else None

    @property
    def is_button(self) -> bool:
        return self.text.startswith("/")

    @property
    def folded(self) -> str:
        return fold(sign_in_words(self.text)).strip(" .,!¡¿")

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def asks_to_wait(self) -> bool:
        """«Espere tantito», and nothing else."""
        return not self.is_button and self.words <= _SHORT_WAIT and bool(_WAITS.search(self.folded))

    @property
    def is_said_again(self) -> bool:
        """Whether the message before this one said the same."""
        said = [event.get("text") or "" for event in self.tracker.events if event.get("event") == "user"]
        return len(said) > 1 and fold(said[-2]).strip() == fold(self.text).strip()

    @property
    def value(self) -> str:
        """A chosen option's value, or the text as typed."""
        chosen = next((e["value"] for e in self.entities if e.get("entity") == "valor"), None)
        return str(chosen) if self.is_button and chosen is not None else self.text

    def entity(self, name: str) -> str | None:
        """The only value found for an entity, or None."""
        values = {str(e["value"]) for e in self.entities if e.get("entity") == name}
        return values.pop() if len(values) == 1 else None

    @property
    def entities(self) -> list[dict[str, Any]]:
        return self._found

    # What was meant, where the question asked narrows it down.

    @property
    def says_yes(self) -> bool:
        if self.is_button:
            return self.intent == "afirmar"
        return bool(_YES.search(self.folded))

    @property
    def agrees(self) -> bool:
        """Whether they say yes to what binds them: consent, and what is filed in their name."""
        is_meant = not self.is_button and self.intent == "afirmar" and self.words <= _SHORT_YES
        is_told = "?" not in self.text and not self.says_no and bool(_AGREES.search(self.folded))
        return self.says_yes or (is_meant and is_told)

    @property
    def accepts_after_all(self) -> bool:
        """Whether the notice that was refused is accepted now: in so many words, or by its button."""
        if self.intent != "afirmar" or not self.tracker.get_slot("rechazada"):
            return False
        was_refused_just_now = "utter_consentimiento_negado" in (self.tracker.get_slot("dichas") or [])
        return was_refused_just_now if self.is_button else self.agrees and "acept" in self.folded

    @property
    def says_no(self) -> bool:
        return self.intent == "negar" if self.is_button else bool(_NO.search(self.folded))

    @property
    def does_not_know(self) -> bool:
        return not self.is_button and bool(_DOES_NOT_KNOW.search(self.folded))

    @property
    def cancels(self) -> bool:
        if self.is_button:
            return self.intent == "cancelar"
        return bool(_CANCEL.search(self.folded)) or (
            self.intent == "cancelar" and self.confidence > 0.7 and self.words <= 6
        )

    @property
    def wants_person(self) -> bool:
        if self.is_button:
            return self.intent == "hablar_con_persona"
        if self.words > 14:
            return False
        return bool(_PERSON.search(self.folded)) or (
            self.intent == "hablar_con_persona" and self.confidence > 0.75 and self.words <= 8
        )

    @property
    def is_sure(self) -> bool:
        """Whether the intent counts in the midst of a form, where nearly everything is an answer."""
        return self.confidence > _SURE

    @property
    def is_danger(self) -> bool:
        return self.intent == "emergencia" and self.is_sure

    @property
    def is_upset(self) -> bool:
        """Whether they are angry at this chat itself."""
        return not self.is_button and self.intent == "queja_del_servicio" and self.is_sure

    @property
    def asks_something(self) -> bool:
        return bool(_ASKS.search(fold(self.text).strip(" .,!¡")))

    # What is told back.

    def say(self, response: str, **values: Any) -> None:
        """A response of the domain."""
        self.dispatcher.utter_message(response=response, **values)

    def say_with(self, response: str, buttons: list[dict[str, str]], **values: Any) -> None:
        """A response of the domain with buttons known only now."""
        self.dispatcher.utter_message(response=response, buttons=buttons, **values)

    def say_text(self, text: str) -> None:
        """A text that the backend gave."""
        self.dispatcher.utter_message(text=text)

    def hand_off(self, reason: str, *, emergency: bool = False, **told: str) -> None:
        """Ask the backend, together with these replies, to give the conversation to a person.

        `told` is what staff should know: the `language` of a message that is not in Spanish, a `summary` of it.
        """
        self.dispatcher.utter_message(json_message={"handoff": {"reason": reason, "emergency": emergency, **told}})

    @property
    def hands_off(self) -> bool:
        """Whether a person was asked for in this turn."""
        return any("handoff" in (message.get("custom") or {}) for message in self.dispatcher.messages)
