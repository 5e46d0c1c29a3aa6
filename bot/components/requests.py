"""Several requests in one message: told apart where a conjunction parts clauses that the intent model reads apart.

A clause is a request of its own only if the model is sure of it, and sure of another one before it; how sure
depends on what joins them («y también» says more than a comma) and on how easily the two are one story. What
only leads up to a request («me quedé sin empleo y necesito…») asks for nothing, so it is none.
Figures: docs/adr/0007; measured on benchmarks/nlu/multi.tsv and dev.tsv by `python -m benchmarks.nlu.requests`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

#: What the intent model makes of texts: every intent's confidence, for each; at a glance, or carefully.
Reader = Callable[[Sequence[str], bool], Sequence[Mapping[str, float]]]


@dataclass(frozen=True)
class Request:
    """One request of a message, and where its words stand in it."""

    intent: str
    confidence: float
    start: int
    end: int


EMERGENCY, PERSON = "emergencia", "hablar_con_persona"
#: What can be asked for beside something else. Answers, manners and small talk are none.
REQUESTS = frozenset(
    {
        "registrar_peticion", "registrar_queja", "registrar_sugerencia", "registrar_felicitacion",
        "solicitar_audiencia", "solicitar_apoyo_social", "solicitar_asesoria_juridica", "tramite_registro_civil",
        "carta_no_antecedentes", "informacion_publica", "consultar_folio", "agregar_informacion",
        "horario_ubicacion", "aviso_privacidad", "derechos_arco", PERSON, EMERGENCY,
    }
)  # fmt: skip

_JOINS = re.compile(
    r"(?P<strong>[,;.]?\s*\b(?:(?:y|e|o|pero|porque)\s+)?(?:tambi[eé]n|tmb|tmbn|tambn|adem[aá]s|aparte|"
    r"asimismo|as[ií] ?mismo|as[ií] como|por otr[ao] (?:parte|lado)|de paso|de una vez|(?:la |una )?otra cosa|"
    r"luego|despu[eé]s|a la vez|a su vez|en segundo lugar|lo segundo|lo otro)\b[,:]?)"
    r"|(?P<stop>[.;!?]+\s+(?:y\s+)?|\n+)|(?P<weak>,\s*(?:y\s+|e\s+)?|\s+(?:y|e|pero)\s+)",
    re.IGNORECASE,
)
#: Words of somebody who asks for something, as against telling what happened.
_ASKS = re.compile(
    r"[?¿]|\b(?:quier[oa]n?|kier[oa]|quisiera(?:mos)?|quiciera|necesit\w+|nesecit\w+|ocup[oa](?:mos)?|dese(?:o|amos)|"
    r"solicit(?:o|amos|ar)|pid(?:o|imos)|requier\w+|gustar[ií]a|prop(?:ongo|onemos)|felicit\w+|vengo|reportar|"
    r"d[ií]g[ao](?:me|nme)|dime|p[aá]s[ae](?:me|nme)|m[aá]nd[ae](?:me|nme)|borren|den|pongan|arreglen|"
    r"d[oó]nde|c[oó]mo|cu[aá]nto|qu[eé] (?:hacen|piden|horario|requisitos)|[qk] (?:hacen|piden|horario)|"
    r"a (?:qu[eé]|q|k|ke) horas?|dos cosas|tres cosas)\b",
    re.IGNORECASE,
)
#: From which confidence a clause counts, by what joins it to the one before.
_ENOUGH = {"strong": 0.6, "stop": 0.8, "weak": 0.8}
#: … where both may well be one story, which the message as a whole must then not deny.
_ENOUGH_ALIKE, _WHOLE_ALIKE = 0.93, 0.02
_FIRST = 0.7
#: How likely the message as a whole must make a danger, a wish for a person, what asks for nothing.
_WHOLE_EMERGENCY, _WHOLE_PERSON, _WHOLE_TOLD = 0.1, 0.05, 0.2
#: From here on the whole message is something else than a request.
_WHOLE_OTHER = 0.9

#: Readings of one story: what happened, who is to blame, what should be done, what is needed for it.
_ALIKE = (
    {"registrar_peticion", "registrar_queja", "registrar_sugerencia", "solicitar_apoyo_social"},
    {"registrar_queja", "solicitar_asesoria_juridica"},
    {"consultar_folio", "agregar_informacion", "registrar_peticion"},
    {"aviso_privacidad", "derechos_arco"},
    {"informacion_publica", "derechos_arco"},
    {"tramite_registro_civil", "derechos_arco", "solicitar_asesoria_juridica"},
)
_FEWEST_WORDS = 4
_CLAUSES = 8


@dataclass(frozen=True)
class _Clause:
    join: str
    start: int
    end: int


def _clauses(text: str) -> list[_Clause]:
    """The parts between conjunctions, each with what joins it to the one before."""
    clauses: list[_Clause] = []
    join, start = "", 0
    for match in _JOINS.finditer(text):
        if text[start : match.start()].strip():
            clauses.append(_Clause(join, start, match.start()))
            join = ""
        kind = match.lastgroup or ""
        join = kind if not join or kind == "strong" else join
        start = match.end()
    if text[start:].strip():
        clauses.append(_Clause(join, start, len(text)))
    return clauses


def requests_in(text: str, whole: Mapping[str, float], read: Reader) -> list[Request]:
    """The requests of `text`, in its order but for a danger, which comes first. Fewer than two: an empty list.

    `whole` is what the model makes of the message as one.
    """
    likeliest = _likeliest(whole)
    if len(text.split()) < _FEWEST_WORDS or (likeliest not in REQUESTS and whole[likeliest] >= _WHOLE_OTHER):
        return []
    clauses = _clauses(text)[:_CLAUSES]
    if len(clauses) < 2:
        return []
    texts = [text[clause.start : clause.end].strip() for clause in clauses]
    if len({_likeliest(reading) for reading in read(texts, False)} & REQUESTS) < 2:
        return []
    splitter = _Splitter(text, whole)
    for clause, reading in zip(clauses, read(texts, True), strict=True):
        intent = _likeliest(reading)
        splitter.hear(clause, intent, reading[intent])
    requests = splitter.requests
    return sorted(requests, key=lambda request: request.intent != EMERGENCY) if len(requests) > 1 else []


def _likeliest(reading: Mapping[str, float]) -> str:
    return max(reading, key=reading.__getitem__)


class _Splitter:
    """Hears a message's clauses one after another, and keeps the requests so far."""

    def __init__(self, text: str, whole: Mapping[str, float]) -> None:
        self._text = text
        self._whole = whole
        self.requests: list[Request] = []

    def hear(self, clause: _Clause, intent: str, confidence: float) -> None:
        if not self.requests:
            if self._may_be(clause, intent) and confidence >= _FIRST:
                self.requests.append(Request(intent, confidence, 0, clause.end))
            return
        last = self.requests[-1]
        if not self._is_another(clause, intent, confidence):
            self.requests[-1] = Request(last.intent, last.confidence, last.start, clause.end)
        elif clause.join != "strong" and len(self.requests) == 1 and self._only_leads_up(last):
            self.requests[-1] = Request(intent, confidence, last.start, clause.end)
        else:
            self.requests.append(Request(intent, confidence, clause.start, clause.end))

    def _may_be(self, clause: _Clause, intent: str) -> bool:
        likelihood = self._whole.get(intent, 0.0)
        if intent == EMERGENCY:
            return likelihood >= _WHOLE_EMERGENCY
        if intent == PERSON and clause.join != "strong":
            return likelihood >= _WHOLE_PERSON or not clause.join
        return intent in REQUESTS

    def _is_another(self, clause: _Clause, intent: str, confidence: float) -> bool:
        before = {request.intent for request in self.requests}
        if intent in before or not self._may_be(clause, intent):
            return False
        if EMERGENCY in before and clause.join != "strong" and not self._asks(clause.start, clause.end):
            return False
        is_alike = any(intent in group and before & group for group in _ALIKE)
        if not is_alike:
            return confidence >= _ENOUGH[clause.join]
        rarer = min(self._whole.get(name, 0.0) for name in (intent, self.requests[-1].intent))
        return confidence >= _ENOUGH_ALIKE and (clause.join == "strong" or rarer >= _WHOLE_ALIKE)

    def _only_leads_up(self, request: Request) -> bool:
        is_likely = self._whole.get(request.intent, 0.0) >= _WHOLE_TOLD
        return not is_likely and not self._asks(request.start, request.end)

    def _asks(self, start: int, end: int) -> bool:
        return _ASKS.search(self._text[start:end]) is not None
