"""A row's checks, the same as the capture page's, and what it likely repeats."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.capture.checks import Checker, Outcome, new_petition
from backend.imports.models import ImportBatch, ImportRow, RowState
from backend.registry.intake import KIND_TEXTS, NARRATIVE_MAX
from backend.registry.models import EntryChannel, Person, Petition, PetitionKind
from backend.registry.petitions import NewPetition
from backend.text import fold, strip_control

#: From here two narratives of the same person say the same.
SAME_WORDS = 85.0
#: What only a spreadsheet says, kept in the petition's details.
OWN = ("referencia_externa", "fecha_recibida")
#: How far back a petition is looked for that a row repeats.
WITHIN = timedelta(days=120)
_KIND_WORDS = {fold(text): kind for kind, text in KIND_TEXTS.items()} | {kind.value: kind for kind in PetitionKind} | {
    "apoyo": PetitionKind.APOYO_SOCIAL,
    "apoyo social": PetitionKind.APOYO_SOCIAL,
    "audiencia": PetitionKind.AUDIENCIA,
    "registro civil": PetitionKind.REGISTRO_CIVIL,
    "carta de no antecedentes": PetitionKind.CARTA_NO_ANTECEDENTES,
    "solicitud": PetitionKind.PETICION,
    "denuncia": PetitionKind.QUEJA,
}  # fmt: skip
_CHANNEL_WORDS = {channel.value.replace("_", " "): channel for channel in EntryChannel} | {
    "correo electronico": EntryChannel.CORREO,
    "telefono": EntryChannel.CALL_CENTER,
    "llamada": EntryChannel.CALL_CENTER,
    "facebook": EntryChannel.REDES_SOCIALES,
    "oficio": EntryChannel.CORRESPONDENCIA,
    "oficina": EntryChannel.PRESENCIAL,
}


@dataclass
class RowChecker:
    """Checks the rows of one file, a chunk at a time."""

    session: AsyncSession
    batch: ImportBatch
    _checker: Checker = field(init=False)

    def __post_init__(self) -> None:
        self._checker = Checker(self.session)

    async def check(self, numbered: Sequence[tuple[int, list[str]]]) -> list[ImportRow]:
        """Each row with its normal values or its problems, and what it repeats."""
        made = [await self._row(number, cells) for number, cells in numbered]
        await self._mark_repeated(made)
        return made

    async def _row(self, number: int, cells: list[str]) -> ImportRow:
        typed = {
            name: strip_control(cells[int(place)])[: NARRATIVE_MAX + 1]
            for place, name in self.batch.mapping.items()
            if int(place) < len(cells)
        }
        kind, channel, problems = self._what(typed)
        outcome = await self._checker.check(kind, channel, _anonymous(typed), with_details=False, may_be_anonymous=True)
        problems |= outcome.problems
        values = outcome.values | {name: typed[name][:200] for name in OWN if typed.get(name)}
        return ImportRow(
            batch_id=self.batch.id,
            number=number,
            state=RowState.INVALID if problems else RowState.VALID,
            fingerprint=_fingerprint(values),
            fields=values | {"tipo": kind.value, "medio": channel.value},
            problems=problems,
        )

    def _what(self, typed: Mapping[str, str]) -> tuple[PetitionKind, EntryChannel, dict[str, str]]:
        """The kind and the channel that a row says; the batch's own where it says none."""
        problems: dict[str, str] = {}
        kind = PetitionKind(self.batch.defaults["tipo"])
        channel = EntryChannel(self.batch.defaults["medio"])
        if word := fold(typed.get("tipo", "")):
            if word in _KIND_WORDS:
                kind = _KIND_WORDS[word]
            else:
                problems["tipo"] = "No se conoce ese tipo de petición."
        if word := fold(typed.get("medio", "")).replace("_", " "):
            if word in _CHANNEL_WORDS:
                channel = _CHANNEL_WORDS[word]
            else:
                problems["medio"] = "No se conoce ese medio de entrada."
        return kind, channel, problems

    async def _mark_repeated(self, made: list[ImportRow]) -> None:
        valid = [row for row in made if row.state is RowState.VALID]
        known = await self._fingerprints({row.fingerprint for row in valid})
        theirs = await self._petitions_of(valid)
        for row in valid:
            row.repeats = known.get(row.fingerprint) or _same_petition(row, theirs)
            if row.repeats:
                row.state = RowState.REPEATED
            known.setdefault(row.fingerprint, f"fila {row.number}")

    async def _fingerprints(self, wanted: set[str]) -> dict[str, str]:
        """What was imported already with the same words of the same person: in this file, or as a petition."""
        found: dict[str, str] = {}
        rows = await self.session.execute(
            select(ImportRow.fingerprint, ImportRow.batch_id, ImportRow.number, Petition.folio)
            .outerjoin(Petition, Petition.id == ImportRow.petition_id)
            .where(
                ImportRow.fingerprint.in_(wanted),
                or_(
                    ImportRow.batch_id == self.batch.id,
                    ImportRow.state.in_([RowState.FILED, RowState.KEPT]),
                ),
                ImportRow.state.not_in([RowState.INVALID, RowState.UNDONE]),
            )
        )
        for fingerprint, batch_id, number, folio in rows:
            found[fingerprint] = f"fila {number}" if batch_id == self.batch.id else folio
        return found

    async def _petitions_of(self, rows: Sequence[ImportRow]) -> dict[str, list[tuple[str, str]]]:
        """By telephone, e-mail or CURP: the folios and narratives of lately."""
        ways = {
            column: {row.fields[name] for row in rows if name in row.fields}
            for name, column in (("telefono", Person.phone), ("correo", Person.email), ("curp", Person.curp))
        }
        conditions = [column.in_(values) for column, values in ways.items() if values]
        if not conditions:
            return {}
        found: dict[str, list[tuple[str, str]]] = {}
        petitions = await self.session.execute(
            select(Person.phone, Person.email, Person.curp, Petition.folio, Petition.narrative)
            .join(Petition, Petition.person_id == Person.id)
            .where(or_(*conditions), Petition.created_at > clock.now() - WITHIN)
            .limit(20_000)
        )
        for *contacts, folio, narrative in petitions:
            for contact in filter(None, contacts):
                found.setdefault(contact, []).append((folio, fold(narrative)))
        return found


def _anonymous(typed: Mapping[str, str]) -> dict[str, str]:
    """A row that names nobody, in no way, is filed as anonymous: the paper that it stands for has no name."""
    is_known = any(typed.get(name, "").strip() for name in ("nombre", "telefono", "correo", "curp"))
    return dict(typed) if is_known else {**typed, "anonima": "si"}


def _fingerprint(values: Mapping[str, str]) -> str:
    who = values.get("curp") or values.get("telefono") or values.get("correo") or fold(values.get("nombre", ""))
    said = "\n".join(
        (fold(values.get("narrativa", "")), who, values.get("municipio", ""), values.get("referencia_externa", ""))
    )
    return hashlib.sha256(said.encode()).hexdigest()[:40]


def _same_petition(row: ImportRow, theirs: Mapping[str, list[tuple[str, str]]]) -> str | None:
    said = fold(row.fields.get("narrativa", ""))
    for name in ("telefono", "correo", "curp"):
        for folio, narrative in theirs.get(row.fields.get(name, ""), []):
            if fuzz.token_set_ratio(said, narrative) >= SAME_WORDS:
                return folio
    return None


def petition_of(row: ImportRow, batch_id: UUID) -> NewPetition:
    """What is filed of a row that passed its checks."""
    fields: dict[str, Any] = dict(row.fields)
    kind, channel = PetitionKind(fields.pop("tipo")), EntryChannel(fields.pop("medio"))
    own: dict[str, Any] = {
        name: fields.pop(name) for name in ("referencia_externa", "fecha_recibida") if name in fields
    }
    new = new_petition(kind, channel, Outcome(fields, {}, {}, {}))
    new.details.update(own, importacion=f"{batch_id}:{row.number}")
    return new
