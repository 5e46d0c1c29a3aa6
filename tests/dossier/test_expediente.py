"""A petition's expediente: what goes in, what it is called, what is withdrawn, and that it is nobody else's."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.conversations.messages import StoredFile
from backend.conversations.models import Attachment
from backend.db import Database
from backend.dossier import service as dossier
from backend.dossier.models import DocumentKind
from backend.errors import InvalidInput, NotFound
from backend.registry.models import Petition, PetitionEvent
from tests.console.turned import add_petition
from tests.conversations.conftest import add_agent

K = DocumentKind


def _scan(name: str) -> StoredFile:
    return StoredFile(name, "application/pdf", 10, "a" * 64)


async def _shown(session: AsyncSession, petition: Petition) -> list[tuple[DocumentKind, str, bool]]:
    return [(one.kind, one.title, one.is_citizens) for one in await dossier.listed(session, petition)]


async def test_from_the_first_scan_to_one_that_is_withdrawn(database: Database) -> None:
    ana, beto = await add_agent(database, "Ana"), await add_agent(database, "Beto")
    async with database.transaction() as session:
        petition, other = await add_petition(session), await add_petition(session, "Otra cosa")
        ine = await dossier.add(session, petition, _scan("INE frente.pdf"), kind=None, user_id=ana)
        staged = await dossier.stage(session, _scan("Recibo CFE.pdf"), user_id=ana)
        with pytest.raises(NotFound):
            await dossier.attach_staged(session, petition, [(staged.id, staged.kind)], user_id=beto)
        await dossier.attach_staged(session, petition, [(staged.id, K.COMPROBANTE_DOMICILIO)], user_id=ana)
        with pytest.raises(NotFound):
            await dossier.attach_staged(session, other, [(staged.id, staged.kind)], user_id=ana)
        sent = await session.scalar(select(Attachment.id).where(Attachment.file_name == "foto.jpg").limit(1))
        assert sent is not None
        with pytest.raises(NotFound):
            await dossier.find(session, other, ine.id)
        owner = (await session.get_one(Attachment, sent)).petition_id
        theirs, not_theirs = (petition, other) if owner == petition.id else (other, petition)
        with pytest.raises(NotFound):
            await dossier.find(session, not_theirs, sent)
        assert (await dossier.find(session, theirs, sent)).id == sent
    async with database.transaction() as session:
        petition = await session.get_one(Petition, petition.id)
        with pytest.raises(InvalidInput):
            await dossier.rename(session, petition, ine.id, kind=K.IDENTIFICACION, title=" \n", user_id=beto)
        await dossier.rename(session, petition, ine.id, kind=K.IDENTIFICACION, title="INE  de Rosa", user_id=beto)
        await dossier.rename(session, petition, ine.id, kind=K.IDENTIFICACION, title="INE de Rosa", user_id=beto)
        assert (await _shown(session, petition))[:2] == [
            (K.IDENTIFICACION, "INE de Rosa", False),
            (K.COMPROBANTE_DOMICILIO, "Recibo CFE.pdf", False),
        ]
        assert (K.FOTOGRAFIA, "foto.jpg", True) in await _shown(session, petition)
        assert {K.IDENTIFICACION, K.FOTOGRAFIA} <= await dossier.kinds_present(session, petition.id)
        with pytest.raises(InvalidInput):
            await dossier.withdraw(session, petition, ine.id, reason=" ", user_id=beto)
        await dossier.withdraw(session, petition, ine.id, reason="Es de otra persona", user_id=beto)
        await dossier.withdraw(session, petition, ine.id, reason="Otra vez", user_id=beto)
        assert K.IDENTIFICACION not in await dossier.kinds_present(session, petition.id)
        first, *_ = await dossier.listed(session, petition)
        assert first.withdrawn_reason == "Es de otra persona"
        told = select(PetitionEvent.text).where(PetitionEvent.petition_id == petition.id, PetitionEvent.user_id == beto)
        assert list(await session.scalars(told.order_by(PetitionEvent.id))) == [
            "Documento «Identificación: INE frente.pdf» → «Identificación: INE de Rosa»",
            "Se retiró «INE de Rosa»: Es de otra persona",
        ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("INE frente.pdf", K.IDENTIFICACION),
        ("incendio.jpg", K.OTRO),
        ("CURP_Rosa.pdf", K.CURP),
        ("comprobante de ingresos.pdf", K.COMPROBANTE_INGRESOS),
        ("Recibo-CFE.png", K.COMPROBANTE_DOMICILIO),
        ("Oficio 12-2026.pdf", K.OFICIO_RECIBIDO),
        ("linea.png", K.OTRO),
        ("acta.pdf", K.ACTA),
    ],
)
def test_a_files_name_says_what_it_is(name: str, kind: DocumentKind) -> None:
    assert dossier.guess_kind(name) is kind
