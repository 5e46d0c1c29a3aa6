-- An office's history, invented inside the database: row i is the same whatever the size, and 1 is the newest.
-- `growth.size` says how many conversations (n) and when the newest began (moment); `growth.contact_made`,
-- `growth.person_made` and `growth.phone` hold what only the product can seal. Each statement ends a line with `;`.
CREATE FUNCTION growth.n() RETURNS int LANGUAGE sql STABLE AS 'SELECT n FROM growth.size';
CREATE FUNCTION growth.id(kind text, i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(kind || i::text)::uuid $$;
-- A number from 0 to `most` - 1 that row i has, and no order.
CREATE FUNCTION growth.pick(i bigint, salt int, most int) RETURNS int LANGUAGE sql IMMUTABLE AS
  $$ SELECT (hashint8(i * 37 + salt) & 2147483647) % most $$;
CREATE FUNCTION growth.one(of_them anyarray, i bigint, salt int) RETURNS anyelement LANGUAGE sql IMMUTABLE AS
  $$ SELECT of_them[1 + (hashint8(i * 37 + salt) & 2147483647) % cardinality(of_them)] $$;
-- The newest 10,000 take the 146 days up to now, so that both sizes have the same two quarters; the rest, four years.
CREATE FUNCTION growth.at(i bigint) RETURNS timestamptz LANGUAGE sql STABLE AS
  $$ SELECT moment - least(i, 10000) * interval '21 minutes' - greatest(i - 10000, 0) * interval '126 seconds'
     FROM growth.size $$;
-- Which of the 256 sentences in `growth.told` row i tells: joined to, for an array of them would be slow to pick from.
CREATE FUNCTION growth.tells(i bigint, salt int) RETURNS int LANGUAGE sql IMMUTABLE AS
  $$ SELECT (hashint8(i * 37 + salt) & 2147483647) % 256 $$;
CREATE FUNCTION growth.folded(told text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT translate(lower(told), 'áéíóúüñ', 'aeiouun') $$;

INSERT INTO letter_template (id, kind, version, subject, body)
VALUES (growth.id('letter', 1), 'oficio_canalizacion', 1, 'Se turna petición', 'Se turna.') ON CONFLICT DO NOTHING;
INSERT INTO staff_user (id, username, full_name, role, password_hash, must_change_password, is_active, failed_logins,
                        area_id, created_at)
SELECT growth.id('u', i), 'persona' || i, 'Persona ' || i, 'analyst', '!', false, true, 0,
       (SELECT id FROM office_area ORDER BY key OFFSET i % 5 LIMIT 1), growth.at(growth.n())
FROM generate_series(1, 40) i;

CREATE TABLE growth.known AS SELECT
  (SELECT array_agg(id ORDER BY population_2020 DESC) FROM municipality) AS places,
  (SELECT array_agg(id ORDER BY key) FROM topic) AS topics,
  (SELECT array_agg(id ORDER BY key) FROM agency) AS agencies,
  (SELECT array_agg(id ORDER BY username) FROM staff_user WHERE username LIKE 'persona%') AS people,
  (SELECT array_agg(id ORDER BY key) FROM office_area) AS areas,
  (SELECT array_agg(kind ORDER BY kind) FROM petition_term) AS kinds,
  ARRAY['recibida', 'en_analisis', 'turnada', 'en_atencion', 'requiere_informacion'] AS under_way,
  ARRAY['concluida_satisfactoria', 'concluida_satisfactoria', 'concluida_no_satisfactoria', 'improcedente'] AS ended;

INSERT INTO person (id, full_name, phone, email, search_text, created_at)
SELECT growth.id('q', i), name, phone, email, words, growth.at(least(8 * i, growth.n())) FROM growth.person_made;

-- Thirty wait for somebody, sixty are attended; of the others six in ten stay with the bot and the rest are closed.
CREATE TABLE growth.chat AS SELECT i, growth.at(i) AS began, growth.id('c', i) AS id, channel,
  CASE WHEN i <= 30 THEN 'queue' WHEN i <= 90 THEN 'agent' WHEN growth.pick(i, 1, 10) < 6 THEN 'bot' ELSE 'closed' END
    AS owner, external_user_id, phone
FROM growth.contact_made;
CREATE UNIQUE INDEX ON growth.chat (i);
ANALYZE growth.chat;

INSERT INTO contact (id, created_at) SELECT growth.id('t', i), began FROM growth.chat;

INSERT INTO conversation (id, channel, account, external_user_id, verified_phone, contact_id, identity_id, owner,
  agent_id, person_id, ownership_epoch, language, is_emergency, last_seq, agent_read_seq, last_message_at,
  last_citizen_at, queued_at, taken_at, closed_at, close_reason, handoff_reason, rating_state, in_scripted_intake,
  created_at)
SELECT id, channel, CASE channel WHEN 'web' THEN 'portal' WHEN 'whatsapp' THEN '+526620000001' ELSE '7000000001' END,
  external_user_id, phone, growth.id('t', i), growth.id('i', i), owner,
  CASE WHEN owner IN ('agent', 'closed') THEN growth.one(people, i, 2) END,
  CASE WHEN i % 4 = 0 THEN growth.id('q', (i + 7) / 8) END, CASE WHEN owner = 'bot' THEN 0 ELSE 2 END, 'es-MX', false,
  5, CASE WHEN owner = 'agent' THEN 4 WHEN owner = 'closed' THEN 5 ELSE 0 END, began + interval '5 minutes',
  began + interval '5 minutes',
  CASE WHEN owner <> 'bot' THEN began + interval '3 minutes' END,
  CASE WHEN owner IN ('agent', 'closed') THEN began + interval '4 minutes' END,
  CASE WHEN owner = 'closed' THEN began + interval '9 minutes' END, CASE WHEN owner = 'closed' THEN 'solved' END,
  CASE WHEN owner <> 'bot' THEN 'requested' END, 'none', false, began
FROM growth.chat, growth.known;

-- Five to a conversation: citizen, bot, citizen, bot, citizen.
INSERT INTO message (id, conversation_id, seq, author, text, buttons, channel, account, external_id, attempts,
  is_sensitive, extra, handled_at, in_reply_to, reply_index, created_at)
SELECT growth.id('m' || s || '.', i), chat.id, s, CASE s % 2 WHEN 1 THEN 'citizen' ELSE 'bot' END,
  CASE s % 2 WHEN 1 THEN sentence || ', calle ' || growth.one(streets, i, s) || ' ' || i % 9973
    ELSE 'Con gusto. ¿En qué colonia y calle ocurre, ' || growth.one(given, i, s) || '?' END,
  '[]', channel, CASE channel WHEN 'web' THEN 'portal' WHEN 'whatsapp' THEN '+526620000001' ELSE '7000000001' END,
  CASE s % 2 WHEN 1 THEN md5(i || '.' || s) END, 0, false, '{}', began + s * interval '1 minute',
  CASE s % 2 WHEN 0 THEN growth.id('m' || s - 1 || '.', i) END, CASE s % 2 WHEN 0 THEN 0 END,
  began + s * interval '1 minute'
FROM growth.chat CROSS JOIN growth.words CROSS JOIN generate_series(1, 5) s
JOIN growth.told ON told.place = growth.tells(chat.i, s);

INSERT INTO understanding (message_id, conversation_id, intent, confidence, ranking, model, outcome, is_typed, in_form,
  is_handed_over, is_worth_a_look, masked_text, text_key, label_state, label, labelled_by, labelled_at, created_at)
SELECT growth.id('m1.', i), chat.id, 'registrar_peticion', 0.8, '[{"intent": "registrar_peticion", "confidence": 0.8}]',
  'm1', CASE WHEN i % 20 = 0 THEN 'not_understood' ELSE 'answered' END, true, false, owner <> 'bot', i % 20 = 0,
  CASE WHEN i % 20 = 0 THEN sentence END,
  CASE WHEN i % 20 = 0 THEN encode(sha256(convert_to(sentence || i % 997, 'UTF8')), 'hex') END,
  -- What was labelled stays so; what is older than the newest thousand was looked at.
  CASE WHEN i % 20 = 0 AND i > 1000 THEN 'labelled' ELSE 'pending' END,
  CASE WHEN i % 20 = 0 AND i > 1000 THEN 'registrar_queja' END,
  CASE WHEN i % 20 = 0 AND i > 1000 THEN growth.one(people, i, 3) END,
  CASE WHEN i % 20 = 0 AND i > 1000 THEN began + interval '1 day' END, began
FROM growth.chat CROSS JOIN growth.known JOIN growth.told ON told.place = growth.tells(chat.i, 1);

INSERT INTO conversation_event (conversation_id, kind, from_owner, to_owner, agent_id, reason, detail, at)
SELECT chat.id, kind, from_owner, to_owner, CASE WHEN by_staff THEN growth.one(people, i, 2) END, reason, '{}',
  began + after
FROM growth.chat, growth.known, (VALUES
  (1, 'opened', NULL, 'bot', false, NULL, interval '0'),
  (2, 'queued', 'bot', 'queue', false, 'requested', interval '3 minutes'),
  (3, 'taken', 'queue', 'agent', true, NULL, interval '4 minutes'),
  (4, 'closed', 'agent', 'closed', true, 'solved', interval '9 minutes')
) AS happened (place, kind, from_owner, to_owner, by_staff, reason, after)
WHERE place <= CASE owner WHEN 'bot' THEN 1 WHEN 'queue' THEN 2 WHEN 'agent' THEN 3 ELSE 4 END
ORDER BY i DESC, place;

INSERT INTO rating (id, conversation_id, agent_id, score, created_at)
SELECT growth.id('r', i), id, growth.one(people, i, 2), 1 + growth.pick(i, 4, 5), began + interval '10 minutes'
FROM growth.chat, growth.known WHERE owner = 'closed' AND i % 2 = 0;

-- What the bot said has gone out, and was read.
INSERT INTO delivery (id, message_id, conversation_id, channel, account, recipient, state, attempts, next_attempt_at,
  provider_id, created_at, sent_at, delivered_at, read_at, part, has_buttons, template_values)
SELECT growth.id('d' || s || '.', i), growth.id('m' || s || '.', i), chat.id, channel,
  CASE channel WHEN 'web' THEN 'portal' WHEN 'whatsapp' THEN '+526620000001' ELSE '7000000001' END,
  (SELECT recipient FROM growth.sealed), CASE WHEN channel = 'telegram' THEN 'sent' ELSE 'read' END, 1, began,
  CASE WHEN channel <> 'web' THEN md5('v' || s || i) END, began + s * interval '1 minute',
  began + s * interval '1 minute', CASE WHEN channel <> 'telegram' THEN began + s * interval '1 minute' END,
  CASE WHEN channel <> 'telegram' THEN began + s * interval '1 minute' END, 0, true, '[]'
FROM growth.chat, unnest(ARRAY[2, 4]) s;

INSERT INTO delivery_attempt (id, delivery_id, started_at, finished_at, outcome)
SELECT growth.id('a' || s || '.', i), growth.id('d' || s || '.', i), began, began, 'sent'
FROM growth.chat, unnest(ARRAY[2, 4]) s;

-- A petition of every fourth conversation; of what is older than two months one in a hundred is still under way.
CREATE TABLE growth.filed AS SELECT i / 4 AS j, i, began, id AS conversation_id, extract(year FROM began)::int AS year,
  row_number() OVER (PARTITION BY extract(year FROM began) ORDER BY i DESC)::int AS number,
  CASE WHEN growth.pick(i, 5, 100) < CASE WHEN i < 4100 THEN 60 ELSE 1 END THEN growth.one(under_way, i, 6)
    ELSE growth.one(ended, i, 7) END AS status,
  growth.one(topics, i, 8) AS topic_id, growth.one(agencies, i, 9) AS agency_id, growth.one(places, i, 10) AS place_id,
  first.sentence || '. ' || second.sentence || '. Queda por la calle ' || growth.one(streets, i, 12)
    || ' número ' || i % 997 AS narrative, growth.one(streets, i, 12) AS street, growth.one(colonias, i, 13) AS colonia
FROM growth.chat CROSS JOIN growth.known CROSS JOIN growth.words
JOIN growth.told first ON first.place = growth.tells(chat.i, 1)
JOIN growth.told second ON second.place = growth.tells(chat.i, 11) WHERE i % 4 = 0;
ALTER TABLE growth.filed ADD folio text;

INSERT INTO growth.filed_folio SELECT year, number FROM growth.filed;
-- folios --
UPDATE growth.filed SET folio = made.folio FROM growth.folio made
WHERE made.year = filed.year AND made.number = filed.number;
CREATE UNIQUE INDEX ON growth.filed (j);
ANALYZE growth.filed;

INSERT INTO petition (id, folio, year, number, access_nonce, kind, status, priority, channel, topic_id, agency_id,
  person_id, municipality_id, colonia, street, narrative, details, conversation_id, assignee_id, due_on, concluded_at,
  search_text, created_at, updated_at)
SELECT growth.id('p', j), folio, year, number, md5(folio),
  -- Those of ARCO rights have their requests, made below.
  CASE WHEN i % 200 = 0 THEN 'derechos_arco' ELSE replace(growth.one(kinds, i, 14), 'derechos_arco', 'peticion') END,
  status,
  growth.one(ARRAY['normal','normal','normal','normal','normal','normal','normal','normal','alta','urgente'], i, 15),
  growth.one(ARRAY['chat_sonora', 'whatsapp', 'call_center'], i, 16), topic_id, agency_id, person.id, place_id, colonia,
  street, narrative, '{}', conversation_id, CASE WHEN j % 5 > 0 THEN growth.one(people, i, 2) END,
  CASE WHEN status <> 'requiere_informacion' THEN began::date + 21 END,
  CASE WHEN status = ANY(ended) THEN least(began + growth.pick(i, 17, 40) * interval '1 day', moment) END,
  growth.folded(concat_ws(' ', folio, person.search_text, municipality.name, colonia, street, narrative)), began,
  CASE WHEN status = ANY(ended) THEN least(began + growth.pick(i, 17, 40) * interval '1 day', moment) ELSE began END
FROM growth.filed JOIN growth.known ON true JOIN growth.size ON true
JOIN person ON person.id = growth.id('q', (j + 1) / 2) JOIN municipality ON municipality.id = place_id;
INSERT INTO folio_counter SELECT year, max(number) FROM growth.filed GROUP BY year;

INSERT INTO petition_event (petition_id, kind, from_status, to_status, actor, user_id, text, detail, at)
SELECT growth.id('p', j), kind, from_status, CASE place WHEN 1 THEN 'recibida' WHEN 2 THEN 'turnada' ELSE status END,
  actor, CASE actor WHEN 'staff' THEN growth.one(people, i, 2) END, '', detail::jsonb, least(began + after, moment)
FROM growth.filed, growth.known, growth.size, (VALUES
  (1, 'filed', NULL, 'bot', '{}', interval '0'), (2, 'status_changed', 'recibida', 'staff', '{}', interval '1 day'),
  (3, 'status_changed', 'turnada', 'staff', '{}', interval '9 days'),
  (4, 'citizen_verdict', NULL, 'citizen', '{"solved": true}', interval '10 days')
) AS happened (place, kind, from_status, actor, detail, after)
WHERE place <= CASE WHEN status = 'recibida' THEN 1 WHEN NOT status = ANY(ended) THEN 3 ELSE 3 + (j % 5 = 0)::int END
ORDER BY i DESC, place;

INSERT INTO turn (id, petition_id, agency_id, state, instructions, due_on, outcome, answer, extension_reason,
  has_letter, created_at, acknowledged_at, closed_at)
SELECT growth.id('n', j), growth.id('p', j), agency_id,
  CASE WHEN status = ANY(ended) THEN 'contestado' WHEN status = 'turnada' THEN 'turnado' ELSE 'recibido' END,
  'Atender el reporte', began::date + 15, CASE WHEN status = ANY(ended) THEN 'atendida' END,
  CASE WHEN status = ANY(ended) THEN 'Se atendió el reporte.' ELSE '' END, '', true, began + interval '1 day',
  CASE WHEN status <> 'turnada' THEN began + interval '2 days' END,
  CASE WHEN status = ANY(ended) THEN least(began + interval '9 days', moment) END
FROM growth.filed, growth.known, growth.size WHERE status NOT IN ('recibida', 'en_analisis');

INSERT INTO petition_draft (id, conversation_id, kind, state, petition_id, fields, earlier_conversations, created_at,
  updated_at)
SELECT growth.id('f', j), conversation_id, growth.one(kinds, i, 14), 'filed', growth.id('p', j),
  (SELECT draft FROM growth.sealed), '[]', began, began FROM growth.filed, growth.known;

INSERT INTO petition_suggestion (petition_id, text_key, ranking, is_sure, model, decision, topic_id, decided_by,
  decided_at, created_at)
SELECT growth.id('p', j), md5(narrative), '[]', true, 'm1', 'used', topic_id, growth.one(people, i, 2),
  began + interval '1 hour', began FROM growth.filed, growth.known;

-- Told in the chat that it was received; of every hundredth the word did not arrive.
INSERT INTO notice (id, petition_id, event_id, text, template_purpose, template_values, round_start, settled_at,
  arrived_at, created_at)
SELECT growth.id('w', j), growth.id('p', j), event.id, 'Su petición fue turnada.', 'folio_movimiento', '[]', 0,
  event.at + interval '1 minute', CASE WHEN j % 100 > 0 THEN event.at + interval '1 minute' END, event.at
FROM growth.filed JOIN petition_event event ON event.petition_id = growth.id('p', j)
  AND event.from_status = 'recibida';
INSERT INTO notice_attempt (id, notice_id, position, way, conversation_id, message_id, created_at)
SELECT growth.id('y', j), growth.id('w', j), 0, 'chat', conversation_id,
  CASE WHEN j % 100 > 0 THEN growth.id('m4.', i) END, began FROM growth.filed WHERE status <> 'recibida';

INSERT INTO letter (id, kind, series, year, number, reference, petition_id, turn_id, template_id, request_key,
  addressee, subject, pdf_sha256, pdf_size, docx_sha256, docx_size, made_by, made_at, cancel_reason)
SELECT growth.id('l', j), 'oficio_canalizacion', 'oficio', year, number, 'CEAC/' || number || '/' || year,
  growth.id('p', j), growth.id('n', j), growth.id('letter', 1), growth.id('k', j), 'Dependencia', 'Se turna petición',
  repeat('0', 64), 1000, repeat('0', 64), 1000, growth.one(people, i, 2), began + interval '1 day', ''
FROM growth.filed, growth.known WHERE status NOT IN ('recibida', 'en_analisis');
INSERT INTO letter_counter SELECT 'oficio', year, max(number) FROM growth.filed GROUP BY year
ON CONFLICT (series, year) DO UPDATE SET last_number = excluded.last_number;

INSERT INTO email_message (id, to_address, subject, text, link, attachments, petition_id, turn_id, state, attempts,
  next_attempt_at, created_at, sent_at)
SELECT growth.id('e', j), (SELECT address FROM growth.sealed), 'Petición turnada', 'Se turna la petición.', '', '[]',
  growth.id('p', j), growth.id('n', j), 'sent', 1, began, began, began
FROM growth.filed WHERE status NOT IN ('recibida', 'en_analisis');

INSERT INTO attachment (id, conversation_id, message_id, petition_id, file_name, content_type, size, sha256, created_at)
SELECT growth.id('x', j), conversation_id, growth.id('m5.', i), growth.id('p', j), 'foto.jpg', 'image/jpeg', 1000,
  repeat('0', 64), began FROM growth.filed WHERE j % 3 = 0;

INSERT INTO dossier_document (id, petition_id, kind, title, file_name, content_type, size, sha256, created_at,
  withdrawn_reason)
SELECT growth.id('h', j), growth.id('p', j), 'otro', 'Oficio', 'oficio.pdf', 'application/pdf', 1000, repeat('0', 64),
  began, '' FROM growth.filed WHERE j % 5 = 0;

-- The ledger: a chat a conversation, and a call for every second.
INSERT INTO interaction (id, kind, direction, channel, source, external_id, started_at, answered_at, ended_at,
  bot_seconds, queue_seconds, person_seconds, citizen_seconds, bot_office_seconds, queue_office_seconds,
  person_office_seconds, citizen_office_seconds, attended_by, outcome, agent_id, area_id, municipality_id, topic_id,
  conversation_id, person_id, petition_id, notes, handoff_reason, bot_answers, bot_misses, score)
SELECT growth.id('z', i), 'chat', 'recibida', channel, 'chat', id || ':1', began,
  CASE WHEN owner = 'closed' THEN began + interval '4 minutes' END,
  CASE WHEN i > 90 THEN began + interval '9 minutes' END, 20, CASE WHEN owner <> 'bot' THEN 60 ELSE 0 END, 300, 20, 10,
  0, 150, 10, CASE WHEN owner = 'closed' THEN 'persona' WHEN owner = 'bot' THEN 'bot' END,
  CASE WHEN i > 90 THEN 'atendida' END, CASE WHEN owner = 'closed' THEN growth.one(people, i, 2) END,
  CASE WHEN owner = 'closed' THEN growth.one(areas, i, 2) END, growth.one(places, i, 10), growth.one(topics, i, 8), id,
  CASE WHEN i % 4 = 0 THEN growth.id('q', (i + 7) / 8) END, CASE WHEN i % 4 = 0 THEN growth.id('p', i / 4) END, '',
  CASE WHEN owner <> 'bot' THEN 'requested' END, 2, 0, CASE WHEN i % 4 = 0 THEN 1 + growth.pick(i, 4, 5) END
FROM growth.chat, growth.known;
INSERT INTO ledger_cursor SELECT 'chats', max(began) + interval '5 minutes', 'ffffffff-ffff-ffff-ffff-ffffffffffff'
FROM growth.chat;
INSERT INTO interaction (id, kind, direction, channel, source, external_id, started_at, answered_at, ended_at,
  queue_seconds, person_seconds, attended_by, outcome, purpose, agent_id, area_id, phone, caller_name, person_id,
  municipality_id, topic_id, petition_id, notes, score)
SELECT growth.id('g', i), 'llamada', CASE WHEN i % 3 = 0 THEN 'realizada' ELSE 'recibida' END, 'telefono', 'cdr',
  'CDR' || i, began, began + interval '20 seconds', began + interval '1 second' * (20 + growth.pick(i, 3, 900)),
  growth.pick(i, 4, 120), growth.pick(i, 3, 900), 'persona', 'atendida',
  growth.one(ARRAY['peticion', 'informacion', 'seguimiento', 'queja', 'equivocada'], i, 12), growth.one(people, i, 5),
  growth.one(areas, i, 5), phone.interaction, growth.one(given, i, 6) || ' ' || growth.one(family, i, 7),
  CASE WHEN i % 12 = 0 THEN growth.id('q', (i + 7) / 8) END, growth.one(places, i, 10), growth.one(topics, i, 8),
  CASE WHEN i % 12 = 0 THEN growth.id('p', i / 4) END, sentence,
  CASE WHEN i % 14 = 0 THEN 1 + growth.pick(i, 4, 5) END
FROM growth.chat JOIN growth.known ON true JOIN growth.words ON true JOIN growth.phone ON phone.k = 1 + chat.i / 10
JOIN growth.told ON told.place = growth.tells(chat.i, 9) WHERE chat.i % 2 = 0;
INSERT INTO interaction_change (interaction_id, user_id, reason, fields, at)
SELECT growth.id('g', i), growth.one(people, i, 5), 'Motivo equivocado', (SELECT change FROM growth.sealed), began
FROM growth.chat, growth.known WHERE i % 50 = 0;

-- A call that was owed for every tenth conversation; the newest forty are still to be made.
INSERT INTO call_task (id, phone, name, person_id, state, rank, due_on, next_try_at, tries, failed_tries, last_tried_at,
  last_outcome, closed_at, closed_note, created_at, updated_at)
SELECT growth.id('j', phone.k), phone.task, 'María López', NULL, CASE WHEN phone.k <= 40 THEN 'pendiente' ELSE 'hecha' END,
  3, began::date + 2, began, (phone.k > 40)::int, 0, CASE WHEN phone.k > 40 THEN began + interval '1 day' END,
  CASE WHEN phone.k > 40 THEN 'contesto' END, CASE WHEN phone.k > 40 THEN began + interval '1 day' END, '', began, began
FROM growth.phone JOIN growth.chat ON chat.i = 10 * phone.k;
INSERT INTO call_reason (id, task_id, kind, conversation_id, petition_id, name, phone, note, purpose, state, done_by,
  done_at, outcome, was_reached, created_at)
SELECT growth.id('b', phone.k), growth.id('j', phone.k), 'pidio', chat.id, NULL, 'María López', phone.reason,
  'Pidió que se le llamara.', 'seguimiento', CASE WHEN phone.k <= 40 THEN 'pending' ELSE 'done' END,
  CASE WHEN phone.k > 40 THEN growth.one(people, phone.k, 2) END, CASE WHEN phone.k > 40 THEN began + interval '1 day' END,
  CASE WHEN phone.k > 40 THEN 'Se le atendió' END, CASE WHEN phone.k > 40 THEN true END, began
FROM growth.phone JOIN growth.known ON true JOIN growth.chat ON chat.i = 10 * phone.k;
INSERT INTO call_attempt (id, task_id, number, user_id, outcome, notes, at, interaction_id)
SELECT growth.id('o', phone.k), growth.id('j', phone.k), 1, growth.one(people, phone.k, 2), 'contesto', '', began,
  growth.id('g', 10 * phone.k)
FROM growth.phone JOIN growth.known ON true JOIN growth.chat ON chat.i = 10 * phone.k WHERE phone.k > 40;

-- The audit trail grows faster than most.
INSERT INTO admin_event (user_id, kind, subject_id, detail, at, seq, previous_hash, hash)
SELECT growth.one(people, i, 2),
  growth.one(ARRAY['user_signed_in', 'data_revealed', 'petition_updated', 'letter_made', 'report_exported'], i, 18),
  CASE WHEN i % 4 = 0 THEN growth.id('p', i / 4) ELSE growth.one(people, i, 3) END, '{"why": "atención"}', began,
  growth.n() / 2 + 1 - i / 2, encode(sha256((i + 2)::text::bytea), 'hex'), encode(sha256(i::text::bytea), 'hex')
FROM growth.chat, growth.known WHERE i % 2 = 0 ORDER BY i DESC;

INSERT INTO task (id, title, user_id, description, due_on, state, petition_id, created_by, created_at, updated_at,
  closed_at)
SELECT growth.id('v', i), 'Revisar expediente ' || i, growth.one(people, i, 2), '', began::date + 5,
  CASE WHEN i <= 2000 THEN 'pendiente' ELSE 'hecha' END, growth.id('p', i / 4), people[1], began, began,
  CASE WHEN i > 2000 THEN began + interval '3 days' END
FROM growth.chat, growth.known WHERE i % 100 = 0;
INSERT INTO task_event (task_id, user_id, kind, text, detail, at)
SELECT growth.id('v', i), people[1], 'creada', '', '{}', began FROM growth.chat, growth.known WHERE i % 100 = 0;

INSERT INTO info_request (id, folio, received_on, text, user_id, state, answer_days, restarts, extension_days,
  extension_reason, due_on, answer, answered_on, created_by, created_at, updated_at)
SELECT growth.id('s', i), '2600' || lpad(i::text, 8, '0'), began::date, 'Solicito el número de peticiones.',
  growth.one(people, i, 2), CASE WHEN i <= 4000 THEN 'en_proceso' ELSE 'contestada' END, 15, true, 0, '',
  began::date + 21, '', CASE WHEN i > 4000 THEN began::date + 10 END, people[1], began, began
FROM growth.chat, growth.known WHERE i % 200 = 0;
INSERT INTO arco_request (id, petition_id, person_id, "right", state, received_on, user_id, due_on, extension_reason,
  identity, identity_at, identity_note, answer, answered_on, done_on, created_at, updated_at)
SELECT growth.id('oa', i), growth.id('p', i / 4), growth.id('q', (i + 7) / 8), 'acceso',
  CASE WHEN i <= 4000 THEN 'en_proceso' ELSE 'cumplida' END, began::date, growth.one(people, i, 2), began::date + 28, '',
  CASE WHEN i > 4000 THEN 'ine' END, CASE WHEN i > 4000 THEN began END, '', '', CASE WHEN i > 4000 THEN began::date + 10 END, CASE WHEN i > 4000 THEN began::date + 12 END, began, began
FROM growth.chat, growth.known WHERE i % 200 = 0;

INSERT INTO presence_change (user_id, state, at)
SELECT growth.one(people, i, 2), growth.one(ARRAY['available', 'away', 'offline'], i, 3), began
FROM growth.chat, growth.known WHERE i % 5 = 0 ORDER BY i DESC;

INSERT INTO voice_call (id, account_id, call_sid, direction, state, started_at, seen_at, ended_at)
SELECT growth.id('vc', i), growth.id('account', 1), 'CA' || md5(i::text), 'recibida', 'terminada', began, began, began
FROM growth.chat WHERE i % 10 = 0;

DROP TABLE growth.chat, growth.filed, growth.filed_folio, growth.folio, growth.contact_made, growth.person_made,
  growth.phone, growth.sealed, growth.told, growth.words, growth.known;
