"""The audit trail becomes a chain of hashes that nothing may change (docs/adr/0025)."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

#: SHA-256 over these seven lines, the last without its end; `backend/audit/chain.py` reckons the same.
_DIGEST = """
CREATE FUNCTION admin_event_digest(previous text, event admin_event) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(concat_ws(E'\\n',
    previous, event.seq::text, to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    coalesce(event.user_id::text, ''), event.kind, event.subject_id::text, event.detail::text), 'UTF8')), 'hex')
$$
"""
_CHAIN_WHAT_THERE_IS = """
DO $$
DECLARE previous text := repeat('0', 64); place bigint := 0; event admin_event;
BEGIN
  FOR event IN SELECT * FROM admin_event ORDER BY id LOOP
    place := place + 1;
    event.seq := place;
    event.hash := admin_event_digest(previous, event);
    UPDATE admin_event SET seq = place, previous_hash = previous, hash = event.hash WHERE id = event.id;
    previous := event.hash;
  END LOOP;
END $$
"""
#: Runs as the transaction commits, so that nobody waits for the lock longer than a commit takes.
_SEAL = """
CREATE FUNCTION admin_event_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE event admin_event; last_seq bigint; last_hash text;
BEGIN
  PERFORM pg_advisory_xact_lock(727202);
  SELECT * INTO event FROM admin_event WHERE id = NEW.id;
  SELECT seq, hash INTO last_seq, last_hash FROM admin_event WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1;
  event.seq := coalesce(last_seq, 0) + 1;
  event.previous_hash := coalesce(last_hash, repeat('0', 64));
  UPDATE admin_event SET seq = event.seq, previous_hash = event.previous_hash,
         hash = admin_event_digest(event.previous_hash, event) WHERE id = event.id;
  RETURN NULL;
END $$
"""
_STAYS = """
CREATE FUNCTION admin_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.seq IS NULL AND NEW.previous_hash IS NULL AND NEW.hash IS NULL THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'UPDATE' THEN
    -- The seal, and nothing else: it is put by a trigger, and only once.
    IF pg_trigger_depth() > 1 AND OLD.seq IS NULL AND to_jsonb(NEW) - ARRAY['seq', 'previous_hash', 'hash']
       = to_jsonb(OLD) - ARRAY['seq', 'previous_hash', 'hash'] THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'admin_event is never changed';
END $$
"""


def upgrade() -> None:
    op.add_column("admin_event", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("admin_event", sa.Column("previous_hash", sa.String(length=64), nullable=True))
    op.add_column("admin_event", sa.Column("hash", sa.String(length=64), nullable=True))
    op.alter_column("admin_event", "user_id", nullable=True)
    op.execute(_DIGEST)
    op.execute(_CHAIN_WHAT_THERE_IS)
    op.create_unique_constraint(op.f("uq_admin_event_seq"), "admin_event", ["seq"])
    op.create_unique_constraint(op.f("uq_admin_event_previous_hash"), "admin_event", ["previous_hash"])
    op.create_index("ix_admin_event_user", "admin_event", ["user_id", "id"])
    op.create_index("ix_admin_event_kind", "admin_event", ["kind", "id"])
    op.execute(_SEAL)
    op.execute(_STAYS)
    op.execute(
        "CREATE TRIGGER admin_event_stays BEFORE INSERT OR UPDATE OR DELETE ON admin_event"
        " FOR EACH ROW EXECUTE FUNCTION admin_event_stays()"
    )
    op.execute(
        "CREATE TRIGGER admin_event_whole BEFORE TRUNCATE ON admin_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION admin_event_stays()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER admin_event_seal AFTER INSERT ON admin_event"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION admin_event_seal()"
    )
    op.create_table(
        "audit_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("checked_seq", sa.BigInteger(), nullable=False),
        sa.Column("checked_hash", sa.String(length=64), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("walked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.Column("anchored_seq", sa.BigInteger(), nullable=False),
        sa.Column("anchored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_state")),
    )
    op.execute(
        "INSERT INTO audit_state (id, checked_seq, checked_hash, anchored_seq) VALUES (1, 0, repeat('0', 64), 0)"
    )


def downgrade() -> None:
    op.drop_table("audit_state")
    for trigger in ("admin_event_seal", "admin_event_whole", "admin_event_stays"):
        op.execute(f"DROP TRIGGER {trigger} ON admin_event")
    for function in ("admin_event_seal()", "admin_event_stays()", "admin_event_digest(text, admin_event)"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_index("ix_admin_event_kind", "admin_event")
    op.drop_index("ix_admin_event_user", "admin_event")
    op.drop_constraint(op.f("uq_admin_event_previous_hash"), "admin_event", type_="unique")
    op.drop_constraint(op.f("uq_admin_event_seq"), "admin_event", type_="unique")
    # What nobody signed in did has no place in the older table.
    op.execute("DELETE FROM admin_event WHERE user_id IS NULL")
    op.alter_column("admin_event", "user_id", nullable=False)
    for column in ("hash", "previous_hash", "seq"):
        op.drop_column("admin_event", column)
