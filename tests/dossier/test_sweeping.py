"""Scans of captures that nobody filed: after their time they go, and nothing else does."""

import os
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from backend import clock
from backend.conversations.files import FileStore
from backend.conversations.messages import StoredFile
from backend.db import Database
from backend.dossier import service as dossier
from backend.dossier.models import Document
from backend.dossier.sweeping import STAGED_LIFE, forget_staged
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, PetitionKind
from tests.conversations.conftest import add_agent

OLD = STAGED_LIFE + timedelta(hours=1)


async def test_what_was_scanned_for_nothing_is_forgotten_with_its_bytes(database: Database, tmp_path: Path) -> None:
    ana = await add_agent(database, "Ana")
    files = FileStore(tmp_path, max_bytes=1000)

    async def scan(name: str, content: bytes) -> StoredFile:
        kept = await files.keep_made(content, name, "application/pdf")
        aged = (clock.now() - OLD).timestamp()
        os.utime(files.path(kept.sha256), (aged, aged))
        return kept

    scans = {name: await scan(name, name[:4].encode()) for name in ("lone", "same-a", "same-b", "back", "young")}
    await files.keep_made(b"back", "back", "application/pdf")  # somebody brings it again, right now
    async with database.transaction() as session:
        new = petitions.NewPetition(PetitionKind.QUEJA, EntryChannel.PRESENCIAL, "No hay agua")
        petition = await petitions.file(session, new, actor=ActorKind.STAFF, user_id=ana)
        filed = await dossier.add(session, petition, scans["same-b"], kind=None, user_id=ana)
        filed.created_at = clock.now() - OLD
        for name in ("lone", "same-a", "back", "young"):
            staged = await dossier.stage(session, scans[name], user_id=ana)
            staged.created_at = clock.now() - (OLD if name != "young" else timedelta(days=1))
    assert await forget_staged(database, files) == 3
    assert await forget_staged(database, files) == 0
    async with database.transaction() as session:
        assert set(await session.scalars(select(Document.title))) == {"same-b", "young"}
    there = {name for name, kept in scans.items() if files.path(kept.sha256).exists()}
    assert there == {"same-a", "same-b", "back", "young"}
