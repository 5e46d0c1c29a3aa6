"""What each template is for, the text we propose, and what its variables are.

WhatsApp's rules for a body (https://www.twilio.com/docs/whatsapp/tutorial/message-template-approvals-statuses):
variables numbered from 1 without gaps, none at the beginning or the end, none beside another, 1,024 characters.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.errors import InvalidInput
from backend.messaging.models import TemplatePurpose

TEXT_LIMIT = 1024
_VARIABLE = re.compile(r"\{\{(\d+)\}\}")
_BESIDE = re.compile(r"\}\}\s*\{\{")


class TemplateRefused(InvalidInput):
    code = "plantilla_invalida"


@dataclass(frozen=True)
class Variable:
    """`{{n}}`: what it is, and an example, which WhatsApp's reviewers see."""

    meaning: str
    sample: str


@dataclass(frozen=True)
class Proposal:
    title: str
    #: When it is sent, for an administrator.
    use: str
    text: str
    variables: tuple[Variable, ...]


_FOLIO = Variable("el folio de la petición", "AC-2026-000123-K")
PROPOSALS: Mapping[TemplatePurpose, Proposal] = {
    TemplatePurpose.STATUS_NOTICE: Proposal(
        "Aviso de estado",
        "Se envía cuando una petición cambia de estado y pasaron más de 24 horas desde el último mensaje.",
        "Le escribimos de Atención Ciudadana del Gobierno del Estado de Sonora. Su petición con folio {{1}} cambió de "
        "estado: {{2}}. Si desea más información, responda a este mensaje.",
        (_FOLIO, Variable("el estado nuevo, en palabras", "En atención")),
    ),
    TemplatePurpose.ASK_INFORMATION: Proposal(
        "Solicitud de información",
        "Se envía cuando falta un dato para continuar con una petición.",
        "Le escribimos de Atención Ciudadana del Gobierno del Estado de Sonora. Para continuar con su petición de "
        "folio {{1}} necesitamos lo siguiente: {{2}}. Por favor, responda a este mensaje.",
        (_FOLIO, Variable("lo que se necesita", "Una fotografía del lugar")),
    ),
    TemplatePurpose.RESUME_CONVERSATION: Proposal(
        "Retomar la conversación",
        "Lo envía una persona del equipo para continuar una conversación que quedó pendiente.",
        "Le escribimos de Atención Ciudadana del Gobierno del Estado de Sonora. {{1}} desea continuar la conversación "
        "que usted inició con nosotros. Por favor, responda a este mensaje para seguir.",
        (Variable("el nombre de quien atiende", "Ana López"),),
    ),
}


def numbers(text: str) -> list[int]:
    """The variables in a text, in order of appearance."""
    return [int(number) for number in _VARIABLE.findall(text)]


def checked(purpose: TemplatePurpose, text: str) -> str:
    """The text as WhatsApp takes it. Raises TemplateRefused, in words."""
    text = text.strip()
    wanted = list(range(1, len(PROPOSALS[purpose].variables) + 1))
    if not text:
        raise TemplateRefused("Escriba el texto de la plantilla.")
    if len(text) > TEXT_LIMIT:
        raise TemplateRefused(f"El texto lleva {TEXT_LIMIT} caracteres como máximo.")
    if sorted(set(numbers(text))) != wanted:
        names = " y ".join(f"{{{{{number}}}}}" for number in wanted)
        raise TemplateRefused(f"El texto debe llevar {names}, y ninguna otra variable.")
    if "{{" in _VARIABLE.sub("", text) or "}}" in _VARIABLE.sub("", text):
        raise TemplateRefused("Las variables se escriben con dos llaves y un número: {{1}}.")
    if text.startswith("{{") or text.endswith("}}"):
        raise TemplateRefused("WhatsApp no acepta una variable al principio ni al final del texto.")
    if _BESIDE.search(text):
        raise TemplateRefused("WhatsApp no acepta dos variables juntas: ponga palabras entre ellas.")
    return text


def filled(text: str, values: Sequence[str]) -> str:
    """The text with its variables replaced, as the citizen reads it. Raises ValueError where one lacks its value."""
    if numbers(text) and max(numbers(text)) > len(values):
        raise ValueError("a variable has no value")
    # A variable may hold no line break, tab or run of spaces: the vendor is given it so too.
    return _VARIABLE.sub(lambda found: " ".join(values[int(found[1]) - 1].split()), text)
