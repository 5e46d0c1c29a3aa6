"""Which field each column of a spreadsheet is: guessed from its header, or as staff said the last time."""

from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.capture.fields import LABELS
from backend.imports.models import ImportMapping
from backend.text import fold

#: From here a header is taken for one of a field's names.
LIKE = 88.0
HEADER_MAX = 120

#: The fields that a column may be, in the order in which they are offered.
FIELDS: dict[str, str] = {name: text for name, text in LABELS.items() if name != "anonima"} | {
    "referencia_externa": "Folio o número anterior",
    "fecha_recibida": "Fecha en que se recibió",
}
NAMES: dict[str, tuple[str, ...]] = {
    "narrativa": ("asunto", "peticion", "descripcion", "narrativa", "solicitud", "planteamiento", "que solicita"),
    "tipo": ("tipo", "tipo de peticion", "clase", "categoria"),
    "medio": ("medio", "medio de entrada", "canal", "via", "origen"),
    "nombre": ("nombre", "nombre completo", "ciudadano", "ciudadana", "solicitante", "peticionario", "interesado"),
    "telefono": ("telefono", "tel", "celular", "telefono de contacto", "numero de telefono"),
    "correo": ("correo", "correo electronico", "email", "e-mail", "mail"),
    "curp": ("curp", "clave curp"),
    "municipio": ("municipio", "ciudad", "mpio"),
    "colonia": ("colonia", "localidad", "fraccionamiento", "colonia o localidad"),
    "cp": ("cp", "c.p.", "codigo postal"),
    "calle": ("calle", "domicilio", "direccion", "calle y numero"),
    "referencia": ("referencia", "referencias", "entre calles"),
    "referencia_externa": ("folio", "folio anterior", "numero", "no.", "num", "id"),
    "fecha_recibida": ("fecha", "fecha de recepcion", "fecha recibida", "recibido", "fecha de ingreso"),
}


async def guess(session: AsyncSession, headers: Sequence[str]) -> dict[str, str]:
    """The field of each column, by the column's place; a field is given once, to the likeliest column."""
    kept = {row.header: row.field for row in await session.scalars(select(ImportMapping))}
    names = {name: field for field, words in NAMES.items() for name in words}
    chances: list[tuple[float, int, str]] = []
    for place, header in enumerate(headers):
        folded = key_of(header)
        if folded in kept:
            chances.append((200.0, place, kept[folded]))
        elif found := process.extractOne(folded, names.keys(), scorer=fuzz.ratio, score_cutoff=LIKE):
            chances.append((found[1], place, names[found[0]]))
    guessed: dict[str, str] = {}
    for _, place, field in sorted(chances, key=lambda one: (-one[0], one[1])):
        if field in FIELDS and field not in guessed.values():
            guessed[str(place)] = field
    return guessed


async def remember(session: AsyncSession, headers: Sequence[str], mapping: Mapping[str, str]) -> None:
    """Keep what staff said of each header, that it is no field at all among it, for the next file."""
    for place, header in enumerate(headers):
        if not key_of(header):
            continue
        values = {"header": key_of(header), "field": mapping.get(str(place), ""), "updated_at": clock.now()}
        statement = insert(ImportMapping).values(**values)
        await session.execute(statement.on_conflict_do_update(index_elements=["header"], set_=values))


def key_of(header: str) -> str:
    return fold(header)[:HEADER_MAX]
