"""A letter ready to be drawn: the same content for PDF and DOCX."""

from dataclasses import dataclass

from backend.letters.markup import Block
from backend.letters.models import Letterhead

PRESENT = "P R E S E N T E"
FAREWELL = "A T E N T A M E N T E"


@dataclass(frozen=True)
class Document:
    """`label` stands before `reference`; a draft says so on every page."""

    institution: str
    office: str
    department: str
    address: str
    label: str
    reference: str
    folio: str
    dateline: str
    subject: str
    addressee: tuple[str, ...]
    body: tuple[Block, ...]
    signer_name: str
    signer_title: str
    copies: tuple[str, ...]
    is_draft: bool = False

    @property
    def heads(self) -> tuple[str, ...]:
        """The letterhead's lines under the institution."""
        return tuple(line for line in (self.office, self.department) if line)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return ((self.label, self.reference), ("Folio:", self.folio), ("Asunto:", self.subject))


def copies_of(letterhead: Letterhead) -> tuple[str, ...]:
    return tuple(line.strip() for line in letterhead.copies.splitlines() if line.strip())
