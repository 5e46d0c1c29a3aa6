"""What is told to those who follow another's petition: its status, and nothing of who told it or in which words."""

from backend.messaging.models import TemplatePurpose
from backend.notices.texts import Wording
from backend.registry.models import PetitionStatus

S = PetitionStatus

#: By the status that the attended petition comes to: what happened, and what it means. A status that only its own
#: citizen must act on, or that says nothing to others, is not here.
TEXTS: dict[PetitionStatus, tuple[str, str]] = {
    S.TURNADA: ("ya se envió a la dependencia que debe atenderla", "Le avisaremos cuando haya avance."),
    S.EN_ATENCION: ("ya está en atención", "La dependencia está trabajando en ella."),
    S.CONCLUIDA_SATISFACTORIA: (
        "está concluida: la dependencia informó que ya se atendió",
        "Si el problema sigue, escríbanos y registramos una nueva.",
    ),
    S.CONCLUIDA_NO_SATISFACTORIA: (
        "está concluida: la dependencia informó que no fue posible atenderla",
        "Si el problema sigue, escríbanos y registramos una nueva.",
    ),
    S.IMPROCEDENTE: (
        "se revisó y no procede por esta vía",
        "Puede pedir que una persona le explique el motivo: dé su folio.",
    ),
    S.CANCELADA: ("se canceló", "Si el problema sigue, escríbanos y registramos una nueva."),
}
_HOW = "Con su folio puede preguntar cómo va cuando guste."


def merged(folio: str) -> Wording:
    """To whom told what another had told already."""
    said = "la atendemos junto con otra petición del mismo asunto"
    return _wording(f"Su petición {folio} sigue su curso: {said}. {_HOW}", folio, said)


def unmerged(folio: str) -> Wording:
    said = "vuelve a atenderse por separado"
    return _wording(f"Su petición {folio} {said}. {_HOW}", folio, said)


def of_merged(folio: str, to: PetitionStatus) -> Wording | None:
    """How the petition with which theirs is attended fares, under their own folio."""
    if to not in TEXTS:
        return None
    happened, means = TEXTS[to]
    return _wording(f"Su petición {folio}, que se atiende junto con otra igual, {happened}. {means}", folio, happened)


def of_supported(folio: str, to: PetitionStatus) -> Wording | None:
    """How the petition that they joined fares."""
    if to not in TEXTS:
        return None
    happened, means = TEXTS[to]
    return _wording(f"La petición {folio}, a la que se sumó, {happened}. {means}", folio, happened)


def said_to_supporter(folio: str, said: str) -> Wording:
    return _wording(f"Sobre la petición {folio}, a la que se sumó: {said}", folio, said)


def _wording(text: str, folio: str, short: str) -> Wording:
    return Wording(text, TemplatePurpose.STATUS_NOTICE, (folio, " ".join(short.split()).removesuffix(".")))
