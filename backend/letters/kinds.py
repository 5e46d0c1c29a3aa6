"""The kinds of letters: to whom each goes, which number it takes, what it is called."""

import enum
from dataclasses import dataclass

from backend.letters.models import LetterKind, Series
from backend.registry.models import PetitionKind


class Side(enum.StrEnum):
    """To whom: the agency of a turn, or the person who asks."""

    AGENCY = "dependencia"
    CITIZEN = "persona"


@dataclass(frozen=True)
class KindFacts:
    title: str
    side: Side
    #: When staff use it.
    use: str

    @property
    def series(self) -> Series:
        return Series.OFICIO if self.side is Side.AGENCY else Series.CARTA

    @property
    def label(self) -> str:
        """What stands before the number."""
        return "Oficio núm." if self.side is Side.AGENCY else "Carta núm."


KINDS: dict[LetterKind, KindFacts] = {
    LetterKind.OFICIO: KindFacts(
        "Oficio de canalización", Side.AGENCY, "Pide a una dependencia que atienda la petición que se le turnó."
    ),
    LetterKind.ATTENTION: KindFacts(
        "Carta de Atención", Side.CITIZEN, "Informa a la persona a qué dependencia se turnó su petición."
    ),
    LetterKind.CONCLUSION: KindFacts(
        "Respuesta o conclusión", Side.CITIZEN, "Informa a la persona lo que contestó la dependencia."
    ),
    LetterKind.AUDIENCE: KindFacts(
        "Respuesta a solicitud de audiencia", Side.CITIZEN, "Dice a la persona cuándo se le recibe, o quién la atiende."
    ),
    LetterKind.SOCIAL_HELP: KindFacts(
        "Resolución de apoyo social", Side.CITIZEN, "Comunica a la persona lo que se resolvió sobre el apoyo."
    ),
    LetterKind.CIVIL_REGISTRY: KindFacts(
        "Oficio de apoyo al Registro Civil",
        Side.AGENCY,
        "Pide apoyo para actas, correcciones o certificados de inexistencia.",
    ),
    LetterKind.NO_RECORD: KindFacts(
        "Oficio para carta de no antecedentes",
        Side.AGENCY,
        "Pide a la Fiscalía que entregue la carta de no antecedentes penales.",
    ),
    LetterKind.LEGAL_ADVICE: KindFacts(
        "Constancia de asesoría jurídica", Side.CITIZEN, "Deja por escrito la orientación que se dio a la persona."
    ),
}

#: Which oficio a petition's turns have, where it is not that of canalización.
_OFICIO_OF = {
    PetitionKind.REGISTRO_CIVIL: LetterKind.CIVIL_REGISTRY,
    PetitionKind.CARTA_NO_ANTECEDENTES: LetterKind.NO_RECORD,
}


def oficio_of(kind: PetitionKind) -> LetterKind:
    """The oficio that a turn of such a petition usually has."""
    return _OFICIO_OF.get(kind, LetterKind.OFICIO)
