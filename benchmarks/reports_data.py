"""Three years' work of a large office, invented inside the database: the same rows each time, told by their numbers."""

import time
from dataclasses import dataclass

import psycopg

from backend.vault import ring
from backend.vault.blind import Kind
from backend.vault.columns import sealed_text

#: Columns of arrays to pick from: places, topics, agencies, people of the staff, areas.
_KNOWN = """
CREATE UNLOGGED TABLE known AS SELECT
  (SELECT array_agg(id ORDER BY population_2020 DESC) FROM municipality) AS places,
  (SELECT array_agg(id ORDER BY key) FROM topic) AS topics,
  (SELECT array_agg(id ORDER BY key) FROM agency) AS agencies,
  (SELECT array_agg(id ORDER BY username) FROM staff_user) AS people,
  (SELECT array_agg(id ORDER BY key) FROM office_area) AS areas
"""
_STAFF = """
INSERT INTO staff_user (id, username, full_name, role, password_hash, must_change_password, is_active, failed_logins,
                        area_id, created_at)
SELECT gen_random_uuid(), 'bench' || i, 'Persona ' || i, 'analyst', 'x', false, true, 0,
       (SELECT id FROM office_area ORDER BY key OFFSET i % 5 LIMIT 1), now() FROM generate_series(1, 40) i
"""
#: Row i of n happened so far into the three years; minutes and hours are as good as any.
_WHEN = "timestamptz '2023-11-15 07:00Z' + interval '1 second' * (i::float8 * 94608000 / {n})"


def _of(salt: int, most: int) -> str:
    """A number from 0 to `most` - 1 that row i has, and no order."""
    return f"((hashint4((i * 37 + {salt})::int) & 2147483647) % {most})"


def _one(array: str, salt: int) -> str:
    return f"{array}[1 + (hashint4((i * 37 + {salt})::int) & 2147483647) % cardinality({array})]"


_CONVERSATIONS = f"""
INSERT INTO contact (id, created_at) SELECT md5('t' || i)::uuid, {_WHEN} FROM generate_series(1, {{n}}) i;
INSERT INTO conversation (id, channel, account, external_user_id, contact_id, identity_id, owner, ownership_epoch,
  language, is_emergency, last_seq, agent_read_seq, last_message_at, last_citizen_at, rating_state,
  in_scripted_intake, created_at)
SELECT md5('c' || i)::uuid, ('{{{{web,whatsapp,telegram}}}}'::text[])[1 + {_of(1, 3)}], 'a', sealed,
  md5('t' || i)::uuid, md5('i' || i)::uuid, 'bot', 0, 'es-MX', false, 5, 0, {_WHEN} + interval '5 minutes', {_WHEN},
  'none', false, {_WHEN}
FROM chatter
"""
#: Five to a conversation: citizen, bot, citizen, bot, citizen.
_MESSAGES = f"""
INSERT INTO message (id, conversation_id, seq, author, text, buttons, channel, account, attempts, is_sensitive, extra,
  handled_at, in_reply_to, reply_index, created_at)
SELECT md5('m' || i || '.' || s)::uuid, md5('c' || i)::uuid, s, CASE s % 2 WHEN 1 THEN 'citizen' ELSE 'bot' END, 'x',
  '[]', 'web', 'a', 0, false, '{{{{}}}}', {_WHEN}, CASE s % 2 WHEN 0 THEN md5('m' || i || '.' || s - 1)::uuid END,
  CASE s % 2 WHEN 0 THEN 0 END, {_WHEN} + s * interval '1 minute'
FROM generate_series(1, {{n}}) i, generate_series(1, 5) s
"""
_CHATS = f"""
INSERT INTO interaction (id, kind, direction, channel, source, external_id, started_at, answered_at, ended_at,
  bot_seconds, queue_seconds, person_seconds, citizen_seconds, bot_office_seconds, queue_office_seconds,
  person_office_seconds,
  citizen_office_seconds, attended_by, outcome, agent_id, area_id, municipality_id, topic_id, conversation_id,
  petition_id, notes, handoff_reason, bot_answers, bot_misses, score)
SELECT md5('r' || i)::uuid, 'chat', 'recibida', ('{{{{web,whatsapp,telegram}}}}'::text[])[1 + {_of(1, 3)}], 'chat',
  md5('c' || i)::uuid || ':1', at, CASE WHEN how < 4 THEN at + interval '1 second' * ({_of(2, 600)} + 20) END,
  at + interval '1 second' * ({_of(2, 600)} + {_of(3, 1800)} + 40), 20, CASE WHEN how < 5 THEN {_of(2, 600)} ELSE 0 END,
  {_of(3, 1800)}, 20, 10, CASE WHEN how < 5 THEN {_of(2, 600)} / 2 ELSE 0 END, {_of(3, 1800)} / 2, 10,
  CASE WHEN how < 4 THEN 'persona' WHEN how = 4 THEN 'nadie' ELSE 'bot' END,
  CASE WHEN how = 4 THEN 'abandonada' ELSE 'atendida' END,
  CASE WHEN how < 4 THEN {_one("people", 5)} END, CASE WHEN how < 4 THEN {_one("areas", 5)} END,
  {_one("places", 6)}, {_one("topics", 7)}, md5('c' || i)::uuid,
  CASE WHEN i % 5 = 0 THEN md5('p' || 1 + i % 250000)::uuid END, '',
  CASE WHEN how < 5 THEN ('{{{{requested,misunderstood,bad_mood}}}}'::text[])[1 + {_of(8, 3)}] END,
  2 + {_of(9, 6)}, {_of(10, 2)}, CASE WHEN i % 4 = 0 THEN 1 + {_of(11, 5)} END
FROM (SELECT i, {_WHEN} AS at, {_of(4, 10)} AS how FROM generate_series(1, {{n}}) i) row, known
"""
_CALLS = f"""
INSERT INTO interaction (id, kind, direction, channel, source, external_id, started_at, answered_at, ended_at,
  queue_seconds, person_seconds, attended_by, outcome, purpose, agent_id, area_id, transfer_area_id, phone,
  municipality_id, topic_id, petition_id, notes, score)
SELECT md5('l' || i)::uuid, 'llamada', CASE WHEN i % 3 = 0 THEN 'realizada' ELSE 'recibida' END, 'telefono', 'twilio',
  'CA' || i, at, at + interval '20 seconds', at + interval '1 second' * (20 + {_of(3, 900)}), {_of(2, 120)},
  {_of(3, 900)}, 'persona', CASE WHEN how = 0 THEN 'transferida' ELSE 'atendida' END,
  ('{{{{peticion,informacion,seguimiento,queja,felicitacion,equivocada,broma}}}}'::text[])[1 + {_of(12, 7)}],
  {_one("people", 5)}, {_one("areas", 5)}, CASE WHEN how = 0 THEN {_one("areas", 6)} END,
  NULL,
  {_one("places", 6)}, {_one("topics", 7)}, CASE WHEN i % 3 = 0 THEN md5('p' || 1 + i % 250000)::uuid END, '',
  CASE WHEN i % 7 = 0 THEN 1 + {_of(11, 5)} END
FROM (SELECT i, {_WHEN} AS at, {_of(4, 10)} AS how FROM generate_series(1, {{n}}) i) row, known
"""
_PETITIONS = f"""
INSERT INTO petition (id, folio, year, number, access_nonce, kind, status, priority, channel, topic_id, agency_id,
  municipality_id, narrative, details, assignee_id, due_on, concluded_at, search_text, created_at, updated_at)
SELECT md5('p' || i)::uuid, 'ACT-2026-' || lpad(i::text, 6, '0'), 2026, i, 'x',
  ('{{{{peticion,queja,apoyo_social}}}}'::text[])[1 + {_of(1, 3)}],
  CASE WHEN how < 6 THEN 'concluida_satisfactoria' WHEN how < 8 THEN 'concluida_no_satisfactoria'
    ELSE 'en_atencion' END,
  'normal', ('{{{{chat_sonora,call_center,whatsapp}}}}'::text[])[1 + {_of(2, 3)}], {_one("topics", 7)},
  {_one("agencies", 8)}, {_one("places", 6)}, 'Falta agua', '{{{{}}}}', {_one("people", 5)}, at::date + 20,
  CASE WHEN how < 8 THEN at + interval '1 day' * {_of(3, 60)} END, 'falta agua', at, at
FROM (SELECT i, {_WHEN} AS at, {_of(4, 10)} AS how FROM generate_series(1, {{n}}) i) row, known
"""
#: Filed by staff, moved, concluded, and of some the citizen's word.
_EVENTS = f"""
INSERT INTO petition_event (petition_id, kind, to_status, actor, user_id, text, detail, at)
SELECT md5('p' || i)::uuid, kind, status, actor, CASE actor WHEN 'staff' THEN {_one("people", 5)} END, '',
  detail::jsonb, {_WHEN} + after
FROM generate_series(1, {{n}}) i, known, (VALUES
  ('filed', NULL, 'staff', '{{{{}}}}', interval '0'), ('turned', NULL, 'staff', '{{{{}}}}', interval '1 day'),
  ('status_changed', 'concluida_satisfactoria', 'staff', '{{{{}}}}', interval '9 days'),
  ('citizen_verdict', NULL, 'citizen', '{{{{"solved": true, "conclusion_id": 3}}}}', interval '10 days')
) AS happened (kind, status, actor, detail, after) WHERE kind <> 'citizen_verdict' OR i % 5 = 0
"""


_LARGE = ("petition_event", "interaction", "message", "petition", "conversation", "contact")


@dataclass(frozen=True)
class Size:
    """How many of each; five messages to a conversation, and a chat too, but for the last `untold` of them."""

    conversations: int
    calls: int
    petitions: int
    untold: int


def _seal_chatters(connection: psycopg.Connection, url: str, count: int) -> None:
    """Who writes in each conversation, as the database holds them."""
    ring.use(ring.Keyring(url))
    connection.execute("CREATE TEMP TABLE chatter (i int, sealed bytea)")
    with connection.cursor().copy("COPY chatter FROM STDIN") as copy:
        for number in range(1, count + 1):
            copy.write_row((number, sealed_text("conversation.external_user_id", Kind.CHANNEL_USER, str(number))))


def load(url: str, size: Size) -> float:
    """Fill a migrated and seeded database; how many seconds it took. References are not checked while it is loaded."""
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("synchronous_commit = off", "session_replication_role = replica", "jit = off",
                        "maintenance_work_mem = '1GB'"):  # fmt: skip
            connection.execute(f"SET {setting}")
        steps = (
            (_STAFF, 0), (_KNOWN, 0), (_PETITIONS, size.petitions), (_EVENTS, size.petitions),
            (_CONVERSATIONS, size.conversations), (_CHATS, size.conversations), (_CALLS, size.calls),
            (_MESSAGES, size.conversations),
        )  # fmt: skip
        for table in _LARGE:  # indexes are made at the end
            connection.execute(f"UPDATE pg_index SET indisready = false WHERE indrelid = '{table}'::regclass")
        _seal_chatters(connection, url, size.conversations)
        for statement, count in steps:
            for part in statement.split(";"):
                connection.execute(part.format(n=count))
            print(f"{statement.split()[2]}: {time.monotonic() - began:.0f} s", flush=True)
        for table in _LARGE:
            connection.execute(f"REINDEX TABLE {table}")
            print(f"indexes of {table}: {time.monotonic() - began:.0f} s", flush=True)
        after = size.conversations - size.untold
        moment = _WHEN.format(n=size.conversations)
        connection.execute(
            "DELETE FROM interaction WHERE kind = 'chat' AND started_at >"
            f" (SELECT {moment} FROM generate_series({after}, {after}) i)"
        )
        connection.execute(
            f"INSERT INTO ledger_cursor SELECT 'chats', {moment} + interval '5 minutes', md5('c' || i)::uuid"
            f" FROM generate_series({after}, {after}) i"
        )
        connection.execute("VACUUM ANALYZE")
    return time.monotonic() - began
