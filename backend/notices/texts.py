"""What a citizen is told of each event: what happened, what it means, what they can do. Nothing personal.

At most three sentences besides what staff wrote for the person: a notice may go by SMS, or be read aloud. The folio
is the only thing that names the petition; its narrative, its place and its person never appear (a screen may be seen
by others).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.messaging.models import TemplatePurpose
from backend.registry.models import PetitionEvent, PetitionEventKind, PetitionStatus
from backend.text import listed, sentence

S = PetitionStatus
ENDED = (S.CONCLUIDA_SATISFACTORIA, S.CONCLUIDA_NO_SATISFACTORIA, S.IMPROCEDENTE, S.CANCELADA)
CONCLUDED = (S.CONCLUIDA_SATISFACTORIA, S.CONCLUIDA_NO_SATISFACTORIA)

#: By the status that a petition comes to: what happened (`{}` is «Su petición FOLIO»), what it means, what to do.
TEXTS: dict[PetitionStatus, tuple[str, str, str]] = {
    S.TURNADA: (
        "{} ya se envió a la dependencia que debe atenderla.",
        "Ahora le toca a esa dependencia revisarla.",
        "Le avisaremos cuando haya avance; también puede preguntar con su folio cuando guste.",
    ),
    S.EN_ATENCION: (
        "{} ya está en atención.",
        "La dependencia está trabajando en ella.",
        "Le avisaremos del resultado; también puede preguntar con su folio cuando guste.",
    ),
    S.REQUIERE_INFORMACION: (
        "{} necesita más información para continuar.",
        "Mientras no la tengamos, su trámite está en espera.",
        "Responda a este mensaje con los datos o una foto, o llámenos y dé su folio.",
    ),
    S.CONCLUIDA_SATISFACTORIA: (
        "{} está concluida.",
        "La dependencia informó que ya se atendió.",
        "¿Se resolvió lo que pidió?",
    ),
    S.CONCLUIDA_NO_SATISFACTORIA: (
        "{} está concluida.",
        "La dependencia informó que no fue posible atenderla como usted la pidió.",
        "¿Se resolvió lo que pidió?",
    ),
    S.IMPROCEDENTE: (
        "{} se revisó y no procede.",
        "Eso quiere decir que no puede atenderse por esta vía.",
        "Puede pedir que una persona le explique el motivo: dé su folio.",
    ),
    S.CANCELADA: (
        "{} se canceló.",
        "Ya no se le dará seguimiento.",
        "Si cree que es un error, pida hablar con una persona y dé su folio.",
    ),
}
#: The same in the words that fill a template: «Su petición con folio … cambió de estado: …». Templates bear no
#: buttons, so the question asks for a word.
SHORT_QUESTION = "¿Se resolvió? Responda SÍ o NO"
SHORT: dict[PetitionStatus, str] = {
    S.TURNADA: "Turnada a la dependencia que debe atenderla",
    S.EN_ATENCION: "En atención: la dependencia está trabajando en ella",
    S.REQUIERE_INFORMACION: "Los datos o una foto que ayuden a atenderla",
    S.CONCLUIDA_SATISFACTORIA: f"Concluida: la dependencia informó que ya se atendió. {SHORT_QUESTION}",
    S.CONCLUIDA_NO_SATISFACTORIA: "Concluida: la dependencia informó que no fue posible atenderla como usted la pidió. "
    f"{SHORT_QUESTION}",
    S.IMPROCEDENTE: "Improcedente: se revisó y no puede atenderse por esta vía",
    S.CANCELADA: "Cancelada: ya no se le dará seguimiento",
}
SHORT_REOPENED = "Abierta de nuevo: volvemos a darle seguimiento"

REOPENED = (
    "{} se abrió de nuevo.",
    "Volvemos a darle seguimiento.",
    "Le avisaremos cuando haya avance; también puede preguntar con su folio cuando guste.",
)
ASKED = "{} necesita más información para continuar."
ASKED_END = "Responda a este mensaje con los datos o una foto, o llámenos y dé su folio."


@dataclass(frozen=True)
class Wording:
    """A notice's text, and what fills the approved template where one must go instead of it.

    Templates have two places: the folio, and what is to be said of it, on one line.
    """

    text: str
    purpose: TemplatePurpose
    values: tuple[str, str]


def of_event(folio: str, event: PetitionEvent) -> Wording | None:
    """The wording of a change of status, or of an agency more; None where the citizen need not be told."""
    to = event.to_status
    if event.kind is PetitionEventKind.TURNED:
        return _sent_to(folio, [str(event.detail["agency"])])
    if to is None or event.from_status is None:
        return None
    asked, told = (str(event.detail.get(name, "")).strip() for name in ("asked", "told"))
    agencies = [str(name) for name in event.detail.get("agencies", ())]
    if to is S.REQUIERE_INFORMACION and asked:
        return _wording(folio, (ASKED, asked, ASKED_END), asked, TemplatePurpose.ASK_INFORMATION)
    if event.from_status in ENDED:
        return _wording(folio, REOPENED, SHORT_REOPENED)
    if to is S.TURNADA and agencies:
        return _sent_to(folio, agencies)
    if to is S.EN_ATENCION and agencies:
        return _attended_by(folio, agencies)
    if to not in TEXTS:
        return None
    if to in ENDED and told:
        return _ended(folio, to, sentence(told))
    is_question = to is S.REQUIERE_INFORMACION
    purpose = TemplatePurpose.ASK_INFORMATION if is_question else TemplatePurpose.STATUS_NOTICE
    return _wording(folio, TEXTS[to], SHORT[to], purpose)


def _sent_to(folio: str, agencies: Sequence[str]) -> Wording:
    names, is_one = listed(agencies), len(agencies) == 1
    sentences = (
        f"{{}} se envió a {names}, que {'debe' if is_one else 'deben'} atenderla.",
        f"Ahora {'le' if is_one else 'les'} toca revisarla y contestar.",
        TEXTS[S.TURNADA][2],
    )
    return _wording(folio, sentences, f"Se envió a {names}, que {'debe' if is_one else 'deben'} atenderla")


def _attended_by(folio: str, agencies: Sequence[str]) -> Wording:
    names, verb = listed(agencies), "está" if len(agencies) == 1 else "están"
    sentences = (TEXTS[S.EN_ATENCION][0], f"{names} {verb} trabajando en ella.", TEXTS[S.EN_ATENCION][2])
    return _wording(folio, sentences, f"En atención: {names} {verb} trabajando en ella")


def _ended(folio: str, to: PetitionStatus, told: str) -> Wording:
    """An end with what staff say of it: besides what the agency informed, or instead of the general meaning."""
    happened, means, can_do = TEXTS[to]
    if to not in CONCLUDED:
        return _wording(folio, (happened, told, can_do), f"{SHORT[to].partition(':')[0]}: {told}")
    return _wording(folio, (happened, f"{means} {told}", can_do), f"Concluida: {told} {SHORT_QUESTION}")


def of_staff(folio: str, said: str) -> Wording:
    """The wording of what a member of staff tells in words of their own."""
    return Wording(f"Sobre su petición {folio}: {said}", TemplatePurpose.STATUS_NOTICE, (folio, _line(said)))


def _wording(
    folio: str,
    sentences: tuple[str, str, str],
    short: str,
    purpose: TemplatePurpose = TemplatePurpose.STATUS_NOTICE,
) -> Wording:
    happened, means, can_do = sentences
    text = " ".join((happened.format(f"Su petición {folio}"), means, can_do))
    return Wording(text, purpose, (folio, _line(short)))


def _line(said: str) -> str:
    """As a template's value: on one line (WhatsApp takes no other), without the full stop that follows it there."""
    return " ".join(said.split()).removesuffix(".")
