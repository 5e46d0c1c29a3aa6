"""Who prints a petition's acuse, with the code or without, and the trail of it."""

import io
import re
from datetime import timedelta
from uuid import UUID

import pypdfium2
from fastapi import FastAPI
from sqlalchemy import select

from backend import clock
from backend.audit.models import AdminEvent
from backend.db import Database
from backend.registry import petitions
from backend.registry.models import Petition
from backend.settings import Settings
from tests.staff import Staff, sign_in

FORM = {
    "kind": "peticion",
    "channel": "presencial",
    "narrativa": "Hay un bache muy grande frente a la primaria",
    "municipio": "Hermosillo",
    "colonia": "Centro",
    "nombre": "Rosa Elena Ruiz",
    "telefono": "662 123 4567",
    "key": "ac05e",
}


def _text(pdf: bytes) -> str:
    return str(pypdfium2.PdfDocument(io.BytesIO(pdf))[0].get_textpage().get_text_bounded())


async def _register(staff: Staff) -> tuple[str, str]:
    """Folio, and the address of the form that prints it."""
    page = await staff.submit("/consola/peticiones/nueva", **FORM)
    assert page.status_code == 200, page.text
    folio = re.search(r"AC-\d{4}-\d{6}-\w", page.text)
    assert folio is not None
    address = f"/consola/peticiones/{folio[0]}/acuse"
    assert f'action="{address}"' in page.text
    return folio[0], address


async def _age(database: Database, folio: str) -> UUID:
    async with database.transaction() as session:
        petition = await session.scalar(select(Petition).where(Petition.folio == folio))
        assert petition is not None
        petition.created_at = clock.now() - timedelta(hours=3)
        return petition.id


async def test_the_code_is_printed_for_who_just_filed_and_by_the_head_and_always_on_the_trail(
    app: FastAPI, database: Database, settings: Settings, ana: Staff, beto: Staff
) -> None:
    folio, address = await _register(ana)
    async with database.transaction() as session:
        code = petitions.code_of(await petitions.get(session, folio), settings.secret_key.get_secret_value().encode())
    mine = await ana.submit(address, con_clave="si")
    assert mine.headers["content-type"] == "application/pdf"
    assert mine.headers["cache-control"] == "no-store"
    assert code in _text(mine.content)
    assert (await beto.submit(address, con_clave="si")).status_code == 403
    without = _text((await beto.submit(address)).content)
    assert folio in without
    assert code not in without
    assert "Rosa" not in without
    petition_id = await _age(database, folio)
    assert (await ana.submit(address, con_clave="si")).status_code == 403
    hilda = await sign_in(app, "hilda")
    assert code in _text((await hilda.submit(address, con_clave="si")).content)
    async with database.transaction() as session:
        trail = (
            await session.scalars(
                select(AdminEvent).where(AdminEvent.subject_id == petition_id).order_by(AdminEvent.id)
            )
        ).all()
    assert [one.detail["with_code"] for one in trail] == [True, False, True]
    page = (await ana.get(f"/consola/peticiones/{folio}")).text
    assert "Hilda lo imprimió con la clave" in page
    assert 'name="con_clave"' not in page
