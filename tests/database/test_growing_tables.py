"""What staff and the worker work from is found by an index, however much there was before."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.arco import queries as arco_queries
from backend.arco import service as arco
from backend.arco.models import ArcoState
from backend.calls import queries as calls
from backend.calls.queries import CallFilter
from backend.catalog.models import Agency
from backend.conversations import queries as conversations
from backend.conversations.queries import InboxView
from backend.db import Database
from backend.learning import exporting, queries
from backend.learning.queries import Filter
from backend.letters import batch
from backend.registry import deadlines
from backend.registry import queries as registry
from backend.registry.queries import PetitionFilter
from backend.reports import computing
from backend.reports.definitions import REPORTS
from backend.reports.periods import Period
from backend.suggestions import jobs
from backend.transparency import queries as info_requests
from backend.transparency.models import RequestState
from backend.turns import queries as turn_queries
from backend.turns import reminders
from benchmarks import registry_data

Ask = Callable[[AsyncSession], Awaitable[object]]

_UNDERSTOOD = """
INSERT INTO understanding (message_id, conversation_id, intent, confidence, ranking, model, outcome, is_typed, in_form,
  is_handed_over, is_worth_a_look, masked_text, text_key, label_state, label, labelled_at, created_at)
SELECT gen_random_uuid(), gen_random_uuid(), 'saludar', 0.5, '[]', 'm', 'answered', true, false, false, i % 5 = 0,
  CASE WHEN i % 5 = 0 THEN 'hola' END, CASE WHEN i % 5 = 0 THEN encode(sha256(i::text::bytea), 'hex') END,
  CASE WHEN i % 5 = 0 AND i > 500 THEN 'labelled' ELSE 'pending' END,
  CASE WHEN i % 5 = 0 AND i > 500 THEN 'saludar' END,
  CASE WHEN i % 5 = 0 AND i > 500 THEN now() - i * interval '1 hour' END, now() - i * interval '1 hour'
FROM generate_series(1, 20000) i
"""
_TALKED = """
INSERT INTO conversation (id, channel, account, owner, ownership_epoch, language, is_emergency, last_seq,
  agent_read_seq, last_message_at, rating_state, in_scripted_intake, contact_id, identity_id, external_user_id)
SELECT md5(i::text)::uuid, 'web', 'portal', 'closed', 0, 'es', false, 5, 0, now() - i * interval '1 hour', 'none',
  false, gen_random_uuid(), gen_random_uuid(), sha256(i::text::bytea)
FROM generate_series(1, 4000) i;
INSERT INTO message (id, conversation_id, seq, author, text, buttons, channel, account, attempts, is_sensitive, extra)
SELECT gen_random_uuid(), md5(i::text)::uuid, seq, 'citizen', 'hay un bache en la calle ' || i, '[]', 'web', 'portal',
  0, false, '{}'
FROM generate_series(1, 4000) i, generate_series(1, 5) seq;
INSERT INTO notice (id, petition_id, event_id, text, created_at, template_purpose, template_values, round_start,
  settled_at, arrived_at)
SELECT gen_random_uuid(), id, row_number() OVER (), '', created_at, 'status_notice', '[]', 0, created_at,
  CASE WHEN number % 10 <> 0 THEN created_at END
FROM petition;
INSERT INTO interaction (id, kind, direction, channel, source, notes, started_at, phone)
SELECT gen_random_uuid(), 'llamada', 'recibida', 'telefono', 'consola', '', now() - i * interval '1 hour',
  sha256(i::text::bytea)
FROM generate_series(1, 4000) i;
INSERT INTO petition_event (petition_id, kind, actor, text, detail, at)
SELECT id, 'citizen_verdict', 'citizen', '', '{"solved": true, "conclusion_id": 3}', created_at FROM petition;
UPDATE petition SET kind = 'derechos_arco' WHERE number % 2 = 0;
INSERT INTO arco_request (id, petition_id, state, received_on, due_on, extension_reason, identity_note, answer)
SELECT gen_random_uuid(), id, 'recibida', created_at, created_at, '', '', '' FROM petition WHERE number % 2 = 0;
INSERT INTO info_request (id, folio, received_on, due_on, text, state, answer_days, restarts, extension_days,
  extension_reason, answer, created_by)
SELECT gen_random_uuid(), folio, created_at, created_at, '', 'recibida', 15, true, 0, '', '', gen_random_uuid()
FROM petition WHERE number % 2 = 0
"""


async def _of_agency(session: AsyncSession) -> object:
    agency_id = (await session.scalars(select(Agency.id).order_by(Agency.key))).first()
    assert agency_id is not None
    show = turn_queries.Show.OPEN
    return await turn_queries.of_agency(session, agency_id, show=show, search="", today=clock.now().date(), page=1)


async def _satisfaction(session: AsyncSession) -> object:
    return await computing.compute(session, REPORTS["satisfaccion"], Period.year(2025))


async def _requests(session: AsyncSession) -> object:
    today, work = clock.now().date(), await deadlines.calendar(session)
    await arco_queries.page(session, arco_queries.Wanted(ArcoState.RECEIVED), today, work)
    return await info_requests.page(session, info_requests.Wanted(RequestState.RECEIVED), today, work)


async def _inbox(session: AsyncSession, typed: str) -> object:
    return await conversations.inbox(session, InboxView.ALL, agent_id=uuid.uuid4(), search=typed)


ASKED: dict[str, tuple[Ask, tuple[str, ...]]] = {
    "turns to remind of": (
        lambda session: session.execute(reminders._candidates(clock.now().date())),
        ("ix_turn_open_looked",),
    ),
    "an agency's open turns": (_of_agency, ("ix_turn_agency_state",)),
    "oficios to make": (batch.waiting, ("ix_turn_unlettered",)),
    "petitions to suggest topics for": (
        lambda session: jobs.pending(session, clock.now() - timedelta(minutes=6)),
        ("ix_petition_open_updated",),
    ),
    "how far labelling is": (
        queries.progress,
        tuple(f"ix_understanding_{name} " for name in ("pending", "state", "untold", "labelled", "label")),
    ),
    "what is to be labelled": (lambda session: queries.groups(session, Filter()), ("ix_understanding_pending",)),
    "what is learned from": (exporting.count_by_split, ("ix_understanding_learned",)),
    "a word that nobody wrote": (lambda session: _inbox(session, "zapoteca"), ("ix_message_words",)),
    "calls of a number's last digits": (
        lambda session: calls.page(session, CallFilter(digits="4567")),
        ("ix_interaction_phone_ending",),
    ),
    "petitions whose citizens were not told": (
        lambda session: registry.search(session, PetitionFilter(is_untold=True)),
        ("Backward using ix_notice_unproved",),
    ),
    "what citizens said last of a conclusion": (_satisfaction, ("ix_petition_event_last_word",)),
    "requests of a state": (
        _requests,
        ("Scan using ix_arco_request_state", "Scan using ix_info_request_state"),
    ),
    "ARCO petitions to take up": (arco.adopt, ("Index Only Scan using ix_petition_arco",)),
}


async def _plans(session: AsyncSession, ask: Ask) -> str:
    """How PostgreSQL answers whatever it is asked."""
    connection = await session.connection()
    asked = list[tuple[str, Any]]()

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, parameters))

    event.listen(connection.sync_connection, "before_cursor_execute", note)
    await ask(session)
    event.remove(connection.sync_connection, "before_cursor_execute", note)
    told = [
        await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        for statement, parameters in asked
        if not statement.startswith("EXPLAIN")
    ]
    return "\n".join(line for plan in told for (line,) in plan)


async def test_each_is_read_by_its_index(database_url: str, database: Database) -> None:
    registry_data.load(database_url, 6000)
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_UNDERSTOOD)
        connection.execute(_TALKED)
        # Most turns of an office have had their oficio.
        connection.execute("UPDATE turn SET has_letter = true WHERE hashtext(id::text) % 20 <> 0")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    async with database.transaction() as session:
        plans = {name: await _plans(session, ask) for name, (ask, _) in ASKED.items()}
    for name, (_, indexes) in ASKED.items():
        for index in indexes:
            assert index in plans[name], f"{name}: {plans[name]}"
        for table in ("turn", "understanding", "petition ", "message ", "conversation ", "notice ", "interaction ",
                      "petition_event"):  # fmt: skip
            assert f"Seq Scan on {table}" not in plans[name], f"{name}: {plans[name]}"
