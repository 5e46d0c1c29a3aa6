"""The worker's part: verify the trail, and tell its head outside the database, where who alters it does not reach.

An append-only file under VAR_DIR/audit, and once a day an e-mail. What is found stands on «Auditoría».
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.audit import chain
from backend.audit.chain import START, Head, Verdict
from backend.audit.models import AuditState
from backend.db import Database
from backend.mail import service as mail
from backend.settings import Settings

log = structlog.get_logger(__name__)

#: How often the chain is walked from its first row; between, only what was added.
WALK_EVERY = timedelta(days=1)
_SUBJECT = "Chat Sonora: ancla de la bitácora"
_LETTER = (
    "Esta es la última huella de la bitácora de Chat Sonora. Guarde este correo: con él se comprueba que nadie la\n"
    "cambió ni la cortó (python -m backend audit verify --anchor ARCHIVO, donde ARCHIVO es este texto).\n\n{line}\n"
)


def anchor_file(var_dir: Path) -> Path:
    return var_dir / "audit" / "anchors.txt"


def kept_anchors(var_dir: Path) -> list[Head]:
    """The heads that this machine's own file tells; none where there is no file yet."""
    path = anchor_file(var_dir)
    return chain.anchors_of(path.read_text(encoding="utf-8")) if path.exists() else []


async def look_after(database: Database, settings: Settings) -> Verdict:
    """Verify what was added since the last time, and the whole chain once a day; then anchor its head.

    A chain in which something is wrong is anchored no more: the last good anchor must stay the last.
    """
    async with database.transaction() as session:
        state = await state_of(session, for_update=True)
        moment = clock.now()
        is_whole_walk = state.walked_at is None or moment - state.walked_at >= WALK_EVERY
        anchors = await asyncio.to_thread(kept_anchors, settings.var_dir)
        since = START if is_whole_walk or state.problem else Head(state.checked_seq, state.checked_hash)
        verdict = await chain.verify(session, since=since, anchors=anchors)
        note_check(state, verdict, moment, is_whole_walk=since == START)
        if verdict.is_whole:
            await _anchor(session, state, verdict.head, moment, settings)
    if not verdict.is_whole:
        log.error("audit_chain_broken", after=verdict.head.seq)
    return verdict


async def check_now(session: AsyncSession, anchors: Sequence[Head]) -> Verdict:
    """Walk the whole chain because somebody asked; what was found is kept."""
    state = await state_of(session, for_update=True)
    verdict = await chain.verify(session, anchors=anchors)
    note_check(state, verdict, clock.now(), is_whole_walk=True)
    return verdict


def note_check(state: AuditState, verdict: Verdict, moment: datetime, *, is_whole_walk: bool) -> None:
    state.checked_seq, state.checked_hash = verdict.head.seq, verdict.head.hash
    state.checked_at, state.problem = moment, verdict.problem
    if is_whole_walk:
        state.walked_at = moment


async def state_of(session: AsyncSession, *, for_update: bool = False) -> AuditState:
    state = await session.get(AuditState, 1, with_for_update=for_update or None)
    assert state is not None, "migration 0025 makes the row"
    return state


async def _anchor(session: AsyncSession, state: AuditState, at: Head, moment: datetime, settings: Settings) -> None:
    line = chain.anchor_line(moment, at)
    today = clock.local(moment).date()
    if settings.audit_anchor_email and settings.smtp_url and at.seq and state.mailed_on != today:
        await mail.enqueue(
            session, to_address=settings.audit_anchor_email, subject=_SUBJECT, text=_LETTER.format(line=line)
        )
        state.mailed_on = today
    if at.seq > state.anchored_seq:
        await asyncio.to_thread(_append, anchor_file(settings.var_dir), line)
        state.anchored_seq, state.anchored_at = at.seq, moment


def _append(path: Path, line: str) -> None:
    """Add a line and see it to the disk; the file is opened for nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
